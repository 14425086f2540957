"""ISO 20022 statements: values, versions, totals, and what a hostile document gets."""

from __future__ import annotations

import io
import tracemalloc
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats.bank import Entry, camt

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "bank"
V02 = (SAMPLES / "statement_camt053_v02.xml").read_bytes()


def entry(amount: Decimal, status: str = "<Sts><Cd>BOOK</Cd></Sts>", inner: str = "") -> str:
    side = "DBIT" if amount < 0 else "CRDT"
    return (
        f'<Ntry><Amt Ccy="EUR">{abs(amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>2026-03-02</Dt></BookgDt>{inner}</Ntry>"
    )


def balance(code: str, amount: Decimal) -> str:
    side = "DBIT" if amount < 0 else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{abs(amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>'
    )


def document(*inner: str, version: str = "001.08", group: str = "BkToCstmrStmt", statement: str = "Stmt") -> bytes:
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.{version}"><{group}><GrpHdr/>'
        f"<{statement}><Id>S1</Id><Acct><Id><Othr><Id>ACC-1</Id></Othr></Id></Acct>"
        f"{''.join(inner)}</{statement}></{group}></Document>"
    ).encode()


def statement_of(amounts: list[Decimal], opening: Decimal = Decimal(100)) -> bytes:
    closing = opening + sum(amounts, Decimal(0))
    return document(balance("OPBD", opening), balance("CLBD", closing), *map(entry, amounts))


def test_every_part_of_a_version_02_statement_is_read() -> None:
    (statement,) = camt.parse(V02).statements
    assert (statement.format, statement.version, statement.number) == ("camt.053", "001.02", "STMT-0042")
    assert (statement.account, statement.currency) == ("DE02100100109307118603", "EUR")
    assert (statement.from_date, statement.to_date) == (date(2026, 3, 2), date(2026, 3, 2))
    assert statement.opening is not None and statement.opening.amount == Decimal("1000.00")
    assert statement.closing is not None and statement.closing.day == date(2026, 3, 2)
    assert statement.total == Decimal("169.50")
    assert statement.findings == ()


def test_an_entry_with_one_payment_takes_its_names_and_references() -> None:
    first = camt.parse(V02).statements[0].entries[0]
    assert (first.amount, first.currency, first.booking_date, first.value_date) == (
        Decimal("150.00"),
        "EUR",
        date(2026, 3, 2),
        date(2026, 3, 3),
    )
    assert (first.reference, first.end_to_end, first.code) == ("BANKREF-1", "INV-2026-0007", "PMNT-RCDT-ESCT")
    assert (first.counterparty, first.counterparty_account) == ("Example Payer Ltd", "DE02120300000000202051")
    assert first.remittance == "Invoice 2026-0007 thank you"
    assert first.place == "Stmt[1]/Ntry[1]"


def test_payments_booked_together_are_details_of_their_entry() -> None:
    batch = camt.parse(V02).statements[0].entries[1]
    assert [detail.amount for detail in batch.details] == [Decimal("20.00"), Decimal("30.00")]
    assert [detail.end_to_end for detail in batch.details] == ["", "INV-2026-0009"]


def test_a_reversal_keeps_the_side_that_was_booked() -> None:
    reversal = camt.parse(V02).statements[0].entries[2]
    assert reversal.amount == Decimal("-30.50")
    assert reversal.reversal


def test_the_names_that_version_08_nests_deeper_are_found() -> None:
    details = (
        "<NtryDtls><TxDtls><Refs><EndToEndId>E-1</EndToEndId></Refs>"
        "<RltdPties><Cdtr><Pty><Nm>Example Supplies</Nm></Pty></Cdtr></RltdPties>"
        "<RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls>"
    )
    (statement,) = camt.parse(document(entry(Decimal("-5"), inner=details))).statements
    (found,) = statement.entries
    assert (found.counterparty, found.remittance) == ("Example Supplies", "RF18539007547034")


@given(st.lists(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), max_size=20))
def test_balances_match_what_was_built(amounts: list[Decimal]) -> None:
    (statement,) = camt.parse(statement_of(amounts)).statements
    assert [found.amount for found in statement.entries] == amounts
    assert statement.findings == ()


