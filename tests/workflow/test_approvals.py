"""Approvals: who may, how many, in whose place; reminders, escalation and expiry, each once, also across restarts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid5

import msgspec
import pytest
from tests.workflow.conftest import House, house_on

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import Actor, AmountLimits, NotAllowed
from careloom.cases.states import NotPossible
from careloom.core.errors import ConfigurationError, PermanentError
from careloom.log.steps import Item
from careloom.model.amounts import Money
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.approvals import asked
from careloom.workflow.ballots import Approval
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.run import Run

DAY = 86_400
ASKER = "Mika Sorensen"
BUYERS = ("Robin Okafor", "Sam Lindqvist", "Ana Ruiz")
BUYER, SECOND, THIRD = (Actor(name, frozenset({"purchasing"})) for name in BUYERS)
HEAD = Actor("Ada Weaver", frozenset({"cfo"}))
CLERK = Actor("Kim Duarte", frozenset({"billing"}))
AMOUNT = Money(value=Decimal("6200.00"), currency="USD")
APPROVE = Decision(Action.APPROVE, "because")
LIMITS = AmountLimits({"purchasing": Decimal(10_000), "trainee": Decimal(500), "cfo": None})


async def single(run: Run, what: str) -> Approval:
    return await run.approval(f"order of {what}", role="purchasing", amount=AMOUNT, asked_by=ASKER)


async def double(run: Run, what: str) -> Approval:
    return await run.approval(
        f"order of {what}", role="purchasing", amount=AMOUNT, asked_by=ASKER, needed=2,
        remind="1d", escalate=("2d", "cfo"), within="5d",
    )  # fmt: skip


SINGLE, DOUBLE = Workflow("single", single), Workflow("double", double)


async def outcome(house: House, run: Any) -> Approval:
    state, body, _ = await house.result(run)
    assert state == "completed"
    return msgspec.json.decode(body, type=Approval)


async def begun(house: House, workflow: Workflow) -> Any:
    run = await house.begin(workflow, "gauze")
    await house.settle()
    assert await house.cases() == ["approval"]
    return run


async def told(house: House) -> list[tuple[str, str]]:
    """Level and role of what was told of the approval, in order."""
    rows = await house.rows("select * from event where kind = 'e' and type = 'exception.escalated.v1' order by id")
    async with house.database.acquire() as connection:
        keys = await house.log.keyring.open(connection, {row["key"] for row in rows})
    bodies = [msgspec.json.decode(Item.of(row).opened(keys[row["key"]]).data) for row in rows]
    return [(body["level"], body["case"]["owner"]) for body in bodies]


async def test_one_approves(database: Database) -> None:
    async with house_on(database, [SINGLE], limits=LIMITS) as house:
        run = await begun(house, SINGLE)
        await house.vote(BUYER, why="in the budget")
        assert await outcome(house, run) == Approval(approved=True, by=("Robin Okafor",), why="in the budget")
        [case] = await house.rows("select state, owner, asked_by, resolution from work_case")
        assert tuple(case) == ("resolved", "purchasing", ASKER, "approved: in the budget")


async def test_two_are_needed_and_the_first_leaves_it_open_for_others(database: Database) -> None:
    async with house_on(database, [DOUBLE]) as house:
        run = await begun(house, DOUBLE)
        [case] = await house.rows("select id from work_case")
        await house.work.desk.claim(case["id"], BUYER)
        await house.vote(BUYER)
        assert (await house.state(run), await house.cases()) == ("waiting", ["approval"])
        history = await house.work.reader.history(case["id"], reveal=False)
        assert [(one.what, one.by) for one in history][-1] == ("approved", "Robin Okafor")
        assert history[-1].why == "approved, 1 of 2: because"
        await house.vote(SECOND)
        assert await outcome(house, run) == Approval(approved=True, by=("Robin Okafor", "Sam Lindqvist"), why="because")


@pytest.mark.parametrize("before", [[], [BUYER]])
async def test_one_who_rejects_decides(database: Database, before: list[Actor]) -> None:
    async with house_on(database, [DOUBLE]) as house:
        run = await begun(house, DOUBLE)
        for actor in before:
            await house.vote(actor)
        await house.vote(SECOND, Action.REJECT, "too dear")
        assert await outcome(house, run) == Approval(approved=False, by=("Sam Lindqvist",), why="too dear")
        assert await house.cases() == []


@pytest.mark.parametrize(
    ("actor", "why"),
    [
        (CLERK, "for the role purchasing"),
        (HEAD, "for the role purchasing"),
        (Actor(ASKER, frozenset({"purchasing"})), "whoever asked"),
        (Actor(" MIKA  sorensen", frozenset({"purchasing"})), "whoever asked"),
        (Actor("Jo Trainee", frozenset({"purchasing-trainee"})), "for the role"),
        (Actor("a key", None, assigned=False), "has no roles"),
    ],
)
@pytest.mark.parametrize("action", [Action.APPROVE, Action.REJECT])
async def test_who_may_not_vote(database: Database, actor: Actor, why: str, action: Action) -> None:
    async with house_on(database, [SINGLE]) as house:
        run = await begun(house, SINGLE)
        with pytest.raises(NotAllowed, match=why):
            await house.vote(actor, action)
        assert (await house.state(run), await house.cases()) == ("waiting", ["approval"])
        assert await house.rows("select * from approval_vote") == []


@pytest.mark.parametrize("again", ["Robin Okafor", "robin okafor", "ROBIN  OKAFOR "])
async def test_one_person_is_not_two(database: Database, again: str) -> None:
    async with house_on(database, [DOUBLE]) as house:
        run = await begun(house, DOUBLE)
        await house.vote(BUYER)
        for action in (Action.APPROVE, Action.REJECT):
            with pytest.raises(NotAllowed, match="voted before"):
                await house.vote(Actor(again, frozenset({"purchasing"})), action)
        assert await house.state(run) == "waiting"


@pytest.mark.parametrize(
    ("limit", "currency", "why"),
    [("6199.99", "USD", "above your limit; it is for cfo"), ("10000", "EUR", "limits are in EUR")],
)
async def test_an_amount_over_the_limit_is_for_others(database: Database, limit: str, currency: str, why: str) -> None:
    limits = AmountLimits({"purchasing": Decimal(limit), "cfo": None}, currency)
    async with house_on(database, [SINGLE], limits=limits) as house:
        run = await begun(house, SINGLE)
        with pytest.raises(NotAllowed, match=why):
            await house.vote(BUYER)
        assert await house.state(run) == "waiting"
        await house.vote(Actor("Ada Weaver", frozenset({"purchasing", "cfo"})))
        assert (await outcome(house, run)).approved


async def test_the_limit_itself_is_within_and_rejecting_needs_none(database: Database) -> None:
    exact = AmountLimits({"purchasing": AMOUNT.value})
    async with house_on(database, [SINGLE], limits=exact) as house:
        run = await begun(house, SINGLE)
        await house.vote(BUYER)
        assert (await outcome(house, run)).approved
    async with house_on(database, [SINGLE], limits=AmountLimits({"purchasing": Decimal(1)})) as house:
        run = await begun(house, SINGLE)
        await house.vote(BUYER, Action.REJECT)
        assert not (await outcome(house, run)).approved


async def test_reminded_escalated_expired_each_at_its_bound_and_once(database: Database) -> None:
    async with house_on(database, [DOUBLE]) as house:
        run = await begun(house, DOUBLE)
        await house.later(DAY - 1)
        assert await told(house) == []
        await house.later(1)
        assert await told(house) == [("half-time", "purchasing")]
        await house.later(DAY - 1)
        assert len(await told(house)) == 1
        await house.later(1)
        assert await told(house) == [("half-time", "purchasing"), ("overdue", "cfo")]
        with pytest.raises(NotAllowed, match="for the role cfo"):
            await house.vote(BUYER)
        await house.later(3 * DAY - 1)
        assert await house.state(run) == "waiting"
        await house.later(1)
        assert await outcome(house, run) == Approval(approved=False, expired=True)
        assert (len(await told(house)), await house.cases()) == (2, [])
        [case] = await house.rows("select state, resolution from work_case")
        assert tuple(case) == ("discarded", "nobody decided in time")


@pytest.mark.parametrize("days", [1, 2, 5])
async def test_what_is_due_is_told_once_across_a_restart(database: Database, clock: VirtualClock, days: int) -> None:
    async with house_on(database, [DOUBLE], clock=clock) as house:
        run = await begun(house, DOUBLE)
        await house.later(days * DAY - 1)
        before = len(await told(house))
    await clock.advance(10)
    for _ in range(2):
        async with house_on(database, [DOUBLE], clock=clock) as house:
            await house.settle()
            assert len(await told(house)) == before + (0 if days == 5 else 1)
            assert await house.state(run) == ("completed" if days == 5 else "waiting")


async def test_after_the_escalation_the_other_role_decides_with_the_votes_before(database: Database) -> None:
    async with house_on(database, [DOUBLE], limits=LIMITS) as house:
        run = await begun(house, DOUBLE)
        await house.vote(BUYER)
        await house.later(2 * DAY)
        await house.vote(HEAD)
        assert (await outcome(house, run)).by == ("Robin Okafor", "Ada Weaver")


async def test_a_vote_outlives_the_node(database: Database, clock: VirtualClock) -> None:
    async with house_on(database, [DOUBLE], clock=clock) as house:
        run = await begun(house, DOUBLE)
        await house.vote(BUYER)
    async with house_on(database, [DOUBLE], clock=clock, works=False) as house:
        [case] = await house.rows("select id from work_case")
        with pytest.raises(NotAllowed, match="voted before"):
            await house.work.desk.act(case["id"], BUYER, APPROVE)
        await house.work.desk.act(case["id"], SECOND, APPROVE)
    async with house_on(database, [DOUBLE], clock=clock) as house:
        await house.settle()
        assert (await outcome(house, run)).by == ("Robin Okafor", "Sam Lindqvist")


async def test_a_repeat_of_the_same_call_is_no_second_vote(database: Database) -> None:
    async with house_on(database, [DOUBLE]) as house:
        await begun(house, DOUBLE)
        [case] = await house.rows("select id from work_case")
        request = uuid5(case["id"], "k-1")
        for _ in range(2):
            found = await house.work.desk.act(case["id"], BUYER, APPROVE._replace(request=request))
            assert found.state == "open"
        assert len(await house.rows("select * from approval_vote")) == 1


async def test_nobody_votes_once_the_time_is_over_even_if_no_node_drove_the_run(
    database: Database, clock: VirtualClock
) -> None:
    async with house_on(database, [DOUBLE], clock=clock) as house:
        await begun(house, DOUBLE)
        [case] = await house.rows("select id from work_case")
    async with house_on(database, [DOUBLE], clock=clock, works=False) as house:
        await clock.advance(5 * DAY)
        with pytest.raises(NotPossible, match="time to approve"):
            await house.work.desk.act(case["id"], BUYER, APPROVE)


async def test_a_run_that_is_cancelled_asks_nobody_any_more(database: Database) -> None:
    async with house_on(database, [DOUBLE]) as house:
        run = await begun(house, DOUBLE)
        await house.desk.cancel(run, Told("Robin Okafor", "not needed"))
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("cancelled", [])
        [row] = await house.rows("select outcome from approval")
        assert row["outcome"] == "withdrawn"
        await house.later(3 * DAY)
        assert await told(house) == []


async def test_the_database_refuses_what_the_desk_would(database: Database) -> None:
    vote = (
        "insert into approval_vote (approval, voter, by, authority, role, approves, at)"
        " select id, $1, $1, $2, 'purchasing', true, $3 from approval"
    )
    async with house_on(database, [DOUBLE]) as house:
        await begun(house, DOUBLE)
        now = house.clock.now()
        await house.rows(vote, "robin okafor", "robin okafor", now)
        for voter, authority, at, rule in (
            ("robin okafor", "robin okafor", now, "approval_vote_pkey"),
            ("kim duarte", "robin okafor", now, "approval_vote_approval_authority_key"),
            ("mika sorensen", "mika sorensen", now, "approval_vote_four_eyes"),
            ("kim duarte", "mika sorensen", now, "approval_vote_four_eyes"),
            ("kim duarte", "kim duarte", now + timedelta(days=5), "approval_vote_in_time"),
        ):
            with pytest.raises(PermanentError, match=rule):
                await house.rows(vote, voter, authority, at)
        for change, rule in (
            ("update approval set outcome = 'approved', ended = now()", "approval_voted"),
            ("update approval set outcome = 'rejected', ended = now()", "approval_voted"),
            ("update approval set needed = 1", "approval_stays"),
            ("update approval set asker = ''", "approval_stays"),
            ("delete from approval_vote", "approval_vote_stays"),
            ("update approval_vote set approves = false", "approval_vote_stays"),
        ):
            with pytest.raises(PermanentError, match=rule):
                await house.rows(change)
        await house.vote(SECOND)
        with pytest.raises(PermanentError, match="approval_vote_open"):
            await house.rows(vote, "ana ruiz", "ana ruiz", now)


async def test_a_role_that_is_handed_on_counts_for_whose_it_is(database: Database) -> None:
    async with house_on(database, [DOUBLE]) as house:
        until = house.clock.now() + timedelta(days=1)
        await house.work.delegations.hand_on(BUYER, "purchasing", "kim  duarte", until=until, why="on leave")
        run = await begun(house, DOUBLE)
        await house.vote(CLERK)
        [vote] = await house.rows("select by, in_place_of, authority from approval_vote")
        assert tuple(vote) == ("Kim Duarte", "Robin Okafor", "robin okafor")
        with pytest.raises(NotAllowed, match="in your place"):
            await house.vote(BUYER)
        await house.vote(SECOND)
        assert (await outcome(house, run)).by == ("Kim Duarte", "Sam Lindqvist")


async def test_a_stand_in_does_not_vote_beside_whose_place_it_is(database: Database) -> None:
    async with house_on(database, [DOUBLE]) as house:
        until = house.clock.now() + timedelta(days=1)
        await house.work.delegations.hand_on(BUYER, "purchasing", CLERK.name, until=until)
        await begun(house, DOUBLE)
        await house.vote(BUYER)
        with pytest.raises(NotAllowed, match="in whose place"):
            await house.vote(CLERK)
        await house.work.delegations.hand_on(THIRD, "purchasing", CLERK.name, until=until)
        await house.vote(CLERK)
        assert [row["authority"] for row in await house.rows("select authority from approval_vote")] == [
            "robin okafor", "ana ruiz",
        ]  # fmt: skip


async def test_a_stand_in_has_the_limit_of_the_role_and_not_their_own(database: Database) -> None:
    limits = AmountLimits({"purchasing": Decimal(100), "director": None})
    director = Actor("Kim Duarte", frozenset({"director"}))
    async with house_on(database, [SINGLE], limits=limits) as house:
        until = house.clock.now() + timedelta(days=1)
        await house.work.delegations.hand_on(BUYER, "purchasing", director.name, until=until)
        await begun(house, SINGLE)
        with pytest.raises(NotAllowed, match="above your limit"):
            await house.vote(director)


async def test_whoever_asked_has_nobody_approve_in_their_place(database: Database) -> None:
    async with house_on(database, [SINGLE]) as house:
        until = house.clock.now() + timedelta(days=1)
        asker = Actor(ASKER, frozenset({"purchasing"}))
        await house.work.delegations.hand_on(asker, "purchasing", CLERK.name, until=until)
        await begun(house, SINGLE)
        with pytest.raises(NotAllowed, match="for the role"):
            await house.vote(CLERK)


@pytest.mark.parametrize(("since", "until"), [(timedelta(hours=1), timedelta(days=1)), (None, timedelta(seconds=1))])
async def test_a_role_is_handed_on_for_a_time(database: Database, since: timedelta | None, until: timedelta) -> None:
    async with house_on(database, [SINGLE]) as house:
        now = house.clock.now()
        begin = None if since is None else now + since
        await house.work.delegations.hand_on(BUYER, "purchasing", CLERK.name, since=begin, until=now + until)
        run = await begun(house, SINGLE)
        await house.later(1)
        with pytest.raises(NotAllowed, match="for the role"):
            await house.vote(CLERK)
        if since is not None:
            await house.later(since.total_seconds() - 1)
            await house.vote(CLERK)
            assert (await outcome(house, run)).approved


async def test_a_vote_while_the_run_is_driven_is_not_missed(database: Database) -> None:
    """The run looked at the approval before the vote, and lets go after it."""
    houses: list[House] = []

    async def meddle(what: str) -> None:
        [case] = await houses[0].rows("select id from work_case")
        await houses[0].work.desk.act(case["id"], BUYER, APPROVE)

    async def later(run: Run) -> None:
        await run.sleep("1h")
        await run.step(meddle, "gauze")
        await run.sleep("9d")

    async def wide(run: Run, what: str) -> None:
        await run.parallel(single(run, what), later(run))

    workflow = Workflow("wide", wide)
    async with house_on(database, [workflow]) as house:
        houses.append(house)
        run = await house.begin(workflow, "gauze")
        await house.settle()
        await house.later(3600)
        [step] = await house.rows("select state from run_step where run = $1 and name = 'approval'", run)
        assert step["state"] == "done"


async def test_a_case_that_nobody_decided_in_time_is_closed(database: Database) -> None:
    async def asking(run: Run, what: str) -> None:
        await run.case("stock-shortage", f"no {what}", within="4h")

    workflow = Workflow("asking", asking)
    async with house_on(database, [workflow]) as house:
        await house.begin(workflow, "gauze")
        await house.settle()
        await house.later(4 * 3600)
        assert await house.cases() == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"reason": " "}, "a reason and a role"),
        ({"role": ""}, "a reason and a role"),
        ({"escalate": ("2d", "")}, "a reason and a role"),
        ({"needed": 0}, "between 1 and 9"),
        ({"remind": "2d"}, "expires last"),
        ({"within": "2d"}, "expires last"),
        ({"remind": "0s"}, "expires last"),
        ({"remind": "soon"}, "written as"),
    ],
)
def test_what_nobody_could_approve_is_not_asked(changed: dict[str, Any], why: str) -> None:
    usual: dict[str, Any] = {
        "reason": "an order", "role": "purchasing", "amount": AMOUNT, "asked_by": ASKER, "needed": 1, "remind": "1d",
        "escalate": ("2d", "cfo"), "within": "5d",
    }  # fmt: skip
    asked(**usual)
    with pytest.raises(ConfigurationError, match=why):
        asked(**usual | changed)
