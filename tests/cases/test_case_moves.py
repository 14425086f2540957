"""Every pair of states: the legal moves pass, all others are refused by the database, and no move is off the record."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from tests.cases.conftest import ROBIN, SAM, Queue

from careloom.cases.rights import NotAllowed
from careloom.cases.states import MOVES, NotPossible, State, has_ended, must_move
from careloom.core.errors import PermanentError
from careloom.testing.clock import VirtualClock

PAIRS = [(before, after) for before, after in product(State, State) if before is not after]
_PATHS: dict[State, tuple[State, ...]] = {
    State.OPEN: (),
    State.CLAIMED: (State.CLAIMED,),
    State.WAITING: (State.CLAIMED, State.WAITING),
    State.RESOLVED: (State.RESOLVED,),
    State.WAIVED: (State.WAIVED,),
    State.DISCARDED: (State.DISCARDED,),
}
MOVE = """
update work_case set state = $2, assignee = case when $2 in ('claimed', 'waiting') then 'somebody' end,
    resolved = case when $2 in ('resolved', 'waived', 'discarded') then now() end
where id = $1
"""


async def _at(queue: Queue, state: State) -> UUID:
    """A case in that state."""
    case = await queue.one()
    for step in _PATHS[state]:
        await queue.rows(MOVE, case, step.value)
    return case


@pytest.mark.parametrize(("before", "after"), PAIRS)
async def test_each_pair_of_states(queue: Queue, before: State, after: State) -> None:
    case = await _at(queue, before)
    if after in MOVES[before]:
        await queue.rows(MOVE, case, after.value)
        must_move(before, after)
    else:
        with pytest.raises(PermanentError, match="case_move"):
            await queue.rows(MOVE, case, after.value)
        with pytest.raises(NotPossible):
            must_move(before, after)
    assert await queue.value("select state from work_case") == (after if after in MOVES[before] else before)


async def test_the_drawn_table_is_the_one_in_the_database(queue: Queue) -> None:
    rows = {(row["before"], row["after"]) for row in await queue.rows("select before, after from case_move")}
    assert rows == {(before.value, after.value) for before, afters in MOVES.items() for after in afters}


@pytest.mark.parametrize("state", [state for state in State if state is not State.OPEN])
async def test_a_case_begins_open(queue: Queue, state: State) -> None:
    with pytest.raises(PermanentError, match="case_move"):
        await queue.rows(
            "insert into work_case (id, kind, state, system, reason, opened, assignee, resolved)"
            " values (gen_random_uuid(), 'x', $1, 'ehr', '', now(), 'somebody', case when $2 then now() end)",
            state.value,
            has_ended(state),
        )


@pytest.mark.parametrize("state", [state for state in State if has_ended(state)])
async def test_what_has_ended_is_not_touched_again(queue: Queue, state: State) -> None:
    case = await _at(queue, state)
    for change in ("assignee = 'x'", "reason = 'x'", "due = now()"):
        with pytest.raises(PermanentError, match="case_move"):
            await queue.rows(f"update work_case set {change} where id = $1", case)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("assignee = 'somebody'", "work_case_free"),
        ("state = 'claimed'", "work_case_held"),
        ("state = 'resolved'", "work_case_ended"),
        ("resolved = now()", "work_case_ended"),
        ("priority = 9", "priority"),
    ],
)
async def test_a_state_has_what_belongs_to_it(queue: Queue, change: str, constraint: str) -> None:
    await queue.one()
    with pytest.raises(PermanentError, match=constraint):
        await queue.rows(f"update work_case set {change}")


async def test_a_move_made_by_hand_is_on_record_too(queue: Queue) -> None:
    case = await _at(queue, State.WAITING)
    rows = await queue.rows("select what, before, after from case_history order by number")
    assert [tuple(row) for row in rows] == [
        ("opened", None, "open"), ("moved", "open", "claimed"), ("moved", "claimed", "waiting")
    ]  # fmt: skip
    assert (await queue.work.reader.one(case)).revision == 3


@pytest.mark.parametrize(
    "sql", ["update case_history set by = 'nobody'", "delete from case_history", "truncate case_history"]
)
async def test_the_history_is_only_added_to(queue: Queue, sql: str) -> None:
    await queue.one()
    with pytest.raises(PermanentError, match="case_history_stays"):
        await queue.rows(sql)
    assert await queue.value("select count(*) from case_history") == 1


async def test_a_case_cannot_be_deleted_from_under_its_history(queue: Queue) -> None:
    await queue.one()
    with pytest.raises(PermanentError, match="case_history"):
        await queue.rows("delete from work_case")


async def test_claimed_released_waited_for_and_claimed_again(queue: Queue, clock: VirtualClock) -> None:
    desk, case = queue.work.desk, await queue.one()
    claimed = await desk.claim(case, ROBIN)
    assert (claimed.state, claimed.assignee, claimed.revision) == ("claimed", ROBIN.name, 2)
    assert (await desk.claim(case, ROBIN)).revision == 2, "mine already"
    await clock.advance(60)
    waiting = await desk.wait(case, ROBIN, "the payer is asked")
    assert (waiting.state, waiting.assignee) == ("waiting", ROBIN.name)
    assert (await desk.claim(case, ROBIN)).state == "claimed"
    released = await desk.release(case, ROBIN, "not mine")
    assert (released.state, released.assignee) == ("open", None)
    entries = await queue.work.reader.history(case, reveal=False)
    assert [(one.before, one.after, one.why) for one in entries if one.what == "moved"] == [
        ("open", "claimed", ""),
        ("claimed", "waiting", "the payer is asked"),
        ("waiting", "claimed", ""),
        ("claimed", "open", "not mine"),
    ]
    assert entries[2].at == clock.now() and entries[2].by == ROBIN.name
    audits = await queue.audits()
    assert [type_ for type_, _ in audits] == [
        "case.claimed.v1", "case.waiting.v1", "case.claimed.v1", "case.open.v1"
    ]  # fmt: skip
    assert audits[1][1] == {
        "by": ROBIN.name, "reason": "the payer is asked", "subscription": "", "targets": [str(case)]
    }  # fmt: skip


async def test_what_somebody_has_is_nobody_elses(queue: Queue) -> None:
    desk, case = queue.work.desk, await queue.one()
    await desk.claim(case, ROBIN)
    acts: list[Any] = [desk.claim(case, SAM), desk.release(case, SAM), desk.wait(case, SAM, "data")]
    for act in acts:
        with pytest.raises(NotAllowed, match="somebody else has this case"):
            await act
    assert (await queue.work.reader.one(case)).revision == 2
    assert len(await queue.audits()) == 1


async def test_assigned_to_a_person_and_to_a_role(queue: Queue) -> None:
    desk, case = queue.work.desk, await queue.one()
    given = await desk.assign(case, ROBIN, person=SAM.name, why="knows it")
    assert (given.state, given.assignee, given.owner) == ("claimed", SAM.name, "integration")
    handed = await desk.assign(case, SAM, role="patient-access", why="theirs")
    assert (handed.state, handed.assignee, handed.owner) == ("open", None, "patient-access")
    both = await desk.assign(case, SAM, person="Kim Duarte", role="billing")
    assert (both.assignee, both.owner) == ("Kim Duarte", "billing")
    passed = await desk.assign(case, SAM, person=ROBIN.name)
    assert (passed.state, passed.assignee) == ("claimed", ROBIN.name)
    assert await queue.history(case) == ["opened", "moved", "moved", "moved", "assigned"]
    assert {type_ for type_, _ in await queue.audits()} == {"case.assigned.v1"}


async def test_two_who_claim_at_once_are_one_who_has_it(queue: Queue) -> None:

    case = await queue.one()
    ends = await asyncio.gather(*(queue.work.desk.claim(case, actor) for actor in (ROBIN, SAM)), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["NotAllowed", "Standing"]
