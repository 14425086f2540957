"""FHIR JSON, bytes to a plain dict and back (FHIR R4 2.6.2). Numbers with a fraction are `Decimal`: 72.50 stays so."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeAlias

import msgspec

from careloom.core.errors import FormatError

Resource: TypeAlias = dict[str, Any]
"""One resource as JSON has it: its `resourceType` is there, and is text."""

MAX_DEPTH: Final = 128
_MAX_DIGITS: Final = 64
_MAX_EXPONENT: Final = 400

_BOM: Final = b"\xef\xbb\xbf"
_OTHER_ENCODINGS: Final = (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{", b"\x00\x00")
_BLANKS: Final = b" \t\r\n"
_NO_MARKS: Final = bytes(set(range(256)) - set(b'[]{}"'))
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NUMBER: Final = re.compile(rb"-?\d++(?:\.\d++)?+(?:[eE][-+]?+\d++)?+")
_AT_BYTE: Final = re.compile(r"\(byte (\d+)\)")


def parse(data: bytes) -> Resource:
    """The resource in `data`. A byte order mark before it is passed over.

    FormatError, at a line and column or at a place in the resource, for anything that is no FHIR JSON: XML, an encoding
    other than UTF-8, a member that is there twice, NaN, a number or a nesting no sender means.
    """
    body = data[len(_BOM) :] if data.startswith(_BOM) else data
    value = json_value(body)
    if type(value) is not dict:
        raise FormatError("a FHIR resource is a JSON object; this is another value", "line 1, column 1")
    kind = value.get("resourceType")
    if type(kind) is not str or not kind:
        raise FormatError("not a FHIR resource: the object does not say its type", "resourceType")
    return value


def encode(resource: Resource | msgspec.Struct, *, indent: int | None = None) -> bytes:
    """The JSON of a resource, plain or typed: members in their order, numbers with their digits. `indent` in spaces.

    ValueError for a number that JSON has not (NaN), TypeError for a Python value that it has not.
    """
    try:
        body = _ENCODER.encode(resource)
    except msgspec.MsgspecError as error:
        raise TypeError(str(error)) from None
    return body if indent is None else msgspec.json.format(body, indent=indent)


def json_value(body: bytes) -> Any:
    """Any JSON value under the bounds that `parse` has; FormatError at a line and column."""
    marks = body.translate(None, _NO_MARKS)
    _refuse_deep(body, marks)
    try:
        value = _DECODER.decode(body)
        again = _ENCODER.encode(value)
    except FormatError as error:
        raise FormatError(error.reason, _number_place(body)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, ArithmeticError) as error:
        _refuse(body, error)
    # Each member and text keeps its two quotation marks on the way out, so that fewer of them mean a member was lost.
    if again != body and (again.count(b'"') != marks.count(b'"') or (b"\\" in body and b"\\u0022" in body)):
        _refuse_twice(body)
    return value


def line_and_column(body: bytes, offset: int) -> str:
    """Where a byte stands: `line 3, column 14`, both from 1, columns in bytes."""
    start = body.rfind(b"\n", 0, offset) + 1
    return f"line {body.count(bytes((10,)), 0, offset) + 1}, column {offset - start + 1}"


def _number(text: str) -> Decimal:
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > _MAX_DIGITS or len(exponent) > 5 or (exponent and abs(int(exponent)) > _MAX_EXPONENT):
        raise FormatError(f"a number of more than {_MAX_DIGITS} digits, or of a size nobody means")
    return Decimal(text)


def _number_place(body: bytes) -> str:
    """Where the first number stands that `_number` refuses."""
    bare = _TEXT.sub(lambda found: b"_" * len(found[0]), body)
    for found in _NUMBER.finditer(bare):
        if not found[0].lstrip(b"-").isdigit():
            try:
                _number(found[0].decode())
            except FormatError:
                return line_and_column(body, found.start())
    return ""


_DECODER: Final = msgspec.json.Decoder(float_hook=_number)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def _refuse(body: bytes, error: Exception) -> NoReturn:
    """Say what is wrong, and where, without the words of the file."""
    if isinstance(error, UnicodeDecodeError):
        offset = _first_wrong_byte(body)
        raise FormatError("not UTF-8; FHIR JSON is always UTF-8", line_and_column(body, offset)) from None
    if body.lstrip(_BLANKS).startswith(b"<"):
        raise FormatError("this is XML; FHIR is read as JSON only: ask the sender for application/fhir+json", "line 1")
    if body.startswith(_OTHER_ENCODINGS):
        raise FormatError("UTF-16 or UTF-32; FHIR JSON is always UTF-8", "line 1, column 1") from None
    if not body.strip(_BLANKS):
        raise FormatError("empty", "line 1, column 1") from None
    if isinstance(error, RecursionError):
        raise FormatError(_TOO_DEEP, _deep_place(body)) from None
    found = _AT_BYTE.search(str(error))
    if found:
        offset = int(found[1]) - ("trailing" in str(error))
        raise FormatError("not JSON from here on", line_and_column(body, offset)) from None
    if "truncated" in str(error):
        raise FormatError("the JSON ends too early, or holds half of a surrogate pair", _last_place(body)) from None
    raise FormatError("a number of more digits than any sender means", _last_place(body)) from None


def _last_place(body: bytes) -> str:
    return "by " + line_and_column(body, len(body))


def _first_wrong_byte(body: bytes) -> int:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"


def _refuse_deep(body: bytes, marks: bytes) -> None:
    """FormatError for too deep a nesting, before anything that could recurse sees it.

    Few documents hold so many brackets at all; of those, empty pairs are taken out level by level, in bulk.
    """
    if marks.count(b"{") + marks.count(b"[") <= MAX_DEPTH:
        return
    brackets = marks.translate(None, b'"')
    for _ in range(MAX_DEPTH):
        fewer = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    if brackets and (place := _deep_place(body)):
        raise FormatError(_TOO_DEEP, place)


def _deep_place(body: bytes) -> str:
    """Where the nesting becomes too deep, `""` if nowhere: the exact way, for what the quick one could not clear."""
    depth = 0
    bare = _TEXT.sub(lambda found: b"_" * len(found[0]), body)
    for found in re.finditer(rb"[\[\]{}]", bare):
        depth += 1 if found[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            return line_and_column(body, found.start())
    return ""


def _refuse_twice(body: bytes) -> None:
    """FormatError at the object that has a member twice; nothing if the marks differed for another reason."""
    seen: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = dict(pairs)
        if len(names) != len(pairs) and not seen:
            counts = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counts.items() if count > 1)
            seen.append(twice if twice.isidentifier() and len(twice) <= _MAX_DIGITS else "an object")
        return names

    json.loads(body, object_pairs_hook=once)
    if seen:
        offset = body.rfind(b'"' + seen[0].encode() + b'"')
        place = line_and_column(body, max(offset, 0))
        raise FormatError("a member that is there twice; which one counts cannot be told", f"{seen[0]}, {place}")
