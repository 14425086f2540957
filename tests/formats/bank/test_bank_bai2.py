"""BAI2: records, continuations, funds types, and the three trailers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats.bank import BankFile, Entry, bai2

SAMPLE = (Path(__file__).resolve().parents[2] / "samples" / "bank" / "statement_bai2.txt").read_bytes()


def build(amounts: list[int], currency: str = "USD") -> bytes:
    """A file of one account whose transactions are these, in minor units; debits are negative."""
    opening, closing = 1_000, 1_000 + sum(amounts)
    total = opening + closing + sum(map(abs, amounts))
    lines = ["01,BANK,US,260303,0600,1,,,2/", f"02,US,BANK,1,260302,,{currency},2/"]
    lines += [f"03,ACC-1,{currency},010,{opening},,,015,{closing},,/"]
    lines += [
        f"16,{475 if amount < 0 else 165},{abs(amount)},0,B{n},C{n},text {n}/" for n, amount in enumerate(amounts)
    ]
    count = len(lines)
    lines += [f"49,{total},{count - 1}/", f"98,{total},1,{count + 1}/", f"99,{total},1,{count + 3}/"]
    return "\r\n".join(lines).encode()


def transaction(fields: str) -> Entry:
    data = build([1]).replace(b"16,165,1,0,B0,C0,text 0/", f"16,{fields}/".encode())
    return bai2.parse(data).statements[0].entries[0]


def findings(file: BankFile) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in file.all_findings]


def test_every_part_of_an_account_is_read() -> None:
    file = bai2.parse(SAMPLE)
    (statement,) = file.statements
    assert (file.version, statement.account, statement.currency) == ("2", "0123456789", "USD")
    assert statement.opening is not None and statement.opening.amount == Decimal("1000.00")
    assert statement.closing is not None and statement.closing.amount == Decimal("1119.50")
    assert statement.to_date == date(2026, 3, 2)
    assert findings(file) == []


def test_text_goes_on_over_a_continuation_and_keeps_its_commas() -> None:
    first, second = bai2.parse(SAMPLE).statements[0].entries
    assert first.remittance == "Invoice 2026-0007, thank you and more text"
    assert (first.amount, first.value_date) == (Decimal("150.00"), date(2026, 3, 3))
    assert (first.reference, first.end_to_end, first.code) == ("BANKREF-1", "INV-2026-0007", "165")
    assert (second.amount, second.end_to_end) == (Decimal("-30.50"), "1001")


@pytest.mark.parametrize("funds", ["0", "1", "Z", "", "V,260304,", "V,260304,1200", "S,1,0,0", "D,2,0,1,1,0"])
def test_references_stand_behind_each_funds_type(funds: str) -> None:
    entry = transaction(f"165,1,{funds},BANK,CUST,text, with comma")
    assert (entry.reference, entry.end_to_end, entry.remittance) == ("BANK", "CUST", "text, with comma")
    assert entry.value_date == (date(2026, 3, 4) if funds.startswith("V") else date(2026, 3, 2))


@given(st.lists(st.integers(-(10**9), 10**9), max_size=20))
def test_totals_match_what_was_built(amounts: list[int]) -> None:
    file = bai2.parse(build(amounts))
    assert [entry.amount for entry in file.statements[0].entries] == [Decimal(amount) / 100 for amount in amounts]
    assert findings(file) == []


@pytest.mark.parametrize(("currency", "unit"), [("JPY", "1"), ("USD", "0.01"), ("KWD", "0.001")])
def test_amounts_have_the_minor_units_of_their_currency(currency: str, unit: str) -> None:
    assert bai2.parse(build([1], currency)).statements[0].entries[0].amount == Decimal(unit)


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        (b"49,248050,6", b"49,248051,6", "sum-differs", "line 8, record 49, field 2"),
        (b"49,248050,6", b"49,248050,7", "count-differs", "line 8, record 49, field 3"),
        (b"98,248050,1,8", b"98,1,1,8", "sum-differs", "line 9, record 98, field 2"),
        (b"98,248050,1,8", b"98,248050,2,8", "count-differs", "line 9, record 98, field 3"),
        (b"98,248050,1,8", b"98,248050,1,9", "count-differs", "line 9, record 98, field 4"),
        (b"99,248050,1,10", b"99,248050,1,x", "count-differs", "line 10, record 99, field 4"),
        (b"99,248050,1,10/\n", b"", "trailer-missing", "line 9"),
        (b"98,248050,1,8/\n", b"", "trailer-missing", "line 9, record 99"),
        (b"49,248050,6/\n", b"", "trailer-missing", "line 8, record 98"),
        (b"16,475,3050", b"16,475,30.50", "entry", "line 7, record 16"),
        (b"010,100000", b"010,1e5", "amount", "line 3, record 03, field 5"),
        (b"1,260302,,USD", b"1,269902,,USD", "date", "line 2, record 02"),
        (b"16,475,3050", b"16,475,3051", "balance-differs", "line 3"),
    ],
)
def test_what_does_not_agree_is_found_at_its_record(old: bytes, new: bytes, code: str, place: str) -> None:
    assert SAMPLE.count(old) == 1
    assert (code, place) in findings(bai2.parse(SAMPLE.replace(old, new)))


@pytest.mark.parametrize("line", [b"16,165,1,0,,,/", b"49,0,1/", b"98,0,0,1/"])
def test_records_outside_their_level_are_found(line: bytes) -> None:
    file = bai2.parse(b"01,BANK,US,260303,0600,1,,,2/\n" + line + b"\n99,0,0,3/\n")
    assert any(place.startswith("line 2") for _, place in findings(file))


@pytest.mark.parametrize("data", [b"", b"02,X/\n", b"01,X/\nnot a record\n", b"\0\0", b"88,x/\n"])
def test_what_is_no_file_is_refused_at_its_line(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"line [12]"):
        bai2.parse(data)
