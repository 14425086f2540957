"""Pages of the queue: filters, order, cursors; every page uses an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.cases.conftest import ROBIN, Queue

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.reading import Wanted
from careloom.cases.standing import Standing
from careloom.cases.states import NoSuchCase, State
from careloom.store.sql import queries
from careloom.testing.clock import VirtualClock

FILL = """
insert into work_case (id, kind, system, reason, opened, owner, priority, due, cause, field)
select gen_random_uuid(), 'file-refused', 'ehr', 'x', now(), 'o' || n % 50, 1 + n % 4, now() + n * interval '1 second',
       md5((n % 100)::text)::uuid, n::text
from generate_series(1, 5000) n;
analyze work_case;
"""


async def fill(queue: Queue, clock: VirtualClock) -> list[UUID]:
    """Cases of two kinds, systems and owners, a minute between each."""
    made = []
    for number in range(6):
        kind = ("silence", "stock-shortage")[number % 2]
        made.append(await queue.one(kind=kind, system=f"s{number % 3}", field=f"f{number}"))
        await clock.advance(60)
    return made


async def page(queue: Queue, **wanted: Any) -> list[UUID]:
    return [one.id for one in (await queue.work.reader.page(Wanted(**wanted), None, 100)).cases]


async def test_the_most_urgent_come_first_and_of_these_the_first_due(queue: Queue, clock: VirtualClock) -> None:
    made = await fill(queue, clock)
    assert await page(queue) == [made[1], made[3], made[5], made[0], made[2], made[4]]


async def test_filters_narrow_what_is_shown(queue: Queue, clock: VirtualClock) -> None:
    made = await fill(queue, clock)
    await queue.work.desk.claim(made[0], ROBIN)
    cause = (await queue.work.reader.one(made[1])).cause
    assert set(await page(queue, kind="silence")) == {made[0], made[2], made[4]}
    assert set(await page(queue, owner="supply-chain")) == {made[1], made[3], made[5]}
    assert set(await page(queue, system="s0")) == {made[0], made[3]}
    assert await page(queue, state=State.CLAIMED) == [made[0]] == await page(queue, assignee=ROBIN.name)
    assert made[1] in await page(queue, cause=cause)
    assert set(await page(queue, older=timedelta(seconds=300))) == {made[0], made[1]}
    assert await page(queue, kind="silence", system="s1") == [made[4]]


async def test_what_has_ended_is_shown_when_asked_for_the_newest_first(queue: Queue, clock: VirtualClock) -> None:
    made = await fill(queue, clock)
    for case in (made[4], made[2]):
        await queue.work.desk.act(case, ROBIN, Decision(Action.WAIVE, "known"))
        await clock.advance(1)
    assert await page(queue, state=State.WAIVED) == [made[2], made[4]]
    assert len(await page(queue)) == 4


@pytest.mark.parametrize("state", [None, State.WAIVED])
@pytest.mark.parametrize("limit", [1, 2, 4, 6])
async def test_pages_give_each_case_once(queue: Queue, clock: VirtualClock, state: State | None, limit: int) -> None:
    made = await fill(queue, clock)
    if state:
        await queue.rows("update work_case set state = 'waived', resolved = opened")
    wanted, after, seen = Wanted(state=state), None, list[Standing]()
    while True:
        found = await queue.work.reader.page(wanted, after, limit)
        seen += found.cases
        after = found.after
        if after is None:
            break
    assert [one.id for one in seen] == await page(queue, state=state)
    assert len(seen) == len(made)


async def test_a_history_is_read_page_by_page(queue: Queue) -> None:
    case = await queue.one()
    for number in range(5):
        await queue.work.desk.comment(case, ROBIN, f"remark {number}")
    first = await queue.work.reader.history(case, reveal=False, limit=3)
    rest = await queue.work.reader.history(case, reveal=False, after=first[-1].number, limit=10)
    assert [entry.text for entry in [*first, *rest]] == [None, *(f"remark {number}" for number in range(5))]


async def test_what_waits_is_counted_by_kind_the_most_first(queue: Queue) -> None:
    assert await queue.work.reader.counts() == []
    await queue.one()
    first = (await queue.work.reader.one(await queue.one(kind="mapping", field="a"))).opened
    await queue.one(kind="mapping", field="b")
    found = await queue.work.reader.counts()
    assert [(one.kind, one.cases) for one in found] == [("mapping", 2), ("silence", 1)] and found[0].oldest == first


async def test_a_case_about_nothing_has_no_payload(queue: Queue) -> None:
    with pytest.raises(NoSuchCase, match="about no message"):
        await queue.work.reader.masked_payload(await queue.one())


async def test_a_kind_that_nobody_declared_is_shown_like_any_other(queue: Queue) -> None:
    one = await queue.work.reader.one(await queue.one(kind="my-own"))
    assert (one.kind, one.owner, one.runbook) == ("my-own", "integration", "case-delivery")
    assert one.actions == ("resolve", "waive", "discard")
    assert json.loads(json.dumps(one.as_dict()))["id"] == str(one.id)


def _scans(plan: Any) -> Iterator[str]:
    if isinstance(plan, dict):
        if plan.get("Node Type") == "Seq Scan":
            yield plan["Relation Name"]
        for part in plan.values():
            yield from _scans(part)
    elif isinstance(plan, list):
        for part in plan:
            yield from _scans(part)


NONE = [None] * 7
PLANS: dict[str, list[Any]] = {
    "page": [*NONE, None, None, None, None, 101],
    "page_ended": [None, None, "resolved", *[None] * 5, None, None, 101],
    "one": [UUID(int=1)],
    "history": [UUID(int=1), 0, 100],
    "retryable": [UUID(int=1), "x", 100],
    "open_by_kind": [],
    "due_for_telling": [None, 100],
    "of_message": [UUID(int=1)],
}


@pytest.mark.parametrize("name", [name for name in PLANS if name != "open_by_kind"])
async def test_the_queue_is_read_by_its_indexes(queue: Queue, name: str) -> None:
    async with queue.database.acquire() as connection:
        await connection.execute(FILL)
        arguments = [queue.clock.now() if name == "due_for_telling" and not one else one for one in PLANS[name]]
        text = getattr(queries("cases"), name)
        plan = json.loads(await connection.fetchval(f"explain (format json) {text}", *arguments))
    assert "work_case" not in set(_scans(plan))
