"""The fast look at a message that a listener takes before it stores it: the header, and single fields."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.charsets import codec_named, decode, hides_separators, wide_codec
from careloom.formats.hl7v2.opening import BEFORE, BOM, line_of
from careloom.formats.hl7v2.separators import Separators, read_separators

_REACH: Final = 4096
_LINE_END: Final = re.compile(rb"[\r\n]")
# The widest of any version: HD 227 (v2.5.1 chapter 2A.33), MSH-10 199 (v2.8); the others with room to spare.
_WIDTHS: Final = {3: 227, 4: 227, 5: 227, 6: 227, 7: 227, 9: 227, 10: 199, 11: 227, 12: 227, 15: 227, 16: 227, 18: 227}
_SHORT_LINE: Final = min(_WIDTHS.values())
_FIELDS: Final = 18
_SPARE: Final = [""] * _FIELDS


class Header(Struct, frozen=True, gc=False):
    """What MSH says, each value as it stands in the message (not unescaped, components kept), `""` when absent.

    `time` is the text of MSH-7, `accept_ack` MSH-15, `application_ack` MSH-16, `charset` MSH-18. `version`,
    `processing_id`, `code`, `event` and `structure` are first, or single, components. `codec` decoded the header.
    """

    separators: Separators
    sending_application: str = ""
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    time: str = ""
    code: str = ""
    event: str = ""
    structure: str = ""
    control_id: str = ""
    processing_id: str = ""
    version: str = ""
    accept_ack: str = ""
    application_ack: str = ""
    charset: str = ""
    codec: str = "ascii"

    @property
    def type(self) -> str:
        """`ADT^A04`, or the code alone when there is no event."""
        return f"{self.code}^{self.event}" if self.event else self.code


def peek(data: bytes | memoryview) -> Header:
    """The header of the message that `data` opens with; reads no further than MSH, and at most 4096 bytes.

    FormatError: at `line N` without MSH, at `MSH-1` or `MSH-2` when the separators cannot be used, at `MSH-9` or
    `MSH-10` when that is missing, at the field when a value is longer than any version of HL7 allows.
    """
    head = bytes(data[:_REACH])
    stop = head.find(b"\r")
    line = head[:stop]
    if stop < 0 or line[:4] != b"MSH|" or b"\n" in line or b"\x1b" in line or b"\x1c" in line or not line.isascii():
        return _peek_slowly(head)
    return _header(line.decode("ascii"), None)


def field_of(data: bytes, header: Header, name: str, field: int) -> bytes:
    """One whole field of the first segment of that name, as it stands; `b""` when absent. Parses nothing else."""
    if header.codec.startswith("utf-16") or hides_separators(header.codec):
        return _decoded_field_of(data, header, name, field)
    separator = header.separators.field.encode()
    opening = name.encode() + separator
    start = 0 if name == "MSH" and data.startswith(opening) else _line_start(data, opening)
    if start < 0:
        return b""
    stop = data.find(b"\r", start)
    line = data[start : stop if stop >= 0 else len(data)]
    if b"\n" in line:
        line = line[: line.index(b"\n")]
    if name == "MSH":
        if field == 1:
            return separator
        field -= 1
    parts = line.split(separator, field + 1)
    return parts[field] if field < len(parts) else b""


def _line_start(data: bytes, opening: bytes) -> int:
    found = data.find(b"\r" + opening)
    earlier = data.find(b"\n" + opening, 0, found if found >= 0 else len(data))
    found = earlier if earlier >= 0 else found
    if found < 0 and opening[:3] == b"MSH":
        return data.find(opening)
    return found + 1 if found >= 0 else -1


def _decoded_field_of(data: bytes, header: Header, name: str, field: int) -> bytes:
    text, _ = decode(data, header.codec)
    found = field_of(text.encode("utf-8"), _in_utf8(header), name, field)
    return found.decode("utf-8").encode(header.codec)


def _in_utf8(header: Header) -> Header:
    values = {name: getattr(header, name) for name in Header.__struct_fields__}
    return Header(**(values | {"codec": "utf-8"}))


def _first_line(head: bytes) -> bytes:
    line = _LINE_END.split(head, maxsplit=1)[0]
    if len(line) == _REACH:
        raise FormatError(f"the segment is longer than {_REACH} bytes", "MSH")
    return line.rstrip(b"\x1c\x00 ")


def _peek_slowly(head: bytes) -> Header:
    codec = wide_codec(head)
    if codec:
        text = head.decode(codec, "replace").lstrip("\ufeff")
        return _header(text.replace("\n", "\r").split("\r", 1)[0], codec)
    opened = head.removeprefix(BOM).lstrip(BEFORE).removeprefix(BOM)
    if not opened.startswith(b"MSH"):
        line_number = line_of(head, len(head) - len(opened))
        raise FormatError("no MSH segment opens the message" if opened else "empty", f"line {line_number}")
    line = _first_line(opened)
    return _header(*_decoded(line))


@lru_cache(maxsize=256)
def _codec_to_answer(charset: str) -> str:
    """The codec of a declared set whose header is plain ASCII."""
    try:
        codec = codec_named(charset) or "ascii"
    except FormatError:
        return "ascii"
    return "ascii" if codec == "utf-16" else codec


def _decoded(line: bytes) -> tuple[str, str]:
    """The header's text and codec. An unknown or wrong MSH-18 is left to `parse`: the sender is still answered."""
    fields = line.split(line[3:4] or b"|")
    try:
        declared = codec_named(fields[17].decode("iso8859-1")) if len(fields) > 17 else None
        return decode(line, declared)
    except FormatError:
        return decode(line, None)


def _header(line: str, codec: str | None) -> Header:
    values = line.split(line[3:4] or "|", _FIELDS)
    if len(values) < _FIELDS:
        values += _SPARE
    separators = read_separators(line[3:4], values[1])
    component = separators.component
    codec = codec or (_codec_to_answer(values[17]) if values[17] else "ascii")
    kind = values[8].split(component)
    while len(kind) < 3:
        kind.append("")
    code = kind[0]
    control_id = values[9]
    if not code.strip():
        raise FormatError("the message type is missing", "MSH-9")
    if not control_id.strip():
        raise FormatError("the control id is missing", "MSH-10")
    if len(line) > _SHORT_LINE:
        _check_widths(values)
    return Header(
        separators, values[2], values[3], values[4], values[5], values[6], code, kind[1], kind[2], control_id,
        values[10].split(component, 1)[0], values[11].split(component, 1)[0], values[14], values[15], values[17], codec,
    )  # fmt: skip


def _check_widths(values: list[str]) -> None:
    for field, width in _WIDTHS.items():
        if len(values[field - 1]) > width:
            raise FormatError(f"longer than {width} characters", f"MSH-{field}")
