"""One transaction set as a mapping reads it: clean text, exact numbers, and a list of what had to be dropped."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Segment, Transaction
from careloom.formats.x12.values import date_of, decimal_of, implied_decimal, period_of, time_of
from careloom.mapping.result import Translation
from careloom.mapping.source import Issue, Settings
from careloom.model import CanonicalEvent, Identifier, Money, Organization, Period, Quantity

DEFAULT_CURRENCY: Final = "USD"
"""Of sets without a CUR segment: the guides are for the United States."""
_LONGEST_AMOUNT: Final = 18
_Event = TypeVar("_Event", bound=CanonicalEvent)


class Row:
    """One segment at its place in a set. A segment that is absent is a false Row, and everything in it is None."""

    __slots__ = ("loop", "segment", "source")

    def __init__(self, source: Source, loop: Loop, segment: Segment | None) -> None:
        self.source, self.loop, self.segment = source, loop, segment

    def __bool__(self) -> bool:
        return self.segment is not None

    def text(self, element: int, component: int = 0, repetition: int = 0) -> str | None:
        """A value without blanks around it; None when absent, and for element 0."""
        if self.segment is None or not element:
            return None
        if component or repetition:
            return clean(self.segment.value(element, component, repetition))
        parts = self.segment.parts
        return clean(parts[element]) if element < len(parts) else None

    def repetitions(self, element: int) -> tuple[str, ...]:
        """The values of an element that repeats."""
        if self.segment is None:
            return ()
        return tuple([text for one in self.segment.repetitions(element) if (text := clean(one))])

    def components(self, element: int, repetition: int = 1) -> list[str | None]:
        """The components of an element, each cleaned; none for element 0."""
        if self.segment is None or not element:
            return []
        return [clean(one) for one in self.segment.components(element, repetition)]

    def parts(self, element: int, width: int) -> list[str | None]:
        """The components, at least so many."""
        found = self.components(element)
        return found + [None] * (width - len(found))

    def place(self, element: int = 0, component: int = 0) -> str:
        """Where it stands: `2100[3]/CLP04`."""
        name = self.segment.id if self.segment is not None else "?"
        number = (f"{element:02}" if element else "") + (f"-{component}" if component else "")
        return f"{where(self.loop)}{name}{number}"

    def drop(self, element: int, problem: str) -> None:
        """An issue about an element."""
        self.source.issues.append(Issue(self.place(element), problem))

    def need(self, element: int, what: str) -> str:
        """A value that an event cannot do without. Raises MappingError."""
        found = self.text(element)
        if found is None:
            raise MappingError(f"{what} is missing; the sender must give it", self.place(element))
        return found

    def number(self, element: int, component: int = 0) -> Decimal | None:
        """A number; one that is none is dropped, with an issue."""
        text = self.text(element, component)
        found = number_of(text) if text else None
        if text and found is None:
            self.drop(element, "is no number; dropped")
        return found

    def money(self, element: int) -> Money | None:
        """An amount; one that is none is dropped, with an issue."""
        found = self.number(element)
        return None if found is None else self.source.money(found)

    def need_money(self, element: int, what: str) -> Money:
        """An amount that the sums need. Raises MappingError."""
        found = number_of(self.need(element, what))
        if found is None:
            raise MappingError(f"{what} is no number; the sender must correct it", self.place(element))
        return self.source.money(found)

    def cents(self, element: int) -> Money | None:
        """An amount of type N2, whose last two digits are cents."""
        text = self.text(element)
        found = implied_decimal(text, 2) if text and len(text) <= _LONGEST_AMOUNT else None
        if text and found is None:
            self.drop(element, "is no amount in cents; dropped")
        return None if found is None else self.source.money(found)

    def quantity(self, element: int, unit: str | None = None) -> Quantity | None:
        """How much."""
        found = self.number(element)
        return None if found is None else Quantity(value=found, unit=unit)

    def day(self, element: int) -> str | None:
        """A FHIR date; one that is none is dropped, with an issue."""
        text = self.text(element)
        found = date_of(text) if text else None
        if text and found is None:
            self.drop(element, "is no date; dropped")
        return found.isoformat() if found else None

    def moment(self, day: int, at: int) -> str | None:
        """A day element with a time element as FHIR dateTime, in the sender's zone."""
        date = self.day(day)
        clock = time_of(self.text(at) or "") if date else None
        return self.source.at(date, clock) if date and clock else date

    def clock(self, element: int) -> time | None:
        """A time of day."""
        return time_of(self.text(element) or "")

    def identifier(self, element: int, type: str | None = None, assigner: str | None = None) -> Identifier | None:
        """A number as an Identifier."""
        value = self.text(element)
        return Identifier(value=value, type=type, assigner=assigner) if value else None

    def period(self, qualifier: int = 2, value: int = 3) -> Period | None:
        """A DTP as a period: both ends are the day where it names one. One that is none is dropped, with an issue."""
        format, text = self.text(qualifier) or "", self.text(value)
        if text is None:
            return None
        ends = period_of(format, text)
        if ends is None:
            self.drop(value, "is no date in the format it declares; dropped")
            return None
        if not format.endswith("DT"):
            return Period(start=ends[0].isoformat(), end=ends[1].isoformat())
        clocks = [time_of(half[8:]) for half in text.split("-")]
        return Period(
            start=self.source.at(ends[0].isoformat(), clocks[0]), end=self.source.at(ends[1].isoformat(), clocks[-1])
        )


