"""The single values of a message, each with its path and how to put another in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from careloom.core.errors import ConfigurationError
from careloom.mapping.explaining import documents, segments
from careloom.mapping.explaining.leaf import Leaf, together

__all__ = ["FORMATS", "Leaf", "leaves", "together"]

_KINDS: Final[Mapping[str, Callable[[bytes], Iterator[Leaf]]]] = {
    "hl7v2": segments.of_hl7v2,
    "x12": segments.of_x12,
    "fhir": documents.of_fhir,
    "json": documents.of_json,
    "event": documents.of_json,
    "csv": documents.of_rows,
}
FORMATS: Final = tuple(_KINDS)
"""Those whose values can be told apart."""


def leaves(format: str, body: bytes) -> Iterator[Leaf]:
    """Every value that is there, of one message. Delimiters are no values, nor is the padding of fixed widths.

    Raises FormatError for a message that cannot be read, ConfigurationError for a format that is not explained.
    """
    if format == "bank":
        raise ConfigurationError(
            "bank statements are not explained: their formats put values where no path leads; use `careloom translate`"
            " to see what they become"
        )
    if format not in _KINDS:
        raise ConfigurationError(f"messages of format {format} are not explained; those of {', '.join(FORMATS)} are")
    return _KINDS[format](body)
