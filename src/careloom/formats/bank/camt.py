"""ISO 20022 cash management: statements (camt.053), reports (camt.052) and notifications (camt.054), read as a stream.

Versions 001.02 to 001.08 and later are read alike: what moved between them is looked for in both places. Each statement
comes as a Head, its entries, and an End with what was found wrong; memory is that of one entry.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO, Final, TypeAlias
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from careloom.core.errors import FormatError
from careloom.formats.bank.camt_entry import amount_at, day_at, entry_of, text_at
from careloom.formats.bank.numbers import amount_of
from careloom.formats.bank.statement import (
    EXACT,
    ZERO,
    Balance,
    BankFile,
    Entry,
    Head,
    Statement,
    StatementFormat,
    balance_finding,
)
from careloom.formats.inspection import Finding

_NAMESPACE: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.05[234]\.(\d{3}\.\d{2})\}Document")
_GROUPS: Final[dict[str, StatementFormat]] = {"Stmt": "camt.053", "Rpt": "camt.052", "Ntfctn": "camt.054"}
_KEPT: Final = frozenset({"Ntry", "Bal", "Acct", "TxsSummry", "FrToDt"})
_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = "CLBD"
_DEEPEST: Final = 64
_NO_VERSION: Final = Finding(
    code="namespace",
    place="Document",
    text="not the namespace of a camt.052, .053 or .054; read all the same",
    severity="warning",
)


class End(msgspec.Struct, frozen=True):
    """The end of a statement: all that is known of it, how many entries it had, and what is wrong."""

    head: Head
    entries: int
    findings: tuple[Finding, ...]


Part: TypeAlias = Head | Entry | End


def stream(source: bytes | BinaryIO) -> Iterator[Part]:
    """The statements of a file in parts. FormatError when it is no well-formed camt document, or declares entities."""
    reading = _Reading()
    events = iterparse(io.BytesIO(source) if isinstance(source, bytes) else source, ("start", "end"), forbid_dtd=True)
    try:
        for event, element in events:
            if event == "start":
                reading.start(element)
            else:
                yield from reading.end(element)
    except ParseError as error:
        raise FormatError("no well-formed XML; ask the bank for the file again", f"line {error.position[0]}") from None
    except DefusedXmlException:
        raise FormatError("a document type or entity, which no bank sends; the file was not read", "file") from None
    except (ValueError, LookupError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("an encoding that is not known, or bytes that are not in it", "file") from None
    reading.finish()


def parse(data: bytes) -> BankFile:
    """All statements of a file in memory. FormatError as `stream` raises it."""
    statements: list[Statement] = []
    entries: list[Entry] = []
    for part in stream(data):
        if isinstance(part, Entry):
            entries.append(part)
        elif isinstance(part, End):
            fields = msgspec.structs.asdict(part.head)
            statements.append(Statement(**fields, entries=tuple(entries), findings=part.findings))
            entries = []
    version = statements[0].version
    findings = () if version else (_NO_VERSION,)
    return BankFile(format=statements[0].format, version=version, statements=tuple(statements), findings=findings)


class _Reading:
    """Follows the document: which statement is open, which element is kept whole. What was read is let go."""

    def __init__(self) -> None:
        self.version = ""
        self.stack: list[Element] = []
        self.kept = False
        self.statements = 0
        self.group: _Group | None = None

    def start(self, element: Element) -> None:
        if not self.stack:
            self._root(element)
        name = element.tag = element.tag.rpartition("}")[2]
        self.stack.append(element)
        depth = len(self.stack)
        if depth > _DEEPEST:
            raise FormatError(f"elements nested deeper than {_DEEPEST}", "file")
        if depth == 3 and name in _GROUPS:
            self.statements += 1
            self.group = _Group(_GROUPS[name], f"{name}[{self.statements}]", self.version)
        elif depth == 4:
            self.kept = self.group is not None and name in _KEPT

    def _root(self, element: Element) -> None:
        found = _NAMESPACE.fullmatch(element.tag)
        if found is None and element.tag.rpartition("}")[2] != "Document":
            raise FormatError("the root element is no ISO 20022 Document", "line 1")
        self.version = found[1] if found else ""

    def end(self, element: Element) -> Iterator[Part]:
        depth = len(self.stack)
        self.stack.pop()
        if depth > 4 and self.kept:
            return
        if self.group is not None and depth == 4:
            yield from self.group.take(element.tag, element)
        elif self.group is not None and depth == 3:
            yield from self.group.close()
            self.group = None
        if self.stack:
            del self.stack[-1][:]

    def finish(self) -> None:
        if not self.statements:
            raise FormatError("the document has no statement, report or notification (Stmt, Rpt, Ntfctn)", "Document")


class _Group:
    """One statement while it is read."""

    def __init__(self, form: StatementFormat, place: str, version: str) -> None:
        self.place = place
        self.head = Head(format=form, account="", currency="", version=version, place=place)
        self.told = False
        self.findings: list[Finding] = []
        self.summary: Element | None = None
        self.counts = {"": 0, "CRDT": 0, "DBIT": 0}
        self.sums = {"": ZERO, "CRDT": ZERO, "DBIT": ZERO}
        self.booked = ZERO
        self.balances: dict[str, Balance] = {}

    def take(self, name: str, element: Element) -> Iterator[Part]:
        """One child of the statement."""
        if name == "Ntry":
            yield from self._tell()
            yield from self._entry(element)
        elif name == "Acct":
            account = text_at(element, "Id/IBAN") or text_at(element, "Id/Othr/Id")
            self._know(account=account, currency=text_at(element, "Ccy"))
        elif name == "Bal":
            self._balance(element)
        elif name == "FrToDt":
            self._know(from_date=day_at(element, "FrDtTm"), to_date=day_at(element, "ToDtTm"))
        elif name == "TxsSummry":
            self.summary = element
        elif name == "Id":
            self._know(number=(element.text or "").strip())

    def _know(self, **known: object) -> None:
        self.head = msgspec.structs.replace(self.head, **known)

    def _balance(self, element: Element) -> None:
        code = text_at(element, "Tp/CdOrPrtry/Cd")
        amount = amount_at(element, f"{self.place}/Bal[{code or '?'}]", self.findings)
        if amount is None or code not in (*_OPENING, _CLOSING):
            return
        final = text_at(element, "Tp/SubTp/Cd") != "INTM"
        currency = _currency(element)
        self.balances[code] = Balance(amount, currency, day_at(element, "Dt/Dt") or day_at(element, "Dt/DtTm"), final)
        opening = next((self.balances[code] for code in _OPENING if code in self.balances), None)
        self._know(opening=opening, closing=self.balances.get(_CLOSING), currency=self.head.currency or currency)

    def _tell(self) -> Iterator[Head]:
        if not self.told:
            self.told = True
            if not self.head.account:
                self._find("account-missing", f"{self.place}/Acct", "the statement names no account")
            yield self.head

    def _entry(self, element: Element) -> Iterator[Entry]:
        place = f"{self.place}/Ntry[{self.counts[''] + 1}]"
        self.counts[""] += 1
        entry = entry_of(element, place, self.findings)
        if entry is None:
            return
        side = "DBIT" if entry.amount < 0 else "CRDT"
        self.counts[side] += 1
        self.sums[side] = EXACT.add(self.sums[side], abs(entry.amount))
        self.sums[""] = EXACT.add(self.sums[""], abs(entry.amount))
        self.booked = EXACT.add(self.booked, entry.amount if entry.booked else ZERO)
        yield entry

    def close(self) -> Iterator[Part]:
        yield from self._tell()
        if self.head.format == "camt.053":
            self._balances()
        self._summary()
        yield End(self.head, self.counts[""], tuple(self.findings))

    def _balances(self) -> None:
        for known, code in ((self.head.opening, "OPBD"), (self.head.closing, "CLBD")):
            if known is None:
                self._find("balance-missing", f"{self.place}/Bal", f"the statement has no booked balance {code}")
        finding = balance_finding(self.head.opening, self.head.closing, self.booked, f"{self.place}/Bal[CLBD]")
        if finding:
            self.findings.append(finding)

    def _summary(self) -> None:
        if self.summary is None:
            return
        for name, side in (("TtlNtries", ""), ("TtlCdtNtries", "CRDT"), ("TtlDbtNtries", "DBIT")):
            place = f"{self.place}/TxsSummry/{name}"
            self._compare(f"{name}/NbOfNtries", Decimal(self.counts[side]), "count-differs", f"{place}/NbOfNtries")
            self._compare(f"{name}/Sum", self.sums[side], "sum-differs", f"{place}/Sum")

    def _compare(self, path: str, made: Decimal, code: str, place: str) -> None:
        stated = text_at(self.summary, path) if self.summary is not None else ""
        if stated and amount_of(stated) != made:
            self._find(code, place, "differs from the entries of the statement; ask the bank for a whole file")

    def _find(self, code: str, place: str, text: str) -> None:
        self.findings.append(Finding(code=code, place=place, text=text))


def _currency(element: Element) -> str:
    amount = element.find("Amt")
    return amount.get("Ccy", "") if amount is not None else ""
