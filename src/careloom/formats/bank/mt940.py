"""SWIFT customer statements: MT940, and MT942 interim reports (SWIFT standards, category 9), with or without blocks.

Lines that follow a tag belong to it. A statement of several pages comes as one Statement a page, as the file has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.bank.mt940_text import Information, information_of
from careloom.formats.bank.numbers import amount_of, short_day_of
from careloom.formats.bank.statement import (
    Balance,
    BankFile,
    Entry,
    Head,
    Statement,
    balance_finding,
    total_of,
)
from careloom.formats.inspection import Finding

_TAG: Final = re.compile(r":(\d{2}[A-Z]?):")
_BALANCE: Final = re.compile(r"([CD])(\d{6})([A-Z]{3})(\d{1,15},\d{0,6})", re.ASCII)
_LINE: Final = re.compile(
    r"(\d{6})(\d{4})?(R?[CD]|E[CD])([A-Z])?(\d{1,15},\d{0,6})([A-Z][A-Z0-9]{3})?([^\n]{0,200})(?:\n(.{0,400}))?",
    re.ASCII | re.DOTALL,
)
_TOTAL: Final = re.compile(r"(\d{1,5})([A-Z]{3})(\d{1,15},\d{0,6})", re.ASCII)
_NO_REFERENCE: Final = "NONREF"


class _Field(NamedTuple):
    tag: str
    text: str
    line: int


def parse(data: bytes) -> BankFile:
    """All statements of a file. FormatError when it has none; what is wrong inside a statement is a finding of it."""
    statements = tuple(_Pages().statements(_fields(_decoded(data))))
    if not statements:
        raise FormatError("no statement that begins with :20:", "line 1")
    return BankFile(format=statements[0].format, statements=statements)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _fields(text: str) -> Iterator[_Field]:
    """Tags with their text, line ends as LF. A line that is `-`, or the end of a block, closes a message."""
    tag, opened, lines = "", 0, list[str]()
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        line = raw.rpartition("{4:")[2] if raw.startswith(("{1:", "{4:")) else raw
        line = line.strip("\x01\x03\x1a")
        found = _TAG.match(line)
        ends = line.rstrip() in ("-", "-}") or line.startswith(("-}", "{1:"))
        if found or ends:
            if tag:
                yield _Field(tag, "\n".join(lines).rstrip(), opened)
            tag, opened, lines = (found[1], number, [line[found.end() :]]) if found else ("", 0, [])
            if ends:
                yield _Field("-", "", number)
        elif tag:
            lines.append(line)
    if tag:
        yield _Field(tag, "\n".join(lines).rstrip(), opened)


class _Pages:
    """Gathers the fields of each message."""

    def statements(self, fields: Iterator[_Field]) -> Iterator[Statement]:
        page: _Page | None = None
        for field in fields:
            if field.tag in ("20", "-"):
                if page is not None:
                    yield page.close()
                page = _Page(field) if field.tag == "20" else None
            elif page is not None:
                page.take(field)
        if page is not None:
            yield page.close()


class _Page:
    """One message while it is read."""

    def __init__(self, field: _Field) -> None:
        self.place = f"line {field.line}"
        self.interim = False
        self.known: dict[str, object] = {"number": field.text.strip()}
        self.account = self.currency = ""
        self.opening: Balance | None = None
        self.closing: Balance | None = None
        self.closing_place = self.place
        self.entries: list[Entry] = []
        self.findings: list[Finding] = []
        self.totals: list[tuple[_Field, str]] = []
        self.last = ""

    def take(self, field: _Field) -> None:
        """One field after :20:."""
        tag = field.tag
        if tag == "25" or tag == "25P":
            self.account = field.text.partition("\n")[0].strip()
        elif tag in ("28C", "28"):
            self.known["number"] = field.text.strip() or self.known["number"]
        elif tag in ("60F", "60M", "62F", "62M"):
            self._balance(field)
        elif tag == "61":
            self._line(field)
        elif tag == "86" and self.last == "61" and self.entries:
            self.entries[-1] = _informed(self.entries[-1], information_of(field.text))
        elif tag in ("90C", "90D"):
            self.totals.append((field, tag[-1]))
        elif tag in ("34F", "13D"):
            self.interim = True
            self.currency = self.currency or (field.text[:3] if tag == "34F" else "")
        self.last = tag

    def _balance(self, field: _Field) -> None:
        place = f"line {field.line}, :{field.tag}:"
        found = _BALANCE.fullmatch(field.text.strip())
        day = short_day_of(found[2]) if found else None
        if found is None or day is None:
            self._find("balance", place, "no balance (C or D, YYMMDD, currency, amount with a comma); ask the bank")
            return
        amount = _amount(found[4]) * (1 if found[1] == "C" else -1)
        balance = Balance(amount, found[3], day, field.tag[-1] == "F")
        self.currency = self.currency or found[3]
        if field.tag.startswith("60"):
            self.opening = balance
            return
        self.closing, self.closing_place = balance, place

    def _line(self, field: _Field) -> None:
        place = f"line {field.line}, :61:"
        found = _LINE.fullmatch(field.text.strip())
        value_day = short_day_of(found[1]) if found else None
        if found is None or value_day is None:
            self._find("entry", place, "no statement line that can be read; ask the bank")
            return
        booking = _booking_day(value_day, found[2])
        if found[2] and booking is None:
            self._find("date", place, "the entry date is no day of the year; ask the bank")
        own, _, bank = found[7].partition("//")
        mark = found[3]
        sign = 1 if mark in ("C", "RD", "EC") else -1
        self.entries.append(
            Entry(
                amount=_amount(found[5]) * sign,
                currency=self.currency,
                booking_date=booking or value_day,
                value_date=value_day,
                reference=bank.strip() or ("" if own.strip() == _NO_REFERENCE else own.strip()),
                end_to_end="" if own.strip() == _NO_REFERENCE else own.strip(),
                remittance=(found[8] or "").strip(),
                code=found[6] or "",
                reversal=mark.startswith("R"),
                booked=not mark.startswith("E"),
                place=place,
            )
        )

    def close(self) -> Statement:
        """The statement, checked."""
        self._check()
        head = Head(
            format="mt942" if self.interim else "mt940",
            account=self.account,
            currency=self.currency,
            number=str(self.known["number"]),
            opening=self.opening,
            closing=self.closing,
            from_date=self.opening.day if self.opening else None,
            to_date=self.closing.day if self.closing else None,
            place=self.place,
        )
        return Statement(**msgspec.structs.asdict(head), entries=tuple(self.entries), findings=tuple(self.findings))

    def _check(self) -> None:
        if not self.account:
            self._find("account-missing", self.place, "the statement names no account (:25:)")
        if not self.interim and (self.opening is None or self.closing is None):
            self._find(
                "balance-missing", self.place, "no opening (:60F:) or closing balance (:62F:); is the file cut off?"
            )
        booked = total_of(entry.amount for entry in self.entries if entry.booked)
        finding = balance_finding(self.opening, self.closing, booked, self.closing_place)
        if finding:
            self.findings.append(finding)
        for field, side in self.totals:
            self._check_total(field, side)

    def _check_total(self, field: _Field, side: str) -> None:
        place = f"line {field.line}, :{field.tag}:"
        found = _TOTAL.fullmatch(field.text.strip())
        amounts = [entry.amount for entry in self.entries if (entry.amount < 0) == (side == "D")]
        if found is None:
            self._find("total", place, "no number and sum of entries that can be read; ask the bank")
        elif int(found[1]) != len(amounts):
            self._find("count-differs", place, "differs from the entries of the report; ask the bank for a whole file")
        elif _amount(found[3]) != abs(total_of(amounts)):
            self._find("sum-differs", place, "differs from the entries of the report; ask the bank for a whole file")

    def _find(self, code: str, place: str, text: str) -> None:
        self.findings.append(Finding(code=code, place=place, text=text))


def _amount(text: str) -> Decimal:
    amount = amount_of(text.replace(",", "."))
    assert amount is not None, "the field's expression lets only numbers through"
    return amount


def _booking_day(value_day: date, month_and_day: str | None) -> date | None:
    """The entry date has no year: it is the one that brings it nearest to the value date."""
    if not month_and_day:
        return None
    near = [_day(value_day.year + years, month_and_day) for years in (-1, 0, 1)]
    return min((day for day in near if day), key=lambda day: abs(day - value_day), default=None)


def _day(year: int, month_and_day: str) -> date | None:
    return short_day_of(f"{year % 100:02d}{month_and_day}")


def _informed(entry: Entry, found: Information) -> Entry:
    """The entry with what :86: tells of it."""
    return msgspec.structs.replace(
        entry,
        end_to_end=found.end_to_end or entry.end_to_end,
        counterparty=found.counterparty,
        counterparty_account=found.account,
        remittance=found.remittance or entry.remittance,
    )
