"""Open Financial Exchange: bank and card statements of OFX 1.x (SGML, leaves not closed) and 2.x (XML).

One scan reads both, since 2.x is 1.x with every element closed. OFX states a ledger balance and no opening one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from careloom.core.errors import FormatError
from careloom.formats.bank.numbers import amount_of, day_of
from careloom.formats.bank.statement import Balance, BankFile, Entry, Statement
from careloom.formats.inspection import Finding

_HEADER: Final = re.compile(r'\b(VERSION|ENCODING|CHARSET)\s*[:=]\s*"?([A-Za-z0-9_.-]{1,20})')
_XML_ENCODING: Final = re.compile(r'<\?xml[^>]{0,200}?encoding="([A-Za-z0-9_.-]{1,20})"')
_TAG: Final = re.compile(r"<(/?)([A-Za-z0-9_.]{1,64})\s{0,9}(/?)>")
_FORBIDDEN: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
# What an empty leaf, never closed, must not be taken for.
_AGGREGATES: Final = frozenset(
    [
        "OFX",
        "STMTRS",
        "CCSTMTRS",
        "BANKACCTFROM",
        "CCACCTFROM",
        "BANKTRANLIST",
        "STMTTRN",
        "LEDGERBAL",
        "AVAILBAL",
        "BANKACCTTO",
        "CCACCTTO",
        "PAYEE",
        "CURRENCY",
        "ORIGCURRENCY",
        "STATUS",
        "BALLIST",
        "BAL",
    ]
)
_STATEMENTS: Final = frozenset({"STMTRS", "CCSTMTRS"})
_ENDED: Final = frozenset({"STMTTRN", "STMTRS", "CCSTMTRS", "BANKTRANLIST"})
_LARGEST_HEADER: Final = 4_096
# Sections that never end must not be searched to the end of the file, one after the other.
_LONGEST_SECTION: Final = 8_192
_DEEPEST: Final = 64


class _Leaf(NamedTuple):
    """A value with the aggregates it stands in; or, with an empty name, the end of an aggregate."""

    aggregate: str
    name: str
    text: str
    line: int


def parse(data: bytes) -> BankFile:
    """All statements of a file. FormatError when it is no OFX; what is wrong inside a statement is a finding of it."""
    head = data[:_LARGEST_HEADER].decode("latin-1").partition("<OFX")[0]
    declared = {found[1]: found[2] for found in _HEADER.finditer(head)}
    text = _decoded(data, declared, head)
    if _FORBIDDEN.search(text):
        raise FormatError("a document type or entity, which no bank sends; the file was not read", "file")
    start = text.upper().find("<OFX>")
    if start < 0:
        raise FormatError("no OFX element in the file", "file")
    body = _Body()
    for leaf in _leaves(text, start):
        body.take(leaf)
    version = declared.get("VERSION", "")
    return BankFile(format="ofx", version=version, statements=tuple(body.close()), findings=tuple(body.findings))


def _decoded(data: bytes, declared: Mapping[str, str], head: str) -> str:
    xml = _XML_ENCODING.search(head)
    charset = declared.get("CHARSET", "")
    if xml is None and declared.get("ENCODING", "").upper() in ("USASCII", "ASCII") and charset.isdigit():
        return data.decode("cp1252", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # A wrong declaration is common; each byte of Windows text becomes a letter.
        return data.decode("cp1252", errors="replace")


def _leaves(text: str, start: int) -> Iterator[_Leaf]:
    """Values in order. A tag followed by text is a leaf; one that is closed later, or known, an aggregate."""
    stack: list[str] = []
    line, seen = 1, 0
    for found in _TAG.finditer(text, start):
        line += text.count("\n", seen, found.start())
        seen = found.start()
        name = found[2].upper()
        if found[1]:
            yield from _closed(stack, name, line)
            continue
        value = _value(text, found.end())
        if value:
            yield _Leaf(_inner(stack), name, value, line)
        elif not found[3]:
            stack.append(name)
            if len(stack) > _DEEPEST:
                stack = [kept for kept in stack if kept in _AGGREGATES]
            if len(stack) > _DEEPEST:
                raise FormatError(f"aggregates nested deeper than {_DEEPEST}", f"line {line}")
            yield _Leaf(name, "", "open", line)


def _closed(stack: list[str], name: str, line: int) -> Iterator[_Leaf]:
    if name not in stack:
        return
    while (top := stack.pop()) != name:
        yield _Leaf(top, "", "", line)
    yield _Leaf(name, "", "", line)


def _inner(stack: list[str]) -> str:
    return next((name for name in reversed(stack) if name in _AGGREGATES), "")


def _value(text: str, start: int) -> str:
    """The text up to the next tag; a CDATA section is text too."""
    stripped = text[start : start + 16].lstrip()
    if stripped.startswith("<![CDATA["):
        begin = text.index("<![CDATA[", start) + 9
        end = text.find("]]>", begin, begin + _LONGEST_SECTION)
        return text[begin : end if end >= 0 else begin + _LONGEST_SECTION].strip()
    end = text.find("<", start)
    return html.unescape(text[start : end if end >= 0 else len(text)]).strip()


class _Body:
    """Gathers statements and their transactions from the leaves."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._statements: list[_Statement] = []
        self._open: _Statement | None = None

    def take(self, leaf: _Leaf) -> None:
        """One leaf, or the beginning or end of an aggregate."""
        if leaf.aggregate in _STATEMENTS and not leaf.name:
            self._open = _Statement(len(self._statements) + 1, leaf.aggregate) if leaf.text else None
            if self._open:
                self._statements.append(self._open)
        elif leaf.aggregate == "STATUS" and leaf.name == "CODE" and leaf.text != "0":
            text = "the bank answered with an error code instead of all data; see what it stands for, and ask again"
            self.findings.append(Finding(code="status", place=f"line {leaf.line}, STATUS.CODE", text=text))
        elif self._open is not None:
            self._open.take(leaf)

    def close(self) -> Iterator[Statement]:
        """The statements. FormatError when there is none, and no status tells why."""
        if not self._statements and not self.findings:
            raise FormatError("no bank or card statement (STMTRS, CCSTMTRS) in the file", "OFX")
        return (statement.close() for statement in self._statements)


