"""The log of a node holds what the index tells: events, cases and audit entries, in the transaction of the act."""

from __future__ import annotations

from tests.identity.index.conftest import MASTER, ROBIN, Plain, arrival

from careloom.cases.book import Cases
from careloom.core.clock import SystemClock
from careloom.core.ids import Uuid7
from careloom.identity.index.index import PersonIndex
from careloom.log.node import LogNode
from careloom.store.database import Database
from careloom.workflow.telling import Teller


async def test_acts_stand_in_the_log_with_their_audit(database: Database) -> None:
    clock, new_id = SystemClock(), Uuid7()
    book = Cases(clock, new_id)
    node = await LogNode.open(database, MASTER, book, clock, new_id, lanes=4)
    telling = Teller(node.writer, node.keyring, book, clock, lambda _: 0)
    index = PersonIndex(
        database, MASTER, book, telling, clock, new_id, shipped=Plain(), make=lambda model: Plain(version=model.version)
    )
    elder = await index.resolve(arrival("1", "Ana Reyes"))
    younger = await index.resolve(arrival("2", "Eva Reyes"))
    await index.merge(elder.person, younger.person, ROBIN)
    await index.split([younger.record], ROBIN)
    async with database.acquire() as connection:
        rows = await connection.fetch("select type, kind from event order by recorded, lane, seq")
        states = [row["state"] for row in await connection.fetch("select state from work_case")]
    assert states == ["resolved"]
    told = {(row["type"], row["kind"]) for row in rows}
    assert told == {
        ("exception.raised.v1", "e"), ("exception.resolved.v1", "e"),
        ("person.merged.v1", "e"), ("person.merged.v1", "j"), ("person.merged_by_steward.v1", "a"),
        ("person.split.v1", "e"), ("person.split.v1", "j"), ("person.split_by_steward.v1", "a"),
    }  # fmt: skip
    await index.close()
    await node.close()
