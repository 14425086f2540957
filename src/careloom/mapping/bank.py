"""Statements of bank accounts: every entry to the cent, with the numbers by which payments are found again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from careloom.core.errors import MappingError
from careloom.formats.bank import Balance, Detail, Entry, Statement
from careloom.formats.bank.statement import total_of
from careloom.mapping.catalogue import Mapping as StatementMapping
from careloom.mapping.reading.bank import content_digest
from careloom.mapping.result import Translation
from careloom.mapping.source import Issue, Settings
from careloom.model import BankEntry, BankStatement, Identifier, Money, Period, StatementReceived

_DEFAULTS = Settings()
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
# The addendum of an ACH credit (CCD+) as banks repeat it: X12 TRN, its number in TRN02.
_TRACE: Final = re.compile(r"\bTRN\*[13]\*([^*~\\\s]{1,50})")
_CHECKS: Final = frozenset({"CHECK", "475", "NCHK"})
"""Codes of a check that was paid: OFX, BAI2, SWIFT."""

INTERIM: Final = frozenset({"camt.052", "camt.054", "mt942"})
"""What a bank tells before its statement; the statement has the same entries again."""

DROPPED: Mapping[str, str] = {
    "GrpHdr": "numbers of the file, which the message's key stands for",
    "Acct/Ownr": "the owner of the account is the house itself",
    "Acct/Svcr": "the bank is the system that the statement came from",
    "TxsSummry": "totals, which were checked against the entries",
    "Ntry/Chrgs": "charges within an entry: the entry's amount is what moved",
    "RltdPties/Dbtr/PstlAdr": "where a payer lives is not needed to find the payment",
    ":64:": "the available balance at another day",
    ":65:": "forward balances, which are forecasts",
    "BAI2 03": "balances and totals other than opening (010) and closing (015) ledger",
    "AVAILBAL": "the available balance at another day",
}


def translate(statement: Statement, settings: Settings = _DEFAULTS) -> Translation:
    """One `statement.received` whose entries are the booked ones; interim reports are filtered.

    Raises MappingError where the bank's own figures do not add up, where an entry could not be read, and without an
    account: a statement is whole or it is nothing.
    """
    if statement.format in INTERIM:
        return Translation(filtered=f"{statement.format} is told before the statement, which has these entries again")
    wrong = next((finding for finding in statement.findings if finding.severity == "error"), None)
    if wrong is not None:
        raise MappingError(wrong.text, wrong.place)
    issues = [Issue(finding.place, finding.text) for finding in statement.findings]
    issues += [Issue(entry.place, "is not booked yet; left out") for entry in statement.entries if not entry.booked]
    event = StatementReceived(trigger=statement.format, statement=_statement(statement, settings))
    return Translation(events=(event,), issues=tuple(issues))


def _statement(statement: Statement, settings: Settings) -> BankStatement:
    if not statement.account:
        raise MappingError("the statement names no account; ask the bank to name it", statement.place)
    currency = _currency(statement.currency or settings.currency, statement.place)
    entries = [one for entry in statement.entries if entry.booked for one in _entries(entry, currency)]
    return BankStatement(
        identifier=(Identifier(value=statement.number or content_digest(statement)),),
        account=Identifier(value=statement.account, type="BA"),
        sequence=statement.number or None,
        period=_period(statement),
        opening=_balance(statement.opening, currency),
        closing=_balance(statement.closing, currency),
        entry=tuple(entries),
    )


def _entries(entry: Entry, currency: str) -> Iterator[BankEntry]:
    """The entry; of payments booked together each one, where the bank tells all of their amounts."""
    currency = _currency(entry.currency or currency, entry.place)
    if not _tells_all(entry.details, entry.amount, currency):
        yield _entry(entry, entry.amount, currency, entry.reference)
        return
    for number, detail in enumerate(entry.details, 1):
        assert detail.amount is not None, "all are told"
        own = _of_detail(entry, detail)
        reference = detail.reference or (f"{entry.reference}/{number}" if entry.reference else "")
        yield _entry(own, detail.amount, currency, reference)


def _tells_all(details: Sequence[Detail], amount: Decimal, currency: str) -> bool:
    amounts = [one.amount for one in details if one.amount is not None and one.currency in ("", currency)]
    return len(amounts) == len(details) > 1 and total_of(amounts) == amount


def _of_detail(entry: Entry, detail: Detail) -> Entry:
    return msgspec.structs.replace(
        entry,
        end_to_end=detail.end_to_end,
        counterparty=detail.counterparty,
        counterparty_account=detail.counterparty_account,
        remittance=detail.remittance or entry.remittance,
    )


def _entry(entry: Entry, amount: Decimal, currency: str, reference: str) -> BankEntry:
    trace = _TRACE.search(entry.remittance)
    return BankEntry(
        identifier=(Identifier(value=reference),) if reference else (),
        amount=Money(value=amount, currency=currency),
        booked=_day(entry.booking_date),
        value_date=_day(entry.value_date),
        code=entry.code or None,
        counterparty=entry.counterparty or None,
        counterparty_account=entry.counterparty_account or None,
        reference=entry.remittance or None,
        trace=(trace[1] if trace else entry.end_to_end) or None,
        check_number=(entry.end_to_end or None) if entry.code in _CHECKS else None,
        reversal=entry.reversal,
    )


def _currency(text: str, place: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise MappingError("is in no currency of ISO 4217; ask the bank to correct it", place)
    return text


def _balance(balance: Balance | None, currency: str) -> Money | None:
    return (
        None
        if balance is None
        else Money(value=balance.amount, currency=_currency(balance.currency or currency, "balance"))
    )


def _period(statement: Statement) -> Period | None:
    start = statement.from_date or (statement.opening.day if statement.opening else None)
    end = statement.to_date or (statement.closing.day if statement.closing else None)
    return Period(start=_day(start), end=_day(end)) if start or end else None


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


MAPPINGS = (StatementMapping("bank", ("camt.053", "camt.052", "camt.054", "mt940", "mt942", "ofx", "bai2"), translate),)