class _Statement:
    """One statement while it is read."""

    def __init__(self, number: int, name: str) -> None:
        self.place = f"{name}[{number}]"
        self.known: dict[str, str] = {}
        self.entries: list[Entry] = []
        self.findings: list[Finding] = []
        self.references: set[str] = set()
        self.transaction: dict[str, str] | None = None
        self.number = 0

    def take(self, leaf: _Leaf) -> None:
        """One leaf inside the statement."""
        if not leaf.name:
            if leaf.aggregate in _ENDED:
                self._end()
            if leaf.aggregate == "STMTTRN" and leaf.text:
                self.number += 1
                self.transaction = {}
        elif self.transaction is not None:
            self._transaction_leaf(self.transaction, leaf)
        else:
            self.known.setdefault(f"{leaf.aggregate}.{leaf.name}", leaf.text)

    def _transaction_leaf(self, transaction: dict[str, str], leaf: _Leaf) -> None:
        name = leaf.name if leaf.aggregate in ("STMTTRN", "PAYEE", "") else f"{leaf.aggregate}.{leaf.name}"
        transaction.setdefault(name, leaf.text)

    def _end(self) -> None:
        found, self.transaction = self.transaction, None
        if found is None:
            return
        place = f"{self.place}/STMTTRN[{self.number}]"
        amount = _amount(found.get("TRNAMT", ""))
        day = day_of(found.get("DTPOSTED", ""))
        if amount is None:
            self._find("amount", f"{place}/TRNAMT", "no amount that can be read; ask the bank")
            return
        if day is None:
            self._find("date", f"{place}/DTPOSTED", "no date that can be read; ask the bank")
        self._reference(found.get("FITID", ""), place)
        self.entries.append(
            Entry(
                amount=amount,
                currency=found.get("CURRENCY.CURSYM") or self._currency,
                booking_date=day,
                value_date=day_of(found.get("DTAVAIL", "")),
                reference=found.get("FITID", ""),
                end_to_end=found.get("REFNUM") or found.get("CHECKNUM", ""),
                counterparty=found.get("NAME", ""),
                counterparty_account=found.get("BANKACCTTO.ACCTID", ""),
                remittance=found.get("MEMO", ""),
                code=found.get("TRNTYPE", ""),
                reversal=found.get("CORRECTACTION", "").upper() == "DELETE",
                place=place,
            )
        )

    def _reference(self, reference: str, place: str) -> None:
        if not reference:
            self._find("reference-missing", f"{place}/FITID", "no id, by which a repeat would be known")
        elif reference in self.references:
            self._find("reference-repeated", f"{place}/FITID", "the id of an earlier entry; one of them is a repeat")
        self.references.add(reference)

    @property
    def _currency(self) -> str:
        return next((text for key, text in self.known.items() if key.endswith(".CURDEF")), "")

    def close(self) -> Statement:
        """The statement, checked."""
        self._end()
        account = self.known.get("BANKACCTFROM.ACCTID") or self.known.get("CCACCTFROM.ACCTID", "")
        if not account:
            self._find("account-missing", self.place, "the statement names no account (ACCTID)")
        return Statement(
            format="ofx",
            account=account,
            currency=self._currency,
            number="",
            closing=self._balance(),
            from_date=day_of(self.known.get("BANKTRANLIST.DTSTART", "")),
            to_date=day_of(self.known.get("BANKTRANLIST.DTEND", "")),
            place=self.place,
            entries=tuple(self.entries),
            findings=tuple(self.findings),
        )

    def _balance(self) -> Balance | None:
        stated = self.known.get("LEDGERBAL.BALAMT")
        amount = _amount(stated) if stated else None
        if amount is None:
            self._find("balance-missing", f"{self.place}/LEDGERBAL", "no ledger balance that can be read")
            return None
        return Balance(amount, self._currency, day_of(self.known.get("LEDGERBAL.DTASOF", "")))

    def _find(self, code: str, place: str, text: str) -> None:
        self.findings.append(Finding(code=code, place=place, text=text))


def _amount(text: str) -> Decimal | None:
    """OFX 3.2.9.2: a point or a comma before the decimals, nothing between the thousands."""
    return amount_of(text.replace(",", ".", 1))
