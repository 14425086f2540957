"""What a file of rows without a layout looks like: its character set, its delimiter, whether it opens with names."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from careloom.formats.csv.lines import lines
from careloom.formats.csv.records import Dialect, Raw, delimited

_DELIMITERS: Final = (",", ";", "\t", "|")
_HEAD: Final = 65_536
_ROWS: Final = 50
LONGEST_LINE: Final = 1_048_576


class Looks(NamedTuple):
    """What was found. `sure` tells that the rows agree on their number of cells, two at least."""

    encoding: str
    guessed: bool
    dialect: Dialect
    header: bool
    width: int
    sure: bool


def sniff(data: bytes, *, whole: bool = True) -> Looks:
    """How a file seems to be written, told by its beginning; `whole` reads all bytes to find the character set."""
    encoding, guessed = _encoding(data if whole else data[:_HEAD], whole or len(data) <= _HEAD)
    head = data[:_HEAD]
    found = [_tried(head, len(data) > _HEAD, encoding, delimiter) for delimiter in _DELIMITERS]
    best = max(found, key=lambda tried: (tried.agree, tried.width) if tried.width > 1 else (0.0, 1))
    return Looks(
        encoding, guessed, best.dialect, _is_header(best.rows), best.width, best.width > 1 and best.agree > 0.8
    )


class _Tried(NamedTuple):
    dialect: Dialect
    rows: Sequence[Sequence[str]]
    width: int
    agree: float


def _encoding(data: bytes, complete: bool) -> tuple[str, bool]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=complete)
    except UnicodeDecodeError:
        return _single_byte(data), True
    return "utf-8", False


def _single_byte(data: bytes) -> str:
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _tried(head: bytes, cut: bool, encoding: str, delimiter: str) -> _Tried:
    spaced = head.count(f"{delimiter} ".encode()) * 2 > head.count(delimiter.encode()) and delimiter != "\t"
    dialect = Dialect(delimiter=delimiter, skip_initial_space=spaced)
    rows = [list(map(str, raw.cells)) for raw in islice(_rows(head, encoding, dialect), _ROWS)]
    rows = rows[:-1] if cut and len(rows) > 1 else rows
    widths = Counter(map(len, rows))
    width, agreeing = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return _Tried(dialect, rows, width, agreeing / len(rows) if rows else 0.0)


def _rows(head: bytes, encoding: str, dialect: Dialect) -> Iterator[Raw]:
    found = delimited(lines(head, encoding, LONGEST_LINE), dialect)
    return (raw for raw in found if isinstance(raw, Raw))


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Names are words without gaps but at the end, and no numbers. Repeated ones must stand above what is no word."""
    if not rows:
        return False
    names = [name.strip().casefold() for name in rows[0]]
    while names and not names[-1]:
        names.pop()
    if not names or any(map(_is_value, names)):
        return False
    return len(set(names)) == len(names) or any(cell and _is_value(cell) for row in rows[1:2] for cell in row)


def _is_value(text: str) -> bool:
    return not any(letter.isalpha() for letter in text)
