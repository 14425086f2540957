"""What the hub hands to connectors, on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag

from careloom.cases.book import Cases
from careloom.cases.recording import Recorder
from careloom.core.clock import Clock
from careloom.core.envelope import Recorded
from careloom.core.ids import IdFactory
from careloom.core.receipts import Intake
from careloom.flows.stores import LinkLedger
from careloom.hub.storage import Storage
from careloom.log.keyring import Keyring
from careloom.log.ports import NewCase
from careloom.log.steps import Item
from careloom.mapping.source import Settings as SourceSettings
from careloom.security.sealing import SealBroken
from careloom.store.sql import queries
from careloom.systems.seam import DeliveryAttempt, Expectation, Surroundings, Trouble

_SQL = queries("systems")
_LOG = queries("log")
_MOST = 1000


class SystemMemory:
    """A connector's `Memory`."""

    def __init__(self, system: str, store: Storage, clock: Clock) -> None:
        self._system = system
        self._database = store.database
        self._clock = clock
        self._cipher = store.master.own

    async def get(self, key: str) -> bytes | None:
        """See `Memory.get`. Raises SealBroken when the value was altered."""
        async with self._database.acquire() as connection:
            sealed = await connection.fetchval(_SQL.recall, self._system, key)
        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:12], sealed[12:], self._bound(key))
        except InvalidTag:
            raise SealBroken(f"what {self._system} remembers as {key!r} does not open: it was altered") from None

    async def put(self, key: str, value: bytes) -> None:
        """See `Memory.put`."""
        nonce = os.urandom(12)
        sealed = nonce + self._cipher.encrypt(nonce, value, self._bound(key))
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.remember, self._system, key, sealed, self._clock.now())

    async def delete(self, key: str) -> None:
        """See `Memory.delete`."""
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.forget, self._system, key)

    async def keys(self, prefix: str = "") -> Sequence[str]:
        """See `Memory.keys`."""
        async with self._database.acquire() as connection:
            return [row["key"] for row in await connection.fetch(_SQL.remembered, self._system, prefix)]

    def _bound(self, key: str) -> bytes:
        return f"{self._system}/{key}".encode()


class SystemExpectations:
    """A connector's `Expectations`."""

    def __init__(self, system: str, store: Storage, clock: Clock) -> None:
        self._system = system
        self._database = store.database
        self._master = store.master
        self._clock = clock

    async def expect(self, expectations: Sequence[Expectation]) -> None:
        """See `Expectations.expect`."""
        now = self._clock.now()
        rows = sorted({(one.kind, self._master.token(f"{one.kind}/{one.key}")): one for one in expectations}.items())
        async with self._database.acquire() as connection:
            await connection.execute(
                _SQL.expect,
                self._system,
                [kind for (kind, _), _ in rows],
                [token for (_, token), _ in rows],
                [one.message for _, one in rows],
                [now] * len(rows),
                [now + one.within for _, one in rows],
            )

    async def answered(self, kind: str, keys: Sequence[str]) -> int:
        """See `Expectations.answered`."""
        tokens = sorted({self._master.token(f"{kind}/{key}") for key in keys})
        async with self._database.acquire() as connection:
            expected: int = await connection.fetchval(_SQL.answered, self._system, kind, tokens, self._clock.now())
            return expected


class SystemTroubles:
    """A connector's `Troubles`: cases about the system itself."""

    def __init__(self, system: str, store: Storage, clock: Clock, new_id: IdFactory) -> None:
        self._system = system
        self._database = store.database
        self._recorder = Recorder(Keyring(store.master), Cases(clock, new_id), clock, new_id)

    async def report(self, trouble: Trouble) -> None:
        """See `Troubles.report`."""
        case = NewCase(kind=trouble.kind, system=self._system, reason=trouble.reason, field=trouble.place)
        async with self._database.acquire() as connection, connection.transaction():
            await self._recorder.open(connection, [case])

    async def settle(self, kind: str, place: str | None = None, *, resolution: str) -> None:
        """See `Troubles.settle`."""
        async with self._database.acquire() as connection, connection.transaction():
            await self._recorder.settle(connection, self._system, kind, place, resolution)


class SystemAttempts:
    """A connector's `Attempts`."""

    def __init__(self, system: str, store: Storage) -> None:
        self._system = system
        self._database = store.database

    async def record(self, attempt: DeliveryAttempt) -> None:
        """See `Attempts.record`."""
        row = (attempt.event, attempt.at, attempt.result, attempt.status, attempt.seconds, attempt.detail)
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.record_attempt, self._system, *row)


class LogHistory:
    """The `History` of a store, for all systems."""

    def __init__(self, store: Storage, keyring: Keyring) -> None:
        self._database = store.database
        self._keyring = keyring

    async def tokens(self, numbers: Sequence[str]) -> Sequence[UUID]:
        """See `History.tokens`."""
        async with self._database.acquire() as connection:
            spaces = [row["space"] for row in await connection.fetch(_LOG.spaces)]
        return [self._keyring.master.token(f"{space}/{number}") for space in spaces for number in numbers]

    async def events(self, tokens: Sequence[UUID]) -> Sequence[Recorded]:
        """See `History.events`."""
        return (await self._opened(_SQL.events_of_subjects, list(tokens), _MOST))[::-1]

    async def made_of(self, message: UUID) -> Sequence[Recorded]:
        """See `History.made_of`."""
        return await self._opened(_SQL.events_of_message, message)

    async def _opened(self, sql: str, *arguments: object) -> list[Recorded]:
        async with self._database.acquire() as connection:
            items = [Item.of(row) for row in await connection.fetch(sql, *arguments)]
            keys = await self._keyring.open(connection, {item.key for item in items})
        return [item.opened(keys[item.key]) for item in items if item.key in keys]


def surroundings(
    system: str,
    store: Storage,
    history: LogHistory,
    intake: Intake,
    clock: Clock,
    new_id: IdFactory,
    base: Path,
    source: SourceSettings,
) -> Surroundings:
    """For one system."""
    return Surroundings(
        system=system,
        clock=clock,
        secrets=store.secrets,
        base=base,
        intake=intake,
        memory=SystemMemory(system, store, clock),
        troubles=SystemTroubles(system, store, clock, new_id),
        expectations=SystemExpectations(system, store, clock),
        attempts=SystemAttempts(system, store),
        history=history,
        ledger=LinkLedger(store.database, store.master),
        digest=lambda text: store.master.token(text).bytes,
        source=source,
    )