@given(st.lists(st.decimals(1, 10**6, places=2), min_size=1, max_size=8), st.data())
def test_a_missing_entry_is_found_by_the_balance(amounts: list[Decimal], data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, len(amounts) - 1))
    whole = statement_of(amounts).decode()
    cut = whole.replace(entry(amounts[lost]), "", 1)
    (statement,) = camt.parse(cut.encode()).statements
    assert [(finding.code, finding.place) for finding in statement.findings] == [
        ("balance-differs", "Stmt[1]/Bal[CLBD]")
    ]


def test_entries_that_are_only_expected_do_not_change_the_balance() -> None:
    waiting = entry(Decimal(7), status="<Sts>PDNG</Sts>")
    (statement,) = camt.parse(document(balance("OPBD", Decimal(1)), balance("CLBD", Decimal(1)), waiting)).statements
    assert not statement.entries[0].booked
    assert statement.findings == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        (b"<NbOfNtries>3<", b"<NbOfNtries>4<", "count-differs", "Stmt[1]/TxsSummry/TtlNtries/NbOfNtries"),
        (b"<Sum>200.00<", b"<Sum>200.01<", "sum-differs", "Stmt[1]/TxsSummry/TtlCdtNtries/Sum"),
        (b"<Sum>30.50<", b"<Sum>many<", "sum-differs", "Stmt[1]/TxsSummry/TtlDbtNtries/Sum"),
        (b"<NbOfTxs>2<", b"<NbOfTxs>5<", "count-differs", "Stmt[1]/Ntry[2]/NtryDtls/Btch/NbOfTxs"),
        (b'"EUR">20.00<', b'"EUR">21.00<', "sum-differs", "Stmt[1]/Ntry[2]/NtryDtls"),
        (b'"EUR">150.00<', b'"EUR">1x0.00<', "amount", "Stmt[1]/Ntry[1]/Amt"),
        (b"DBIT</CdtDbtInd><Rvsl", b"BOTH</CdtDbtInd><Rvsl", "side", "Stmt[1]/Ntry[3]/CdtDbtInd"),
        (b"<IBAN>DE02100100109307118603</IBAN>", b"", "account-missing", "Stmt[1]/Acct"),
        (b"<Cd>OPBD</Cd>", b"<Cd>ITAV</Cd>", "balance-missing", "Stmt[1]/Bal"),
    ],
)
def test_what_does_not_agree_is_found_at_its_place(old: bytes, new: bytes, code: str, place: str) -> None:
    assert V02.count(old) == 1
    findings = camt.parse(V02.replace(old, new)).statements[0].findings
    assert (code, place) in [(finding.code, finding.place) for finding in findings]


def test_reports_and_notifications_need_no_balances() -> None:
    for group, name, form in (
        ("BkToCstmrAcctRpt", "Rpt", "camt.052"),
        ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "camt.054"),
    ):
        (found,) = camt.parse(document(entry(Decimal(3)), group=group, statement=name)).statements
        assert (found.format, len(found.entries), found.findings) == (form, 1, ())


def test_another_namespace_is_read_with_a_warning() -> None:
    file = camt.parse(V02.replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"', b""))
    assert [(finding.code, finding.severity) for finding in file.findings] == [("namespace", "warning")]
    assert len(file.statements[0].entries) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<Document",
        b"<Other/>",
        b"<Document/>",
        V02[:700],
        b'<!DOCTYPE d [<!ENTITY a "b">]><Document>&a;</Document>',
        b'<?xml version="1.0" encoding="no-such"?><Document/>',
        b"<Document>" + b"<a>" * 100_000,
        "<Document>é</Document>".encode("latin-1"),
    ],
)
def test_what_is_no_document_is_refused_at_a_place(data: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        camt.parse(data)
    assert refused.value.location


def test_a_large_file_is_read_in_flat_memory() -> None:
    class Many(io.RawIOBase):
        """A document of endless entries, made as it is read."""

        def __init__(self, entries: int) -> None:
            self.pieces = self._pieces(entries)

        def _pieces(self, entries: int):  # type: ignore[no-untyped-def]
            opening, _, closing = document("|").partition(b"|")
            yield opening
            for _ in range(entries):
                yield entry(Decimal("1.00")).encode()
            yield closing

        def read(self, size: int = -1) -> bytes:
            return next(self.pieces, b"")

    def peak(entries: int) -> int:
        tracemalloc.start()
        count = sum(isinstance(part, Entry) for part in camt.stream(Many(entries)))  # type: ignore[arg-type]
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == entries
        return size

    assert peak(4_000) < peak(1_000) * 1.5 + 100_000
