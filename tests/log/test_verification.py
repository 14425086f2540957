"""The chain: clean when nothing was touched, and the first bad place named when something was, even by a superuser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.envelope import Position
from careloom.core.receipts import Received
from careloom.log.chain import Row, digest, genesis, link
from careloom.log.verification import verify

Message = Callable[..., Received]
ENTRIES = 12
INSERT = (
    "insert into event select lane, {seq}, gen_random_uuid(), kind, type, source, token, key, time, recorded,"
    " contenttype, correlation, causation, joins, body, hash from event where lane = 0 and seq = 5"
)
SWAP = (
    "update event set seq = -1 where lane = 0 and seq = 4; update event set seq = 4 where lane = 0 and seq = 7;"
    " update event set seq = 7 where lane = 0 and seq = -1"
)


@pytest.fixture
async def written(log: Any, message: Message) -> Any:
    """One lane of messages with twelve entries."""
    node = await log.node(lanes=1)
    await asyncio.gather(
        *(node.intake.accept(message(f"M{number}", body=f"body {number}")) for number in range(ENTRIES))
    )
    return node


async def test_an_untouched_log_verifies(log: Any, written: Any) -> None:
    assert (await verify(log.database)).entries == ENTRIES
    assert (await verify(log.database)).broken_at is None


async def test_an_empty_log_verifies(log: Any) -> None:
    await log.node()
    assert (await verify(log.database)).broken_at is None


@pytest.mark.parametrize(
    ("tampering", "place", "problem"),
    [
        ("update event set body = set_byte(body, 20, get_byte(body, 20) # 1) where lane = 0 and seq = 5", 5, "altered"),
        ("update event set type = 'hl7v2:ADT^A08' where lane = 0 and seq = 5", 5, "altered"),
        ("update event set source = 'lab' where lane = 0 and seq = 5", 5, "altered"),
        ("update event set token = gen_random_uuid() where lane = 0 and seq = 5", 5, "altered"),
        ("update event set time = time + interval '1 microsecond' where lane = 0 and seq = 5", 5, "altered"),
        ("update event set recorded = recorded - interval '1 day' where lane = 0 and seq = 5", 5, "altered"),
        ("update event set correlation = gen_random_uuid() where lane = 0 and seq = 5", 5, "altered"),
        ("update event set causation = gen_random_uuid() where lane = 0 and seq = 5", 5, "altered"),
        ("update event set id = gen_random_uuid() where lane = 0 and seq = 5", 5, "altered"),
        ("update event set contenttype = 'text/plain' where lane = 0 and seq = 5", 5, "altered"),
        ("update event set key = key + 1 where lane = 0 and seq = 5", 5, "altered"),
        ("update event set kind = 'e' where lane = 0 and seq = 5", 5, "altered"),
        ("update event set joins = 1 where lane = 0 and seq = 5", 5, "altered"),
        ("update event set hash = sha256(hash) where lane = 0 and seq = 5", 5, "altered"),
        ("delete from event where lane = 0 and seq = 5", 5, "missing"),
        ("delete from event where lane = 0 and seq >= 9", 9, "missing"),
        (SWAP, 4, "altered"),
        (INSERT.format(seq="13"), 13, "behind the lane's head"),
        (INSERT.format(seq="13") + "; update lane set head = 13 where lane = 0", 13, "altered"),
        (
            "delete from event where lane = 0 and seq = 12; update lane set head = 11 where lane = 0",
            11,
            "head does not match",
        ),
        ("update lane set head = 11 where lane = 0", 12, "behind the lane's head"),
        ("update lane set head = 13 where lane = 0", 13, "missing"),
        ("update lane set hash = sha256(hash) where lane = 0", 12, "head does not match"),
        ("update event set lane = 9", 0, "does not exist"),
        ("delete from cursor; delete from lane where lane = 0", 0, "the lane is missing"),
    ],
)
async def test_tampering_is_found_at_its_place(
    log: Any, written: Any, tampering: str, place: int, problem: str
) -> None:
    async with log.database.acquire() as connection:
        await connection.execute(tampering)
    verdict = await verify(log.database)
    assert verdict.broken_at is not None
    assert (verdict.broken_at.sequence, problem in verdict.problem) == (place, True), verdict


async def test_it_verifies_while_the_log_grows(log: Any, message: Message) -> None:
    node = await log.node(lanes=2)

    async def send() -> None:
        for number in range(60):
            await node.intake.accept(message(f"M{number}", f"Patient/G/{number % 5}"))

    sending = asyncio.create_task(send())
    while not sending.done():
        assert (await verify(log.database)).broken_at is None
    await sending


async def test_a_lane_longer_than_a_page_verifies(log: Any, message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("careloom.log.verification._PAGE", 5)
    node = await log.node(lanes=1)
    await asyncio.gather(*(node.intake.accept(message(f"M{number}")) for number in range(ENTRIES)))
    assert await verify(log.database) == await verify(log.database)
    assert (await verify(log.database)).entries == ENTRIES
    async with log.database.acquire() as connection:
        await connection.execute("delete from event where seq = 7")
    assert (await verify(log.database)).broken_at == Position(0, 7)


_ROW = Row(
    UUID(int=1), "m", "t", "s", UUID(int=2), 3, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC),
    "text/plain", UUID(int=4), None, 0, b"body",
)  # fmt: skip


@given(st.sampled_from(Row._fields), st.integers(1, 2**40))
def test_every_column_counts(name: str, number: int) -> None:
    old = getattr(_ROW, name)
    new: object = UUID(int=old.int + number) if isinstance(old, UUID) else None
    if isinstance(old, datetime):
        new = old + timedelta(microseconds=number)
    elif isinstance(old, str):
        new = "e" if name == "kind" else f"{old}{number}"
    elif isinstance(old, bytes):
        new = old + str(number).encode()
    elif isinstance(old, int):
        new = (old + number) % 30_000 if name == "joins" else old + number
    elif old is None:
        new = UUID(int=number)
    if new != old:
        assert digest(_ROW._replace(**{name: new})) != digest(_ROW)


def test_the_same_instant_in_another_zone_is_the_same_entry() -> None:
    elsewhere = _ROW.time.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert digest(_ROW._replace(time=elsewhere)) == digest(_ROW)


def test_texts_cannot_be_shifted_between_columns() -> None:
    assert digest(_ROW._replace(type="ab", source="c")) != digest(_ROW._replace(type="a", source="bc"))


def test_a_link_depends_on_the_place_and_on_what_was_before() -> None:
    entry = digest(_ROW)
    links = {
        link(genesis(0), 0, 1, entry),
        link(genesis(1), 0, 1, entry),
        link(genesis(0), 1, 1, entry),
        link(genesis(0), 0, 2, entry),
    }
    assert len(links) == 4
