"""The crosswalk on PostgreSQL: every change is a version, and nothing that was said is lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.identity.crosswalk.changes import Held, Preview, Row, Wrong, plan
from careloom.identity.crosswalk.codes import Canonical, Code, Key, NotAsSeen, Refused, Said, said_of
from careloom.log.notices import CHANNEL
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("crosswalk")
NOTICE: Final = "crosswalk"
"""What the nodes are told when it changes."""
_TELL: Final = f"select pg_notify('{CHANNEL}', '{NOTICE}')"


class Told(NamedTuple):
    """Who changes it, why, and from what: the name of a file, a case, a synchronisation."""

    by: str
    why: str
    source: str


class Ledger:
    """Reads and writes versions."""

    def __init__(self, database: Database, clock: Clock, new_id: IdFactory) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def preview(self, rows: Iterable[Row], wrong: Sequence[Wrong] = ()) -> Preview:
        """What these rows would change."""
        async with self._database.acquire() as connection:
            return await self.planned(connection, rows, wrong)

    async def planned(self, connection: Connection, rows: Iterable[Row], wrong: Sequence[Wrong] = ()) -> Preview:
        """The same, within a transaction."""
        found = list(rows)
        keys = sorted({row.said.key for row in found})
        columns = [list(column) for column in zip(*keys, strict=True)] or [[], [], [], []]
        held = await connection.fetch(_SQL.held, *columns)
        return plan(found, [Held(row["id"], said_of(row)) for row in held], wrong)

    async def apply(
        self,
        connection: Connection,
        rows: Iterable[Row],
        digest: str,
        told: Told,
        wrong: Sequence[Wrong] = (),
        proposal: UUID | None = None,
    ) -> int:
        """Write just what was seen, in the caller's transaction; the version that does, or the present one where
        nothing changes.

        Raises Refused where a row cannot stand, and NotAsSeen when `digest` is not that of what it comes to now.
        """
        preview = await self._locked(connection, rows, wrong)
        if preview.digest != digest:
            raise NotAsSeen("what it comes to now is not what was shown; look at it again")
        if not preview.changes:
            return int(await connection.fetchval(_SQL.version))
        return await self._write(connection, preview, told, proposal)

    async def say(self, connection: Connection, rows: Iterable[Row], told: Told) -> tuple[int, bool]:
        """Write what the rows come to, unseen; the version, and whether it is new. Raises Refused."""
        preview = await self._locked(connection, rows, ())
        if not preview.changes:
            return int(await connection.fetchval(_SQL.version)), False
        return await self._write(connection, preview, told, None), True

    async def learn(self, row: Row, told: Told) -> int:
        """Write one row that somebody who may has said; the version. Who, why and from what is of the version. Raises
        Refused."""
        async with self._database.acquire() as connection, connection.transaction():
            return (await self.say(connection, [row], told))[0]

    async def _locked(self, connection: Connection, rows: Iterable[Row], wrong: Sequence[Wrong]) -> Preview:
        await connection.execute(_SQL.lock)
        preview = await self.planned(connection, rows, wrong)
        must_stand(preview)
        return preview

    async def _write(self, connection: Connection, preview: Preview, told: Told, proposal: UUID | None) -> int:
        now = self._clock.now()
        number: int = await connection.fetchval(_SQL.begin_version, now, *told, preview.digest, proposal)
        gone = [change.replaces for change in preview.changes if change.replaces is not None]
        await connection.fetch(_SQL.supersede, gone, number)
        lines = [(self._new_id(), *_line(change.after)) for change in preview.changes]
        await connection.execute(_SQL.add, *(list(column) for column in zip(*lines, strict=True)), number)
        await connection.execute(_TELL)
        return number

    async def export(
        self, entity: str | None = None, system: str | None = None, as_known: datetime | None = None
    ) -> list[Said]:
        """All that is said, or was said at an instant."""
        async with self._database.acquire() as connection:
            if as_known is None:
                rows = await connection.fetch(_SQL.export, entity, system)
            else:
                rows = await connection.fetch(_SQL.export_at, entity, system, as_known)
        return [said_of(row) for row in rows]

    async def known_at(self, key: Key, day: date, as_known: datetime) -> Canonical | None:
        """What a code meant on a day, as was known at an instant; None where nothing was said of it."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.known_at, *key, day, as_known)
        return None if row is None else Canonical(key.entity, row["canonical"], row["label"], row["since"])

    async def codes_of(self, entity: str, canonical: str, system: str, day: date) -> list[Code]:
        """By which codes a system knows a thing on a day."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.codes_of, entity, canonical, system, day)
        return [Code(row["system"], row["type"], row["value"], row["label"]) for row in rows]

    async def history(self, key: Key) -> list[dict[str, Any]]:
        """All that was ever said of a code, newest first; who, when, why and from what."""
        async with self._database.acquire() as connection:
            return [dict(row) for row in await connection.fetch(_SQL.history, *key)]

    async def versions(self, limit: int = 100) -> list[dict[str, Any]]:
        """The changes, newest first."""
        async with self._database.acquire() as connection:
            return [dict(row) for row in await connection.fetch(_SQL.versions, limit)]


def must_stand(preview: Preview) -> None:
    """Raises Refused, located, when a row cannot stand."""
    if preview.refused:
        first = preview.refused[0]
        raise Refused(f"{len(preview.refused)} rows cannot stand, the first at {first.place}: {first.text}")


def _line(said: Said) -> tuple[object, ...]:
    return (
        said.entity, said.system, said.type, said.value, said.canonical, said.label, said.valid_from, said.valid_to
    )  # fmt: skip
