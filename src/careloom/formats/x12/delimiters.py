"""The four characters that an interchange is cut by, as its ISA segment declares them (ASC X12.5, ISA).

ISA has a fixed width by the standard: element separator at 4, component separator at 105, terminator at 106. Real files
arrive with collapsed blanks, so the separators are counted instead, and the columns are not trusted.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from careloom.core.errors import FormatError

ISA_ELEMENTS: Final = 16
_LONGEST_ISA: Final = 512
BLANKS: Final = b" \t\r\n\x00\x0b\x0c\x1a"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_ENDS_IN_SEGMENT: Final = re.compile(rb"[^A-Za-z0-9 .]\s*(?:GS|TA1|IEA|ISB|ISA)\Z")
_OPENS_SEGMENT: Final = re.compile(rb"(?:GS|TA1|IEA|ISB|ISE)(?![A-Za-z0-9])")
REPETITION_SINCE: Final = "00402"
"""The ISA12 from which ISA11 is a repetition separator; before, it named a standard."""


class Delimiters(msgspec.Struct, frozen=True, gc=False):
    """One byte each, as `bytes`. `repetition` is empty where the interchange declares none (004010 and before).

    Some senders declare the same byte for repetitions and components; then the kind of the element tells which it is.
    """

    element: bytes = b"*"
    component: bytes = b":"
    terminator: bytes = b"~"
    repetition: bytes = b"^"

    @property
    def all(self) -> bytes:
        """The bytes that no value may contain."""
        return self.element + self.component + self.terminator + self.repetition


def start_of(data: bytes, position: int = 0) -> int:
    """Where the first byte after a byte order mark and blank lines stands."""
    if data.startswith(_BYTE_ORDER_MARK, position):
        position += len(_BYTE_ORDER_MARK)
    return len(data) - len(data[position:].lstrip(BLANKS))


def opens_interchange(data: bytes, position: int = 0) -> bool:
    """Whether an ISA segment begins here."""
    separator = data[position + 3 : position + 4]
    return data.startswith(b"ISA", position) and bool(separator) and not _is_word(separator)


def delimiters(data: bytes, position: int = 0) -> Delimiters:
    """What the ISA segment at `position` declares. FormatError, located at `ISA` or its element, when it
    cannot be read.

    A missing ISA16 is forgiven where the next segment follows at once; the component separator is then empty.
    """
    if not opens_interchange(data, position):
        raise FormatError("no ISA segment begins here; an X12 interchange does with ISA and a separator", "ISA")
    head = data[position : position + _LONGEST_ISA]
    separator = head[3:4]
    parts = head.split(separator, ISA_ELEMENTS)
    if len(parts) <= ISA_ELEMENTS or any(_ENDS_IN_SEGMENT.search(part) for part in parts[1:ISA_ELEMENTS]):
        raise FormatError("has fewer than 16 elements: the file is cut, or an element is missing", "ISA")
    component, terminator = _last_two(parts[ISA_ELEMENTS])
    _refuse_words(separator, component, terminator)
    if any(terminator in part for part in parts[:ISA_ELEMENTS]):
        raise FormatError("the segment terminator occurs inside of ISA itself", "ISA16")
    return Delimiters(separator, component, terminator, _repetition(parts, separator + terminator))


def _last_two(tail: bytes) -> tuple[bytes, bytes]:
    """Component separator and terminator: ISA16 and the byte after it."""
    if _OPENS_SEGMENT.match(tail, 1):
        return b"", tail[:1]
    if len(tail) < 2:
        raise FormatError("the file ends before the segment terminator", "ISA16")
    return tail[:1], tail[1:2]


def _refuse_words(separator: bytes, component: bytes, terminator: bytes) -> None:
    for place, found in (("ISA16", component), ("the terminator of ISA", terminator)):
        if _is_word(found) or found == separator:
            raise FormatError("a letter, a digit or the element separator cannot separate anything", place)
    if component == terminator:
        raise FormatError("component separator and segment terminator are the same character", "ISA16")


def _repetition(parts: list[bytes], others: bytes) -> bytes:
    declared, version = parts[11], parts[12]
    usable = len(declared) == 1 and not _is_word(declared) and declared != b" " and declared not in others
    return declared if usable and version.decode("latin-1") >= REPETITION_SINCE else b""


def _is_word(byte: bytes) -> bool:
    return byte.isalnum()
