"""Decisions over a log at work: what was parked goes on in the same transaction, in order, and everything is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.cases.conftest import MASTER, ROBIN, SAM, House, Queue

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.resolving import Resolution, Resumed
from careloom.cases.rights import Actor, NotAllowed
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.cases.work import casework
from careloom.core.envelope import Position
from careloom.core.errors import FormatError, Rejected
from careloom.log.conservation import conservation
from careloom.log.operators import Act, Operators
from careloom.log.parking import NothingThere
from careloom.log.ports import Connection, NewCase
from careloom.log.verification import verify
from careloom.store.database import Database

NOBODY = UUID(int=5)


async def test_a_case_says_who_owns_it_and_what_may_be_done(house: House) -> None:
    case = await house.stuck("1", "bad", "next")
    assert (case.kind, case.owner, case.state, case.resumes) == ("delivery", "billing", "open", "subscription")
    assert case.actions == ("retry", "edit", "waive", "discard")
    assert (case.type, case.priority, case.runbook) == ("test.happened.v1", 3, "case-delivery")
    assert (case.due - case.opened).total_seconds() == 8 * 3600


async def test_raised_in_the_transaction_that_parks_and_resolved_in_the_one_that_lets_go(house: House) -> None:
    case = await house.stuck("1", "bad", "next")
    [(type_, raised)] = await house.told()
    assert type_ == "exception.raised.v1"
    assert raised["case"] == {
        "identifier": [{"value": str(case.id), "assigner": "careloom"}],
        "kind": "delivery",
        "reason": "wrong plan",
        "owner": "billing",
        "flow": "deliver",
        "regarding": {"type": "Event", "identifier": {"value": str(case.event), "assigner": "careloom"}},
        "opened": case.opened.isoformat(),
        "due": case.due.isoformat(),
    }
    [row] = await house.rows("select correlation, causation from event where type = 'exception.raised.v1'")
    assert tuple(row) == (case.id, case.event)
    house.bad.clear()
    ended = await house.act(case.id, Action.RETRY, "the plan is there")
    assert (ended.state, ended.resolution, ended.resolved_by) == (
        "resolved", "retried: the plan is there", ROBIN.name
    )  # fmt: skip
    assert await house.handled("bad", "next") == ["bad", "next"]
    [resolved] = await house.told("exception.resolved.v1")
    assert (resolved[1]["case"]["status"], resolved[1]["case"]["resolution"]) == (
        "resolved", "retried: the plan is there"
    )  # fmt: skip
    assert [type_ for type_, _ in await house.audits()] == ["case.resolved.v1"]
    assert (await verify(house.database)).broken_at is None


@pytest.mark.parametrize(
    ("action", "state", "outcome"), [(Action.WAIVE, "waived", "skipped"), (Action.DISCARD, "discarded", "discarded")]
)
async def test_waived_and_discarded_let_those_behind_go_on(
    house: House, action: Action, state: str, outcome: str
) -> None:
    case = await house.stuck("1", "bad", "next")
    assert (await house.act(case.id, action, "agreed with the ward")).state == state
    assert await house.handled("next") == ["next"]
    rows = await house.rows("select outcome, reason from delivery where event = $1", case.event)
    assert [tuple(row) for row in rows] == [(outcome, "agreed with the ward")]

    async def over() -> bool:
        found = await conservation(house.database)
        return (found.delivered, found.filtered, found.in_flight) == (1, 1, 0) and found.holds

    await house.eventually(over)
    [told] = await house.told("exception.resolved.v1")
    assert told[1]["case"]["status"] == "dismissed"


async def test_edited_and_retried_in_its_place_while_the_original_stays(house: House) -> None:
    case = await house.stuck("1", "bad", "next")
    ended = await house.act(case.id, Action.EDIT, "plan corrected", b"good")
    assert ended.resolution == "edited and retried: plan corrected"
    assert await house.handled("good", "next") == ["good", "next"], "in order, at the place of the original"
    edited = house.seen[0]
    assert edited.id != case.event and (edited.causation, edited.correlation) == (case.event, case.message)
    [original] = await house.opened(await house.rows("select * from event where id = $1", case.event))
    assert original.data == b"bad"
    [entry] = await house.rows("select kind, type, body from event where id = $1", edited.id)
    assert (entry["kind"], entry["type"]) == ("a", "payload.edited.v1") and b"good" not in entry["body"]
    assert await house.history(case.id) == ["opened", "edited", "moved"]
    delivered = "select event, outcome from delivery where subscription = 'deliver' order by seq"

    async def over() -> bool:
        return len(await house.rows(delivered)) == 2

    await house.eventually(over)
    assert tuple((await house.rows(delivered))[0]) == (case.event, "done")
    assert await house.value("select count(*) from flight") == 0


async def test_an_edit_stands_until_the_next_one(house: House) -> None:
    case = await house.stuck("1", "bad")
    house.bad[b"worse"] = house.bad[b"bad"]
    await house.act(case.id, Action.EDIT, data=b"worse")

    async def again() -> Any:
        return await house.page()

    [second] = await house.eventually(again)
    payload = await house.work.reader.masked_payload(second.id)
    assert (payload.edited, payload.data, second.event) == (True, b"worse", case.event)
    assert (payload.original, payload.original_text) == (b"bad", "bad")
    await house.act(second.id, Action.EDIT, data=b"right")
    assert await house.handled("right") == ["right"]
    for one, data in ((case.id, b"worse"), (second.id, b"right")):
        stays = await house.work.reader.masked_payload(one)
        assert (stays.edited, stays.data, stays.original) == (True, data, b"bad"), "each as it was decided"


async def test_a_message_that_cannot_be_translated_is_edited_before_it_is_an_event(house: House) -> None:
    plain = house.translate

    def translate(message: Any) -> Any:
        if message.data == b"unreadable":
            raise FormatError("has no number", "PID-3")
        return plain(message)

    object.__setattr__(house.node.workers[0].subscription, "handler", translate)
    message = await house.send("M1", "1", "unreadable")

    async def parked() -> Any:
        return await house.page()

    [case] = await house.eventually(parked)
    assert (case.kind, case.field, case.event, case.message) == ("mapping", "PID-3", message, message)
    await house.act(case.id, Action.EDIT, "number added", b"readable")
    assert await house.handled("readable") == ["readable"]
    assert house.seen[0].correlation == message

    async def over() -> bool:
        found = await conservation(house.database)
        return found.delivered == 1 and found.holds

    await house.eventually(over)


async def test_an_edit_to_nothing_is_refused_and_changes_nothing(house: House) -> None:
    case = await house.stuck("1", "bad")
    with pytest.raises(FormatError):
        await house.act(case.id, Action.EDIT, data=b"")
    assert (await house.work.reader.one(case.id)).state == "open"
    assert await house.value("select count(*) from event where type = 'payload.edited.v1'") == 0


async def test_what_failed_again_is_a_new_case_of_the_same_group(house: House) -> None:
    case = await house.stuck("1", "bad")
    await house.act(case.id, Action.RETRY)

    async def again() -> Any:
        return await house.page()

    [second] = await house.eventually(again)
    assert second.id != case.id and second.cause == case.cause


@pytest.mark.parametrize("action", [Action.SUPPLY, Action.APPROVE, Action.RESOLVE])
async def test_only_what_the_case_offers_can_be_decided(house: House, action: Action) -> None:
    case = await house.stuck("1", "bad")
    with pytest.raises(NotPossible, match="it offers retry, edit, waive, discard"):
        await house.act(case.id, action)


@pytest.mark.parametrize("action", [Action.EDIT, Action.WAIVE, Action.DISCARD])
async def test_what_gives_something_up_wants_a_reason(house: House, action: Action) -> None:
    case = await house.stuck("1", "bad")
    with pytest.raises(FormatError, match="say why"):
        await house.act(case.id, action, "  ", b"x")


async def test_decided_once_and_a_repeat_of_the_same_call_is_harmless(house: House) -> None:
    case = await house.stuck("1", "bad")
    house.bad.clear()
    decision = Decision(Action.RETRY, "back", b"", UUID(int=9))
    first = await house.work.desk.act(case.id, ROBIN, decision)
    assert await house.work.desk.act(case.id, ROBIN, decision) == first
    with pytest.raises(NotPossible, match="this case is resolved"):
        await house.act(case.id, Action.DISCARD)
    assert await house.handled("bad") == ["bad"]
    assert len(await house.audits()) == 1


async def test_two_decisions_at_once_are_one(house: House) -> None:
    case = await house.stuck("1", "bad")
    ends = await asyncio.gather(
        *(house.act(case.id, action, by=by) for action, by in ((Action.DISCARD, ROBIN), (Action.WAIVE, SAM))),
        return_exceptions=True,
    )
    assert sorted(isinstance(end, NotPossible | NothingThere) for end in ends) == [False, True]
    assert await house.value("select count(*) from delivery where event = $1", case.event) == 1


async def test_roles_and_holders_are_asked(house: House) -> None:
    case = await house.stuck("1", "bad")
    with pytest.raises(NotAllowed, match="for the role billing"):
        await house.act(case.id, Action.RETRY, by=Actor("Kim Duarte", frozenset({"supply-chain"})))
    await house.work.desk.claim(case.id, SAM)
    with pytest.raises(NotAllowed, match="somebody else has this case"):
        await house.act(case.id, Action.RETRY)
    house.bad.clear()
    allowed = Actor(SAM.name, frozenset({"billing"}))
    assert (await house.act(case.id, Action.RETRY, by=allowed)).resolved_by == SAM.name


async def test_the_older_commands_end_cases_in_the_same_way(house: House, database: Database) -> None:
    first, second = await house.stuck("1", "bad"), await house.stuck("2", "worse")
    operators = Operators(
        database, house.node.writer, house.keyring, house.work.recorder.book, house.clock, house.new_id
    )
    for case, act in ((first, operators.discard), (second, operators.retry)):
        [row] = await house.rows("select lane, seq from work_case where id = $1", case.id)
        house.bad.clear()
        await act("deliver", Position(*row), Act("Robin Okafor", "asked"))
    assert {one.state for one in [await house.work.reader.one(case.id) for case in (first, second)]} == {
        "discarded", "resolved"
    }  # fmt: skip
    assert len(await house.told("exception.resolved.v1")) == 2


async def test_nothing_is_told_of_failing_to_tell(house: House) -> None:
    """A subscription to exceptions that fails opens a case, but no event, else there would be no end of it."""
    case = NewCase(
        kind="delivery", system="careloom", reason="no", subscription="mail", type="exception.raised.v1",
        event=UUID(int=1), message=UUID(int=1),
    )  # fmt: skip
    await house.open(case)
    assert await house.told() == []
    [row] = await house.rows("select id, quiet from work_case")
    assert row["quiet"]


async def test_a_loose_case_is_resolved_and_its_system_may_do_so_itself(queue: Queue) -> None:
    one, other = await queue.one(), await queue.one(kind="file-refused", field="a.txt")
    ended = await queue.work.desk.act(one, ROBIN, Decision(Action.RESOLVE, "the line was cut"))
    assert (ended.state, ended.actions, ended.resolution) == ("resolved", (), "resolved: the line was cut")
    async with queue.database.acquire() as connection, connection.transaction():
        await queue.work.recorder.settle(connection, "ehr", "file-refused", "a.txt", "came again")
    assert (await queue.work.reader.one(other)).resolved_by == "careloom"
    assert len(await queue.told("exception.resolved.v1")) == 2


class _Runs:
    """What a workflow will bring: its runs wait for cases."""

    resumes = "run"
    actions = frozenset({Action.SUPPLY, Action.APPROVE, Action.REJECT, Action.WAIVE})

    def __init__(self) -> None:
        self.resumed: list[Resolution] = []
        self.fails = False

    async def resolve(self, connection: Connection, resolution: Resolution) -> Resumed:
        if self.fails:
            raise Rejected("the run is over")
        self.resumed.append(resolution)
        return Resumed()


@pytest.fixture
def runs() -> _Runs:
    return _Runs()


@pytest.fixture
def waiting(queue: Queue, runs: _Runs) -> Queue:
    """A queue with runs."""
    book = queue.work.recorder.book
    queue.work = casework(queue.database, queue.keyring, book, queue.clock, queue.new_id, [runs])
    return queue


async def test_what_is_supplied_reaches_the_run_and_stays_sealed(waiting: Queue, runs: _Runs) -> None:
    case = await waiting.one(kind="missing-payer-data", run="intake/7", reason="no payer")
    assert (await waiting.work.reader.one(case)).actions == ("supply", "waive")
    data = msgspec.json.encode({"payer": "60054", "member": "NHP884213"})
    await waiting.work.desk.act(case, ROBIN, Decision(Action.SUPPLY, "called the payer", data))
    [resolution] = runs.resumed
    assert (resolution.case["run"], resolution.action, resolution.by) == ("intake/7", Action.SUPPLY, ROBIN.name)
    assert resolution.data is not None and resolution.data.member == "NHP884213"  # type: ignore[attr-defined]
    bodies = await waiting.rows("select body from case_history where body is not null")
    assert len(bodies) == 1 and b"NHP884213" not in bodies[0]["body"]
    for reveal, text in ((False, None), (True, data.decode())):
        entries = await waiting.work.reader.history(case, reveal=reveal)
        assert [entry.text for entry in entries if entry.what == "supplied"] == [text]


async def test_wrong_data_is_refused_before_anything_happens(waiting: Queue, runs: _Runs) -> None:
    case = await waiting.one(kind="missing-payer-data", run="intake/7")
    with pytest.raises(FormatError):
        await waiting.work.desk.act(case, ROBIN, Decision(Action.SUPPLY, "", b'{"payer": "60054"}'))
    assert runs.resumed == [] and (await waiting.work.reader.one(case)).state == "open"


async def test_a_run_that_refuses_leaves_the_case_as_it_is(waiting: Queue, runs: _Runs) -> None:
    runs.fails = True
    case = await waiting.one(kind="duplicate-person", run="merge/1")
    with pytest.raises(Rejected):
        await waiting.work.desk.act(case, ROBIN, Decision(Action.REJECT, "two people"))
    assert (await waiting.work.reader.one(case)).state == "open"
    assert await waiting.told("exception.resolved.v1") == [] and await waiting.audits() == []


async def test_whoever_asked_does_not_approve(waiting: Queue, runs: _Runs) -> None:
    case = await waiting.one(kind="duplicate-service", run="charge/1", asked_by="robin okafor")
    approve = Decision(Action.APPROVE, "looked at both")
    with pytest.raises(NotAllowed, match="whoever asked"):
        await waiting.work.desk.act(case, ROBIN, approve)
    assert (await waiting.work.desk.act(case, SAM, approve)).state == "resolved"
    with pytest.raises(NotPossible):
        await waiting.work.desk.act(case, Actor("Kim Duarte"), approve)
    assert len(runs.resumed) == 1


async def test_cases_of_two_runs_are_two(waiting: Queue) -> None:
    await waiting.one(kind="stock-shortage", run="a")
    await waiting.one(kind="stock-shortage", run="b")
    assert await waiting.value("select count(*) from work_case") == 2


async def test_remarks_are_sealed_said_once_and_for_ended_cases_too(queue: Queue) -> None:
    case, desk = await queue.one(), queue.work.desk
    request = UUID(int=3)
    assert await desk.comment(case, ROBIN, "asked the ward", request)
    assert not await desk.comment(case, ROBIN, "asked the ward", request)
    await desk.act(case, ROBIN, Decision(Action.WAIVE, "old"))
    assert await desk.comment(case, SAM, "for the record")
    entries = [one for one in await queue.work.reader.history(case, reveal=False) if one.what == "commented"]
    assert [(one.by, one.text) for one in entries] == [(ROBIN.name, "asked the ward"), (SAM.name, "for the record")]
    for row in await queue.rows("select body from case_history where body is not null"):
        assert b"ward" not in row["body"]
    assert [type_ for type_, _ in await queue.audits()].count("case.commented.v1") == 2


@pytest.mark.parametrize("text", ["", " ", "x" * 4001, "a\0b"])
async def test_a_remark_says_something(queue: Queue, text: str) -> None:
    case = await queue.one()
    with pytest.raises(FormatError):
        await queue.work.desk.comment(case, ROBIN, text)


async def test_a_look_is_on_record_before_anything_is_seen(house: House) -> None:
    case = await house.stuck("1", '{"name": "Maribel"}')
    masked = await house.work.reader.masked_payload(case.id)
    assert masked.masked == '{"name": "xxxxxxx"}' and await house.audits() == []
    payload = await house.work.desk.look(case.id, ROBIN, "which name")
    assert payload.text == '{"name": "Maribel"}' and not payload.edited
    [(type_, audit)] = await house.audits()
    assert (type_, audit["by"], audit["reason"]) == ("body.revealed.v1", ROBIN.name, "which name")
    assert audit["targets"] == [str(case.id), str(case.event)]
    assert await house.history(case.id) == ["opened", "looked"]
    with pytest.raises(FormatError):
        await house.work.desk.look(case.id, ROBIN, "")


async def test_of_an_erased_subject_nothing_can_be_seen_or_edited(house: House) -> None:
    case = await house.stuck("1", "bad")
    await house.rows(
        "update subject_key set wrapped = null, erased = now() where token = $1", MASTER.token("Patient/G/1")
    )
    house.keyring.forget()
    for act in (house.work.desk.look(case.id, ROBIN, "why"), house.act(case.id, Action.EDIT, data=b"x")):
        with pytest.raises(NoSuchCase, match="erased"):
            await act


@pytest.mark.parametrize("act", ["claim", "show", "decide", "look", "comment"])
async def test_a_case_that_is_not_there(queue: Queue, act: str) -> None:
    desk = queue.work.desk
    acts: dict[str, Any] = {
        "claim": desk.claim(NOBODY, ROBIN),
        "show": queue.work.reader.one(NOBODY),
        "decide": desk.act(NOBODY, ROBIN, Decision(Action.RETRY)),
        "look": desk.look(NOBODY, ROBIN, "why"),
        "comment": desk.comment(NOBODY, ROBIN, "text"),
    }
    wanted = acts.pop(act)
    for other in acts.values():
        other.close()
    with pytest.raises(NoSuchCase, match="there is no case"):
        await wanted


async def test_who_could_not_decide_is_told_why_beforehand(queue: Queue) -> None:
    case = await queue.one(owner="billing")
    desk, other = queue.work.desk, Actor("Kim Duarte", frozenset({"purchasing"}))
    assert await desk.hindrance(case, ROBIN) == ""
    assert "for the role billing" in await desk.hindrance(case, other)
    until = queue.clock.now() + timedelta(days=1)
    await queue.work.delegations.hand_on(Actor("Ana Ruiz", frozenset({"billing"})), "billing", other.name, until=until)
    assert await desk.hindrance(case, other) == "", "a role that was handed on is enough"
    await desk.claim(case, SAM)
    assert "somebody else has this case" in await desk.hindrance(case, ROBIN)
    with pytest.raises(NoSuchCase):
        await desk.hindrance(UUID(int=7), ROBIN)
