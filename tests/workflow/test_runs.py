"""Runs: steps once, waits, people, undoing; on a clock that stands still."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.workflow.conftest import Outside, house_on

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected, Unavailable
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run


async def reserve(what: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(f"reserve {what}", attempt.key)


async def charge(what: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(f"charge {what}", attempt.key)


async def release(reserved: str, outside: Outside, attempt: Attempt) -> None:
    outside.do(f"release {reserved}", attempt.key)


async def refund(charged: str, outside: Outside, attempt: Attempt) -> None:
    outside.do(f"refund {charged}", attempt.key)


async def order(run: Run, what: str) -> str:
    reserved = await run.step(reserve, what, undo=release)
    await run.sleep("2d")
    charged = await run.step(charge, what, undo=refund)
    return f"{reserved}, {charged}"


ORDER = Workflow("order", order)


async def test_a_run_does_each_step_once_and_gives_its_result(database: Database, outside: Outside) -> None:
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        await house.settle()
        assert (await house.state(run), outside.calls) == ("waiting", ["reserve gauze"])
        await house.later(2 * 86_400)
        assert await house.result(run) == ("completed", b'"reserve gauze, charge gauze"', None)
    assert outside.calls == ["reserve gauze", "charge gauze"]


async def test_a_run_goes_on_in_another_process(database: Database, outside: Outside, clock: VirtualClock) -> None:
    async with house_on(database, [ORDER], outside=outside, clock=clock) as house:
        run = await house.begin(ORDER, "gauze")
        await house.settle()
    async with house_on(database, [ORDER], outside=outside, clock=clock) as house:
        await house.later(2 * 86_400)
        assert await house.state(run) == "completed"
    assert outside.calls == ["reserve gauze", "charge gauze"]


async def test_beginning_a_run_twice_is_beginning_it_once(database: Database, outside: Outside) -> None:
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        await house.begin(ORDER, "gauze", run)
        await house.settle()
        await house.later(2 * 86_400)
    assert outside.calls == ["reserve gauze", "charge gauze"]


async def test_what_a_run_did_is_undone_in_reverse_when_a_step_fails(database: Database, outside: Outside) -> None:
    async def both(run: Run, what: str) -> None:
        await run.step(reserve, what, undo=release)
        await run.step(charge, what, undo=refund)
        await run.step(reserve, "transport")

    outside.fail["reserve transport"] = [Rejected("no such carrier", "carrier")]
    workflow = Workflow("both", both)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        state, _, error = await house.result(run)
        assert (state, error) == ("failed", "reserve: no such carrier")
        assert outside.calls[-2:] == ["refund charge gauze", "release reserve gauze"]
        assert await house.cases() == ["run-failed"]


async def test_what_passes_is_tried_again_later(database: Database, outside: Outside) -> None:
    outside.fail["reserve gauze"] = [Unavailable("it restarts", retry_after=600) for _ in range(2)]
    async with house_on(database, [ORDER], outside=outside) as house:
        await house.begin(ORDER, "gauze")
        await house.settle()
        assert outside.calls == ["reserve gauze"]
        await house.later(599)
        assert outside.calls == ["reserve gauze"]
        await house.later(1)
        assert outside.calls == ["reserve gauze"] * 2
        await house.later(600)
        assert outside.held == ["reserve gauze"]


async def test_attempts_end(database: Database, outside: Outside) -> None:
    outside.fail["reserve gauze"] = [Unavailable("it restarts", retry_after=1) for _ in range(99)]
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        for _ in range(10):
            await house.later(1)
        assert await house.state(run) == "failed"
    assert len(outside.calls) == ORDER.retry.attempts


@pytest.mark.parametrize(
    ("action", "calls", "state"),
    [
        (Action.RETRY, ["reserve gauze", "reserve gauze"], "waiting"),
        (Action.WAIVE, ["reserve gauze"], "waiting"),
        (Action.DISCARD, ["reserve gauze"], "failed"),
    ],
)
async def test_a_person_decides_about_a_failed_step(
    database: Database, outside: Outside, action: Action, calls: list[str], state: str
) -> None:
    async def careful(run: Run, what: str) -> None:
        await run.step(reserve, what, undo=release, on_failure="case")
        await run.sleep("1d")

    outside.fail["reserve gauze"] = [Rejected("no such product", "product")]
    workflow = Workflow("careful", careful)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("waiting", ["rejected-posting"])
        await house.decide("rejected-posting", action)
        assert (await house.state(run), outside.calls) == (state, calls)


async def test_what_a_person_retries_may_fail_again(database: Database, outside: Outside) -> None:
    async def careful(run: Run, what: str) -> None:
        await run.step(reserve, what, on_failure="case")

    outside.fail["reserve gauze"] = [Rejected("no such product", "product") for _ in range(2)]
    workflow = Workflow("careful", careful)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        for _ in range(2):
            assert (await house.state(run), await house.cases()) == ("waiting", ["rejected-posting"])
            await house.decide("rejected-posting", Action.RETRY)
        assert (await house.state(run), await house.cases()) == ("completed", [])
    assert len(outside.calls) == 3


@pytest.mark.parametrize("missing", [True, False])
async def test_a_stopped_run_is_given_up(database: Database, outside: Outside, *, missing: bool) -> None:
    """With its code what it did is undone; without, it ends and says that nothing was."""

    async def buggy(run: Run, what: str) -> None:
        await run.step(reserve, what, undo=release)
        raise KeyError(what)

    workflow = Workflow("buggy", buggy)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        if not missing:
            await house.decide("run-stopped", Action.DISCARD)
    if missing:
        async with house_on(database, [ORDER], outside=outside) as house:
            await house.decide("run-stopped", Action.DISCARD)
            assert await house.cases() == []
            state, _, error = await house.result(run)
            assert (state, "nothing undone" in error) == ("cancelled", True)
        assert outside.calls == ["reserve gauze"]
        return
    assert outside.calls == ["reserve gauze", "release reserve gauze"]


async def test_a_run_without_its_code_can_be_cancelled(database: Database, outside: Outside) -> None:
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        await house.settle()
    async with house_on(database, [Workflow("order", order, version=2)], outside=outside) as house:
        await house.later(2 * 86_400)
        await house.desk.cancel(run, Told("Robin Okafor", "nobody needs it"))
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("cancelled", [])


async def test_a_run_without_its_code_waits_for_it(database: Database, outside: Outside) -> None:
    newer = Workflow("order", order, version=2)
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        await house.settle()
    async with house_on(database, [newer], outside=outside) as house:
        await house.later(2 * 86_400)
        await house.later(2 * 86_400)
        assert (await house.state(run), await house.cases()) == ("suspended", ["run-stopped"])
    async with house_on(database, [ORDER, newer], outside=outside) as house:
        await house.decide("run-stopped", Action.RETRY)
        await house.later(4 * 86_400)
        assert await house.state(run) == "completed"
    assert outside.calls == ["reserve gauze", "charge gauze"]


async def test_a_run_whose_subject_is_erased_ends(database: Database, outside: Outside) -> None:
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        await house.settle()
        await house.rows("update subject_key set wrapped = null, erased = now()")
        house.around.store.keyring.forget()
        await house.later(2 * 86_400)
        assert await house.state(run) == "cancelled"
    assert outside.calls == ["reserve gauze"]


async def test_a_bug_waits_for_its_repair(database: Database, outside: Outside) -> None:
    repaired: list[bool] = []

    async def buggy(run: Run, what: str) -> None:
        await run.step(reserve, what, undo=release)
        if not repaired:
            raise KeyError(what)
        await run.step(charge, what)

    workflow = Workflow("buggy", buggy)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("suspended", ["run-stopped"])
        [case] = await house.rows("select reason from work_case")
        assert "gauze" not in case["reason"]
        assert "KeyError" in case["reason"]
        await house.decide("run-stopped", Action.RETRY)
        assert (await house.state(run), await house.cases()) == ("suspended", ["run-stopped"])
        repaired.append(True)
        await house.decide("run-stopped", Action.RETRY)
        assert await house.state(run) == "completed"
    assert outside.calls == ["reserve gauze", "charge gauze"]


async def test_a_run_asks_a_person_and_gets_typed_data(database: Database, outside: Outside) -> None:
    async def asking(run: Run, what: str) -> str:
        answer = await run.case("unmatched-record", f"no product is known as {what}")
        assert answer is not None
        return f"{answer.action} by {answer.by}: {type(answer.data).__name__}"

    workflow = Workflow("asking", asking)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("waiting", ["unmatched-record"])
        await house.decide("unmatched-record", Action.SUPPLY, b'{"record": "product", "number": "P-7"}')
        assert (await house.result(run))[1] == b'"supply by Robin Okafor: RecordMatch"'


async def test_nobody_answers_in_time(database: Database, outside: Outside) -> None:
    async def asking(run: Run, what: str) -> str:
        answer = await run.case("stock-shortage", f"no {what}", within="4h")
        return "answered" if answer else "nobody answered"

    workflow = Workflow("asking", asking)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        await house.later(4 * 3600 - 1)
        assert await house.state(run) == "waiting"
        await house.later(1)
        assert (await house.result(run))[1] == b'"nobody answered"'


async def test_cancelling_undoes(database: Database, outside: Outside) -> None:
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        await house.settle()
        await house.desk.cancel(run, Told("Robin Okafor", "the visit was cancelled"))
        await house.settle()
        assert await house.result(run) == ("cancelled", None, "the visit was cancelled")
    assert outside.calls == ["reserve gauze", "release reserve gauze"]


async def test_a_failing_compensation_is_left_to_a_person_and_the_others_go_on(
    database: Database, outside: Outside
) -> None:
    async def both(run: Run, what: str) -> None:
        await run.step(reserve, what, undo=release)
        await run.step(charge, what, undo=refund)
        await run.sleep("1d")

    outside.fail["refund charge gauze"] = [Rejected("the month is closed", "date")]
    workflow = Workflow("both", both)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        await house.desk.cancel(run, Told("Robin Okafor", "no show"))
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("cancelled", ["compensation-failed"])
    assert outside.calls[-1] == "release reserve gauze"


async def test_held_runs_do_nothing_until_they_are_let_go(database: Database, outside: Outside) -> None:
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        await house.settle()
        await house.desk.suspend(run, Told("Robin Okafor", "audit"))
        await house.later(3 * 86_400)
        assert (await house.state(run), outside.calls) == ("suspended", ["reserve gauze"])
        await house.desk.resume(run, Told("Robin Okafor", "done"))
        await house.settle()
        assert await house.state(run) == "completed"


async def test_side_by_side(database: Database, outside: Outside) -> None:
    async def branch(run: Run, what: str) -> str:
        await run.sleep("1h" if what == "gauze" else "2h")
        return await run.step(reserve, what, undo=release)

    async def wide(run: Run, what: str) -> list[str]:
        return await run.parallel(branch(run, what), branch(run, "saline"), run.step(charge, what, undo=refund))

    workflow = Workflow("wide", wide)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        assert outside.calls == ["charge gauze"]
        await house.later(3600)
        assert outside.calls == ["charge gauze", "reserve gauze"]
        await house.later(3600)
        assert (await house.result(run))[1] == b'["reserve gauze","reserve saline","charge gauze"]'


async def test_a_child_is_waited_for(database: Database, outside: Outside) -> None:
    async def parent(run: Run, what: str) -> str:
        return f"child gave: {await run.child(ORDER, what)}"

    workflow = Workflow("parent", parent)
    async with house_on(database, [workflow, ORDER], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        assert await house.state(run) == "waiting"
        await house.later(2 * 86_400)
        assert (await house.result(run))[1] == b'"child gave: reserve gauze, charge gauze"'


async def test_what_fails_may_be_caught(database: Database, outside: Outside) -> None:
    async def trying(run: Run, what: str) -> str:
        try:
            return await run.step(reserve, what)
        except StepFailed as error:
            return f"{error.field}: {await run.step(charge, 'another')}"

    outside.fail["reserve gauze"] = [Rejected("none left", "product")]
    workflow = Workflow("trying", trying)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        assert (await house.result(run))[1] == b'"product: charge another"'


async def test_a_run_over_its_service_level_is_told_once(database: Database, outside: Outside) -> None:
    slow = Workflow("slow", order, sla=timedelta(hours=1))
    async with house_on(database, [slow], outside=outside) as house:
        await house.begin(slow, "gauze")
        await house.settle()
        await house.later(3599)
        assert await house.cases() == []
        for _ in range(3):
            await house.later(1800)
            assert await house.cases() == ["run-late"]


async def test_a_run_is_undone_at_its_deadline(database: Database, outside: Outside) -> None:
    short = Workflow("short", order, deadline=timedelta(hours=1))
    async with house_on(database, [short], outside=outside) as house:
        run = await house.begin(short, "gauze")
        await house.settle()
        await house.later(3600)
        assert await house.state(run) == "cancelled"
    assert outside.calls == ["reserve gauze", "release reserve gauze"]


async def test_steps_that_are_held_back_wait(database: Database, outside: Outside) -> None:
    async def denying(run: Run, order: str) -> None:
        await run.hold("financial", order, "the payer denied it")
        await run.sleep("3d")
        await run.release("financial", order)

    async def billing(run: Run, order: str) -> None:
        await run.step(reserve, order)
        await run.step(charge, order, held_by=("financial", order))

    deny, bill = Workflow("denying", denying), Workflow("billing", billing)
    async with house_on(database, [deny, bill], outside=outside) as house:
        await house.begin(deny, "O-1")
        await house.settle()
        held, free = await house.begin(bill, "O-1"), await house.begin(bill, "O-2")
        await house.settle()
        assert (await house.state(held), await house.state(free)) == ("waiting", "completed")
        await house.later(3 * 86_400)
        assert await house.state(held) == "completed"
        await house.settle()
    assert outside.calls.count("charge O-1") == 1
