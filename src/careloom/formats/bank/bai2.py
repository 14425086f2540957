"""BAI2 cash management balance reporting (BAI, Cash Management Balance Reporting Specifications, version 2).

Records 01 file, 02 group, 03 account, 16 transaction, 88 continuation, 49 / 98 / 99 trailers with control totals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from careloom.core.errors import FormatError
from careloom.formats.bank.numbers import short_day_of
from careloom.formats.bank.statement import Balance, BankFile, Entry, Statement, balance_finding, total_of
from careloom.formats.inspection import Finding

_AMOUNT: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_CODES: Final = frozenset({"01", "02", "03", "16", "49", "88", "98", "99"})
# Minor units by ISO 4217; all others have two.
_NO_DECIMALS: Final = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE_DECIMALS: Final = frozenset(
    {
        "BHD",
        "IQD",
        "JOD",
        "KWD",
        "LYD",
        "OMR",
        "TND",
    }
)
_OPENING, _CLOSING = "010", "015"
_LONGEST: Final = 1_000_000


class _Record(NamedTuple):
    """A logical record: its fields without the code, the line it begins on, how many physical records it takes."""

    code: str
    fields: Sequence[str]
    line: int
    lines: int


def parse(data: bytes) -> BankFile:
    """All statements of a file, one an account. FormatError when it does not begin with 01, or is cut off before 99."""
    records = _records(data)
    first = next(records, None)
    if first is None or first.code != "01":
        raise FormatError("a BAI2 file begins with a record 01", "line 1")
    file = _File(first)
    for record in records:
        file.take(record)
    return file.close()


def _records(data: bytes) -> Iterator[_Record]:
    """Logical records: 88 goes on where the record before it stopped."""
    pending: list[str] = []
    line = 0
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", _decoded(data)), 1):
        text = raw.rstrip(" \x1a")
        if not text:
            continue
        code = text[:2]
        if code not in _CODES or text[2:3] not in (",", "/", ""):
            raise FormatError("no BAI2 record code; the line before may have been broken", f"line {number}")
        if code == "88" and pending:
            pending.append(text[3:])
            continue
        if pending:
            yield _record(pending, line)
        pending, line = [text], number
    if pending:
        yield _record(pending, line)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _record(pieces: Sequence[str], line: int) -> _Record:
    """A slash ends each line; where the text of a transaction has none yet, the next line goes on after a blank."""
    has_text = pieces[0].startswith("16")
    joined: list[str] = []
    for piece in pieces:
        joined += (piece.removesuffix("/"), " " if has_text and not piece.endswith("/") else ",")
    fields = "".join(joined[:-1]).split(",")
    return _Record(fields[0], fields[1:], line, len(pieces))


class _File:
    """Follows the levels: file, groups, accounts; checks each trailer when it comes."""

    def __init__(self, first: _Record) -> None:
        self.findings: list[Finding] = []
        self.statements: list[Statement] = []
        self.version = _at(first.fields, 7)
        self.account: _Account | None = None
        self.group: _Level | None = None
        self.file = _Level(first.lines)
        self.day: date | None = None
        self.currency = ""
        self.ended = False
        self.line = first.line

    def take(self, record: _Record) -> None:
        """One logical record after the first."""
        self.line = record.line
        self.file.records += record.lines
        if self.ended:
            self._find("after-trailer", record, "a record after the file's trailer; the file was joined of several")
            return
        if self.group is not None:
            self.group.records += record.lines
        match record.code:
            case "02":
                self._open_group(record)
            case "03":
                self._open_account(record)
            case "16":
                self._transaction(record)
            case "49":
                self._close_account(record)
            case "98":
                self._close_group(record)
            case "99":
                self._close_file(record)
            case _:
                self._find("record", record, "a record that does not belong here")

    def _open_group(self, record: _Record) -> None:
        if self.group is not None:
            self._find("trailer-missing", record, "a group begins before the one before it was closed by 98")
        self.group = _Level(record.lines)
        self.day = short_day_of(_at(record.fields, 3))
        self.currency = _at(record.fields, 5) or "USD"
        if self.day is None:
            self._find("date", record, "the group has no as-of date that can be read")

    def _open_account(self, record: _Record) -> None:
        if self.group is None:
            self._find("group-missing", record, "an account outside a group (02)")
        if self.account is not None:
            self._find("trailer-missing", record, "an account begins before the one before it was closed by 49")
            self.statements.append(self.account.close())
        self.account = _Account(record, self.day, self.currency)

    def _transaction(self, record: _Record) -> None:
        if self.account is None:
            self._find("account-missing", record, "a transaction outside an account (03)")
            return
        self.account.transaction(record)

    def _close_account(self, record: _Record) -> None:
        account, self.account = self.account, None
        if account is None:
            self._find("account-missing", record, "an account trailer without its account (03)")
            return
        account.level.records += record.lines
        total = account.level.check(record, 1, self.findings)
        if self.group is not None:
            self.group.add(total)
        self.statements.append(account.close())

    def _close_group(self, record: _Record) -> None:
        group, self.group = self.group, None
        if group is None:
            self._find("group-missing", record, "a group trailer without its group (02)")
            return
        self._unclosed(record)
        self.file.add(group.check(record, 2, self.findings))

    def _close_file(self, record: _Record) -> None:
        self.ended = True
        self._unclosed(record)
        if self.group is not None:
            self._find("trailer-missing", record, "the file ends before its group was closed by 98")
        self.file.check(record, 2, self.findings)

    def _unclosed(self, record: _Record) -> None:
        if self.account is not None:
            self._find("trailer-missing", record, "an account was not closed by 49")
            self.statements.append(self.account.close())
            self.account = None

    def close(self) -> BankFile:
        """The file. What was open is kept, with a finding that the end is missing."""
        if not self.ended:
            text = "the file ends without its trailer (99); it was cut off, so ask for it again"
            self.findings.append(Finding(code="trailer-missing", place=f"line {self.line}", text=text))
        if self.account is not None:
            self.statements.append(self.account.close())
        return BankFile(
            format="bai2", version=self.version, statements=tuple(self.statements), findings=tuple(self.findings)
        )

    def _find(self, code: str, record: _Record, text: str) -> None:
        place = f"line {record.line}, record {record.code}"
        self.findings.append(Finding(code=code, place=place, text=text))


class _Level:
    """What a trailer states of what it closes: a control total in minor units, how many parts, how many records."""

    def __init__(self, records: int) -> None:
        self.records = records
        self.parts = 0
        self.total = 0

    def add(self, total: int) -> None:
        """One closed part. Its stated total counts, so that one wrong total is told once."""
        self.parts += 1
        self.total += total

    def check(self, record: _Record, records_at: int, findings: list[Finding]) -> int:
        """Compares the trailer; gives the total it states, or what was counted when it states none."""
        place = f"line {record.line}, record {record.code}"
        stated = _minor(_at(record.fields, 0))
        if stated != self.total:
            text = "the control total differs from the amounts; ask the bank for a whole file"
            findings.append(Finding(code="sum-differs", place=f"{place}, field 2", text=text))
        if records_at == 2 and _minor(_at(record.fields, 1)) != self.parts:
            text = "the number of accounts or groups differs from those found; ask the bank for a whole file"
            findings.append(Finding(code="count-differs", place=f"{place}, field 3", text=text))
        if _minor(_at(record.fields, records_at)) != self.records:
            text = "the number of records differs from those found; ask the bank for a whole file"
            findings.append(Finding(code="count-differs", place=f"{place}, field {records_at + 2}", text=text))
        return self.total if stated is None else stated


class _Account:
    """One account while it is read."""

    def __init__(self, record: _Record, day: date | None, currency: str) -> None:
        self.place = f"line {record.line}"
        self.day = day
        self.number = _at(record.fields, 0)
        self.currency = _at(record.fields, 1) or currency
        self.level = _Level(record.lines)
        self.balances: dict[str, Decimal] = {}
        self.entries: list[Entry] = []
        self.findings: list[Finding] = []
        self._summaries(record)

    def _summaries(self, record: _Record) -> None:
        """Type code, amount, item count, funds type, and again, as often as the account has balances."""
        fields, at = record.fields, 2
        while at + 1 < len(fields):
            code, text = fields[at].strip(), fields[at + 1].strip()
            amount = _minor(text)
            if text and amount is None:
                self._find("amount", f"{self.place}, record 03, field {at + 3}", "no amount that can be read")
            elif amount is not None:
                self.level.total += amount
                self.balances.setdefault(code, self._scaled(amount))
            at = _after_funds(fields, at + 3)

    def transaction(self, record: _Record) -> None:
        """One record 16: type code, amount, funds type, bank reference, customer reference, text."""
        self.level.records += record.lines
        place = f"line {record.line}, record 16"
        code = _at(record.fields, 0)
        sign = _sign(code)
        amount = _minor(_at(record.fields, 1) or "0")
        if sign is None or amount is None:
            self._find("entry", place, "a type code or an amount that can not be read; ask the bank")
            return
        self.level.total += amount
        if not sign:
            return
        at = _after_funds(record.fields, 2)
        text = ",".join(record.fields[at + 2 :]).strip()
        self.entries.append(
            Entry(
                amount=self._scaled(amount) * sign,
                currency=self.currency,
                booking_date=self.day,
                value_date=_value_day(record.fields) or self.day,
                reference=_at(record.fields, at),
                end_to_end=_at(record.fields, at + 1),
                remittance=text,
                code=code,
                place=place,
            )
        )

    def _scaled(self, amount: int) -> Decimal:
        decimals = 0 if self.currency in _NO_DECIMALS else 3 if self.currency in _THREE_DECIMALS else 2
        return Decimal(amount).scaleb(-decimals)

    def close(self) -> Statement:
        """The statement, checked."""
        opening, closing = (self._balance(code) for code in (_OPENING, _CLOSING))
        total = total_of(entry.amount for entry in self.entries)
        finding = balance_finding(opening, closing, total, self.place) if self.entries else None
        if finding:
            # Many banks list only some of the transactions in this format, so it is a warning.
            self._find(finding.code, finding.place, finding.text, warning=True)
        if not self.number:
            self._find("account-missing", f"{self.place}, record 03, field 2", "the statement names no account")
        return Statement(
            format="bai2",
            account=self.number,
            currency=self.currency,
            opening=opening,
            closing=closing,
            from_date=self.day,
            to_date=self.day,
            place=self.place,
            entries=tuple(self.entries),
            findings=tuple(self.findings),
        )

    def _balance(self, code: str) -> Balance | None:
        amount = self.balances.get(code)
        return None if amount is None else Balance(amount, self.currency, self.day)

    def _find(self, code: str, place: str, text: str, warning: bool = False) -> None:
        self.findings.append(Finding(code=code, place=place, text=text, severity="warning" if warning else "error"))


def _at(fields: Sequence[str], index: int) -> str:
    return fields[index].strip() if index < len(fields) else ""


def _minor(text: str) -> int | None:
    text = text.strip()
    return int(text) if _AMOUNT.fullmatch(text) else None


def _after_funds(fields: Sequence[str], at: int) -> int:
    """The index after a funds type and what it brings: V a date and a time, S three amounts, D a list of pairs."""
    funds = _at(fields, at).upper()
    if funds == "V":
        return at + 3
    if funds == "S":
        return at + 4
    if funds == "D":
        pairs = _minor(_at(fields, at + 1)) or 0
        return min(at + 2 + 2 * max(pairs, 0), len(fields))
    return at + 1


def _value_day(fields: Sequence[str]) -> date | None:
    return short_day_of(_at(fields, 3)) if _at(fields, 2).upper() == "V" else None


def _sign(code: str) -> int | None:
    """1 for credits (100-399, 920-959), -1 for debits (400-699, 960-999), 0 where no money moves, None for no code."""
    number = _minor(code)
    if number is None or not 1 <= number <= 999:
        return None
    if 100 <= number <= 399 or 920 <= number <= 959:
        return 1
    return -1 if 400 <= number <= 699 or number >= 960 else 0
