"""A synthetic morning of a hospital: every message of it, and by construction what must be true when it is over."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from careloom.sim import stories
from careloom.sim.ehr import Ehr
from careloom.sim.people import Person, people
from careloom.sim.stories import TAKEN, Fate, Sent, Story, Telling

OPENS = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
_ARRIVALS = timedelta(hours=4, minutes=30)
_REPEATED_SHARE = 0.06

# At least one of each story in every morning; the rest by these weights.
_RARE: tuple[Story, ...] = (stories.unborn, stories.unnumbered, stories.contradicted, stories.garbled)
_USUAL: Mapping[Story, int] = {
    stories.outpatient: 50,
    stories.inpatient: 26,
    stories.corrected: 8,
    stories.overtaken: 7,
    stories.merged: 6,
    stories.cancelled: 6,
}
_ONE_RARE_IN = 150


@dataclass(frozen=True, slots=True)
class Account:
    """What billing must find of a patient in Odoo. A merged record's account is archived."""

    person: Person
    active: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message and the line it leaves on. `moment` runs from 0, the first of the morning, to 1, the last."""

    sent: Sent
    line: int
    moment: float


@dataclass(frozen=True, slots=True)
class Morning:
    """`messages` in the order of leaving; all about one patient leave on one line. `star` is worth tracing,
    and `visits` are to be billed."""

    messages: tuple[Outgoing, ...]
    accounts: Mapping[str, Account]
    star: str
    visits: frozenset[str] = frozenset()

    def expected(self) -> Mapping[str, Account]:
        """The accounts that Odoo must hold in the end, by record number: these and no others."""
        return self.accounts

    def fates(self) -> Counter[Fate]:
        """How many messages must end how."""
        return Counter(one.sent.fate for one in self.messages)

    def intakes(self) -> Counter[str]:
        """How many registrations began an intake, by how it must have ended."""
        begun = Counter(one.sent.what for one in self.messages if one.sent.fate is Fate.DELIVERED)
        off = begun["ADT^A11"]
        return Counter(completed=self.asked() + begun["ADT^A28"] - off, cancelled=off)

    def asked(self) -> int:
        """Of how many visits the insurer was asked."""
        begun = Counter(one.sent.what for one in self.messages if one.sent.fate is Fate.DELIVERED)
        return begun["ADT^A01"] + begun["ADT^A04"]

    def on_line(self, line: int) -> list[Outgoing]:
        """What leaves on one connection, in order."""
        return [one for one in self.messages if one.line == line]


def morning(patients: int, seed: int, lines: int = 6) -> Morning:
    """The same arguments give the same morning, to the byte. About four messages a patient."""
    chance = random.Random(seed)
    ehr = Ehr()
    crowd = people(chance)
    told: list[tuple[int, Sent]] = []
    for number, story in enumerate(_programme(chance, patients)):
        tell = Telling(ehr, crowd, OPENS + chance.random() * _ARRIVALS, chance)
        told += [(number % lines, one) for one in _with_repeats(story(tell), chance)]
    told.sort(key=lambda one: one[1].at)
    visits = frozenset(record.visit.number for record in ehr.records.values() if record.visit is not None)
    return Morning(_timed(told), _accounts(ehr), _star(ehr), visits)


def clock_at(moment: float, messages: tuple[Outgoing, ...]) -> datetime:
    """The hospital's time of day when `moment` of the morning is over."""
    first, last = messages[0].sent.at, messages[-1].sent.at
    return first + min(max(moment, 0.0), 1.0) * (last - first)


def _programme(chance: random.Random, patients: int) -> list[Story]:
    """Which stories are told: each at least once, as many as it takes patients."""
    rare = [story for story in _RARE for _ in range(1 + patients // _ONE_RARE_IN)]
    drawn = chance.choices(list(_USUAL), weights=list(_USUAL.values()), k=max(0, patients - len(rare) - len(_USUAL)))
    every = [*_USUAL, *rare, *drawn]
    chance.shuffle(every)
    return every


def _with_repeats(story: Iterator[Sent], chance: random.Random) -> Iterator[Sent]:
    """The EHR sends some messages once more, to the byte, as senders do whose line broke before the answer."""
    for one in story:
        yield one
        if one.fate in TAKEN and chance.random() < _REPEATED_SHARE:
            again = one.at + timedelta(minutes=chance.uniform(0.5, 20))
            yield Sent(again, f"{one.what} again", one.body, Fate.REPEATED)


def _timed(told: list[tuple[int, Sent]]) -> tuple[Outgoing, ...]:
    first, last = told[0][1].at, told[-1][1].at
    return tuple(Outgoing(one, line, (one.at - first) / (last - first)) for line, one in told)


def _accounts(ehr: Ehr) -> dict[str, Account]:
    return {mrn: Account(record.person, record.merged_into is None) for mrn, record in ehr.records.items()}


def _star(ehr: Ehr) -> str:
    """The survivor of the first merge: registered, corrected and merged."""
    merged = (record.merged_into for record in ehr.records.values())
    return next(chain.from_iterable((one,) for one in merged if one is not None))
