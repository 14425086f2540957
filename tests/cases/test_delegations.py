"""Roles that are handed on: by whoever has them, for a time, on record, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.cases.conftest import Queue

from careloom.cases.rights import Actor, NotAllowed
from careloom.cases.states import NoSuchCase
from careloom.core.errors import FormatError
from careloom.log.lanes import open_lanes
from careloom.testing.clock import VirtualClock

DAY = timedelta(days=1)
ROBIN = Actor("Robin Okafor", frozenset({"billing"}))
KIM = Actor("Kim Duarte", frozenset({"desk"}))


@pytest.fixture(autouse=True)
async def lanes(queue: Queue) -> None:
    async with queue.database.acquire() as connection:
        await open_lanes(connection, 4)


async def test_on_record_listed_and_taken_back(queue: Queue, clock: VirtualClock) -> None:
    work, until = queue.work.delegations, clock.now() + DAY
    made = await work.hand_on(ROBIN, "billing", KIM.name, until=until, why="on leave")
    assert [*await work.list()] == [made]
    assert made.as_dict()["until"] == until.isoformat()
    for actor, error in ((KIM, NotAllowed), (Actor("kim"), None)):
        if error is not None:
            with pytest.raises(error):
                await work.take_back(actor, made.id)
    await work.take_back(ROBIN, made.id, "back")
    assert [*await work.list()] == []
    with pytest.raises(NoSuchCase):
        await work.take_back(ROBIN, made.id)
    told = [(kind, body["by"], body["reason"]) for kind, body in await queue.audits()]
    assert told == [("role.handed-on.v1", "Robin Okafor", "on leave"), ("role.taken-back.v1", "Robin Okafor", "back")]


async def test_only_a_role_of_ones_own_is_handed_on_and_no_further(queue: Queue, clock: VirtualClock) -> None:
    work, until = queue.work.delegations, clock.now() + DAY
    await work.hand_on(ROBIN, "billing", KIM.name, until=until)
    for actor in (KIM, Actor("a key", None, assigned=False)):
        with pytest.raises(NotAllowed):
            await work.hand_on(actor, "billing", "Sam Lindqvist", until=until)


@pytest.mark.parametrize(
    ("to", "role", "since", "until", "place"),
    [
        (" robin  OKAFOR", "billing", None, DAY, "to"),
        (" ", "billing", None, DAY, "to"),
        ("Kim", "billing", None, timedelta(0), "until"),
        ("Kim", "billing", 2 * DAY, DAY, "until"),
        ("Kim", "billing", -2 * DAY, -DAY, "until"),
        ("Kim", " ", None, DAY, "role"),
    ],
)
async def test_what_cannot_be_handed_on(
    queue: Queue, clock: VirtualClock, to: str, role: str, since: timedelta | None, until: timedelta, place: str
) -> None:
    now = clock.now()
    begin = None if since is None else now + since
    with pytest.raises(FormatError) as raised:
        await queue.work.delegations.hand_on(Actor(ROBIN.name), role, to, until=now + until, since=begin)
    assert raised.value.location == place


async def test_holds_from_its_first_moment_until_before_its_last(queue: Queue, clock: VirtualClock) -> None:
    now = clock.now()
    await queue.work.delegations.hand_on(ROBIN, "billing", " kim DUARTE", since=now + DAY, until=now + 2 * DAY)
    case = await queue.one(owner="billing")
    with pytest.raises(NotAllowed):
        await queue.work.desk.claim(case, KIM)
    await clock.advance(DAY.total_seconds())
    assert (await queue.work.desk.claim(case, KIM)).assignee == KIM.name
    await queue.work.desk.release(case, KIM)
    await clock.advance(DAY.total_seconds())
    with pytest.raises(NotAllowed):
        await queue.work.desk.claim(case, KIM)
