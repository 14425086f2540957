"""Files of rows without a layout, looked at: delimited text and Excel workbooks.

Paths are a column for all its values, by header name or number from 1 (`amount`, `4`), or one cell: `row[17].amount`,
with rows numbered as in the places of findings, which is as a spreadsheet shows them.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final, NamedTuple

from careloom.core.errors import FormatError
from careloom.formats.csv.cells import CellError
from careloom.formats.csv.kinds import native_text
from careloom.formats.csv.layout import Limits
from careloom.formats.csv.lines import lines
from careloom.formats.csv.records import Raw, delimited
from careloom.formats.csv.row import RowError
from careloom.formats.csv.sheet_writing import workbook_of
from careloom.formats.csv.sniffing import LONGEST_LINE, Looks, sniff
from careloom.formats.csv.workbook import OLD_EXCEL, ZIP, sheet_rows
from careloom.formats.inspection import Finding, Inspection, Severity

_TEXT_NAMES: Final = frozenset({".csv", ".tsv", ".tab", ".psv"})
_EXCEL_NAMES: Final = frozenset({".xlsx", ".xlsm", ".xls"})
_OTHERS: Final = (
    b"MSH",
    b"FHS",
    b"BHS",
    b"ISA",
    b"{",
    b"[",
    b"<",
    b"%PDF",
    b":20:",
    b"OFXHEADER",
    b"\x0b",
    b"\x1f\x8b",
)
_BAI2: Final = re.compile(rb"01,[^\r\n]{0,200}[\r\n]{1,2}02,")
_PATH: Final = re.compile(r"(?:row\[([1-9]\d{0,8})\]\.)?(.+)", re.DOTALL)
_MOST_FINDINGS: Final = 200
# Writing a workbook takes about 10 µs a cell; larger ones are not written back only to be looked at.
_MOST_COMPARED: Final = 20_000


def recognises(data: bytes, name: str) -> bool:
    """Whether this is a workbook, is named as delimited text, or has rows that agree on their number of cells."""
    suffix = PurePath(name).suffix.lower()
    if data.startswith(ZIP):
        return suffix in _EXCEL_NAMES or b"xl/workbook.xml" in data[:4096] or b"xl/workbook.xml" in data[-65_536:]
    if data.startswith(OLD_EXCEL):
        return suffix in _EXCEL_NAMES
    if suffix in _TEXT_NAMES:
        return True
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head or head.startswith(_OTHERS) or _BAI2.match(head) or (b"\0" in head and data[:1] not in b"\xff\xfe"):
        return False
    return head.count(b"\n") + head.count(b"\r") > 0 and sniff(data[:8192], whole=False).sure


def inspect(data: bytes, *, strict: bool = False, paths: Sequence[str] = ()) -> Inspection:
    """What the file holds. Rows with more or fewer cells than the first are read, and warned of."""
    if data.startswith((ZIP, OLD_EXCEL)):
        return _excel(data, paths)
    looks = sniff(data)
    survey = _Survey(looks.header, "error" if strict else "warning")
    if looks.guessed:
        text = f"not in UTF-8; read as {looks.encoding}, so check letters with accents, or declare the encoding"
        survey.find("encoding-guessed", "file", text, survey.lenient)
    identical = survey.read(delimited(lines(data, looks.encoding, LONGEST_LINE), looks.dialect), _same_line(looks))
    return survey.inspection("csv", "delimited", identical, paths)


def _same_line(looks: Looks) -> Callable[[Sequence[str]], bool]:
    """Whether cells are the same after they were written and read again."""
    line = csv.writer(_Echo(), delimiter=looks.dialect.delimiter, lineterminator="\r\n").writerow
    delimiter = looks.dialect.delimiter

    def same(cells: Sequence[str]) -> bool:
        text: object = line(cells)
        return next(csv.reader([str(text)], delimiter=delimiter, strict=True)) == cells

    return same


class _Echo:
    def write(self, text: str) -> str:
        return text


def _excel(data: bytes, paths: Sequence[str]) -> Inspection:
    survey = _Survey(header=None, lenient="warning")
    try:
        survey.read(_as_text(sheet_rows(data, "", 0, Limits())), lambda _: True)
        survey.square()
    except FormatError as error:
        survey.find("unreadable", error.location, error.reason, "error")
        return survey.inspection("excel", "workbook", None, paths)
    return survey.inspection("excel", "workbook", _same_book(survey.rows), paths)


def _as_text(rows: Iterable[Raw | RowError]) -> Iterator[Raw | RowError]:
    for raw in rows:
        yield raw if isinstance(raw, RowError) else _text_row(raw)


def _text_row(raw: Raw) -> Raw | RowError:
    cells: list[str] = []
    for index, cell in enumerate(raw.cells, 1):
        try:
            cells.append(cell if isinstance(cell, str) else "" if cell is None else native_text(cell))
        except CellError as error:
            return RowError(raw.row, raw.line, error.code, error.text, index)
    return Raw(raw.row, raw.line, cells)


def _same_book(rows: Sequence[Raw]) -> bool | None:
    if sum(len(raw.cells) for raw in rows) > _MOST_COMPARED:
        return None
    try:
        again = sheet_rows(workbook_of((raw.cells for raw in rows), "Sheet1"), "", 0, Limits())
        return [_bare(raw) for raw in _as_text(again) if isinstance(raw, Raw)] == [_bare(raw) for raw in rows]
    except FormatError:
        return False


def _bare(raw: Raw) -> Sequence[object]:
    cells = list(raw.cells)
    while cells and cells[-1] == "":
        cells.pop()
    return cells


class _Asked(NamedTuple):
    row: int
    column: int


class _Survey:
    """Reads the rows once: counts them, finds what is wrong, keeps what paths may ask for."""

    def __init__(self, header: bool | None, lenient: Severity) -> None:
        self.lenient = lenient
        self.rows: list[Raw] = []
        self._header = header
        self._width = 0
        self._findings: list[Finding] = []
        self._unsaid: Counter[Severity] = Counter()

    def find(self, code: str, place: str, text: str, severity: Severity) -> None:
        if len(self._findings) < _MOST_FINDINGS:
            self._findings.append(Finding(code=code, place=place, text=text, severity=severity))
        else:
            self._unsaid[severity] += 1

    def read(self, results: Iterable[Raw | RowError], same: Callable[[Sequence[str]], bool]) -> bool:
        identical = True
        for result in results:
            if isinstance(result, RowError):
                self.find(result.code, f"{result.place}, line {result.line}", result.text, "error")
                continue
            cells = [str(cell) for cell in result.cells]
            if not self.rows:
                self._width = len(cells)
                self._names(result.row, cells)
            self.rows.append(result)
            if len(cells) != self._width:
                self._ragged(result)
            identical = identical and same(cells)
        return identical

    def _names(self, row: int, cells: Sequence[str]) -> None:
        names = [cell.strip().casefold() for cell in cells]
        for index, name in enumerate(names) if self._header else ():
            if name and (first := names.index(name)) != index:
                text = f"the same name as column {first + 1}; a layout must use positions for them"
                self.find("header-repeated", f"row {row}, column {index + 1}", text, self.lenient)

    def _ragged(self, raw: Raw) -> None:
        if self._header is not None:
            text = f"{len(raw.cells)} cells, where the first row has {self._width}; is a delimiter not quoted?"
            self.find("ragged", f"row {raw.row}, line {raw.line}", text, self.lenient)

    def square(self) -> None:
        """A sheet has rows of any length; its width is that of the longest, and its first row names the columns."""
        self._width = max((len(raw.cells) for raw in self.rows), default=0)
        self._header = bool(self.rows) and all(str(cell).strip() for cell in self.rows[0].cells)

    def inspection(self, form: str, kind: str, identical: bool | None, paths: Sequence[str]) -> Inspection:
        if not self.rows and not self._findings:
            self.find("empty", "file", "no rows in the file; ask the sender", "error")
        values = dict(zip(paths, map(self._values, paths), strict=True))
        counts = {"rows": len(self.rows) - bool(self._header and self.rows), "columns": self._width}
        for severity, count in self._unsaid.items():
            text = f"{count} more of this severity; correct the first ones and look again"
            self._findings.append(Finding(code="more", place="file", text=text, severity=severity))
        unread = any(finding.severity == "error" for finding in self._findings)
        return Inspection(
            format=form,
            type=kind,
            counts=counts,
            findings=tuple(self._findings),
            identical=None if unread and not self.rows else identical,
            values=values,
        )

    def _values(self, path: str) -> Sequence[str]:
        asked = self._asked(path)
        if asked is None:
            self.find(
                "path-unknown", path, "no column of this file; write row[n].column, column or its number", "error"
            )
            return ()
        start = 1 if self._header else 0
        rows = self.rows[start:] if not asked.row else [raw for raw in self.rows if raw.row == asked.row]
        return tuple(str(raw.cells[asked.column]).strip() for raw in rows if asked.column < len(raw.cells))

    def _asked(self, path: str) -> _Asked | None:
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        row, name = int(found[1] or 0), found[2].strip().casefold()
        column = self._columns().get(name)
        return None if column is None else _Asked(row, column)

    def _columns(self) -> Mapping[str, int]:
        columns = {str(number + 1): number for number in range(self._width)}
        if self._header and self.rows:
            named = {
                str(cell).strip().casefold(): index for index, cell in reversed(list(enumerate(self.rows[0].cells)))
            }
            columns |= named
        return columns
