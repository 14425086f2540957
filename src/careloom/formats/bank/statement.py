"""A bank statement, whatever format it came in. Amounts are signed: what the account gained is positive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Context, Decimal
from functools import reduce
from typing import Final, Literal, TypeAlias

import msgspec

from careloom.formats.inspection import Finding

StatementFormat: TypeAlias = Literal["camt.053", "camt.052", "camt.054", "mt940", "mt942", "ofx", "bai2"]
# Sums must not be rounded to the 28 digits of the default context.
EXACT: Final = Context(prec=60)
ZERO: Final = Decimal(0)


class Balance(msgspec.Struct, frozen=True, gc=False):
    """A balance at a day. `final` is False for one between two pages of a statement."""

    amount: Decimal
    currency: str
    day: date | None = None
    final: bool = True


class Detail(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One payment: an entry's own, or one of those booked together. `amount` is None where the bank states none."""

    amount: Decimal | None = None
    currency: str = ""
    reference: str = ""
    end_to_end: str = ""
    counterparty: str = ""
    counterparty_account: str = ""
    remittance: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One booking. `reference` is the bank's, `end_to_end` the payer's; `code` is the bank's transaction code in the
    format's own terms. `details` are the payments of one booked together; `booked` is False while it is only expected.

    `place` says where it stands in its file: `Stmt[1]/Ntry[3]`, `line 17`, `STMTTRN[3]`.
    """

    amount: Decimal
    currency: str
    booking_date: date | None
    value_date: date | None = None
    reference: str = ""
    end_to_end: str = ""
    counterparty: str = ""
    counterparty_account: str = ""
    remittance: str = ""
    code: str = ""
    reversal: bool = False
    booked: bool = True
    details: Sequence[Detail] = ()
    place: str = ""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement says before its entries. `number` is its own reference or number."""

    format: StatementFormat
    account: str
    currency: str
    number: str = ""
    version: str = ""
    opening: Balance | None = None
    closing: Balance | None = None
    from_date: date | None = None
    to_date: date | None = None
    place: str = ""


class Statement(Head, frozen=True, kw_only=True):
    """A whole statement, with what was found wrong in it."""

    entries: Sequence[Entry] = ()
    findings: Sequence[Finding] = ()

    @property
    def total(self) -> Decimal:
        """The sum of the booked entries."""
        return total_of(entry.amount for entry in self.entries if entry.booked)


class BankFile(msgspec.Struct, frozen=True, kw_only=True):
    """All statements of one file, and what was found wrong outside them."""

    format: StatementFormat
    version: str = ""
    statements: Sequence[Statement] = ()
    findings: Sequence[Finding] = ()

    @property
    def all_findings(self) -> Sequence[Finding]:
        """Those of the file and of each statement."""
        return (*self.findings, *(finding for statement in self.statements for finding in statement.findings))


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return reduce(EXACT.add, amounts, ZERO)


def balance_finding(opening: Balance | None, closing: Balance | None, total: Decimal, place: str) -> Finding | None:
    """A finding when the opening balance and the entries do not make the closing balance."""
    if opening is None or closing is None or EXACT.add(opening.amount, total) == closing.amount:
        return None
    text = "opening balance and entries do not make the closing balance; an entry is missing or doubled: ask the bank"
    return Finding(code="balance-differs", place=place, text=text)