class Source:
    """A set with the sender's defaults, and the issues found so far. `currency` holds where no CUR says otherwise.

    `parties` are the organizations read so far: hundreds of claims share one.
    """

    __slots__ = ("_own", "currency", "facility", "issues", "occurred", "parties", "settings", "transaction", "trigger")

    def __init__(self, transaction: Transaction, settings: Settings) -> None:
        self.transaction = transaction
        self.settings = settings
        self.issues: list[Issue] = []
        self.parties: dict[tuple[Loop, str | None], Organization | None] = {}
        self._own: dict[Loop, dict[str, list[Segment]]] = {}
        self.trigger = clean(transaction.set_id) or "X12"
        self.facility = clean(transaction.interchange.sender)
        self.currency = self._currency()
        self.occurred = self._occurred()

    @property
    def root(self) -> Loop:
        return self.transaction.root

    def row(self, loop: Loop, id: str, qualifier: str = "", element: int = 1) -> Row:
        """The first segment of a loop with this identifier, and, if given, this value in `element`."""
        for one in self._segments(loop, id):
            if not qualifier or one[element] == qualifier:
                return Row(self, loop, one)
        return Row(self, loop, None)

    def rows(self, loop: Loop, id: str, *qualifiers: str) -> list[Row]:
        """All segments of a loop with this identifier, and one of these values in element 1 if any are given."""
        return [Row(self, loop, one) for one in self._segments(loop, id) if not qualifiers or one[1] in qualifiers]

    def day(self, text: str | None) -> str | None:
        """A day within a composite as FHIR date; None for what is none."""
        found = date_of(text) if text else None
        return found.isoformat() if found else None

    def first(self, loop: Loop, id: str, *qualifiers: str) -> Row:
        """The segment with the value that comes first in `qualifiers`; a false Row when there is none."""
        own = self._segments(loop, id)
        for qualifier in qualifiers if own else ():
            for one in own:
                if one[1] == qualifier:
                    return Row(self, loop, one)
        return Row(self, loop, None)

    def ref(self, loop: Loop, *qualifiers: str) -> str | None:
        """REF02 of the first REF with one of these qualifiers."""
        return self.first(loop, "REF", *qualifiers).text(2)

    def money(self, value: Decimal) -> Money:
        """An amount in the set's currency."""
        return Money(value=value, currency=self.currency)

    def at(self, day: str, clock: time | None) -> str:
        """A day and a time of day in the sender's zone, as FHIR dateTime."""
        if clock is None:
            return day
        return datetime.combine(datetime.fromisoformat(day), clock, self.settings.zone).isoformat()

    def event(self, kind: type[_Event], **parts: Any) -> _Event:
        """An event of this set."""
        return kind(trigger=self.trigger, occurred=self.occurred, facility=self.facility, **parts)

    def translation(self, events: list[CanonicalEvent], otherwise: str, field: str = "") -> Translation:
        """What the set became. `otherwise` is the reason where that is nothing; with `field` a MappingError, since a
        person must look."""
        if field and not events:
            raise MappingError(otherwise, field)
        return Translation(events=tuple(events), filtered=None if events else otherwise, issues=tuple(self.issues))

    def _segments(self, loop: Loop, id: str) -> list[Segment]:
        """The loop's own segments with this identifier: each loop is looked through once."""
        own = self._own.get(loop)
        if own is None:
            own = self._own[loop] = {}
            for part in loop.content:
                if isinstance(part, Segment):
                    own.setdefault(part.id, []).append(part)
        return own.get(id, [])

    def _currency(self) -> str:
        found = next(self.transaction.find("CUR"), None) if self.transaction.set_id in _WITH_CURRENCY else None
        code = (found[2].strip().upper() if found is not None else "") or DEFAULT_CURRENCY
        if len(code) == 3 and code.isascii() and code.isalpha():
            return code
        raise MappingError("is no currency code of ISO 4217; the sender must correct it", "CUR02")

    def _occurred(self) -> datetime | None:
        """When the set was made (BHT04), else its group (GS04)."""
        header = self.transaction.segments[1] if len(self.transaction.segments) > 1 else None
        if header is not None and header.id == "BHT" and (found := self._instant(header[4], header[5])):
            return found
        group = self.transaction.group.header
        return self._instant(group[4], group[5])

    def _instant(self, day: str, clock: str) -> datetime | None:
        date = date_of(day.strip())
        if date is None:
            return None
        return datetime.combine(date, time_of(clock.strip()) or time(), self.settings.zone)


