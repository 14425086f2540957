"""Files of rows whose layout makes one message of them: what is kept, what it says it is, and what it becomes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from careloom.core.errors import FormatError
from careloom.formats.csv import Layout
from careloom.mapping.declared import Rules, from_rows
from careloom.mapping.reading import Unit, Unread, reader
from careloom.mapping.source import Settings

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "csv"
RULES = Rules.load(
    """
    [[rules]]
    event = "product.changed.v1"
    each = "/rows"
    [rules.fields]
    "product.identifier[0].value" = "/sku"
    "product.price" = "/price"

    [[rules]]
    event = "catalogue.received.v1"
    [rules.fields]
    "catalogue.identifier[0].value" = "/catalogue"
    "catalogue.subject" = { constant = "product" }
    "catalogue.complete" = { constant = true }
    "catalogue.entries" = { count = "/rows" }
    """
)
COLUMNS: list[dict[str, Any]] = [
    {"name": "catalogue", "required": True, "start": 1, "length": 2},
    {"name": "sku", "required": True, "start": 3, "length": 3},
    {"name": "price", "type": "decimal", "start": 6, "length": 6},
]
LINES = [["C7", "GLV", "12.10"], ["C7", "SYR", "0.1"]]


def settings(kind: str, message: str = "file") -> Settings:
    columns = [
        {name: value for name, value in column.items() if kind == "fixed" or name not in ("start", "length")}
        for column in COLUMNS
    ]
    layout = Layout.load({"name": "prices", "kind": kind, "message": message, "key": ["sku"], "columns": columns})
    return Settings(layout=layout, rules=RULES, currency="EUR")


def delimited(lines: list[list[str]]) -> bytes:
    return "".join(",".join(line) + "\r\n" for line in [["catalogue", "sku", "price"], *lines]).encode()


def fixed(lines: list[list[str]]) -> bytes:
    return "".join(f"{line[0]:2}{line[1]:3}{line[2]:>6}\r\n" for line in lines).encode()


def workbook(lines: list[list[str]]) -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for line in [["catalogue", "sku", "price"], *lines]:
        book.active.append(line)  # type: ignore[union-attr]
    book.save(stream)
    return stream.getvalue()


KINDS = [
    ("delimited", delimited, "text/csv"),
    ("fixed", fixed, "text/plain"),
    ("excel", workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
]


@pytest.mark.parametrize(("kind", "written", "media_type"), KINDS)
def test_the_file_is_kept_as_it_came_and_says_what_it_is(kind: str, written: Any, media_type: str) -> None:
    data = written(LINES)
    [unit] = reader("csv").units(data, settings(kind))
    assert isinstance(unit, Unit)
    assert (unit.body, unit.media_type, unit.type) == (data, media_type, "prices")
    [again] = reader("csv").units(data, settings(kind))
    [other] = reader("csv").units(written(LINES[:1]), settings(kind))
    assert isinstance(again, Unit) and isinstance(other, Unit)
    assert again.key == unit.key != other.key, "the same file again is a repeat, another is none"


@pytest.mark.parametrize("kind", ["delimited", "fixed", "excel"])
def test_rows_of_any_layout_are_kept_as_json(kind: str) -> None:
    written = {name: write for name, write, _ in KINDS}[kind]
    found = list(reader("csv").units(written(LINES), settings(kind, "row")))
    assert [one.media_type for one in found if isinstance(one, Unit)] == ["application/json"] * 2


@pytest.mark.parametrize(("kind", "written", "media_type"), KINDS)
def test_the_file_becomes_what_its_rules_say(kind: str, written: Any, media_type: str) -> None:
    declared = settings(kind)
    [unit] = reader("csv").units(written(LINES), declared)
    assert isinstance(unit, Unit) and unit.media_type == media_type
    first, second, received = from_rows(reader("csv").parse(unit.body, declared), declared).events
    assert [(str(one.product.price.value), one.product.price.currency) for one in (first, second)] == [  # type: ignore[attr-defined]
        ("12.10", "EUR"), ("0.1", "EUR"),
    ]  # fmt: skip
    assert received.catalogue.entries == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "written", "media_type"), KINDS)
def test_a_wrong_row_of_the_file_is_told_with_its_place_when_it_is_mapped(
    kind: str, written: Any, media_type: str
) -> None:
    declared = settings(kind)
    [unit] = reader("csv").units(written([*LINES, ["C7", "TAP", "x"], ["C7", "", "y"]]), declared)
    assert isinstance(unit, Unit) and unit.media_type == media_type
    with pytest.raises(FormatError) as refused:
        reader("csv").parse(unit.body, declared)
    assert refused.value.location == f"row {3 if kind == 'fixed' else 4}, column 3 (price)"


def test_a_file_of_no_rows_is_refused() -> None:
    declared = settings("delimited")
    with pytest.raises(FormatError, match="holds no row"):
        from_rows(reader("csv").parse(delimited([]), declared), declared)


def test_a_sample_of_several_records_is_one_message(tmp_path: Path) -> None:
    layout = Layout.load((SAMPLES / "batch.toml").read_text()).model_copy(update={"message": "file"})
    found = list(reader("csv").units((SAMPLES / "batch.txt").read_bytes(), Settings(layout=layout)))
    assert [(one.media_type, one.place) for one in found if isinstance(one, Unit)] == [("text/plain", "line 1")]
    assert not [one for one in found if isinstance(one, Unread)]
