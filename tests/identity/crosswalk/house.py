"""A crosswalk on a database, its desk, and the queue of cases that approvals wait in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from careloom.cases.book import Cases
from careloom.cases.work import Casework, casework
from careloom.core.ids import Uuid7
from careloom.identity.crosswalk.changes import Preview
from careloom.identity.crosswalk.imports import ImportDesk, ProposalResolver
from careloom.identity.crosswalk.ledger import Told
from careloom.identity.crosswalk.lookup import Crosswalk
from careloom.log.keyring import Keyring
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock

HEADER = "entity,system,type,value,canonical,from,to,label"
TOLD = Told("Noor Haddad", "the yearly list", "payers.csv")


def table(*lines: str) -> bytes:
    """A CSV file of these rows."""
    return "\r\n".join([HEADER, *lines, ""]).encode()


@dataclass
class House:
    """All of it. `seconds` is the clock of what is kept in memory."""

    database: Database
    clock: VirtualClock
    new_id: Uuid7
    keyring: Keyring
    work: Casework
    desk: ImportDesk
    governed: ImportDesk
    codes: Crosswalk
    seconds: list[float] = field(default_factory=lambda: [0.0])

    async def load(self, *lines: str, told: Told = TOLD) -> int:
        """Import these rows as they are."""
        data = table(*lines)
        return await self.desk.apply(data, (await self.desk.preview(data)).digest, told)

    async def preview(self, *lines: str) -> Preview:
        return await self.desk.preview(table(*lines))

    async def rows(self, sql: str, *arguments: object) -> Sequence[Any]:
        async with self.database.acquire() as connection:
            return await connection.fetch(sql, *arguments)


def open_house(database: Database) -> House:
    """A new one."""
    clock = VirtualClock()
    new_id = Uuid7(clock)
    keyring = Keyring(MasterKey(bytes(range(32))))
    resolver = ProposalResolver(database, clock, new_id)
    work = casework(database, keyring, Cases(clock, new_id), clock, new_id, [resolver])
    desk = ImportDesk(database, work.recorder, clock, new_id, approvers="")
    governed = ImportDesk(database, work.recorder, clock, new_id)
    made = House(database, clock, new_id, keyring, work, desk, governed, codes=Crosswalk(database))
    made.codes = Crosswalk(database, seconds=lambda: made.seconds[0])
    return made
