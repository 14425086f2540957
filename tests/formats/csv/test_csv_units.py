"""Rows to messages of the log and back: identity, trace, and groups that are whole or held back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from careloom.core.errors import FormatError
from careloom.formats.csv import Layout, Row, RowError, rows
from careloom.formats.csv.units import Unit, rows_of, units

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "csv"
PRICES = Layout.load((SAMPLES / "prices.toml").read_text())
DATA = (SAMPLES / "prices.csv").read_bytes()
LINES = Layout.load(
    {
        "name": "lines",
        "message": "group",
        "key": ["invoice"],
        "columns": [{"name": "invoice", "required": True}, {"name": "amount", "type": "decimal"}],
    }
)


def grouped(text: str) -> list[str]:
    """Each unit as the rows it has, each error as its code and row."""
    found = units(b"invoice,amount\n" + text.encode(), LINES)
    return [
        f"{result.code} {result.row}"
        if isinstance(result, RowError)
        else "+".join(str(row.row) for row in rows_of(result.body, LINES))
        for result in found
    ]


def test_a_row_comes_back_from_its_message_with_its_types_and_its_place() -> None:
    made = [unit for unit in units(DATA, PRICES, file="prices.csv") if isinstance(unit, Unit)]
    read = [row for unit in made for row in rows_of(unit.body, PRICES)]
    assert read == [row for row in rows(DATA, PRICES) if isinstance(row, Row)]
    assert read[0].values["price"] == Decimal("1234.50")
    assert read[0].values["valid_from"] == date(2026, 3, 1)
    assert [(unit.row, unit.line) for unit in made] == [(3, 3), (4, 4), (5, 6)]


def test_the_message_names_its_layout_and_file() -> None:
    unit = next(iter(units(DATA, PRICES, file="prices.csv")))
    assert isinstance(unit, Unit)
    body = msgspec.json.decode(unit.body)
    assert (body["layout"], body["version"], body["file"]) == ("supplier-prices", "1", "prices.csv")


def test_the_key_is_the_same_for_the_same_identity_and_shows_nothing_of_it() -> None:
    first, second = (list(units(DATA, PRICES, file=name)) for name in ("a.csv", "b.csv"))
    keys = [unit.key for unit in first if isinstance(unit, Unit)]
    assert keys == [unit.key for unit in second if isinstance(unit, Unit)]
    assert len(set(keys)) == 3
    assert all("4006381333931" not in key for key in keys)


def test_a_header_record_goes_with_each_row() -> None:
    batch = Layout.load((SAMPLES / "batch.toml").read_text())
    made = [unit for unit in units((SAMPLES / "batch.txt").read_bytes(), batch) if isinstance(unit, Unit)]
    assert [msgspec.json.decode(unit.body)["header"] for unit in made] == [{"sent": "2026-03-02"}] * 2


def test_a_whole_file_may_be_one_message() -> None:
    (unit,) = units(DATA, PRICES.model_copy(update={"message": "file"}))
    assert isinstance(unit, Unit) and unit.body == DATA


def whole(name: str) -> tuple[Layout, bytes]:
    """A sample whose file is one message."""
    layout = Layout.load((SAMPLES / f"{name}.toml").read_text()).model_copy(update={"message": "file"})
    return layout, next(SAMPLES.glob(f"{name}.[ct][sx][vt]")).read_bytes()


@pytest.mark.parametrize("name", ["prices", "batch"])
def test_a_file_that_is_one_message_has_the_rows_of_the_file(name: str) -> None:
    layout, data = whole(name)
    by_row = layout.model_copy(update={"message": "row"})
    one_by_one = [rows_of(unit.body, by_row)[0] for unit in units(data, by_row) if isinstance(unit, Unit)]
    assert list(rows_of(data, layout)) == one_by_one
    assert len(one_by_one) > 1


def test_headers_and_trailers_are_no_rows_of_it() -> None:
    layout, data = whole("batch")
    assert [row.record for row in rows_of(data, layout)] == ["payment", "payment"]
    assert rows_of(data, layout)[1].values == {"account": "ACC-000002", "amount": Decimal("30.50"), "paid": None}


@pytest.mark.parametrize(
    ("old", "new", "location"),
    [
        (b"20260302\nDACC-000002", b"20261302\nDACC-000002", "row 2, column 3 (paid)"),
        (b"000003050", b"00000x050", "row 3, column 2 (amount)"),
        (b"T000002", b"T000003", "row 4 (trailer.payments)"),
        (b"18050", b"18051", "row 4 (trailer.amount)"),
    ],
)
def test_the_first_wrong_row_of_it_is_told_with_its_place(old: bytes, new: bytes, location: str) -> None:
    layout, data = whole("batch")
    assert old in data
    with pytest.raises(FormatError) as refused:
        rows_of(data.replace(old, new), layout)
    assert refused.value.location == location


def test_of_several_wrong_rows_the_first_is_told() -> None:
    layout = LINES.model_copy(update={"message": "file"})
    with pytest.raises(FormatError) as refused:
        rows_of(b"invoice,amount\nA,1\nB,x\nC,y\n", layout)
    assert refused.value.location == "row 3, column 2 (amount)"


def test_a_file_without_its_columns_is_refused() -> None:
    with pytest.raises(FormatError) as refused:
        rows_of(b"sum\n1\n", LINES.model_copy(update={"message": "file"}))
    assert refused.value.location


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("A,1\nA,2\nB,3\n", ["2+3", "4"]),
        ("A,1\nA,x\nB,3\n", ["decimal 3", "group-incomplete 2", "4"]),
        ("A,x\nA,1\nB,3\n", ["decimal 2", "group-incomplete 3", "4"]),
        ('A,1\n"A"x,1\nB,3\nC,4\n', ["quote-stray 3", "group-incomplete 2", "group-incomplete 4", "5"]),
        ('A,1\n"A"x,1\nA,3\nB,4\n', ["quote-stray 3", "group-incomplete 2", "5"]),
        ("A,1\nB,x\nC,3\n", ["2", "decimal 3", "4"]),
        ("A,1\nB,2\nA,3\nC,4\n", ["2", "3", "group-incomplete 4", "5"]),
        (",1\nA,2\nB,3\n", ["missing 2", "group-incomplete 3", "4"]),
        ("", []),
    ],
)
def test_a_group_is_whole_or_held_back(text: str, made: list[str]) -> None:
    assert grouped(text) == made


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"layout":"other","rows":[]}',
        b'{"layout":"lines","rows":[{"row":2,"line":2,"record":"detail","values":{"amount":"x"}}]}',
    ],
)
def test_what_is_no_message_of_rows_is_refused_at_a_place(body: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        rows_of(body, LINES)
    assert refused.value.location