_WITH_CURRENCY: Final = frozenset({"810", "820", "835", "837", "846", "850", "855", "856"})


def clean(text: str) -> str | None:
    """A value without blanks around it and without control characters; None when nothing is left."""
    if not text:
        return None
    if not text.isprintable():
        text = "".join(one if one.isprintable() else " " for one in text)
    return text.strip() or None


def number_of(text: str) -> Decimal | None:
    """An exact number of at most 18 digits before and 17 after the point."""
    found = decimal_of(text)
    if found is None:
        try:  # ASC X12.6 lets an R have an exponent
            found = Decimal(text) if "E" in text.upper() and len(text) <= _LONGEST_AMOUNT else None
        except InvalidOperation:
            return None
    if found is None or not found.is_finite():
        return None
    exponent = found.as_tuple().exponent
    too_long = found.adjusted() >= _LONGEST_AMOUNT or (isinstance(exponent, int) and exponent <= -_LONGEST_AMOUNT)
    return None if too_long else found


def where(loop: Loop) -> str:
    """The beginning of a place: `2100[3]/`, nothing in the header."""
    if not loop.id:
        return ""
    return f"{loop.id}/" if loop.ordinal == 1 else f"{loop.id}[{loop.ordinal}]/"


def child(loop: Loop | None, id: str) -> Loop | None:
    """The first inner loop with this identifier, not looking into others: a level may hold hundreds of claims."""
    if loop is None:
        return None
    return next((one for one in loop.content if isinstance(one, Loop) and one.id == id), None)


def merged(*periods: Period | None) -> Period | None:
    """The first start and the last end that these say."""
    starts = [one.start for one in periods if one is not None and one.start]
    ends = [one.end for one in periods if one is not None and one.end]
    return Period(start=min(starts) if starts else None, end=max(ends) if ends else None) if starts or ends else None


def present(*values: Identifier | None) -> tuple[Identifier, ...]:
    """Those that are there, each once."""
    return tuple(dict.fromkeys(one for one in values if one is not None))
