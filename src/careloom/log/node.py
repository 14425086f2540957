"""The log as one process sees it: an intake, and a worker per subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.core.ids import IdFactory
from careloom.log.append import Appender
from careloom.log.handling import Subscription
from careloom.log.keyring import Keyring
from careloom.log.lanes import Bank, Lanes, open_lanes
from careloom.log.notices import ERASED, PARKED, Notices
from careloom.log.ownership import LockSession
from careloom.log.ports import CaseBook
from careloom.log.settling import Settler
from careloom.log.watching import Watch
from careloom.log.worker import Worker
from careloom.log.writing import Writer
from careloom.security.sealing import MasterKey
from careloom.store.database import Database


class LogNode:
    """Make it with `open`, then `start`; `close` finishes what is in hand. `watch`, set before `start`, is told what
    handling came to."""

    def __init__(
        self, database: Database, lanes: Lanes, master: MasterKey, cases: CaseBook, clock: Clock, new_id: IdFactory
    ) -> None:
        self.database = database
        self.lanes = lanes
        self.keyring = Keyring(master)
        self.writer = Writer(lanes, new_id, erased=self.keyring.forget)
        self._cases = cases
        self._clock = clock
        self.session = LockSession(database)
        self._notices = Notices(database, clock, self._hear)
        self._tasks: list[asyncio.Task[None]] = []
        self._listening: dict[str, Callable[[], None]] = {}
        self.workers: list[Worker] = []
        self.watch: Watch | None = None
        self.intake = Appender(
            database,
            self.writer,
            self.keyring,
            cases,
            clock,
            new_id,
            appended=lambda: self._tell(Bank.MESSAGES.value),
        )

    @classmethod
    async def open(
        cls,
        database: Database,
        master: MasterKey,
        cases: CaseBook,
        clock: Clock,
        new_id: IdFactory,
        *,
        lanes: int | None = None,
    ) -> LogNode:
        """On a migrated database; `lanes` must be what it was created with, or None.

        Raises ConfigurationError for another number of lanes and SealBroken for another master key: under it, known
        subjects would get new stand-ins, and lose their order.
        """
        async with database.acquire() as connection:
            node = cls(database, await open_lanes(connection, lanes), master, cases, clock, new_id)
            await node.keyring.check(connection)
            return node

    def start(
        self, subscriptions: Sequence[Subscription] = (), *, wanted: Sequence[Subscription] | None = None
    ) -> None:
        """Work these. `wanted` are all subscriptions of the deployment, if this node works only some of them.

        Raises ConfigurationError when they could not account for every message.
        """
        everyone = subscriptions if wanted is None else wanted
        _check_accounts(everyone)

        def owed(type_: str) -> int:
            return sum(1 for other in everyone if other.bank is Bank.EVENTS and other.wants(type_))

        for subscription in subscriptions:
            settler = Settler(
                subscription,
                self.database,
                self.writer,
                self.keyring,
                self._cases,
                self._clock,
                owed,
                appended=lambda: self._tell(Bank.EVENTS.value),
                released=lambda: self._tell(PARKED),
            )
            worker = Worker(
                subscription, self.lanes, self.database, self.session, self.keyring, settler, self._clock, self.watch
            )
            self.workers.append(worker)
            self._tasks.append(asyncio.get_running_loop().create_task(worker.run(), name=subscription.name))
        if subscriptions:
            self._notices.start()

    async def close(self) -> None:
        """Stop the workers after what they have in hand, answer all intake, release the lanes."""
        for worker in self.workers:
            worker.stop()
        await asyncio.gather(*self._tasks)
        await self.intake.close()
        await self._notices.close()
        await self.session.close()

    def on_notice(self, payload: str, callback: Callable[[], None]) -> None:
        """Have this called whenever any node tells it."""
        self._listening[payload] = callback

    def _tell(self, payload: str) -> None:
        self._hear(payload)
        self._notices.send(payload)

    def _hear(self, payload: str) -> None:
        if payload == ERASED:
            self.keyring.forget()
        if payload in self._listening:
            self._listening[payload]()
        for worker in self.workers:
            if payload == PARKED:
                worker.wake(parked=True)
            elif payload == worker.subscription.bank.value:
                worker.wake()


def _check_accounts(subscriptions: Sequence[Subscription]) -> None:
    readers = [one for one in subscriptions if one.bank is Bank.MESSAGES]
    if len(readers) > 1 or any(one.types is not None for one in readers):
        names = ", ".join(one.name for one in readers)
        raise ConfigurationError(
            f"one subscription reads the messages, and all of them, or they could not be accounted for, not: {names}; "
            "skip with a reason what is not wanted, and read events instead of messages"
        )
