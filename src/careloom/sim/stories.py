"""What can happen to a patient in one morning, and to the messages about it on their way."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from careloom.sim import writing
from careloom.sim.ehr import Ehr, Message
from careloom.sim.people import Person, address, telephone


class Fate(StrEnum):
    """What must become of a message that is sent."""

    DELIVERED = "delivered"
    FILTERED = "filtered"
    PARKED = "parked"
    REPEATED = "repeated"  # was sent before: gets the first answer again
    CONFLICTING = "conflicting"  # other content under a control id that was used: refused, and a case
    REFUSED = "refused"  # at the door, it is no HL7 message


CONTRADICTION = "other content under an old control id"
TAKEN = frozenset({Fate.DELIVERED, Fate.FILTERED, Fate.PARKED})


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way. `at` is when it leaves, which is not when it was recorded if it was overtaken."""

    at: datetime
    what: str
    body: bytes
    fate: Fate


@dataclass(slots=True)
class Telling:
    """What a story is told with: the EHR, who comes next, when it begins, and a source of chance."""

    ehr: Ehr
    people: Iterator[Person]
    now: datetime
    chance: random.Random

    def person(self) -> Person:
        """The next patient."""
        return next(self.people)

    def later(self, shortest: int = 3, longest: int = 15) -> datetime:
        """Some minutes on."""
        self.now += timedelta(minutes=self.chance.uniform(shortest, longest))
        return self.now


Story = Callable[[Telling], Iterator[Sent]]


def sent(message: Message, fate: Fate = Fate.DELIVERED, at: datetime | None = None) -> Sent:
    """As it was recorded, or at another time."""
    return Sent(at or message.recorded, message.trigger, message.body, fate)


def outpatient(tell: Telling) -> Iterator[Sent]:
    """Comes, corrects the telephone number, has a laboratory result, goes."""
    person = tell.person()
    yield sent(tell.ehr.register(person, tell.now))
    yield sent(tell.ehr.update(person.mrn, tell.later(), phone=telephone(tell.chance)))
    if tell.chance.random() < 0.3:
        yield sent(tell.ehr.report(person.mrn, tell.later()), Fate.FILTERED)
    yield sent(tell.ehr.discharge(person.mrn, tell.later()), Fate.FILTERED)


def inpatient(tell: Telling) -> Iterator[Sent]:
    """Is announced, admitted, moved to another bed, has moved house; leaves, or nearly."""
    person = tell.person()
    yield sent(tell.ehr.introduce(person, tell.now))
    yield sent(tell.ehr.admit(person, tell.later()))
    yield sent(tell.ehr.transfer(person.mrn, tell.later()), Fate.FILTERED)
    yield sent(tell.ehr.update(person.mrn, tell.later(), **_moved_house(tell)))
    yield sent(tell.ehr.discharge(person.mrn, tell.later()), Fate.FILTERED)
    if tell.chance.random() < 0.4:
        yield sent(tell.ehr.cancel_discharge(person.mrn, tell.later()), Fate.FILTERED)


def corrected(tell: Telling) -> Iterator[Sent]:
    """A person without a visit, whose name was heard wrongly at first."""
    person = tell.person()
    yield sent(tell.ehr.introduce(replace(person, given=person.given[:-1]), tell.now))
    yield sent(tell.ehr.correct(person.mrn, tell.later(), given=person.given))


def cancelled(tell: Telling) -> Iterator[Sent]:
    """Was registered and never came."""
    person = tell.person()
    yield sent(tell.ehr.register(person, tell.now))
    yield sent(tell.ehr.cancel_visit(person.mrn, tell.later()))


def overtaken(tell: Telling) -> Iterator[Sent]:
    """Two updates leave in the wrong order: the older one must not win. It is delivered all the same, since it may name
    an insurer that a bill waits for."""
    person = tell.person()
    yield sent(tell.ehr.register(person, tell.now))
    older = tell.ehr.update(person.mrn, tell.later(), phone=telephone(tell.chance), **_moved_house(tell))
    newer = tell.ehr.update(person.mrn, tell.later(), phone=telephone(tell.chance))
    yield sent(newer)
    yield sent(older, at=tell.later())


def merged(tell: Telling) -> Iterator[Sent]:
    """Registered twice; the records are merged, and a straggler about the one that ended comes late."""
    person = tell.person()
    twin = replace(person, mrn=tell.person().mrn, middle="", email="", phone=telephone(tell.chance))
    yield sent(tell.ehr.register(twin, tell.now))
    yield sent(tell.ehr.register(person, tell.later()))
    straggler = tell.ehr.update(twin.mrn, tell.later(), phone=twin.phone)
    yield sent(tell.ehr.update(person.mrn, tell.later(), phone=telephone(tell.chance)))
    yield sent(tell.ehr.merge(person.mrn, twin.mrn, tell.later()))
    yield sent(straggler, at=tell.later())


def unborn(tell: Telling) -> Iterator[Sent]:
    """Registered with the thirtieth of February as date of birth: a person must look, and what follows must wait."""
    person = tell.person()
    for trigger in ("A04", "A08"):
        at = tell.later()
        message = tell.ehr.write(
            f"ADT^{trigger}", person.mrn, at, writing.event(trigger, at), writing.patient(person, born="19850230")
        )
        yield sent(message, Fate.PARKED)


def unnumbered(tell: Telling) -> Iterator[Sent]:
    """Registered without a record number: nobody can say whose account it is."""
    person, at = tell.person(), tell.now
    segments = [writing.event("A04", at), writing.patient(person, numbered=False)]
    yield sent(tell.ehr.write("ADT^A04", "", at, *segments), Fate.PARKED)


def contradicted(tell: Telling) -> Iterator[Sent]:
    """A control id is used again for something else."""
    person = tell.person()
    original = tell.ehr.register(person, tell.now)
    yield sent(original)
    other = original.body.replace(person.phone.encode(), telephone(tell.chance).encode())
    yield Sent(tell.later(), CONTRADICTION, other, Fate.CONFLICTING)


def garbled(tell: Telling) -> Iterator[Sent]:
    """An interface engine has a bad moment: four things that are no HL7 messages."""
    message = tell.ehr.write("ADT^A04", "", tell.now, writing.event("A04", tell.now), writing.patient(tell.person()))
    unnamed = message.body.replace(message.control_id.encode(), b"")
    for what, body in (
        ("no control id", unnamed),
        ("a broken MSH", b"MSX" + message.body[3:]),
        ("no HL7 at all", b"the interface engine restarts, please hold the line"),
        ("cut off in MSH", message.body[:40]),
    ):
        yield Sent(tell.later(), what, body, Fate.REFUSED)


def _moved_house(tell: Telling) -> dict[str, str]:
    return dict(zip(("street", "city", "state", "zip"), address(tell.chance), strict=True))
