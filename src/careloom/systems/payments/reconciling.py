"""Payments, settlements and the bank's entries, put beside each other to the cent.

A payment has three legs: the signed event that it was received, a line of a settlement, and the settlement's net on the
bank's statement. Legs that belong together are found by their numbers; a settlement at the bank by the reference that
the bank repeats, and without one only where a single entry can be meant. What does not match is a `Break`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from careloom.model import BankEntry, Dispute, Identifier, Money, PaymentNotice, Refund, Settlement, SettlementLine

Leg: TypeAlias = Literal["event", "settlement", "bank"]
Why: TypeAlias = Literal["missing", "differs", "doubled"]

_WORD: Final = re.compile(r"[^\W_]+")
_DAYS: Final = 5
"""Days between a payout and its entry, where no reference tells that they belong together."""


class Match(NamedTuple):
    """Legs that belong together and agree. `by` says how a settlement was found at the bank."""

    kind: str
    number: str
    amount: Money
    by: Literal["number", "reference", "amount"]


class Break(NamedTuple):
    """Something that does not match: `leg` is the one that is `missing`, `differs` from the others, or is `doubled`.

    `expected` is what the other legs say, `found` what this one says.
    """

    why: Why
    leg: Leg
    kind: str
    number: str
    expected: Money | None = None
    found: Money | None = None


class Reconciled(NamedTuple):
    """What came of it. `open` are the numbers of legs whose other legs are not due yet."""

    matched: tuple[Match, ...]
    breaks: tuple[Break, ...]
    open: tuple[str, ...]


class Books(NamedTuple):
    """All that is put beside each other. Of each thing its last state counts, so the order is that of the log."""

    payments: Sequence[PaymentNotice] = ()
    refunds: Sequence[Refund] = ()
    disputes: Sequence[Dispute] = ()
    settlements: Sequence[Settlement] = ()
    entries: Sequence[BankEntry] = ()


class _Moved(NamedTuple):
    """One thing that a line of a settlement must tell of, signed as the line has it."""

    kind: str
    number: str
    amount: Money
    day: str


def reconcile(books: Books, *, due: date) -> Reconciled:
    """Match all legs. What happened before the day `due` must have all of them; what is later may still wait.

    Payments that failed, refunds that did not succeed and disputes that were won must come to nothing in the
    settlements; only payouts that were paid are looked for at the bank.
    """
    work = _Work(due)
    settlements = _last(books.settlements)
    work.lines(list(_moved(books)), settlements)
    work.payouts(settlements, books.entries)
    return Reconciled(tuple(work.matched), tuple(work.breaks), tuple(work.open))


class _Work:
    def __init__(self, due: date) -> None:
        self._due = due.isoformat()
        self.matched: list[Match] = []
        self.breaks: list[Break] = []
        self.open: list[str] = []

    def lines(self, moved: Sequence[_Moved], settlements: Sequence[Settlement]) -> None:
        """Events against the lines of settlements, by kind and number."""
        lines: dict[tuple[str, str], list[SettlementLine]] = defaultdict(list)
        for settlement in settlements:
            for line in settlement.line:
                if line.kind in ("payment", "refund", "dispute") and line.identifier is not None:
                    lines[line.kind, line.identifier.value].append(line)
        for one in moved:
            found = lines.pop((one.kind, one.number), [])
            if found:
                self._compare(one, found)
            elif one.amount.value:
                self._missing("settlement", one.kind, one.number, one.amount, one.day)
        for (kind, number), rest in lines.items():
            self.breaks.append(Break("missing", "event", kind, number, expected=_sum(rest)))

    def _compare(self, one: _Moved, lines: Sequence[SettlementLine]) -> None:
        found = _sum(lines)
        if found == one.amount:
            self.matched.append(Match(one.kind, one.number, one.amount, "number"))
            return
        doubled = any(
            count > 1 for count in Counter((line.amount.value, line.amount.currency) for line in lines).values()
        )
        why: Why = "doubled" if doubled else "differs"
        self.breaks.append(Break(why, "settlement", one.kind, one.number, one.amount, found))

    def payouts(self, settlements: Sequence[Settlement], entries: Sequence[BankEntry]) -> None:
        """Settlements against the bank's entries: by reference first, so that none is taken by its amount alone that
        another one names."""
        free = dict(enumerate(entries))
        texts = _Texts(entries)
        waiting: list[Settlement] = []
        for settlement in settlements:
            self._own_sum(settlement)
            if settlement.status != "paid":
                continue
            named = [place for place in texts.naming(settlement) if place in free]
            if named:
                self._paid(settlement, [free.pop(place) for place in named])
            else:
                waiting.append(settlement)
        self._by_amount(waiting, list(free.values()))

    def _paid(self, settlement: Settlement, entries: Sequence[BankEntry]) -> None:
        number, net = settlement.identifier[0].value, settlement.net
        found = _sum(entries)
        if found == net:
            self.matched.append(Match("payout", number, net, "reference"))
            return
        why: Why = "doubled" if len(entries) > 1 and entries[0].amount == net else "differs"
        self.breaks.append(Break(why, "bank", "payout", number, net, found))

    def _by_amount(self, settlements: Sequence[Settlement], entries: Sequence[BankEntry]) -> None:
        wanted = Counter((one.net.value, one.net.currency) for one in settlements)
        for settlement in settlements:
            net, number = settlement.net, settlement.identifier[0].value
            meant = [entry for entry in entries if entry.amount == net and _near(entry, settlement)]
            if len(meant) == 1 and wanted[net.value, net.currency] == 1:
                self.matched.append(Match("payout", number, net, "amount"))
            else:
                self._missing("bank", "payout", number, net, settlement.date or "")

    def _own_sum(self, settlement: Settlement) -> None:
        nets = [line.net or line.amount for line in settlement.line]
        if nets and _total(nets) != settlement.net:
            number = settlement.identifier[0].value
            self.breaks.append(Break("differs", "settlement", "payout", number, settlement.net, _total(nets)))

    def _missing(self, leg: Leg, kind: str, number: str, expected: Money, day: str) -> None:
        if day and day[:10] >= self._due:
            self.open.append(number)
        else:
            self.breaks.append(Break("missing", leg, kind, number, expected=expected))


def _moved(books: Books) -> Iterator[_Moved]:
    """Each thing once, in its last state, with what it must come to in the settlements."""
    for payment in {_number(one.identifier): one for one in books.payments}.values():
        share = 1 if payment.status == "received" else 0
        yield _Moved("payment", _number(payment.identifier), _times(payment.amount, share), payment.date or "")
    for refund in {_number(one.identifier): one for one in books.refunds}.values():
        share = -1 if refund.status == "succeeded" else 0
        yield _Moved("refund", _number(refund.identifier), _times(refund.amount, share), refund.date or "")
    for dispute in {_number(one.identifier): one for one in books.disputes}.values():
        # A dispute that was won is taken and given back, in two lines that make nothing.
        share = 0 if dispute.status in ("warning", "won", "closed") else -1
        yield _Moved("dispute", _number(dispute.identifier), _times(dispute.amount, share), dispute.date or "")


def _last(settlements: Iterable[Settlement]) -> list[Settlement]:
    """Each payout once: the last word on it, with the lines and the reference of the report where the last has none."""
    found: dict[str, Settlement] = {}
    for one in settlements:
        number = _number(one.identifier)
        before = found.get(number)
        found[number] = one if before is None else _joined(before, one)
    return list(found.values())


def _joined(before: Settlement, one: Settlement) -> Settlement:
    if one.line and (one.reference or not before.reference):
        return one
    kept = before if before.line and not one.line else one
    return msgspec.structs.replace(
        one, line=kept.line, date=one.date or before.date, reference=one.reference or before.reference
    )


class _Texts:
    """What the bank's entries say, found by their words: a day may have many payouts and more entries."""

    def __init__(self, entries: Sequence[BankEntry]) -> None:
        self._texts = [
            "\n".join([text.casefold() for text in (one.reference, one.trace, one.description) if text])
            for one in entries
        ]
        self._places: dict[str, set[int]] = defaultdict(set)
        for place, text in enumerate(self._texts):
            for word in _WORD.findall(text):
                self._places[word].add(place)

    def naming(self, settlement: Settlement) -> list[int]:
        """The places of the entries that repeat the payout's reference or number."""
        wanted = (settlement.reference or "", _number(settlement.identifier))
        return sorted({place for text in wanted for place in self._holding(text.casefold())})

    def _holding(self, wanted: str) -> Iterator[int]:
        known = [self._places.get(word, set()) for word in _WORD.findall(wanted)]
        # The rarest of its words leaves the fewest texts to look at.
        return (place for place in min(known, key=len, default=()) if _holds(self._texts[place], wanted))


def _holds(text: str, wanted: str) -> bool:
    """As a word of its own: PO-1 is not in PO-12."""
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if not (at and text[at - 1].isalnum()) and not text[end : end + 1].isalnum():
            return True
        at = text.find(wanted, at + 1)
    return False


def _near(entry: BankEntry, settlement: Settlement) -> bool:
    days = [_day(entry.booked or entry.value_date), _day(settlement.date)]
    first, second = days
    return first is not None and second is not None and abs(first - second) <= timedelta(days=_DAYS)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text and len(text) == 10 else None


def _sum(parts: Sequence[SettlementLine] | Sequence[BankEntry]) -> Money:
    return _total([part.amount for part in parts])


def _total(amounts: Sequence[Money]) -> Money:
    """In the currency of the first; amounts of another one make a sum that equals nothing."""
    currency = amounts[0].currency
    same = all(amount.currency == currency for amount in amounts)
    return Money(value=sum((amount.value for amount in amounts), Decimal(0)), currency=currency if same else "XXX")


def _times(amount: Money, share: int) -> Money:
    return Money(value=amount.value * share, currency=amount.currency)


def _number(identifiers: Sequence[Identifier]) -> str:
    return identifiers[0].value
