"""The values of JSON: documents, FHIR resources, and rows, which are kept as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

import msgspec

from careloom.core.errors import ConfigurationError, FormatError
from careloom.mapping.explaining.leaf import Leaf

Where: TypeAlias = tuple[str | int, ...]

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def of_json(body: bytes) -> Iterator[Leaf]:
    """`/lines/0/price` (RFC 6901), in general `/lines/*/price`."""
    document = _Document(_read(body))
    for where, value in _values(document.document):
        general = _pointer("*" if isinstance(part, int) else part for part in where)
        yield document.leaf(where, value, _pointer(where), general)


def of_fhir(body: bytes) -> Iterator[Leaf]:
    """`/name/0/given/0`, in general `Patient.name.given`: the element of the resource that it stands in."""
    document = _Document(_read(body))
    names: dict[Where, str] = {}
    for where, value in _values(document.document):
        for length in range(len(where)):
            if where[:length] not in names:
                names[where[:length]] = _element(document.document, where[:length], names)
        general = f"{names[where[:-1]]}.{where[-1]}" if isinstance(where[-1], str) else names[where[:-1]]
        yield document.leaf(where, value, _pointer(where), general.lstrip("."))


def of_rows(body: bytes) -> Iterator[Leaf]:
    """`/rows/0/price`, in general `/rows/*/price`, as rules see them; `/header/sent` of a header record. Where the row
    stood in its file is no value of it."""
    if not body.lstrip().startswith(b"{"):
        raise ConfigurationError(
            'a file that is one message as it is (message = "file") is not explained; explain it by a copy of its'
            ' layout that says message = "row" or "group"'
        )
    document = _Document(_read(body))
    for where, value in _values(document.document):
        match where:
            case ("rows", int(number), "values", str(name)):
                place, general = _pointer(("rows", number, name)), _pointer(("rows", "*", name))
            case ("header", str(name)):
                place = general = _pointer(("header", name))
            case _:
                continue
        yield document.leaf(where, value, place, general)


def _read(body: bytes) -> Any:
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FormatError("is not JSON", "/") from None


def _values(document: Any) -> Iterator[tuple[Where, Any]]:
    """Every single value and where it stands, in the order of the document."""
    pending: list[tuple[Where, Any]] = [((), document)]
    while pending:
        where, node = pending.pop()
        if isinstance(node, dict):
            pending.extend(reversed([((*where, name), value) for name, value in node.items()]))
        elif isinstance(node, list):
            pending.extend(reversed([((*where, index), value) for index, value in enumerate(node)]))
        elif where and node is not None and node != "":
            yield where, node


def _element(document: Any, where: Where, names: dict[Where, str]) -> str:
    """What FHIR calls the place. A resource inside of another begins anew."""
    node = document
    for part in where:
        node = node[part]
    if isinstance(node, dict) and isinstance(node.get("resourceType"), str):
        return str(node["resourceType"])
    above = names[where[:-1]] if where else ""
    return f"{above}.{where[-1]}" if where and isinstance(where[-1], str) else above


def _pointer(parts: Iterator[str | int] | Where) -> str:
    return "".join(f"/{part}" if isinstance(part, int) else f"/{_escaped(part)}" for part in parts)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Document:
    """A decoded document, which is never changed: only what stands on the way to a value is copied."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def leaf(self, where: Where, value: Any, path: str, general: str) -> Leaf:
        return Leaf(path, general, _text(value), self, where)

    def made(self, changes: Sequence[tuple[Where, str]]) -> bytes:
        """See `Editor`."""
        copies: dict[Where, Any] = {(): self.document.copy()}
        for where, other in reversed(changes):  # what stands behind in a list keeps its index
            node = self._copied(where[:-1], copies)
            if other == "":
                del node[where[-1]]
            elif other != _text(node[where[-1]]):
                node[where[-1]] = _like(node[where[-1]], other)
        return _ENCODER.encode(copies[()])

    @staticmethod
    def _copied(where: Where, copies: dict[Where, Any]) -> Any:
        for length in range(1, len(where) + 1):
            if where[:length] not in copies:
                above = copies[where[: length - 1]]
                copies[where[:length]] = above[where[length - 1]] = above[where[length - 1]].copy()
        return copies[where]


def _like(old: Any, other: str) -> Any:
    """A value of the same JSON type."""
    if isinstance(old, bool):
        return not old
    if not isinstance(old, int | Decimal):
        return other
    try:
        number = Decimal(other)
        return int(other) if isinstance(old, int) and number == int(number) else number
    except (ValueError, ArithmeticError, InvalidOperation):
        return old + 1
