"""JSON bytes to values, with what the standard leaves open decided: one meaning a document, bounded, exact.

RFC 8259 lets readers differ on repeated names, NaN and the size of numbers; here the first two are refused and numbers
keep every digit. Nesting and size are bounded before anything is built.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple, NoReturn, TypeAlias

from careloom.core.errors import FormatError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | Decimal | bool | None"
_MARKS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_MOST_DIGITS: Final = 1_000


class Bounds(NamedTuple):
    """What a document may be at most: bytes in all, levels of nesting, and lines of a file of JSON lines."""

    size: int = 67_108_864
    depth: int = 64
    lines: int = 1_000_000


DEFAULT: Final = Bounds()


class _Wrong(ValueError):
    """Something the reader met that the decoder takes. Its text quotes nothing."""


def read(data: bytes, bounds: Bounds = DEFAULT) -> Json:
    """The value of one document. FormatError names the line and column, or what bound is passed."""
    if len(data) > bounds.size:
        raise FormatError(f"larger than {bounds.size} bytes; split it, or raise the bound", "document")
    _check_depth(data, bounds.depth)
    try:
        # A byte order mark is not allowed, but some writers put one there.
        value: Json = _DECODER.decode(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FormatError("bytes that are not UTF-8, which JSON is written in", f"byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise FormatError("no JSON from here on", f"line {error.lineno}, column {error.colno}") from None
    except _Wrong as error:
        raise FormatError(str(error), "document") from None
    except RecursionError:
        raise FormatError("nested too deeply to be read", "document") from None
    if _SURROGATE.search(data):
        _check_letters(value)
    return value


def _check_letters(value: Json) -> None:
    """Escapes can write half of a letter, which no text can hold."""
    try:
        write(value)
    except UnicodeEncodeError:
        raise FormatError("an escape that is half of a letter (a lone surrogate)", "document") from None


class JsonLine(NamedTuple):
    """One line of a file of JSON lines: its number from 1, and its value or what is wrong with it."""

    number: int
    value: Json
    error: FormatError | None = None


def read_lines(data: bytes, bounds: Bounds = DEFAULT) -> Iterator[JsonLine]:
    """The documents of a file of JSON lines; a line that is wrong is told and the others go on. Empty ones are passed
    over. FormatError when the file is larger, or has more lines, than the bounds allow."""
    if len(data) > bounds.size:
        raise FormatError(f"larger than {bounds.size} bytes; split it, or raise the bound", "document")
    start = number = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        number += 1
        if number > bounds.lines:
            raise FormatError(f"more than {bounds.lines} lines; split it, or raise the bound", f"line {number}")
        line = data[start:end]
        start = end + 1
        if line.strip():
            yield _line(number, line, bounds)


def _line(number: int, line: bytes, bounds: Bounds) -> JsonLine:
    try:
        return JsonLine(number, read(line, bounds))
    except FormatError as error:
        return JsonLine(number, None, FormatError(error.reason, f"line {number}"))


def _check_depth(data: bytes, most: int) -> None:
    """Brackets outside strings are counted only where there are enough of them to matter."""
    if data.count(b"[") + data.count(b"{") <= most:
        return
    depth = 0
    for found in _MARKS.finditer(data):
        mark = data[found.start()]
        if mark in b"[{":
            depth += 1
            if depth > most:
                line = data.count(b"\n", 0, found.start()) + 1
                raise FormatError(f"nested deeper than {most} levels", f"line {line}")
        elif mark in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Wrong("an object has the same name twice, and readers differ on which counts; name each once")
    return found


def _constant(_: str) -> NoReturn:
    raise _Wrong("NaN or Infinity, which JSON does not have; write null, or a text")


def _integer(text: str) -> int:
    return int(_bounded(text))


def _number(text: str) -> Decimal:
    number = Decimal(_bounded(text))
    if abs(number.adjusted()) > _MOST_DIGITS:
        raise _Wrong(f"a number beyond 10 to the {_MOST_DIGITS}th; write it as a text")
    return number


def _bounded(text: str) -> str:
    if len(text) > _MOST_DIGITS:
        raise _Wrong(f"a number of more than {_MOST_DIGITS} digits; write it as a text")
    return text


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_number
)


def write(value: Json) -> bytes:
    """The document in the fewest bytes, each number with the digits it was read with."""
    return _text(value).encode()


def _text(value: Json) -> str:
    # As deep as what was read, which is bounded.
    match value:
        case dict():
            return "{" + ",".join(f"{_quoted(name)}:{_text(member)}" for name, member in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_text, value)) + "]"
        case str():
            return _quoted(value)
        case Decimal():
            return str(value)
    return json.dumps(value, allow_nan=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
