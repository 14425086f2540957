"""What a kind's `fake.py` brings so that the one conformance suite can try it: the other side, on command.

`trials()` of that module gives makers of trials by a short name: `{"in": Sender, "out": Receiver}`. The suite plays the
hub: it connects the kind with settings of the trial and surroundings in memory, and looks at both ends. A trial answers
honestly what its side saw; it must not help the connector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, Protocol, TypeAlias
from uuid import UUID

from careloom.core.envelope import Kind, Position, Recorded
from careloom.core.outcomes import Outcome
from careloom.model import HumanName, Identifier, Patient, PatientUpdated, encode
from careloom.systems.seam import Connection

START: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Answer(StrEnum):
    """What an inbound kind made its sender believe."""

    TAKEN = "taken"  # it is yours now: acknowledged, archived, committed
    REFUSED = "refused"  # this will never be taken: rejected, put aside as bad
    LATER = "later"  # not taken now, bring it again: a negative answer, or the file lies where it lay
    STRANGER = "stranger"  # you are not who you say, or may not


class Behaviour(StrEnum):
    """How the other side of an outbound kind behaves, until told otherwise."""

    WILLING = "willing"  # takes what comes
    DOWN = "down"  # cannot be reached
    DEAF = "deaf"  # takes nothing, and says nothing
    MUTE = "mute"  # takes it, and says nothing: the caller cannot know
    BUSY = "busy"  # asks to slow down
    FAILING = "failing"  # says that it is broken
    STRICT = "strict"  # refuses this data, and says so
    CLOSED = "closed"  # refuses the credentials


class Inbound(Protocol):
    """A sender. Messages are numbered; 1, 2, 3 are about one subject, and so on by three; each has its own key.

    `foreign` names what this kind has no notion of, with the reason, and so is not tried: `other` where content is the
    key, `stranger` where the operating system guards the way in.
    """

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {}

    @property
    def settings(self) -> Mapping[str, Any]:
        """As in `[systems.NAME]`, with secrets by reference (`env:` names of `secrets`), once the trial is entered."""

    @property
    def source(self) -> Mapping[str, Any]:
        """As in `[sources.NAME]`."""

    @property
    def secrets(self) -> Mapping[str, str]:
        """What the references of the settings stand for."""

    async def __aenter__(self) -> Inbound: ...
    async def __aexit__(self, *error: object) -> None: ...

    async def meet(self, connection: Connection) -> None:
        """The kind is connected, and started where it listens. Called again after a restart."""

    async def send(self, number: int, *, other: bool = False, spoiled: bool = False, stranger: bool = False) -> Answer:
        """Bring message `number` the way such a system does, and give what the sender is told.

        `other`: other content under the same key. `spoiled`: not readable as the format. `stranger`: without proper
        credentials. What a kind has no notion of stands in `foreign`.
        """


class Outbound(Protocol):
    """A receiver, on a real socket where the kind uses one. `foreign` names behaviours that such a side cannot show,
    with the reason."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}

    @property
    def settings(self) -> Mapping[str, Any]: ...
    @property
    def source(self) -> Mapping[str, Any]: ...
    @property
    def secrets(self) -> Mapping[str, str]: ...

    async def __aenter__(self) -> Outbound: ...
    async def __aexit__(self, *error: object) -> None: ...

    async def behave(self, behaviour: Behaviour) -> None:
        """From now on."""

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        """Have the connection send number `number` as a flow or a delivery would. The same number is the same event."""

    async def effects(self) -> Sequence[int]:
        """The numbers that took effect on this side, in order; one that took effect twice stands here twice."""

    async def until(self, count: int) -> None:
        """Return once so many took effect."""


Trial: TypeAlias = Inbound | Outbound

SURNAME: Final = "Quillfeather"
"""The surname in every message that trials send: it must not be found in any log line or error."""


def event(number: int, type: str = "patient.updated.v1") -> Recorded:
    """What outbound trials deliver by `post`: it names SURNAME, and three in a row are about one subject."""
    subject = (number - 1) // 3
    patient = Patient(
        identifier=(Identifier(value=f"MRN{subject:05}", type="MR", assigner="LAKESIDE"),),
        name=(HumanName(family=SURNAME, given=(f"Given{number}",)),),
    )
    return Recorded(
        id=UUID(int=number),
        kind=Kind.EVENT,
        type=type,
        source="trial",
        subject=f"Patient/LAKESIDE/MRN{subject:05}",
        token=UUID(int=1_000_000 + subject),
        time=START,
        data=encode(PatientUpdated(patient=patient, trigger="ADT^A08", facility="LAKESIDE")),
        datacontenttype="application/json",
        correlation=UUID(int=number),
        causation=None,
        position=Position(0, number),
        recorded=START,
    )


def number_of(event_id: str) -> int:
    """The number of the event with this id."""
    return UUID(event_id).int
