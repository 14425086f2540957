"""Lines to records, before anyone knows what the columns mean: delimited text and fixed width.

An open quote must not swallow the file: a record has at most so many lines, and when a quote does not close within them
only its first line is given up.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from careloom.formats.csv.lines import Line
from careloom.formats.csv.row import RowError

_FLAWS: Final = {
    "encoding": ("encoding", "bytes that are not in the declared character set; correct the file or the encoding"),
    "nul": ("nul", "a NUL character in the text; the file is damaged or no text file"),
    "too-long": ("line-too-long", "a line longer than the limit; check the line ends, or raise max_line_length"),
}
_UNCLOSED: Final = ("quote-open", "a quote that opens here does not close; close it, or double quotes inside a value")
_STRAY: Final = ("quote-stray", "text follows a closing quote; double the quotes inside a value")


class Raw(NamedTuple):
    """A record as it stands: its number, its first line, its cells."""

    row: int
    line: int
    cells: Sequence[object]


class Dialect(NamedTuple):
    """How delimited text is marked up. Without `escape`, a quote inside a quoted value is doubled."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skip_initial_space: bool = False
    comment: str = ""
    skip_lines: int = 0
    record_lines: int = 100


class _Unclosed(Exception):
    """A record has more lines than it may have."""


class _Feed:
    """Hands lines to the reader, keeps those of the record under way, and can take them back."""

    def __init__(self, lines: Iterator[Line], dialect: Dialect) -> None:
        self.lines = lines
        self.back: deque[Line] = deque()
        self.record: list[Line] = []
        self.skipped = 0
        self.comment = dialect.comment
        self.longest = dialect.record_lines

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.back.popleft() if self.back else next(self.lines)
        while self.comment and not self.record and line.text.startswith(self.comment):
            self.skipped += 1
            line = self.back.popleft() if self.back else next(self.lines)
        if len(self.record) == self.longest:
            self.back.appendleft(line)
            raise _Unclosed
        self.record.append(line)
        return line.text

    def give_up(self) -> Line:
        """Takes back all lines of the record but its first, which is the lost one."""
        self.back.extendleft(reversed(self.record[1:]))
        return self.record[0]


def delimited(lines: Iterator[Line], dialect: Dialect) -> Iterator[Raw | RowError]:
    """The records of delimited text. Those without any value are counted and passed over."""
    row = sum(1 for _ in zip(range(dialect.skip_lines), lines, strict=False))
    feed = _Feed(lines, dialect)
    reader = _reader(feed, dialect)
    while True:
        feed.record = []
        error = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _Unclosed) as problem:
            cells, error = [], problem
        row += 1 + feed.skipped
        feed.skipped = 0
        flawed = next((line for line in feed.record if line.flaw), None)
        if error is not None:
            yield _lost(row, feed.give_up(), error)
        elif flawed is not None:
            yield _flawed(row, flawed)
        elif any(cells) and (len(cells) > 1 or cells[0].strip()):
            yield Raw(row, feed.record[0].number, cells)


def fixed(lines: Iterable[Line], comment: str, skip: int) -> Iterator[Raw | RowError]:
    """The records of a fixed width file: one cell each, the line without its end."""
    for line in lines:
        text = line.text.rstrip("\r\n")
        if line.number <= skip or not text.strip(" \x1a") or (comment and text.startswith(comment)):
            continue
        yield _flawed(line.number, line) if line.flaw else Raw(line.number, line.number, (text,))


def _reader(feed: _Feed, dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(
        feed,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=not dialect.escape,
        escapechar=dialect.escape or None,
        skipinitialspace=dialect.skip_initial_space,
        strict=True,
    )


def _flawed(row: int, line: Line) -> RowError:
    code, text = _FLAWS[line.flaw]
    return RowError(row, line.number, code, text)


def _lost(row: int, first: Line, error: Exception) -> RowError:
    if first.flaw:
        return _flawed(row, first)
    if "field limit" in str(error):
        return RowError(row, first.number, "field-too-long", "a value longer than 131072 characters; it was not read")
    code, text = _UNCLOSED if isinstance(error, _Unclosed) or "unexpected end" in str(error) else _STRAY
    return RowError(row, first.number, code, text)
