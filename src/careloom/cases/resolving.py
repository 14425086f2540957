"""What goes on when a case ends. Each sort of thing that waits for people has a resolver: parked events, runs, nothing.

This is the one seam between cases and whatever waits for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from careloom.cases.kinds import Action, Supplied
from careloom.cases.payloads import edit_of
from careloom.cases.rights import Actor
from careloom.core.envelope import Event, Position
from careloom.core.ids import IdFactory
from careloom.log.keyring import Keyring
from careloom.log.notices import PARKED
from careloom.log.parking import edit_parked, end_parked, retry_parked
from careloom.log.ports import Connection
from careloom.store.sql import queries

_LOG = queries("log")


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided. `case` is the row of the case as it stood, `data` what was supplied, `payload` the edited
    body. `due` is when whatever waits may go on: `at`, or later for one of many. `actor` is who decides, with the roles
    that count."""

    case: Mapping[str, Any]
    action: Action
    by: str
    why: str
    at: datetime
    due: datetime
    data: Supplied | None = None
    payload: bytes | None = None
    actor: Actor = field(default_factory=lambda: Actor(""))


@dataclass(frozen=True, slots=True)
class Resumed:
    """What came of it: `events` are written in the same transaction, `entry` names the one that an edit made. The case
    stays open while it `waits` for others too; `said` goes on record with what was decided."""

    events: Sequence[Event] = field(default=())
    entry: UUID | None = None
    waits: bool = False
    said: str = ""


class Resolver(Protocol):
    """Resumes what waits for cases of one sort, in the transaction that ends the case."""

    @property
    def resumes(self) -> str:
        """Which sort: `subscription`, `run` or `nothing`."""

    @property
    def actions(self) -> frozenset[Action]:
        """What it can carry out; a case offers those of them that its kind allows."""

    async def resolve(self, connection: Connection, resolution: Resolution) -> Resumed:
        """Carry it out. Raises CareloomError when it cannot be: then the case stays as it is."""


class ParkedResolver:
    """For events that are parked: the subject goes on as soon as the transaction is committed."""

    resumes: Final = "subscription"
    actions: Final = frozenset({Action.EDIT, Action.RETRY, Action.WAIVE, Action.DISCARD})

    def __init__(self, keyring: Keyring, new_id: IdFactory) -> None:
        self._keyring = keyring
        self._new_id = new_id

    async def resolve(self, connection: Connection, resolution: Resolution) -> Resumed:
        """Raises NothingThere when the event is not parked any more, FormatError for an edit that cannot stand."""
        case = resolution.case
        name, place = case["subscription"], Position(case["lane"], case["seq"])
        made = Resumed()
        if resolution.action is Action.EDIT:
            made = await self._edit(connection, resolution, place)
        if resolution.action in (Action.EDIT, Action.RETRY):
            await retry_parked(connection, name, place, resolution.due)
        else:
            outcome = "skipped" if resolution.action is Action.WAIVE else "discarded"
            await end_parked(connection, name, place, outcome, resolution.why, resolution.at)
        await connection.execute(_LOG.notify, PARKED)
        return made

    async def _edit(self, connection: Connection, resolution: Resolution, place: Position) -> Resumed:
        case = resolution.case
        event = await edit_of(connection, self._keyring, case, resolution.payload or b"", self._new_id(), resolution.at)
        await edit_parked(connection, case["subscription"], place, event.id)
        return Resumed((event,), event.id)


class LooseResolver:
    """For cases for which nothing waits: they end, and that is all."""

    resumes: Final = "nothing"
    actions: Final = frozenset({Action.RESOLVE, Action.WAIVE, Action.DISCARD})

    async def resolve(self, connection: Connection, resolution: Resolution) -> Resumed:  # noqa: ARG002
        return Resumed()
