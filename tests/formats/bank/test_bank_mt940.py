"""SWIFT statements: balances, lines, the three ways of :86:, several pages, and broken ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats.bank import Entry, mt940
from careloom.formats.bank.mt940_text import information_of

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "bank"
SAMPLE = (SAMPLES / "statement_mt940.sta").read_bytes()


def swift(amount: Decimal) -> str:
    return f"{abs(amount):.2f}".replace(".", ",")


def balance(tag: str, amount: Decimal) -> str:
    return f":{tag}:{'D' if amount < 0 else 'C'}260302EUR{swift(amount)}"


def page(amounts: list[Decimal], opening: Decimal = Decimal("100.00"), tags: tuple[str, str] = ("60F", "62F")) -> str:
    lines = [":20:REF", ":25:ACC-1", ":28C:1/1", balance(tags[0], opening)]
    lines += [f":61:2603020302{'D' if amount < 0 else 'C'}{swift(amount)}NTRFNONREF" for amount in amounts]
    return "\n".join([*lines, balance(tags[1], opening + sum(amounts, Decimal(0))), "-", ""])


def entry_of(line: str) -> Entry:
    text = f":20:R\n:25:A\n:60F:C260302EUR0,00\n:61:{line}\n:62F:C260302EUR0,00\n-"
    return mt940.parse(text.encode()).statements[0].entries[0]


def test_every_part_of_a_statement_in_swift_blocks_is_read() -> None:
    (statement,) = mt940.parse(SAMPLE).statements
    assert (statement.account, statement.currency, statement.number) == ("10010010/0930711860", "EUR", "00042/001")
    assert statement.opening is not None and statement.opening.amount == Decimal("1000.00")
    assert statement.closing is not None and statement.closing.amount == Decimal("1109.50")
    assert [entry.amount for entry in statement.entries] == [Decimal("150.00"), Decimal("-30.50"), Decimal(-10)]
    assert statement.findings == ()


def test_sub_fields_of_the_information_are_read() -> None:
    first = mt940.parse(SAMPLE).statements[0].entries[0]
    assert (first.end_to_end, first.remittance) == ("INV-2026-0007", "Invoice 2026-0007 thank you")
    assert (first.counterparty, first.counterparty_account) == ("Example Payer Ltd", "DE02120300000000202051")
    assert (first.reference, first.code) == ("BANKREF-1", "NTRF")


def test_information_after_the_closing_balance_belongs_to_no_entry() -> None:
    (statement,) = mt940.parse(SAMPLE).statements
    assert all("remarks" not in entry.remittance for entry in statement.entries)


@pytest.mark.parametrize(
    ("line", "amount", "booking", "value"),
    [
        ("2603020302C1,5NTRFNONREF", "1.5", date(2026, 3, 2), date(2026, 3, 2)),
        ("260302D1,NTRFX//Y", "-1", date(2026, 3, 2), date(2026, 3, 2)),
        ("2601021231RC1,NTRFX", "-1", date(2025, 12, 31), date(2026, 1, 2)),
        ("2512310102RDR1,NTRFX", "1", date(2026, 1, 2), date(2025, 12, 31)),
        ("260302EC9,NTRFX", "9", date(2026, 3, 2), date(2026, 3, 2)),
    ],
)
def test_sides_reversals_and_the_turn_of_the_year(line: str, amount: str, booking: date, value: date) -> None:
    entry = entry_of(line)
    assert (entry.amount, entry.booking_date, entry.value_date) == (Decimal(amount), booking, value)
    assert entry.reversal == ("R" in line.partition(",")[0])
    assert entry.booked == ("E" not in line.partition(",")[0])


def test_the_second_line_of_an_entry_is_its_text() -> None:
    assert entry_of("260302C1,NTRFREF//BANK\nmore of it").remittance == "more of it"


@pytest.mark.parametrize(
    ("text", "remittance", "end_to_end", "counterparty", "account"),
    [
        ("plain text\nof two lines", "plain text of two lines", "", "", ""),
        ("/EREF/E-1/NAME/Example Payer/REMI/Invoice 7", "Invoice 7", "E-1", "Example Payer", ""),
        ("/TRTP/S/IBAN/NL00TEST/NAME/Ex\nample/REMI/USTD//Inv 7/EREF/NOTPROVIDED", "Inv 7", "", "Example", "NL00TEST"),
        ("/EREF/E-2//CNTP/NL00TEST/TESTNL2A/Example///REMI/USTD//Invoice/", "Invoice", "E-2", "Example", "NL00TEST"),
        ("166?00TRANSFER?20Invoice 7?21 and 8?32Example", "Invoice 7 and 8", "", "Example", ""),
        ("835<00TRANSFER<20EREF+E-3<21SVWZ+Invo<22ice<31ACC<32Exam<33ple", "Invoice", "E-3", "Example", "ACC"),
    ],
)  # fmt: skip
def test_information_in_each_way_of_writing(
    text: str, remittance: str, end_to_end: str, counterparty: str, account: str
) -> None:
    assert information_of(text) == (remittance, end_to_end, counterparty, account)


@given(st.lists(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), max_size=20))
def test_balances_match_what_was_built(amounts: list[Decimal]) -> None:
    (statement,) = mt940.parse(page(amounts).encode()).statements
    assert [entry.amount for entry in statement.entries] == amounts
    assert statement.findings == ()


def test_pages_and_statements_of_one_file_come_apart() -> None:
    first = page([Decimal("5.00")], tags=("60F", "62M"))
    second = page([Decimal("-7.00")], opening=Decimal("105.00"), tags=("60M", "62F"))
    file = mt940.parse((first + second).replace("\n-\n", "\n").encode())
    assert [statement.total for statement in file.statements] == [Decimal(5), Decimal(-7)]
    closings = [statement.closing for statement in file.statements]
    assert [closing.final for closing in closings if closing] == [False, True]
    assert file.all_findings == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        (b"D30,50", b"D30,51", "balance-differs", "line 12, :62F:"),
        (b":60F:C260302EUR1000,00", b":60F:C261302EUR1000,00", "balance", "line 5, :60F:"),
        (b"C150,00", b"X150,00", "entry", "line 6, :61:"),
        (b"2603020302C150", b"2603021302C150", "date", "line 6, :61:"),
        (b":25:10010010/0930711860\r\n", b"", "account-missing", "line 2"),
        (b":62F:C260302EUR1109,50\r\n", b"", "balance-missing", "line 2"),
    ],
)
def test_what_does_not_agree_is_found_at_its_line(old: bytes, new: bytes, code: str, place: str) -> None:
    assert SAMPLE.count(old) == 1
    findings = mt940.parse(SAMPLE.replace(old, new)).all_findings
    assert (code, place) in [(finding.code, finding.place) for finding in findings]
    assert all("EUR" not in finding.text for finding in findings)


def test_an_interim_report_is_checked_against_its_own_totals() -> None:
    text = ":20:R\n:25:A\n:28C:1\n:34F:EURD0,00\n:13D:2603021200+0100\n:61:260302C2,00NTRFX\n:90D:0EUR0,00\n:90C:{}\n-"
    (right,) = mt940.parse(text.format("1EUR2,00").encode()).statements
    assert (right.format, right.currency, right.findings) == ("mt942", "EUR", ())
    for wrong, code in (("2EUR2,00", "count-differs"), ("1EUR3,00", "sum-differs"), ("oops", "total")):
        (found,) = mt940.parse(text.format(wrong).encode()).statements
        assert [finding.code for finding in found.findings] == [code]


@pytest.mark.parametrize("data", [b"", b"text", b":21:X\n", b"\0" * 100, b":61:260302C1,NTRFX"])
def test_without_a_statement_it_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match="line 1"):
        mt940.parse(data)


def test_letters_outside_utf_8_are_kept() -> None:
    data = SAMPLE.replace(b"Example Payer", "Müller".encode("latin-1"))
    assert mt940.parse(data).statements[0].entries[0].counterparty == "Müller Ltd"
