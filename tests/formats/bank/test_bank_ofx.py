"""OFX in its two spellings, by the same scan."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats.bank import ofx

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "bank"
SGML = (SAMPLES / "statement_ofx1.ofx").read_bytes()
XML = (SAMPLES / "statement_ofx2.ofx").read_bytes()


def test_leaves_that_are_not_closed_are_read() -> None:
    file = ofx.parse(SGML)
    (statement,) = file.statements
    assert (file.version, statement.account, statement.currency) == ("102", "000123456", "USD")
    assert statement.closing is not None and statement.closing.amount == Decimal("1119.50")
    first, second = statement.entries
    assert (first.amount, first.booking_date, first.reference) == (Decimal("150.00"), date(2026, 3, 2), "F-1")
    assert (first.counterparty, first.remittance, first.code) == ("Example Payer & Co", "Invoice 2026-0007", "CREDIT")
    assert (second.amount, second.end_to_end, second.remittance) == (Decimal("-30.50"), "1001", "")
    assert file.all_findings == ()


def test_xml_with_closed_leaves_is_read_alike() -> None:
    file = ofx.parse(XML)
    (entry,) = file.statements[0].entries
    assert (file.version, file.statements[0].account) == ("211", "CARD-0001")
    assert (entry.amount, entry.counterparty, entry.remittance) == (
        Decimal("-12.75"),
        "Example Stationery",
        "pens & paper",
    )


def test_an_empty_leaf_that_is_not_closed_swallows_nothing() -> None:
    moved = SGML.replace(b"<CHECKNUM>1001<MEMO>", b"<MEMO><CHECKNUM>1001<NAME>Example")
    second = ofx.parse(moved).statements[0].entries[1]
    assert (second.end_to_end, second.counterparty) == ("1001", "Example")


@given(st.lists(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), max_size=20), st.booleans())
def test_amounts_come_as_they_were_written(amounts: list[Decimal], closed: bool) -> None:
    end = "</{}>" if closed else ""
    lines = [
        "<STMTTRN>"
        + "".join(
            f"<{name}>{value}{end.format(name)}"
            for name, value in (("DTPOSTED", "20260302"), ("TRNAMT", amount), ("FITID", f"F{number}"))
        )
        + "</STMTTRN>"
        for number, amount in enumerate(amounts)
    ]
    data = SGML[: SGML.index(b"<STMTTRN>")] + "".join(lines).encode() + SGML[SGML.index(b"</BANKTRANLIST>") :]
    file = ofx.parse(data)
    assert [entry.amount for entry in file.statements[0].entries] == amounts
    assert file.all_findings == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        (b"<FITID>F-2", b"<FITID>F-1", "reference-repeated", "STMTRS[1]/STMTTRN[2]/FITID"),
        (b"<FITID>F-2", b"", "reference-missing", "STMTRS[1]/STMTTRN[2]/FITID"),
        (b"<TRNAMT>150.00", b"<TRNAMT>abc", "amount", "STMTRS[1]/STMTTRN[1]/TRNAMT"),
        (b"<DTPOSTED>20260302<", b"<DTPOSTED>20261302<", "date", "STMTRS[1]/STMTTRN[2]/DTPOSTED"),
        (b"<BALAMT>1119.50", b"<BALAMT>1.119,50", "balance-missing", "STMTRS[1]/LEDGERBAL"),
        (b"<ACCTID>000123456", b"", "account-missing", "STMTRS[1]"),
        (b"<TRNUID>1<STATUS><CODE>0", b"<TRNUID>1<STATUS><CODE>2000", "status", "line 12, STATUS.CODE"),
    ],
)
def test_what_is_wrong_is_found_at_its_place(old: bytes, new: bytes, code: str, place: str) -> None:
    assert SGML.count(old) == 1
    findings = ofx.parse(SGML.replace(old, new)).all_findings
    assert (code, place) in [(finding.code, finding.place) for finding in findings]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"OFXHEADER:100\n",
        b"<OFX></OFX>",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + XML,
        b"<OFX>" + b"<STMTRS>" * 1_000,
        b"OFXHEADER:100\n<OFX>\xff\xfe",
    ],
)
def test_what_holds_no_statement_is_refused_at_a_place(data: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        ofx.parse(data)
    assert refused.value.location


def test_windows_letters_under_an_ascii_declaration_are_kept() -> None:
    data = SGML.replace(b"Example Payer &amp; Co", "Müller – Söhne".encode("cp1252"))
    assert ofx.parse(data).statements[0].entries[0].counterparty == "Müller – Söhne"
