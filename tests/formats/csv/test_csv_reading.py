"""Reading by a layout: values, errors at their places, and what goes on after them."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from careloom.core.errors import FormatError
from careloom.formats.csv import Layout, Row, RowError, Value, rows

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "csv"
PRICES = Layout.load((SAMPLES / "prices.toml").read_text())
BATCH = Layout.load((SAMPLES / "batch.toml").read_text())
BATCH_DATA = (SAMPLES / "batch.txt").read_bytes()


def layout(*columns: Mapping[str, object], **more: object) -> Layout:
    return Layout.load({"name": "x", "columns": [{"name": "a"}, *columns], **more})


def read(data: bytes, by: Layout) -> tuple[list[Mapping[str, Value]], list[tuple[str, str]]]:
    """The values of the right rows, and code and place of each error."""
    found = list(rows(data, by))
    right = [result.values for result in found if isinstance(result, Row)]
    return right, [(result.code, result.place) for result in found if isinstance(result, RowError)]


def test_a_whole_file_is_read_with_its_own_spelling_of_everything() -> None:
    reading = rows((SAMPLES / "prices.csv").read_bytes(), PRICES)
    first, second, third = [result for result in reading if isinstance(result, Row)]
    assert first.values == {
        "item": "4006381333931",
        "description": "Marker, blue",
        "price": Decimal("1234.50"),
        "valid_from": date(2026, 3, 1),
        "unit": "piece",
        "controlled": False,
    }
    assert second.values["description"] == 'Gauze "sterile"\r\ntwo lines'
    assert (third.row, third.line, third.values["description"]) == (5, 6, "Größe M")
    assert reading.totals.right


def test_each_wrong_cell_is_told_and_the_other_rows_go_on() -> None:
    data = "GTIN;Description;Price;Valid from;Unit;Controlled\n1;x;a;32.01.2026;QQ;?\n96385074;ok;1;;;\n"
    right, errors = read(data.encode(), PRICES)
    assert [row["item"] for row in right] == ["96385074"]
    assert errors == [
        ("gtin", "row 2, column 1 (item)"),
        ("decimal", "row 2, column 3 (price)"),
        ("date", "row 2, column 4 (valid_from)"),
        ("code", "row 2, column 5 (unit)"),
        ("boolean", "row 2, column 6 (controlled)"),
    ]


def test_no_error_quotes_a_value() -> None:
    secret = "Zebulon"
    data = f'a,b\n{secret},{secret}\n{secret}\n"{secret}"x,1\n"{secret}'.encode()
    found = list(rows(data, layout({"name": "b", "type": "integer"})))
    assert len(found) == 4
    assert all(isinstance(error, RowError) and secret not in repr(error) for error in found)


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ({"type": "integer"}, "-12", -12),
        ({"type": "integer", "thousands": "."}, "1.234", 1234),
        ({"type": "integer", "thousands": "."}, "1.23", None),
        ({"type": "integer", "thousands": " "}, "1 234", 1234),
        ({"type": "integer"}, "1.0", None),
        ({"type": "integer"}, "9" * 41, None),
        ({"type": "integer"}, "١", None),
        ({"type": "decimal"}, "12.50-", Decimal("-12.50")),
        ({"type": "decimal"}, "1e5", None),
        ({"type": "decimal"}, "NaN", None),
        ({"type": "decimal", "thousands": "'"}, "12'34", None),
        ({"type": "decimal", "implied_decimals": 2}, "0001234", Decimal("12.34")),
        ({"type": "decimal", "implied_decimals": 2}, "12.34", None),
        ({"type": "decimal", "implied_decimals": 2}, "1" * 40, Decimal("1" * 38 + ".11")),
        ({"type": "date"}, "2026-02-29", None),
        ({"type": "date", "format": "%d/%m/%y"}, "1/2/26", date(2026, 2, 1)),
        ({"type": "date", "format": "%Y%m%d"}, "20260201", date(2026, 2, 1)),
        ({"type": "datetime"}, "2026-02-01T10:11:12", datetime(2026, 2, 1, 10, 11, 12)),
        ({"type": "datetime", "format": "%d.%m.%Y %H:%M"}, "1.2.2026 10:11", datetime(2026, 2, 1, 10, 11)),
        ({"type": "datetime"}, "yesterday", None),
        ({"type": "boolean"}, "YES", True),
        ({"type": "npi"}, "1999999992", "1999999992"),
        ({"type": "npi"}, "1999999991", None),
        ({"type": "npi"}, "3999999992", None),
        ({"type": "gtin"}, "00012345600012", "00012345600012"),
        ({"type": "gtin"}, "123456789", None),
        ({"pattern": "[A-Z]{2}-[0-9]+"}, "AB-12", "AB-12"),
        ({"pattern": "[A-Z]{2}-[0-9]+"}, "AB-12x", None),
        ({"max_length": 3}, "abcd", None),
        ({"trim": False}, " x ", " x "),
        ({"default": "d"}, "", "d"),
        ({}, "", None),
        ({}, "'=1+1", "=1+1"),
        ({}, "'plain", "'plain"),
    ],
)
def test_each_type_takes_its_own_texts_and_no_others(column: dict[str, object], text: str, value: Value) -> None:
    right, errors = read(f'a,b\nx,"{text}"\n'.encode(), layout({"name": "b", **column}))
    if value is None and text:
        assert [place for _, place in errors] == ["row 2, column 2 (b)"]
    else:
        assert right == [{"a": "x", "b": value}]


def test_a_required_value_that_is_missing_is_told() -> None:
    assert read(b"a,b\nx,\n", layout({"name": "b", "required": True}))[1] == [("missing", "row 2, column 2 (b)")]


def test_a_pattern_of_nested_repeats_takes_no_longer_than_the_text() -> None:
    data = b"a,b\nx," + b"a" * 30_000 + b"!\n"
    assert read(data, layout({"name": "b", "pattern": "(a+)+"}))[1] == [("pattern", "row 2, column 2 (b)")]


def test_an_open_quote_does_not_swallow_the_file() -> None:
    data = b'a,b\n1,"open\n' + b"2,x\n" * 300
    right, errors = read(data, layout({"name": "b"}, limits={"max_record_lines": 5}))
    assert errors == [("quote-open", "row 2")]
    assert len(right) == 300


def test_an_open_quote_near_the_end_gives_the_last_rows_back() -> None:
    right, errors = read(b'a,b\n1,"open\n2,x\n3,y', layout({"name": "b"}))
    assert ([row["a"] for row in right], errors) == (["2", "3"], [("quote-open", "row 2")])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'"a"b,c', "quote-stray"),
        (b"a,b,c", "row-long"),
        (b"a", "row-short"),
        (b"a,\0", "nul"),
        (b"a,\xff", "encoding"),
        (b"a," + b"x" * 200, "line-too-long"),
    ],
)
def test_a_record_that_is_broken_is_lost_alone(line: bytes, code: str) -> None:
    right, errors = read(b"a,b\n1,2\n" + line + b"\n3,4\n", layout({"name": "b"}, limits={"max_line_length": 100}))
    assert ([row["a"] for row in right], errors) == (["1", "3"], [(code, "row 3")])


@pytest.mark.parametrize("ends", [("\n", "\n"), ("\r\n", "\r\n"), ("\r", "\r"), ("\r\n", "\n"), ("\r", "\r\n")])
def test_line_ends_may_be_mixed(ends: tuple[str, str]) -> None:
    right, errors = read(f"a,b{ends[0]}1,2{ends[1]}{ends[0]}3,4".encode(), layout({"name": "b"}))
    assert ([row["b"] for row in right], errors) == (["2", "4"], [])


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("utf-8", b"\xef\xbb\xbfa,b\n1,\xc3\xa9\n"),
        ("utf-8-sig", b"a,b\n1,\xc3\xa9\n"),
        ("latin-1", b"a,b\n1,\xe9\n"),
        ("cp1252", b"a,b\n1,\xe9\n"),
        ("utf-16", "a,b\n1,é\n".encode("utf-16")),
        ("utf-16", "a,b\n1,é\n".encode("utf-16-le")),
        ("utf-16", b"\xfe\xff" + "a,b\n1,é\n".encode("utf-16-be")),
    ],
)
def test_the_declared_character_set_is_read_and_its_mark_dropped(encoding: str, data: bytes) -> None:
    assert read(data, layout({"name": "b"}, encoding=encoding)) == ([{"a": "1", "b": "é"}], [])


def test_header_names_are_found_by_alias_in_any_order_and_case() -> None:
    by = layout({"name": "b", "source": "Bee", "aliases": ["B no"]}, {"name": "c", "optional": True})
    assert read(b"x, b  NO ,A\n0,2,1\n", by) == ([{"a": "1", "b": "2"}], [])


@pytest.mark.parametrize(
    ("data", "more", "told"),
    [
        (b"", {}, "row 1: the header row is missing"),
        (b"b\n", {}, "the header lacks a"),
        (b"a,A\n", {}, "row 1, column 2: the header has the name of column 1 again"),
        (b"a,z\n", {"extra_columns": "refuse"}, "row 1, column 2: a column that the layout does not know"),
        (b'"a\n', {}, "row 1: the header row cannot be read"),
        (b"a\n1\n2\n3\n", {"limits": {"max_rows": 2}}, "row 4: more than 2 rows"),
    ],
)
def test_what_keeps_rows_from_being_read_is_raised_at_its_place(
    data: bytes, more: dict[str, object], told: str
) -> None:
    with pytest.raises(FormatError, match=told):
        read(data, layout(**more))


def test_repeated_keys_and_values_are_told_with_the_first_row() -> None:
    by = layout({"name": "b", "unique": True}, key=["a"])
    found = list(rows(b"a,b\n1,x\n1,y\n2,x\n3,\n4,\n", by))
    errors = [result for result in found if isinstance(result, RowError)]
    assert [(error.code, error.place) for error in errors] == [
        ("key-repeated", "row 3"),
        ("not-unique", "row 4, column 2 (b)"),
    ]
    assert all("row 2" in error.text for error in errors)


def test_comments_skipped_lines_and_empty_rows_are_counted_but_not_read() -> None:
    by = layout({"name": "b"}, comment="#", skip_lines=2)
    found = list(rows(b"report\n\n# c\na,b\n\n# d\n1,#2\n,\n3,4\n", by))
    assert [(row.row, row.line) for row in found] == [(7, 7), (9, 9)]


def test_without_a_header_columns_stand_by_position() -> None:
    by = layout({"name": "b", "position": 3}, header=False, short_rows="fill")
    assert read(b"1,x,2,more\n3\n", by) == ([{"a": "1", "b": "2"}, {"a": "3", "b": None}], [])


def test_quotes_may_be_escaped_or_absent() -> None:
    assert read(b'a|b\n1|"x\\"|y"\n', layout({"name": "b"}, delimiter="|", escape="\\"))[0][0]["b"] == 'x"|y'
    assert read(b'a|b\n1|"x\n', layout({"name": "b"}, delimiter="|", quote=""))[0][0]["b"] == '"x'


def test_fixed_width_records_are_told_apart_and_totalled() -> None:
    reading = rows(BATCH_DATA, BATCH)
    found = [result for result in reading if isinstance(result, Row)]
    assert [row.record for row in found] == ["file", "payment", "payment", "trailer"]
    assert found[1].values == {"account": "ACC-000001", "amount": Decimal("150.00"), "paid": date(2026, 3, 2)}
    assert found[2].values["paid"] is None
    assert reading.totals.right
    assert [check.counted for check in reading.totals.checks] == [2, Decimal("180.50")]


COUNT, SUM = "trailer.payments", "trailer.amount"


@pytest.mark.parametrize(
    ("old", "new", "errors"),
    [
        (b"T000002", b"T000003", [f"total-differs row 4 ({COUNT})"]),
        (b"0018050", b"0018051", [f"total-differs row 4 ({SUM})"]),
        (b"0000018050", b"00000", ["cut-off row 4, column 2 (amount)", f"total-differs row 4 ({SUM})"]),
        (
            b"DACC-000002000003050\n",
            b"",
            [f"total-differs row 3 ({COUNT})", f"total-differs row 3 ({SUM})"],
        ),
        (
            b"DACC-000002",
            b"XACC-000002",
            ["record-unknown row 3", f"total-differs row 4 ({COUNT})", f"total-differs row 4 ({SUM})"],
        ),
        (b"H20260302\nDACC", b"DACC", ["header-missing row 0 (file)"]),
        (
            b"H20260302\n",
            b"DACC-000009000000000\nH20260302\n",
            ["header-late row 2", "header-missing row 0 (file)", f"total-differs row 5 ({COUNT})"],
        ),
        (
            b"T000002000000018050\n",
            b"",
            ["trailer-missing row 0 (trailer)", f"total-differs row 0 ({COUNT})", f"total-differs row 0 ({SUM})"],
        ),
        (b"018050\n", b"018050\nDACC-000001000000001\n", ["after-trailer row 5"]),
    ],
)
def test_what_a_cut_or_joined_file_lacks_is_told(old: bytes, new: bytes, errors: list[str]) -> None:
    assert BATCH_DATA.count(old) == 1
    found = read(BATCH_DATA.replace(old, new), BATCH)[1]
    assert [f"{code} {place}" for code, place in found] == errors


def test_a_footer_under_named_columns_is_no_row_and_is_checked() -> None:
    by = Layout.load(
        {
            "name": "x",
            "discriminator": {"position": 1},
            "records": [
                {"name": "d", "columns": [{"name": "item"}, {"name": "amount", "type": "decimal"}]},
                {
                    "name": "trailer",
                    "code": "TOTAL",
                    "role": "trailer",
                    "columns": [{"name": "sum", "position": 3, "type": "decimal"}],
                },
            ],
            "totals": [{"kind": "sum", "field": "sum", "column": "amount"}],
        }
    )
    data = b"item,note,amount\nA,x,1.25\nB,,2\nTOTAL,,3.25\n"
    right, errors = read(data, by)
    assert ([values.get("amount") for values in right], errors) == ([Decimal("1.25"), Decimal(2), None], [])
    assert read(data.replace(b"3.25", b"3.26"), by)[1] == [("total-differs", "row 4 (trailer.sum)")]


def test_a_hash_total_keeps_only_its_last_digits() -> None:
    by = Layout.load(
        {
            "name": "x",
            "header": False,
            "discriminator": {"position": 1},
            "records": [
                {"name": "d", "code": "D", "columns": [{"name": "n", "position": 2, "type": "integer"}]},
                {
                    "name": "trailer",
                    "code": "T",
                    "role": "trailer",
                    "columns": [{"name": "h", "position": 2, "type": "integer"}],
                },
            ],
            "totals": [{"kind": "sum", "field": "h", "column": "n", "modulo": 1000}],
        }
    )
    assert read(b"D,999\nD,999\nT,998\n", by)[1] == []
    assert read(b"D,999\nD,998\nT,998\n", by)[1] == [("total-differs", "row 3 (trailer.h)")]


def test_a_large_file_is_read_in_flat_memory() -> None:
    class Many(io.RawIOBase):
        """A file of endless rows, made as it is read."""

        def __init__(self, count: int) -> None:
            self.pieces = iter([b"a,b\n"] + [b"some text,12345\n" * 100] * count)

        def read(self, size: int = -1) -> bytes:
            return next(self.pieces, b"")

    def peak(count: int) -> int:
        tracemalloc.start()
        assert sum(1 for _ in rows(Many(count), layout({"name": "b", "type": "integer"}))) == count * 100  # type: ignore[arg-type]
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(100) < peak(25) * 1.5


def test_an_iterator_is_read_only_as_far_as_it_is_asked() -> None:
    reading: Iterator[Row | RowError] = rows(b"a\n1\n2\n", layout())
    assert isinstance(next(reading), Row)
