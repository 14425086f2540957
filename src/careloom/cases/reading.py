"""Reads the queue: pages, one case, its history, the groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from careloom.cases.kinds import Action, CaseKinds
from careloom.cases.payloads import Payload, payload_of
from careloom.cases.resolving import Resolver
from careloom.cases.standing import CasePage, Entry, Group, KindCount, Standing, standing
from careloom.cases.states import NoSuchCase, State, has_ended
from careloom.core.clock import Clock
from careloom.core.outcomes import Category
from careloom.log.keyring import Keyring
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("cases")
OLDEST: Final = timedelta(0)
_SAID: Final = "commented"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases. `state` None: those that have not ended; `older` is how old they are at least, `category` what sort
    of failure they are."""

    kind: str | None = None
    owner: str | None = None
    state: State | None = None
    system: str | None = None
    cause: UUID | None = None
    assignee: str | None = None
    older: timedelta = OLDEST
    category: Category | None = None


class CaseReader:
    """Tells how cases stand."""

    def __init__(
        self, database: Database, keyring: Keyring, kinds: CaseKinds, resolvers: Iterable[Resolver], clock: Clock
    ) -> None:
        self.kinds = kinds
        self._database = database
        self._keyring = keyring
        self._able = {resolver.resumes: resolver.actions for resolver in resolvers}
        self._clock = clock

    def standing(self, row: Any) -> Standing:
        """A row of a case, for people."""
        able: frozenset[Action] = self._able.get(row["resumes"], frozenset())
        return standing(row, self.kinds.of(row["kind"]), able, self._clock.now())

    async def one(self, case: UUID) -> Standing:
        """Raises NoSuchCase."""
        async with self._database.acquire() as connection:
            return self.standing(await row_of(connection, case))

    async def page(self, wanted: Wanted, after: tuple[Any, ...] | None, limit: int) -> CasePage:
        """The most urgent first; of those that have ended, the newest. `after` is that of the page before."""
        before = self._clock.now() - wanted.older if wanted.older else None
        state = wanted.state.value if wanted.state else None
        asked = (
            wanted.kind,
            wanted.owner,
            state,
            wanted.system,
            wanted.cause,
            wanted.assignee,
            before,
            wanted.category,
        )
        ended = state is not None and has_ended(state)
        statement = _SQL.page_ended if ended else _SQL.page
        places = after or ((None, None) if ended else (None, None, None))
        async with self._database.acquire() as connection:
            rows = await connection.fetch(statement, *asked, *places, limit + 1)
        shown = [self.standing(row) for row in rows[:limit]]
        return CasePage(shown, _place(rows[limit - 1], ended=ended) if len(rows) > limit else None)

    async def counts(self) -> Sequence[KindCount]:
        """How many wait, by kind, the most first."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.open_by_kind)
        return sorted((KindCount(*row) for row in rows), key=lambda one: (-one.cases, one.kind))

    async def groups(self, kind: str | None = None, owner: str | None = None, limit: int = 100) -> Sequence[Group]:
        """What waits, by cause, the largest group first."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.groups, kind, owner, self._clock.now(), limit)
        return [Group(**dict(row)) for row in rows]

    async def history(self, case: UUID, *, reveal: bool, after: int = 0, limit: int = 1000) -> Sequence[Entry]:
        """What happened to it, oldest first; without `reveal` not the data that was supplied. Raises NoSuchCase."""
        async with self._database.acquire() as connection:
            await row_of(connection, case)
            rows = await connection.fetch(_SQL.history, case, after, limit)
            keys = await self._keyring.open(connection, {row["key"] for row in rows if row["key"] is not None})
        return [_entry(row, keys, reveal=reveal) for row in rows]

    async def masked_payload(self, case: UUID) -> Payload:
        """What it is about; only its shape may be shown. Raises NoSuchCase."""
        async with self._database.acquire() as connection:
            return await payload_of(connection, self._keyring, await row_of(connection, case))


async def row_of(connection: Connection, case: UUID) -> Any:
    """The row of a case. Raises NoSuchCase."""
    row = await connection.fetchrow(_SQL.one, case)
    if row is None:
        raise NoSuchCase(f"there is no case {case}; `careloom case list` shows those that wait")
    return row


def _place(row: Any, *, ended: bool) -> tuple[datetime, UUID] | tuple[int, datetime, UUID]:
    return (row["resolved"], row["id"]) if ended else (row["priority"], row["due"], row["id"])


def _entry(row: Any, keys: Mapping[int, Any], *, reveal: bool) -> Entry:
    fields = {name: row[name] for name in Entry.__slots__ if name != "text"}
    text = None
    if row["body"] is not None and row["key"] in keys and (reveal or row["what"] == _SAID):
        text = keys[row["key"]].open(row["body"], row["id"])[1].decode("utf-8", "replace")
    return Entry(**fields, text=text)
