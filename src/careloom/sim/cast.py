"""Who comes after the morning, and what for: invented people, whose insurer, services and supplies the script knows."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from careloom.sim.people import Person, people

FIRST_NUMBER: Final = 700_001
LOT: Final = "R77"
REAGENT: Final = "RG-220"
VALVE: Final = "S-VALVE-26"
KNEE: Final = "29877"
VALVE_OPERATION: Final = "33361"
INTAKE: Final = "ORD"
PACKAGES: Final = {
    INTAKE: {"S-GEL-5": Decimal(1), "S-DRESS-10": Decimal(2)},
    KNEE: {"S-SCREW-3": Decimal(2)},
    VALVE_OPERATION: {VALVE: Decimal(4)},
}
"""What a service takes, by its code."""
OPENING: Final = {
    "S-GEL-5": Decimal(60),
    "S-DRESS-10": Decimal(90),
    "S-SCREW-3": Decimal(30),
    VALVE: Decimal(1),
    REAGENT: Decimal(40),
}
"""What lies in the store in the morning; the reagent is kept by its lot."""


class Cover(StrEnum):
    """What a patient's insurer says, and what becomes of it."""

    HOLDS = "is covered"
    GRANTED = "needs leave and gets it"
    OVERTURNED = "is denied, and granted after an appeal"
    DENIED = "is denied, and nobody has appealed yet"
    LAPSED = "has another policy by now, which the front desk finds"
    UNKNOWN = "is not known to the insurer, and the front desk still looks"


class Plan(StrEnum):
    """What becomes of an appointment."""

    STANDS = "stands"
    MOVED = "is moved by a week"
    CALLED_OFF = "is called off"
    SHORT = "takes more than there is in the store"


_COVERS: Final = {
    Cover.HOLDS: 10, Cover.GRANTED: 4, Cover.OVERTURNED: 1, Cover.DENIED: 1, Cover.LAPSED: 1, Cover.UNKNOWN: 1,
}  # fmt: skip
_PLANS: Final = {Plan.STANDS: 4, Plan.MOVED: 1, Plan.CALLED_OFF: 1, Plan.SHORT: 1}


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody who comes for a stay. `visit` is the number of it."""

    person: Person
    visit: str
    cover: Cover


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment. `number` is that of the scheduling system, `order` what it was ordered by."""

    person: Person
    number: str
    order: str
    code: str
    start: datetime
    plan: Plan


@dataclass(frozen=True, slots=True)
class Service:
    """What was done for a patient: how often, and how much reagent it used up; the last of `versions` is what was
    meant. `insured` is whether an insurer pays; `paid` whether the patient has paid by the end of the day."""

    person: Person
    number: str
    code: str
    versions: tuple[tuple[int, Decimal], ...]
    insured: bool = True
    paid: bool = False

    @property
    def quantity(self) -> int:
        return self.versions[-1][0]

    @property
    def reagent(self) -> Decimal:
        return self.versions[-1][1]


@dataclass(frozen=True, slots=True)
class Cast:
    """All of them. `prices` are those of the hospital's services, `valve` what the supplier takes for a valve."""

    patients: tuple[Patient, ...]
    bookings: tuple[Booking, ...]
    services: tuple[Service, ...]
    prices: dict[str, Decimal]
    valve: Decimal
    charity: Decimal = field(default=Decimal("75.00"))

    def who(self, cover: Cover) -> list[Patient]:
        """The patients whose insurer says that."""
        return [one for one in self.patients if one.cover is cover]

    def planned(self, plan: Plan) -> list[Booking]:
        """The appointments that this becomes of."""
        return [one for one in self.bookings if one.plan is plan]

    @property
    def everybody(self) -> list[Person]:
        return [*(one.person for one in self.patients), *(one.person for one in self.bookings)]


def cast(seed: int, now: datetime) -> Cast:
    """The same arguments give the same people; appointments are some days after `now`."""
    chance = random.Random(f"day {seed}")
    crowd = people(chance, FIRST_NUMBER)
    patients = tuple(_patients(crowd))
    return Cast(
        patients=patients,
        bookings=tuple(_bookings(crowd, chance, now)),
        services=tuple(_services([one.person for one in patients if one.cover is Cover.HOLDS], chance)),
        prices={code: Decimal(chance.randrange(8_000, 90_000)) / 100 for code in ("80053", "80061", "73721")},
        valve=Decimal(chance.randrange(210_000, 380_000)) / 100,
    )


def _patients(crowd: Iterator[Person]) -> Iterator[Patient]:
    covers = [cover for cover, many in _COVERS.items() for _ in range(many)]
    for number, cover in enumerate(covers, 1):
        yield Patient(next(crowd), f"V95{number:04}", cover)


def _bookings(crowd: Iterator[Person], chance: random.Random, now: datetime) -> Iterator[Booking]:
    plans = [plan for plan, many in _PLANS.items() for _ in range(many)]
    for number, plan in enumerate(plans, 1):
        code = VALVE_OPERATION if plan is Plan.SHORT else KNEE
        day = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=chance.randrange(3, 20))
        yield Booking(next(crowd), f"AP{7000 + number}", f"ORD{7000 + number}", code, day, plan)


def _services(people_: Sequence[Person], chance: random.Random) -> Iterator[Service]:
    """The first is corrected, the second is paid by the patient."""
    codes = ("80053", "80061", "73721")
    for number, person in enumerate(people_, 1):
        first = (chance.randrange(1, 4), Decimal(chance.randrange(1, 4)))
        versions = (first, (first[0] + 1, first[1] + 1)) if number == 1 else (first,)
        yield Service(
            person, f"OP{3100 + number}", chance.choice(codes), versions, insured=number != 2, paid=number == 2
        )
