"""One form for one event, whichever way it came: pushed by the webhook, or found in the sender's list of events.

The log knows an event by its key and its octets. Two renderings of one JSON document differ in blanks, in the order of
names, and in counters that the sender keeps in them; here both become the same octets. Numbers keep their digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from careloom.core.errors import FormatError

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="number")


def read(body: bytes) -> Any:
    """The document, with decimal numbers as they were written. Raises FormatError."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FormatError("is not JSON", "/") from None


def written(document: Any, ignored: Sequence[str] = ()) -> bytes:
    """The document in its one form, without what the pointers in `ignored` point to."""
    for pointer in ignored:
        document = _without(document, _parts(pointer))
    return _ENCODER.encode(document)


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _without(document: Any, parts: list[str]) -> Any:
    """A copy along the way; the document given stays as it is."""
    if not isinstance(document, dict) or parts[0] not in document:
        return document
    if len(parts) == 1:
        return {name: value for name, value in document.items() if name != parts[0]}
    return {**document, parts[0]: _without(document[parts[0]], parts[1:])}
