"""Our own tables of synchronised master data: digests of rows, and what each synchronisation came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.systems.odoo.gathering import Gathering

_SQL = queries("master_sync")
FIRST: Final = UUID(int=0)
_AT_ONCE: Final = 1000


class KnownRow(msgspec.Struct, frozen=True):
    """What is known of a row: digests as its list has it and as its record took it."""

    key: UUID
    source: bytes
    written: bytes | None
    record: int | None
    seen: UUID | None = None
    gone: datetime | None = None


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """One synchronisation. `read` of about `expected` rows; `written` to Odoo, put `aside`, `vanished` from the list;
    then what both sides come to. None where it has not got so far."""

    id: UUID
    list: str
    began: datetime
    ended: datetime | None
    version: str
    whole: bool
    expected: int | None
    read: int
    written: int
    aside: int
    vanished: int
    source_rows: int | None
    source_total: str | None
    odoo_rows: int | None
    odoo_total: str | None
    differing: int | None

    @property
    def unchanged(self) -> int:
        """Rows that were read and needed nothing."""
        return max(0, self.read - self.written - self.aside)

    @property
    def agrees(self) -> bool:
        """Whether both sides have the same rows with the same content."""
        return self.source_total is not None and self.source_total == self.odoo_total


class MasterRows:
    """What is kept of lists."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        self._database = database
        self._master = master
        self._keeping: Gathering[str, tuple[UUID, bytes, int], None] = Gathering(self._keep, workers=1, most=_AT_ONCE)

    @property
    def digest_key(self) -> bytes:
        """The key of digests: nobody finds a row by guessing it."""
        return self._master.token("master rows").bytes

    def token(self, list_: str, key: str) -> UUID:
        """What a row's key is known by."""
        return self._master.token(f"{list_}/{key}")

    async def begin(self, sync: UUID, list_: str, now: datetime, fields: Sequence[str]) -> str:
        """Begin a synchronisation of these fields; gives the watermark of the last one."""
        kept = " ".join(fields)
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.begin, sync, list_, now, kept)
            row = await connection.fetchrow(_SQL.watermark, list_, kept)
        return row["version"] if row is not None else ""

    async def note_page(self, sync: UUID, version: str, reading: UUID, whole: bool, read: int) -> None:
        """So many rows of this version are read by now."""
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.note_page, sync, version, reading, whole, read)

    async def known(self, list_: str, keys: Sequence[UUID]) -> Mapping[UUID, KnownRow]:
        """What is known of these rows."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.known, list_, list(keys))
        return {row["key"]: KnownRow(*row.values()) for row in rows}

    async def see(self, list_: str, reading: UUID, rows: Mapping[UUID, bytes], spared: Sequence[UUID]) -> None:
        """These stand in the list; of the `spared` nothing can be read but that they do."""
        keys = sorted(rows)
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.see, list_, reading, keys, [rows[key] for key in keys])
            await connection.execute(_SQL.spare, list_, reading, sorted(spared))

    async def keep(self, list_: str, key: UUID, written: bytes, record: int) -> None:
        """The record took it. Many at a time share a statement."""
        await self._keeping.ask(list_, (list_, key), (key, written, record))

    async def missing(self, list_: str, reading: UUID) -> tuple[int, int]:
        """How many rows in force were not read, and how many are in force."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.missing, list_, reading)
        assert row is not None, "a count gives a row"
        return row["vanished"], row["rows"]

    async def vanished(self, list_: str, reading: UUID, after: UUID, limit: int) -> Sequence[tuple[UUID, int | None]]:
        """The next rows in force that were not read."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.vanished, list_, reading, after, limit)
        return [(row["key"], row["record"]) for row in rows]

    async def retire(self, list_: str, keys: Sequence[UUID], now: datetime) -> None:
        """These are no longer in force."""
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.retire, list_, now, sorted(keys))

    async def in_force(self, list_: str, after: UUID, limit: int) -> Sequence[KnownRow]:
        """The next rows in force."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.in_force, list_, after, limit)
        return [KnownRow(row["key"], row["source"], row["written"], row["record"]) for row in rows]

    async def totals(self, sync: UUID, ours: tuple[int, bytes], odoo: tuple[int, bytes], differing: int) -> None:
        """Rows and total of both sides."""
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.totals, sync, *ours, *odoo, differing)

    async def finish(self, sync: UUID, now: datetime, written: int, aside: int, vanished: int) -> None:
        """It is over."""
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.finish, sync, now, written, aside, vanished)

    async def one(self, sync: UUID) -> tuple[Sync, UUID | None]:
        """A synchronisation, and the reading that it is at."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.one, sync)
        assert row is not None, "its run began it"
        return _sync(row), row["reading"]

    async def _keep(self, list_: str, rows: Sequence[tuple[UUID, bytes, int]]) -> Sequence[None]:
        keys, written, records = zip(*sorted(rows), strict=True)
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.keep, list_, list(keys), list(written), list(records))
        return [None] * len(rows)


async def last_syncs(database: Database, list_: str | None, limit: int) -> list[Sync]:
    """The newest first; of one list, or of all."""
    async with database.acquire() as connection:
        rows = await connection.fetch(_SQL.last, list_, limit)
    return [_sync(row) for row in rows]


def _sync(row: Any) -> Sync:
    totals = {name: row[name].hex() if row[name] is not None else None for name in ("source_total", "odoo_total")}
    return msgspec.convert({**row, **totals}, Sync)
