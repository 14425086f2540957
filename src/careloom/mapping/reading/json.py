"""JSON documents whose sender's habits the settings declare: where they name their type, their id and their subject."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

from careloom.core.errors import ConfigurationError, FormatError
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.source import JsonShape, Settings

MEDIA_TYPE: Final = "application/json"
UNTYPED: Final = "document"
# A number keeps the digits it was sent with: an amount must not become the nearest binary fraction.
_NUMBERS: Final = msgspec.json.Decoder(float_hook=Decimal)
_EXACT: Final = msgspec.json.Encoder(decimal_format="number")


def units(source: Bytes, settings: Settings) -> Units:
    """One document, or the members of the array that the settings point to."""
    shape, data = _shape(settings), whole(source)
    try:
        document = _decode(data)
        found = [document] if shape.items is None else _items(document, shape.items)
    except FormatError as error:
        yield Unread(error=error, body=data)
        return
    for number, one in enumerate(found):
        body = data if shape.items is None else _EXACT.encode(one)
        place = "" if shape.items is None else f"{shape.items}/{number}"
        yield _unit(one, body, place, shape)


def parse(body: bytes, settings: Settings) -> Any:  # noqa: ARG001
    """The document, decoded."""
    return _decode(body)


def at(document: Any, pointer: str) -> Any:
    """What a JSON Pointer (RFC 6901) points to; None where there is nothing."""
    if not pointer:
        return None
    for part in pointer.lstrip("/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document


def _unit(document: Any, body: bytes, place: str, shape: JsonShape) -> Unit | Unread:
    try:
        kind = _text(document, shape.type) or UNTYPED
        key = _text(document, shape.key) or hashlib.blake2b(body, digest_size=16).hexdigest()
        about = _text(document, shape.subject) or key
    except FormatError as error:
        return Unread(error=error, body=body, place=place)
    return Unit(
        type=f"{shape.dialect}/{kind}",
        key=key,
        subject=f"{shape.noun}/{about}",
        body=body,
        media_type=MEDIA_TYPE,
        place=place,
    )


def _text(document: Any, pointer: str) -> str:
    """A string or a number as text; "" where there is nothing."""
    value = at(document, pointer)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise FormatError("must be a text or a whole number", pointer)
    return str(value)


def _items(document: Any, pointer: str) -> Iterator[Any]:
    found = at(document, pointer) if pointer else document
    if not isinstance(found, list):
        raise FormatError("must be an array of documents", pointer or "/")
    return iter(found)


def _decode(data: bytes) -> Any:
    try:
        return _NUMBERS.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FormatError("is not JSON", "/") from None


def _shape(settings: Settings) -> JsonShape:
    if settings.json is None:
        raise ConfigurationError("JSON needs [sources.NAME.json]: where documents name their type, key and subject")
    return settings.json
