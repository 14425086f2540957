"""FHIRPath: the values at a path (FHIRPath 2.0, by fhirpathrs, which is loaded when first asked for)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import FormatError
from careloom.formats.fhir.reading import Resource, encode

MOST_LENGTH: Final = 500
_REGULAR: Final = re.compile(r"\b(?:matches|replaceMatches|repeat|resolve|trace)\s*\(")


def values_at(resource: Resource, path: str) -> Sequence[str]:
    """The values at a FHIRPath of a resource, as text; elements as JSON. FormatError when the path is none.

    Functions that could run long or reach outside (`matches`, `repeat`, `resolve`, `trace`) are refused.
    """
    if len(path) > MOST_LENGTH or _REGULAR.search(path):
        raise FormatError("too long a path, or one with a function that is not offered")
    import fhirpathrs  # type: ignore[import-untyped]

    spelled: dict[float, set[str]] = {}
    try:
        found = fhirpathrs.evaluate(path, _floats(resource, spelled))
    except Exception:
        raise FormatError("no FHIRPath, or none that can be followed here") from None
    return [_text(one, spelled) for one in (found if isinstance(found, list) else [found]) if one is not None]


def _text(value: Any, spelled: Mapping[float, set[str]]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and len(spelled.get(float(value), ())) == 1:
        return next(iter(spelled[float(value)]))
    return encode(value).decode() if isinstance(value, dict) else str(value)


def _floats(value: Any, spelled: dict[float, set[str]]) -> Any:
    """A copy without `Decimal`, which the library does not take; `spelled` gets how each number was written."""
    if isinstance(value, dict):
        return {name: _floats(inner, spelled) for name, inner in value.items()}
    if isinstance(value, list):
        return [_floats(inner, spelled) for inner in value]
    if isinstance(value, Decimal):
        spelled.setdefault(float(value), set()).add(str(value))
        return float(value)
    return value
