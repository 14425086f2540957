"""Rows of an .xlsx workbook, read as a stream by openpyxl, after the archive was found to be safe to unpack.

Numbers of rows are those the sheet shows. Formulas give the value that was stored with them.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, Protocol, cast

import openpyxl

from careloom.core.errors import FormatError
from careloom.formats.csv.layout import Limits
from careloom.formats.csv.records import Raw
from careloom.formats.csv.row import RowError

OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP: Final = b"PK\x03\x04"
_CHUNK: Final = 1_048_576
# The longest piece of markup that is looked for, a formula of 8,192 characters, must not be lost between two chunks.
_OVERLAP: Final = 65_536
_MERGED: Final = re.compile(rb'<(?:\w{1,16}:)?mergeCell\s[^<>]{0,200}?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_UNSTORED: Final = re.compile(
    rb'<(?:\w{1,16}:)?c\s(?![^<>]{0,200}?t="str")[^<>]{0,200}?r="([A-Z]{1,3}\d{1,7})"[^<>]{0,200}>\s{0,9}'
    rb"<(?:\w{1,16}:)?f(?:\s[^<>]{0,400})?(?:/>|>[^<]{0,32768}</(?:\w{1,16}:)?f>)\s{0,9}"
    rb"(?:<(?:\w{1,16}:)?v\s?/>|<(?:\w{1,16}:)?v></(?:\w{1,16}:)?v>)?\s{0,9}</(?:\w{1,16}:)?c>"
)
_DECLARED: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)|^(?:\xff\xfe|\xfe\xff)")


class _Cell(Protocol):
    """One cell; its type is `e` for an error of a formula, which no text in the sheet can be."""

    value: object
    data_type: str


class _Sheet(Protocol):
    """What a read-only sheet of openpyxl is to us; its stubs describe the other kind."""

    title: str
    _worksheet_path: str

    def reset_dimensions(self) -> None: ...

    def iter_rows(self) -> Iterator[Sequence[_Cell]]: ...


def sheet_rows(source: bytes | BinaryIO, sheet: str, skip: int, limits: Limits) -> Iterator[Raw | RowError]:
    """The rows of a sheet, the first one when no name is given. FormatError when the file cannot be read safely."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    check_archive(stream, limits)
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        archive: zipfile.ZipFile = getattr(book, "_archive")  # noqa: B009 - the stubs do not know it
    except Exception:
        # openpyxl tells a broken workbook by whatever its parts raise: KeyError, ValueError, TypeError, ParseError.
        raise FormatError("no readable Excel workbook; open it in Excel and save it again as .xlsx", "file") from None
    try:
        found = _sheet(book, sheet)
        _check_sheet(archive, found, skip)
        yield from _rows(found, skip, limits)
    finally:
        book.close()


def check_archive(stream: BinaryIO, limits: Limits) -> None:
    """FormatError when this is no .xlsx, unpacks to more than the limit, or declares entities."""
    head = stream.read(8)
    stream.seek(0)
    if head == OLD_EXCEL:
        raise FormatError("an old Excel file (.xls), or an encrypted one; save it as .xlsx without a password", "file")
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_sizes(archive, limits)
            for info in archive.infolist():
                if info.filename.lower().endswith((".xml", ".rels")):
                    _check_part(archive, info)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        raise FormatError("no readable Excel workbook; its archive is damaged or encrypted", "file") from None
    stream.seek(0)


def _check_sizes(archive: zipfile.ZipFile, limits: Limits) -> None:
    infos = archive.infolist()
    if len(infos) > 10_000 or sum(info.file_size for info in infos) > limits.max_unpacked:
        raise FormatError(f"the workbook unpacks to more than {limits.max_unpacked} bytes; split it", "file")
    if "xl/workbook.xml" not in archive.namelist():
        raise FormatError("an archive without xl/workbook.xml is no .xlsx workbook; save it as .xlsx", "file")


def _check_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    for chunk in _chunks(archive, info.filename):
        if _DECLARED.search(chunk):
            raise FormatError(
                "a part declares entities or is not in UTF-8, which no spreadsheet program writes", "file"
            )


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part in pieces that overlap, so that markup across two of them is found."""
    with archive.open(name) as part:
        rest = b""
        while chunk := part.read(_CHUNK):
            yield rest + chunk
            rest = chunk[-_OVERLAP:]


def _sheet(book: openpyxl.Workbook, name: str) -> _Sheet:
    sheets = [cast(_Sheet, sheet) for sheet in book.worksheets if not name or sheet.title == name]
    if not sheets:
        raise FormatError("the sheet that the layout names is not in the workbook; correct either", "sheet")
    sheet = sheets[0]
    # What a file says of its own size is often wrong, and would cut rows off.
    sheet.reset_dimensions()
    return sheet


def _check_sheet(archive: zipfile.ZipFile, sheet: _Sheet, skip: int) -> None:
    for chunk in _chunks(archive, sheet._worksheet_path):
        for found in _MERGED.finditer(chunk):
            area = found[1].decode()
            if int(re.sub(r"[A-Z]", "", area.partition(":")[2])) > skip:
                raise FormatError("merged cells, which belong to no single row; unmerge them", f"cells {area}")
        if unstored := _UNSTORED.search(chunk):
            place = f"cell {unstored[1].decode()}"
            raise FormatError("a formula without a stored value; open the file in Excel and save it", place)


def _rows(sheet: _Sheet, skip: int, limits: Limits) -> Iterator[Raw | RowError]:
    rows = iter(sheet.iter_rows())
    number = 0
    while True:
        try:
            cells = next(rows, None)
        except Exception:
            raise FormatError("the sheet is damaged here; save the workbook again", f"row {number + 1}") from None
        if cells is None:
            return
        number += 1
        if number > limits.max_rows + skip + 1:
            raise FormatError(f"more than {limits.max_rows} rows; split it, or raise max_rows", f"row {number}")
        if len(cells) > limits.max_columns:
            raise FormatError(f"more than {limits.max_columns} columns; raise max_columns", f"row {number}")
        if number > skip and any(cell.value is not None and cell.value != "" for cell in cells):
            yield _checked(number, cells)


def _checked(number: int, cells: Sequence[_Cell]) -> Raw | RowError:
    for index, cell in enumerate(cells, 1):
        if cell.data_type == "e":
            return RowError(number, number, "cell-error", "a cell that holds an error of a formula", index)
    return Raw(number, number, [cell.value for cell in cells])
