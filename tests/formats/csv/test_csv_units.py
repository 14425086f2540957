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
