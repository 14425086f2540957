"""Excel workbooks: typed cells, what a sheet may not hold, and archives that are traps."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from careloom.core.errors import FormatError
from careloom.formats.csv import Layout, Row, RowError, rows

LAYOUT = Layout.load(
    {
        "name": "x",
        "kind": "excel",
        "columns": [
            {"name": "item"},
            {"name": "count", "type": "integer", "optional": True},
            {"name": "price", "type": "decimal", "decimal": ",", "optional": True},
            {"name": "day", "type": "date", "format": "%d.%m.%Y", "optional": True},
            {"name": "flag", "type": "boolean", "true": ["J"], "false": ["N"], "optional": True},
        ],
    }
)
HEADER = ["item", "count", "price", "day", "flag"]


def book(*values: list[object], change: Callable[[Worksheet], object] | None = None) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    for row in (HEADER, *values):
        sheet.append(row)
    if change:
        change(sheet)
    made.create_sheet("Other").append(["item"])
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def repacked(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with one part changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            part = old.read(info)
            new.writestr(info.filename, change(part) if info.filename == name else part)
    return stream.getvalue()


def test_typed_cells_and_their_texts_come_to_the_same_values() -> None:
    typed: list[object] = ["0012", 3, 12.5, datetime(2026, 3, 2), True]
    texts: list[object] = ["0012", "3", "12,5", "02.03.2026", "J"]
    first, second = rows(book(typed, texts), LAYOUT)
    assert isinstance(first, Row) and isinstance(second, Row)
    assert first.values == second.values
    assert first.values == {"item": "0012", "count": 3, "price": Decimal("12.5"), "day": date(2026, 3, 2), "flag": True}


def test_a_number_in_a_text_column_keeps_its_digits() -> None:
    (found,) = rows(book([1234567.0, None, 0.1, None, None]), LAYOUT)
    assert isinstance(found, Row)
    assert (found.values["item"], found.values["price"]) == ("1234567", Decimal("0.1"))


def test_wrong_cells_are_told_where_the_sheet_shows_them() -> None:
    data = book(
        ["a", 1.5, "x", "never", 7], [], ["=1/0"], change=lambda sheet: sheet.cell(4, 1).__setattr__("data_type", "e")
    )
    found = [result for result in rows(data, LAYOUT) if isinstance(result, RowError)]
    assert [(error.code, error.place) for error in found] == [
        ("integer", "row 2, column 2 (count)"),
        ("decimal", "row 2, column 3 (price)"),
        ("date", "row 2, column 4 (day)"),
        ("boolean", "row 2, column 5 (flag)"),
        ("cell-error", "row 4, column 1"),
    ]


def test_the_sheet_is_chosen_by_name() -> None:
    assert list(rows(book(["a"]), LAYOUT.model_copy(update={"sheet": "Other"}))) == []
    with pytest.raises(FormatError, match="the sheet that the layout names"):
        list(rows(book(["a"]), LAYOUT.model_copy(update={"sheet": "None"})))


def test_a_size_that_the_file_states_wrongly_cuts_nothing_off() -> None:
    lying = repacked(
        book(["a"], ["b"]), "xl/worksheets/sheet1.xml", lambda part: part.replace(b'ref="A1:E3"', b'ref="A1:A2"')
    )
    assert len(list(rows(lying, LAYOUT))) == 2


def test_merged_cells_are_refused_but_not_in_lines_that_are_skipped() -> None:
    data = book(["a", 1], change=lambda sheet: sheet.merge_cells("A2:B2"))
    with pytest.raises(FormatError, match="cells A2:B2: merged cells"):
        list(rows(data, LAYOUT))
    titled = book(HEADER, ["a"], change=lambda sheet: sheet.merge_cells("A1:B1"))
    assert len(list(rows(titled, LAYOUT.model_copy(update={"skip_lines": 1})))) == 1


def test_a_formula_without_its_value_is_refused_and_one_with_it_is_read() -> None:
    data = book(["a", "=1+1"])
    with pytest.raises(FormatError, match="cell B2: a formula without a stored value"):
        list(rows(data, LAYOUT))
    stored = repacked(
        data,
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>").replace(
            b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"
        ),
    )
    (found,) = rows(stored, LAYOUT)
    assert isinstance(found, Row) and found.values["count"] == 2


@pytest.mark.parametrize(
    ("update", "told"),
    [
        ({"max_unpacked": 1_000}, "unpacks to more than 1000 bytes"),
        ({"max_columns": 3}, "more than 3 columns"),
        ({"max_rows": 1}, "more than 1 rows"),
    ],
)
def test_limits_are_kept(update: dict[str, int], told: str) -> None:
    limits = LAYOUT.limits.model_copy(update=update)
    with pytest.raises(FormatError, match=told):
        list(rows(book(["a"], ["b"], ["c"]), LAYOUT.model_copy(update={"limits": limits})))


def test_a_row_far_down_is_refused_before_the_empty_ones_are_made() -> None:
    data = repacked(
        book(["a"]), "xl/worksheets/sheet1.xml", lambda part: part.replace(b'<row r="2"', b'<row r="99999999"')
    )
    limits = LAYOUT.limits.model_copy(update={"max_rows": 1_000})
    with pytest.raises(FormatError, match="more than 1000 rows"):
        list(rows(data, LAYOUT.model_copy(update={"limits": limits})))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_entities_are_refused_in_every_part(part: str) -> None:
    entity = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    data = repacked(book(["a"]), part, lambda old: entity + old)
    with pytest.raises(FormatError, match="declares entities"):
        list(rows(data, LAYOUT))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"a,b\n1,2\n",
        book(["a"])[:-30],
        repacked(book(["a"]), "xl/workbook.xml", lambda _: b"<broken"),
        repacked(book(["a"]), "xl/worksheets/sheet1.xml", lambda part: part[:200]),
    ],
)
def test_what_is_no_workbook_is_refused_at_a_place(data: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        list(rows(data, LAYOUT))
    assert refused.value.location


def test_an_old_workbook_is_refused_by_name() -> None:
    with pytest.raises(FormatError, match=r"\.xls\), or an encrypted one; save it as \.xlsx"):
        list(rows(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, LAYOUT))
