"""Groups by cause; a retry touches just the set that was shown, once, spread over time."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cases.conftest import ROBIN, SAM, House, Queue

from careloom.cases.causes import cause_of, signature
from careloom.cases.kinds import Action
from careloom.cases.rights import Actor
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.log.ports import NewCase

SAME = [
    ("given up after 8 attempts", "given up after 12 attempts"),
    ("record 4711 of res.partner is archived", "record 99 of res.partner is archived"),
    ("the handler failed: KeyError at a.py:12 f", "the handler failed: KeyError at a.py:13 f"),
    ("no plan 'Gold HMO' is known", "no plan 'Silver' is known"),
    ("event 01890a5d-ac96-774b-bcce-b302099a8057 failed", "event 0190a6c2-0000-7000-8000-000000000001 failed"),
]


def new(**changed: Any) -> NewCase:
    fields: dict[str, Any] = {"kind": "mapping", "system": "ehr", "reason": "PID-3: no number", "field": "PID-3"}
    return NewCase(**fields | changed)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_differs_from_case_to_case_does_not_part_them(one: str, other: str) -> None:
    assert cause_of(new(reason=one)) == cause_of(new(reason=other))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "delivery"}, {"system": "lab"}, {"subscription": "x"}, {"type": "y"}, {"field": "PID-5"},
        {"reason": "no name"},
    ],
)  # fmt: skip
def test_what_went_wrong_elsewhere_is_another_group(change: dict[str, Any]) -> None:
    assert cause_of(new()) != cause_of(new(**change))


def test_how_far_down_a_list_it_was_does_not_matter() -> None:
    assert cause_of(new(field="line[0].quantity")) == cause_of(new(field="line[17].quantity"))
    assert cause_of(new(field="835/01890a5d-ac96-774b-bcce-b302099a8057")) == cause_of(
        new(field="835/0190a6c2-0000-7000-8000-000000000001")
    )


@given(st.text(max_size=200))
def test_a_signature_holds_no_number_and_is_its_own(reason: str) -> None:
    found = signature(reason)
    assert not any(character in "0123456789" for character in found)
    assert signature(found) == found or "'" in found or '"' in found or "`" in found


def test_the_signature_of_a_long_reason_takes_no_time() -> None:
    assert signature("'" * 2000 + "a1 " * 700) and cause_of(new(reason="\ud800")) is not None


async def test_groups_are_counted_the_largest_first(queue: Queue) -> None:
    for number in range(3):
        await queue.one(kind="file-refused", field=f"f{number}0001", reason=f"line {number} is cut")
    [lone] = [await queue.one()]
    await queue.work.desk.claim(lone, ROBIN)
    found = await queue.work.reader.groups()
    assert [(one.kind, one.cases, one.unclaimed, one.overdue) for one in found] == [
        ("file-refused", 3, 3, 0), ("silence", 1, 0, 0)
    ]  # fmt: skip
    assert [one.cases for one in await queue.work.reader.groups(kind="silence")] == [1]
    assert await queue.work.reader.groups(owner="nobody") == []


async def stuck(house: House, count: int) -> list[UUID]:
    return [(await house.stuck(f"s{number}", f"bad {number}")).id for number in range(count)]


async def test_a_retry_touches_just_what_was_shown(house: House) -> None:
    cases = await stuck(house, 4)
    cause = (await house.work.reader.one(cases[0])).cause
    shown = await house.work.groups.preview(cause, ROBIN)
    assert [one.id for one in shown.members] == cases and not shown.more
    late = await house.stuck("late", "bad late")
    assert late.cause == cause
    await house.act(cases[1], Action.DISCARD)
    await house.work.desk.claim(cases[2], SAM)
    house.bad.clear()
    done = await house.work.groups.retry(shown.token, ROBIN, "the target is back", 1000)
    assert (done.retried, done.left) == (2, 2)
    assert sorted(await house.handled("bad 0", "bad 3")) == ["bad 0", "bad 3"]
    states = {case: (await house.work.reader.one(case)).state for case in [*cases, late.id]}
    assert list(states.values()) == ["resolved", "discarded", "claimed", "resolved", "open"]
    assert ("cases.retried.v1", [str(cases[0]), str(cases[3])]) in [
        (type_, audit["targets"]) for type_, audit in await house.audits()
    ]


async def test_a_set_is_retried_once_also_by_two_at_a_time(house: House) -> None:
    cases = await stuck(house, 3)
    shown = await house.work.groups.preview((await house.work.reader.one(cases[0])).cause, ROBIN)
    ends = await asyncio.gather(
        *(house.work.groups.retry(shown.token, by, "back") for by in (ROBIN, SAM)), return_exceptions=True
    )
    assert sorted(isinstance(end, NotPossible) for end in ends) == [False, True]
    with pytest.raises(NotPossible, match="acted on before"):
        await house.work.groups.retry(shown.token, ROBIN, "again")


async def test_a_retry_is_spread_over_time(house: House) -> None:
    cases = await stuck(house, 5)
    shown = await house.work.groups.preview((await house.work.reader.one(cases[0])).cause, ROBIN)
    done = await house.work.groups.retry(shown.token, ROBIN, "slowly", per_second=0.5)
    assert (done.retried, done.seconds) == (5, 8.0)
    later = "select due from parked where state = 'retry' and due > now() order by due"
    dues = [row["due"] for row in await house.rows(later)]
    assert [(after - before).total_seconds() for before, after in pairwise(dues)] == [2.0, 2.0, 2.0]
    assert len(dues) == 4, "the first is due at once"
    with pytest.raises(NotPossible, match="above zero"):
        await house.work.groups.retry(shown.token, ROBIN, "", per_second=0)


async def test_a_preview_is_bounded_and_says_so(house: House) -> None:
    cases = await stuck(house, 3)
    shown = await house.work.groups.preview((await house.work.reader.one(cases[0])).cause, ROBIN, limit=2)
    assert ([one.id for one in shown.members], shown.more) == (cases[:2], True)


async def test_nothing_to_retry_is_said(house: House, queue: Queue) -> None:
    [case] = await stuck(house, 1)
    cause = (await house.work.reader.one(case)).cause
    with pytest.raises(NoSuchCase, match="nothing of this group"):
        await house.work.groups.preview(cause, Actor("Kim Duarte", frozenset({"supply-chain"})))
    loose = await queue.work.reader.one(await queue.one())
    with pytest.raises(NoSuchCase):
        await queue.work.groups.preview(loose.cause, ROBIN)
    with pytest.raises(NoSuchCase, match="no set was shown"):
        await house.work.groups.retry(UUID(int=1), ROBIN, "")


async def test_what_was_chosen_by_hand_is_retried_whatever_caused_it(house: House) -> None:
    one, other = (await house.stuck("1", "bad 1")).id, (await house.stuck("2", "bad 2", reason="no price")).id
    taken, loose = (await house.stuck("3", "bad 3")).id, await house.one()
    await house.work.desk.claim(taken, SAM)
    groups = house.work.groups
    shown = await groups.choose([other, one, one, taken, loose, UUID(int=7)], ROBIN)
    assert {member.id for member in shown.members} == {one, other} and shown.more and shown.cause == shown.token
    kept = await groups.shown(shown.token, ROBIN)
    assert (kept.ready, kept.chosen, kept.used, kept.made_by) == ({one, other}, True, None, ROBIN.name)
    await house.work.desk.claim(other, SAM)
    assert (await groups.shown(shown.token, ROBIN)).ready == {one}
    assert (await groups.shown(shown.token, Actor("Kim", frozenset({"purchasing"})))).ready == frozenset()
    house.bad.clear()
    done = await groups.retry(shown.token, ROBIN, "both are mended")
    assert (done.retried, done.left) == (1, 1) and await house.handled("bad 1") == ["bad 1"]
    over = await groups.shown(shown.token, SAM)
    assert over.used_by == ROBIN.name and {member.id for member in over.members} == {one, other}
    for chosen in ([], [one], [loose]):
        with pytest.raises(NoSuchCase, match="nothing that you chose"):
            await groups.choose(chosen, ROBIN)
    with pytest.raises(NotPossible, match="at most 1000"):
        await groups.choose([UUID(int=number) for number in range(1001)], ROBIN)
    with pytest.raises(NoSuchCase):
        await groups.shown(UUID(int=7), ROBIN)


async def test_a_shown_group_is_not_a_choice(house: House) -> None:
    [case] = await stuck(house, 1)
    cause = (await house.work.reader.one(case)).cause
    kept = await house.work.groups.shown((await house.work.groups.preview(cause, ROBIN)).token, ROBIN)
    assert (kept.cause, kept.chosen) == (cause, False)
