"""Cases open once, and close in the transaction that ends what they are about."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from careloom.cases.book import Cases
from careloom.core.envelope import Position
from careloom.core.ids import Uuid7
from careloom.log.ports import NewCase
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.testing.clock import START, VirtualClock

EVENT, MESSAGE = UUID(int=1), UUID(int=2)
_SQL = queries("cases")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def book(clock: VirtualClock) -> Cases:
    return Cases(clock, Uuid7())


def _parked(lane: int = 0, sequence: int = 7, **changed: Any) -> NewCase:
    fields: dict[str, Any] = {
        "kind": "delivery", "system": "ehr", "reason": "wrong plan", "field": "IN1-2", "subscription": "deliver",
        "position": Position(lane, sequence), "event": EVENT, "message": MESSAGE,
    }  # fmt: skip
    return NewCase(**fields | changed)


def _alone(**changed: Any) -> NewCase:
    """About a system, not about a place in the log."""
    fields: dict[str, Any] = {"kind": "feed-quiet", "system": "ehr", "reason": "nothing for an hour"}
    return NewCase(**fields | changed)


async def _open(database: Database, book: Cases, *cases: NewCase) -> None:
    async with database.acquire() as connection, connection.transaction():
        await book.open(connection, cases)


async def _stored(database: Database) -> list[Any]:
    async with database.acquire() as connection:
        return await connection.fetch("select * from work_case order by id")


async def test_a_case_says_what_is_wrong_with_what_and_since_when(database: Database, book: Cases) -> None:
    await _open(database, book, _parked())
    (row,) = await _stored(database)
    assert (row["kind"], row["system"], row["reason"], row["field"]) == ("delivery", "ehr", "wrong plan", "IN1-2")
    assert (row["subscription"], row["lane"], row["seq"]) == ("deliver", 0, 7)
    assert (row["event"], row["message"], row["opened"], row["state"]) == (EVENT, MESSAGE, START, "open")


async def test_no_cases_are_no_statement(database: Database, book: Cases) -> None:
    await _open(database, book)
    assert await _stored(database) == []


@pytest.mark.parametrize("case", [_parked(), _alone(), _alone(message=MESSAGE, event=MESSAGE)])
async def test_the_same_thing_opens_one_case_however_often(database: Database, book: Cases, case: NewCase) -> None:
    await _open(database, book, case, case)
    await _open(database, book, case)
    await asyncio.gather(*(_open(database, book, case) for _ in range(5)))
    assert len(await _stored(database)) == 1


async def test_different_things_are_different_cases(database: Database, book: Cases) -> None:
    cases = [
        _parked(),
        _parked(1, event=UUID(int=3)),
        _parked(subscription="other"),
        _alone(),
        _alone(system="lab"),
        _alone(kind="feed-down"),
        _alone(message=MESSAGE),
    ]
    await _open(database, book, *cases)
    assert len(await _stored(database)) == len(cases)


async def test_a_place_with_an_open_case_gets_no_second_one_of_another_kind(database: Database, book: Cases) -> None:
    await _open(database, book, _parked())
    await _open(database, book, _parked(kind="ambiguous-outcome"))
    assert [row["kind"] for row in await _stored(database)] == ["delivery"]


async def test_resolving_closes_what_is_open_there_and_nothing_else(
    database: Database, book: Cases, clock: VirtualClock
) -> None:
    await _open(database, book, _parked(), _parked(1), _parked(subscription="other"))
    await clock.advance(60)
    async with database.acquire() as connection:
        await book.resolve_at(connection, "deliver", [Position(0, 7), Position(5, 5)], "retried", "Robin Okafor")
        await book.resolve_at(connection, "deliver", [], "nothing", "nobody")
    closed = [row for row in await _stored(database) if row["state"] == "resolved"]
    assert [(row["subscription"], row["lane"], row["resolution"], row["resolved_by"]) for row in closed] == [
        ("deliver", 0, "retried", "Robin Okafor")
    ]
    assert closed[0]["resolved"] == clock.now()


async def test_after_a_case_was_resolved_the_same_thing_opens_a_new_one(database: Database, book: Cases) -> None:
    for _ in range(2):
        await _open(database, book, _parked())
        async with database.acquire() as connection:
            await book.resolve_at(connection, "deliver", [Position(0, 7)], "retried", "Robin Okafor")
    assert [row["state"] for row in await _stored(database)] == ["resolved", "resolved"]


async def test_what_is_rolled_back_opened_no_case(database: Database, book: Cases) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.acquire() as connection, connection.transaction():
            await book.open(connection, [_parked()])
            raise ZeroDivisionError
    assert await _stored(database) == []


async def test_what_waits_is_counted_by_kind_and_found_by_message(
    database: Database, book: Cases, clock: VirtualClock
) -> None:
    await _open(database, book, _parked(), _parked(1, event=UUID(int=3)))
    await clock.advance(5)
    await _open(database, book, _alone())
    async with database.acquire() as connection:
        counted = [tuple(row) for row in await connection.fetch(_SQL.open_by_kind)]
        about = await connection.fetch(_SQL.of_message, MESSAGE)
    assert counted == [("delivery", 2, START), ("feed-quiet", 1, clock.now())]
    assert [row["event"] for row in about] == [EVENT, UUID(int=3)]
