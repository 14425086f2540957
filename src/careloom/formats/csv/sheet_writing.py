"""Rows to an .xlsx workbook. Numbers and dates are typed where a spreadsheet holds them exactly, else they are text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from careloom.core.errors import FormatError
from careloom.formats.csv.row import Value

# Spreadsheets keep 15 digits, and count days from 1900 with a leap day that never was.
_DIGITS: Final = 15
_LONGEST: Final = 32_767
_FORBIDDEN_IN_TITLES: Final = re.compile(r"[\\*?:/\[\]]")
_FIRST_DAY: Final = date(1900, 3, 1)


def native(value: Value, text: str) -> object:
    """The value as a spreadsheet's own number or date where nothing is lost, else its text."""
    if isinstance(value, datetime | bool) or value is None:
        return text
    if isinstance(value, date):
        return value if value >= _FIRST_DAY else text
    if isinstance(value, int | Decimal) and len(Decimal(value).as_tuple().digits) <= _DIGITS:
        return value
    return text


def workbook_of(rows: Iterable[Sequence[object]], title: str) -> bytes:
    """A workbook of one sheet. FormatError at the row whose text has characters that XML cannot hold."""
    # Checked before the first is written, since a workbook that was begun cannot be left.
    checked = [_holdable(row, number) for number, row in enumerate(rows, 1)]
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_FORBIDDEN_IN_TITLES.sub(" ", title)[:31])
    assert isinstance(sheet, WriteOnlyWorksheet)
    for row in checked:
        sheet.append([_cell(sheet, value) for value in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _holdable(row: Sequence[object], number: int) -> Sequence[object]:
    for index, value in enumerate(row, 1):
        if isinstance(value, str) and (ILLEGAL_CHARACTERS_RE.search(value) or len(value) > _LONGEST):
            text = "a control character, or more than 32767 characters, which a cell of a workbook cannot hold"
            raise FormatError(text, f"row {number}, column {index}")
    return row


def _cell(sheet: WriteOnlyWorksheet, value: object) -> object:
    if not isinstance(value, str) or not value:
        return value or None if isinstance(value, str) else value
    cell = WriteOnlyCell(sheet, value)
    # Text stays text: openpyxl would make a formula of what begins with an equals sign.
    cell.data_type = "s"
    return cell
