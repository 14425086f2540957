"""Which approvals wait for whom."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.workflow.conftest import House, house_on
from tests.workflow.test_approvals import ASKER, BUYER, CLERK, DOUBLE, HEAD, SECOND, SINGLE, begun

from careloom.cases.rights import Actor
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.workflow.undecided import Undecided, undecided


async def waiting(house: House, actor: Actor) -> list[Undecided]:
    return list((await undecided(house.database, house.clock, actor)).approvals)


async def test_each_sees_what_is_for_a_role_of_theirs(database: Database) -> None:
    async with house_on(database, [DOUBLE]) as house:
        run = await begun(house, DOUBLE)
        [one] = await waiting(house, BUYER)
        assert (one.run, one.workflow, one.reason) == (run, "double", "order of gauze")
        assert (str(one.amount), one.currency, one.needed, one.votes) == ("6200.00", "USD", 2, 0)
        assert (one.own, one.voted, one.asked_by) == (False, False, ASKER)
        assert await waiting(house, CLERK) == await waiting(house, HEAD) == []
        assert [each.own for each in await waiting(house, Actor(f" {ASKER.upper()}"))] == [True]
        await house.vote(BUYER)
        assert [(each.votes, each.voted) for each in await waiting(house, BUYER)] == [(1, True)]
        assert [(each.votes, each.voted) for each in await waiting(house, SECOND)] == [(1, False)]
        await house.vote(SECOND)
        assert await waiting(house, SECOND) == []


async def test_what_is_for_a_role_that_was_handed_on_is_seen_meanwhile(database: Database) -> None:
    async with house_on(database, [SINGLE]) as house:
        await begun(house, SINGLE)
        now = house.clock.now()
        hand_on = house.work.delegations.hand_on
        await hand_on(BUYER, "purchasing", CLERK.name, since=now + timedelta(hours=1), until=now + timedelta(hours=2))
        assert await waiting(house, CLERK) == []
        given = await hand_on(BUYER, "purchasing", CLERK.name, until=now + timedelta(hours=1))
        assert len(await waiting(house, CLERK)) == 1
        await house.work.delegations.take_back(BUYER, given.id)
        asker = Actor(ASKER, frozenset({"purchasing"}))
        await hand_on(asker, "purchasing", CLERK.name, until=now + timedelta(hours=1))
        assert await waiting(house, CLERK) == [], "nobody decides in the place of who asked"


async def test_they_are_read_page_by_page(database: Database) -> None:
    async with house_on(database, [SINGLE]) as house:
        for _ in range(5):
            await house.begin(SINGLE, "gauze")
        await house.settle()
        seen: list[UUID] = []
        place = None
        while True:
            page = await undecided(house.database, house.clock, BUYER, place, 2)
            seen += [one.id for one in page.approvals]
            place = page.after
            if place is None:
                break
        assert len(seen) == len(set(seen)) == 5


async def test_they_are_found_among_many_cases_by_an_index(database: Database) -> None:
    async with house_on(database, [SINGLE]) as house:
        await begun(house, SINGLE)
        async with house.database.acquire() as connection:
            await connection.execute(
                "insert into work_case (id, kind, system, owner, reason, opened, changed, due, cause, field, type)"
                " select gen_random_uuid(), 'silence', 'ehr', 'integration', 'quiet', now(), now(), now(),"
                " gen_random_uuid(), n::text, '' from generate_series(1, 5000) n; analyze work_case"
            )
            asked = ("x", ["purchasing"], house.clock.now(), None, None, None, 51)
            plan = json.loads(
                await connection.fetchval(f"explain (format json) {queries('console').approvals}", *asked)
            )
        assert "work_case" not in set(_scanned(plan))


def _scanned(plan: Any) -> list[str]:
    parts = plan.values() if isinstance(plan, dict) else plan if isinstance(plan, list) else ()
    here = [plan["Relation Name"]] if isinstance(plan, dict) and plan.get("Node Type") == "Seq Scan" else []
    return [*here, *(name for part in parts for name in _scanned(part))]
