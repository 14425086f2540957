"""Writing: what is written is read back the same, totals are made, and spreadsheets run nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats.csv import Layout, Row, Value, rows
from careloom.formats.csv.formulas import guarded, unguarded
from careloom.formats.csv.writing import pieces, write

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "csv"
BATCH = Layout.load((SAMPLES / "batch.toml").read_text())
COLUMNS = [
    {"name": "text", "trim": False},
    {"name": "count", "type": "integer", "thousands": "."},
    {"name": "price", "type": "decimal", "decimal": ",", "thousands": "."},
    {"name": "day", "type": "date", "format": "%d/%m/%Y"},
    {"name": "flag", "type": "boolean", "true": ["J"], "false": ["N"]},
    {"name": "unit", "type": "code", "codes": {"BX": "box", "PC": "piece"}},
]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
# What XML can hold; and no `_x000D_`, which workbooks take for an escape.
PRINTED = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="_"), min_size=1, max_size=12
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": TEXT,
            "count": st.none() | st.integers(-(10**18), 10**18),
            "price": st.none() | st.decimals(-(10**12), 10**12, places=4, allow_nan=False),
            "day": st.none() | st.dates(),
            "flag": st.none() | st.booleans(),
            "unit": st.none() | st.sampled_from(["box", "piece"]),
        }
    ),
    max_size=8,
)


def read_back(data: bytes, layout: Layout) -> list[Mapping[str, Value]]:
    found = list(rows(data, layout))
    assert all(isinstance(result, Row) for result in found), found
    return [result.values for result in found if isinstance(result, Row)]


@given(
    ROWS,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
)
def test_delimited_rows_come_back_as_they_were(
    values: list[dict[str, Value]], delimiter: str, line_end: str, encoding: str, header: bool
) -> None:
    layout = Layout.load(
        {
            "name": "x",
            "columns": COLUMNS,
            "delimiter": delimiter,
            "line_end": line_end,
            "encoding": encoding,
            "header": header,
        }
    )
    assert read_back(write(values, layout), layout) == values


@given(ROWS)
def test_escapes_serve_as_well_as_doubled_quotes(values: list[dict[str, Value]]) -> None:
    layout = Layout.load({"name": "x", "columns": COLUMNS, "escape": "\\"})
    assert read_back(write(values, layout), layout) == values


@given(ROWS, st.lists(PRINTED, min_size=8, max_size=8))
def test_workbook_rows_come_back_as_they_were(values: list[dict[str, Value]], texts: list[str]) -> None:
    values = [{**row, "text": text} for row, text in zip(values, texts, strict=False)]
    layout = Layout.load({"name": "x", "columns": COLUMNS, "kind": "excel", "sheet": "Prices"})
    assert read_back(write(values, layout), layout) == values


@given(st.lists(st.tuples(st.integers(0, 10**8), st.none() | st.dates()), max_size=10))
def test_fixed_width_rows_come_back_with_the_totals_they_make(payments: list[tuple[int, date | None]]) -> None:
    values = [
        {"account": f"A{number}", "amount": Decimal(cents) / 100, "paid": day}
        for number, (cents, day) in enumerate(payments)
    ]
    data = write(values, BATCH, header={"sent": date(2026, 3, 2)})
    reading = rows(data, BATCH)
    found = [result for result in reading if isinstance(result, Row)]
    assert found[0].values == {"sent": date(2026, 3, 2)}
    assert [row.values for row in found if row.record == "payment"] == values
    assert found[-1].values == {"payments": len(payments), "amount": sum(cents for cents, _ in payments) / Decimal(100)}
    assert reading.totals.right


def test_a_file_that_was_read_is_written_to_the_same_bytes() -> None:
    data = (SAMPLES / "batch.txt").read_bytes()
    found = [result for result in rows(data, BATCH) if isinstance(result, Row)]
    assert b"".join(line.rstrip() + b"\n" for line in write(found, BATCH).splitlines()) == data


def test_a_wrong_trailer_is_computed_anew() -> None:
    data = (SAMPLES / "batch.txt").read_bytes().replace(b"T000002", b"T000009")
    found = [result for result in rows(data, BATCH) if isinstance(result, Row)]
    assert rows(write(found, BATCH), BATCH).totals.checks[0].matches is False
    reading = rows(write(found, BATCH), BATCH)
    assert len(list(reading)) == 4
    assert reading.totals.right


@given(st.text())
def test_guarding_is_exact(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_text_that_a_spreadsheet_would_run_is_guarded_unless_asked_not_to() -> None:
    columns = [{"name": "a"}, {"name": "n", "type": "integer"}]
    guarding = Layout.load({"name": "x", "columns": columns, "header": False})
    assert write([{"a": "=1+1", "n": -5}], guarding) == b"'=1+1,-5\r\n"
    plain = guarding.model_copy(update={"guard_formulas": False})
    assert write([{"a": "=1+1", "n": -5}], plain) == b"=1+1,-5\r\n"


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ({"type": "integer"}, "x", "row 2, column 1"),
        ({"type": "integer"}, Decimal("1.5"), "row 2, column 1"),
        ({"type": "decimal", "implied_decimals": 2}, Decimal("0.001"), "more than 2 decimals"),
        ({"type": "decimal"}, Decimal("NaN"), "no decimal number"),
        ({"type": "code", "codes": {"A": "a"}}, "b", "read back"),
        ({"required": True}, None, "missing"),
        ({"max_length": 2}, "abc", "longer than 2"),
        ({}, " x", "read back"),
        ({}, None, "without any value"),
    ],
)
def test_what_would_not_be_read_back_is_not_written(column: dict[str, object], value: Value, told: str) -> None:
    layout = Layout.load({"name": "x", "columns": [{"name": "a", **column}]})
    with pytest.raises(FormatError, match=told):
        write([{"a": value}], layout)


@pytest.mark.parametrize(
    ("more", "text", "told"),
    [
        ({"encoding": "latin-1"}, "€", "a letter that latin-1 does not have"),
        ({"quote": ""}, "a,b", "row 2: a mark that needs a quote"),
        ({"comment": "#"}, "# x", "row 2: the row would be taken for a comment"),
        ({"kind": "excel"}, "\x01", "row 2, column 1: a control character"),
    ],
)
def test_what_the_file_cannot_hold_is_refused(more: dict[str, object], text: str, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        write([{"a": text}], Layout.load({"name": "x", "columns": [{"name": "a"}], **more}))


@pytest.mark.parametrize(
    ("account", "told"), [("A" * 11, "row 1, column 1"), ("A\nB", "line end inside a fixed width value")]
)
def test_fixed_width_values_must_fit(account: str, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        write([{"account": account, "amount": Decimal(1)}], BATCH)


def test_large_files_are_written_in_pieces() -> None:
    layout = Layout.load({"name": "x", "columns": [{"name": "a"}], "encoding": "utf-16"})
    made = list(pieces(({"a": f"row {number}"} for number in range(2_000)), layout))
    assert len(made) > 3
    assert len(read_back(b"".join(made), layout)) == 2_000
