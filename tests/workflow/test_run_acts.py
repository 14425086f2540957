"""What people do with runs beyond holding and cancelling: move, retry, start; each refused where it would go wrong."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from tests.workflow.conftest import House, Outside, house_on
from tests.workflow.processes import (
    DISCHARGED,
    EVENT,
    SECRET,
    SUPPLY,
    Wish,
    charge,
    reader,
    release,
    reserve,
    supply,
    versions,
)

from careloom.cases.kinds import Action
from careloom.core.errors import FormatError
from careloom.model import PatientDischarged, encode
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.errors import AlreadyBegun, NoSuchRun, NoSuchWorkflow, NotPossible
from careloom.workflow.run import Run
from careloom.workflow.starting import LARGEST, start
from careloom.workflow.surroundings import Surroundings

ROBIN = Told("Robin Okafor", "the order changed")
Function = Callable[..., Awaitable[Any]]


async def repaired(run: Run, wish: Wish) -> str:
    """As `supply`, and more after what was recorded."""
    reserved = await run.step(reserve, wish.what, undo=release)
    await run.sleep("1h")
    await run.step(reserve, "transport")
    return await run.step(charge, reserved)


async def reordered(run: Run, wish: Wish) -> str:
    charged = await run.step(charge, wish.what)
    return await run.step(reserve, charged)


async def waiting_house(house: House, function: Function = supply) -> UUID:
    run = await house.begin(next(one for one in house.around.registry.workflows if one.function is function), Wish("g"))
    await house.settle()
    return run


async def test_a_run_goes_on_as_another_version_with_what_it_did(database: Database, outside: Outside) -> None:
    async with house_on(database, versions(supply, repaired), outside=outside) as house:
        run = await waiting_house(house)
        found = await house.desk.move(run, 2, ROBIN)
        assert (found.difference, found.dropped) == (None, [])
        await house.later(2 * 86_400)
        assert await house.state(run) == "completed"
        assert outside.calls == ["reserve g", "reserve transport", "charge reserve g"]
        story = await reader(house).story(run)
        assert (story.run.version, story.run.code) == (2, house.around.registry.workflows[1].code)
        assert [(one.what, one.by, one.why) for one in story.acts] == [
            ("moved", "Robin Okafor", "from version 1 to 2: the order changed")
        ]
        assert len(await house.rows("select id from event where type = 'run.moved.v1'")) == 1


async def nothing_more(run: Run, wish: Wish) -> str:
    return await run.step(reserve, wish.what, undo=release)


async def less(run: Run, wish: Wish) -> None:
    pass


async def failing(run: Run, wish: Wish) -> None:
    raise KeyError(wish.whom)


async def forgetful(run: Run, wish: Wish) -> None:
    """Code that catches what tells of the difference."""
    try:
        await run.step(charge, wish.what)
    except Exception:
        await run.sleep("1d")


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (reordered, "at step 1 it recorded step 'reserve', and the code asks for step 'charge'"),
        (less, "at step 1 it recorded step 'reserve', and the code does not come to it"),
        (failing, "it recorded 1 steps, and the code fails after them: KeyError"),
        (forgetful, "at step 1 it recorded step 'reserve', and the code asks for step 'charge'"),
    ],
)
async def test_a_move_is_refused_where_the_code_parts_from_the_record(
    database: Database, outside: Outside, function: Function, why: str
) -> None:
    async with house_on(database, versions(supply, function), outside=outside) as house:
        run = await waiting_house(house)
        with pytest.raises(NotPossible) as refused:
            await house.desk.move(run, 2, ROBIN)
        assert why in str(refused.value)
        assert SECRET not in str(refused.value)
        story = await reader(house).story(run)
        assert (story.run.version, story.acts) == (1, [])
        assert outside.calls == ["reserve g"]


async def test_waits_that_the_new_code_has_not_are_given_up(database: Database, outside: Outside) -> None:
    async with house_on(database, versions(supply, nothing_more), outside=outside) as house:
        run = await waiting_house(house)
        assert (await house.desk.move(run, 2, ROBIN)).dropped == ["2"]
        await house.settle()
        assert (await house.result(run))[:2] == ("completed", b'"reserve g"')


def waits_for(key: str) -> Function:
    async def waits(run: Run, wish: Wish) -> str:
        found = await run.wait_for(DISCHARGED, key)
        return "came" if found else "nobody"

    return waits


async def test_a_wait_is_moved_to_another_key(database: Database, outside: Outside) -> None:
    number = EVENT.patient.identifier[0].value
    both = versions(waits_for("wrong"), waits_for(number))
    async with house_on(database, both, [DISCHARGED], outside=outside) as house:
        run = await waiting_house(house, both[0].function)
        assert (await house.desk.move(run, 2, ROBIN)).dropped == ["1"]
        await house.settle()
        await house.tell(EVENT, "E-1")

        async def done() -> bool:
            return await house.state(run) == "completed"

        await house.handled(done)


async def asking(run: Run, wish: Wish) -> str:
    answer = await run.case("stock-shortage", "none")
    return "answered" if answer else "not"


async def asking_other(run: Run, wish: Wish) -> str:
    answer = await run.case("delayed-payment", "none")
    return "answered" if answer else "not"


async def test_a_person_who_was_asked_is_not_forgotten(database: Database, outside: Outside) -> None:
    async with house_on(database, versions(asking, asking_other, supply, asking), outside=outside) as house:
        run = await waiting_house(house, asking)
        for version, asks in ((2, "asks for case 'delayed-payment'"), (3, "asks for step 'reserve'")):
            with pytest.raises(NotPossible, match=f"at step 1 it recorded that it waits for a case, .*{asks}"):
                await house.desk.move(run, version, ROBIN)
        assert (await house.desk.move(run, 4, ROBIN)).dropped == []
        await house.decide("stock-shortage", Action.RETRY)
        assert await house.state(run) == "completed"


async def test_what_cannot_be_moved(database: Database, outside: Outside) -> None:
    async with house_on(database, versions(supply, repaired), outside=outside) as house:
        run = await waiting_house(house)
        with pytest.raises(NotPossible, match="is on version 1 already"):
            await house.desk.move(run, 1, ROBIN)
        with pytest.raises(NotPossible, match=r"there is no ward.supply version 9 here: the code has versions 1, 2"):
            await house.desk.move(run, 9, ROBIN)
        with pytest.raises(NoSuchRun):
            await house.desk.move(UUID(int=1), 2, ROBIN)
        with pytest.raises(FormatError, match="say why"):
            await house.desk.move(run, 2, Told("Robin Okafor", " "))
        await house.later(2 * 86_400)
        with pytest.raises(NotPossible, match="is completed: it cannot be moved"):
            await house.desk.move(run, 2, ROBIN)


async def test_a_run_at_work_is_not_moved_under_the_hands_of_its_node(database: Database, outside: Outside) -> None:
    async with house_on(database, versions(supply, repaired), outside=outside, works=False) as house:
        run = await house.begin(house.around.registry.workflows[0], Wish("g"))  # due, and nobody drives it yet
        with pytest.raises(NotPossible, match="goes on just now; suspend it"):
            await house.desk.move(run, 2, ROBIN)
        await house.desk.suspend(run, ROBIN)
        await house.desk.move(run, 2, ROBIN)
        assert await house.state(run) == "suspended", "who held it still does"
        await house.desk.resume(run, ROBIN)
        assert (await reader(house).one(run)).version == 2


async def test_a_run_whose_code_is_gone_goes_on_once_it_is_moved(database: Database, outside: Outside) -> None:
    old, new = versions(supply, repaired)
    clock = VirtualClock()
    async with house_on(database, [old], outside=outside, clock=clock) as house:
        run = await waiting_house(house)
    async with house_on(database, [new], outside=outside, clock=clock) as house:
        await house.later(2 * 86_400)
        assert (await house.state(run), await house.cases()) == ("suspended", ["run-stopped"])
        assert (await reader(house).story(run)).stopped
        await house.desk.move(run, 2, ROBIN)
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("completed", [])
        [case] = (await reader(house).story(run)).cases
        assert case.resolution == "moved: from version 1 to 2: the order changed"


async def test_a_run_that_stands_still_is_retried_and_its_case_closed(database: Database, outside: Outside) -> None:
    mended: list[bool] = []

    async def buggy(run: Run, wish: Wish) -> str:
        reserved = await run.step(reserve, wish.what, undo=release)
        if not mended:
            raise KeyError(wish.whom)
        return await run.step(charge, reserved)

    workflow = Workflow("ward.buggy", buggy)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await waiting_house(house, buggy)
        assert (await house.state(run), await house.cases()) == ("suspended", ["run-stopped"])
        await house.desk.retry(run, ROBIN)
        await house.settle()
        assert await house.cases() == ["run-stopped"], "it stopped again, which is told again"
        assert len((await reader(house).story(run)).cases) == 2
        mended.append(True)
        await house.desk.retry(run, Told("Robin Okafor", ""))
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("completed", [])
        assert outside.calls == ["reserve g", "charge reserve g"]
        with pytest.raises(NotPossible, match="is completed: it cannot be retried"):
            await house.desk.retry(run, ROBIN)


async def test_only_what_stands_still_is_retried(database: Database, outside: Outside) -> None:
    async with house_on(database, [SUPPLY], outside=outside) as house:
        run = await waiting_house(house)
        with pytest.raises(NotPossible, match="is waiting: it cannot be retried"):
            await house.desk.retry(run, ROBIN)
        await house.desk.suspend(run, ROBIN)
        with pytest.raises(NotPossible, match="is suspended, held by a person: it cannot be retried"):
            await house.desk.retry(run, ROBIN)


async def test_cases_of_a_run_that_was_cancelled_ask_nobody_any_more(database: Database, outside: Outside) -> None:
    workflow = Workflow("ward.asking", asking)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await waiting_house(house, asking)
        assert await house.cases() == ["stock-shortage"]
        await house.desk.cancel(run, ROBIN)
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("cancelled", [])
        [case] = (await reader(house).story(run)).cases
        assert case.resolution == "the run it was for is being undone"
        with pytest.raises(FormatError, match="say why"):
            await house.desk.cancel(run, Told("Robin Okafor", ""))


# ------------------------------------------------------------------ beginning


async def test_a_run_is_begun_by_name_with_typed_input(database: Database, outside: Outside) -> None:
    async with house_on(database, versions(reordered, supply), outside=outside) as house:
        begun = await start(house.desk, "ward.supply", b'{"what": "gauze", "days": 0}', ROBIN)
        assert begun.fresh
        await house.settle()
        story = await reader(house).story(begun.run)
        assert (story.run.state, story.run.version) == ("completed", 2), "the newest version"
        assert [(one.what, one.by, one.why) for one in story.acts] == [("began", *ROBIN)]
        assert len(await house.rows("select id from event where type = 'run.began.v1'")) == 1


async def test_a_repeat_under_a_key_is_the_same_run(database: Database, outside: Outside) -> None:
    body = b'{"what": "gauze", "days": 0}'
    async with house_on(database, [SUPPLY], outside=outside) as house:
        first = await start(house.desk, "ward.supply", body, ROBIN, key="k-1")
        await house.settle()
        again = await start(house.desk, "ward.supply", b'{"days":0,"what":"gauze"}', ROBIN, key="k-1")
        assert (first.fresh, again) == (True, (first.run, False))
        others = [
            await start(house.desk, "ward.supply", body, ROBIN, key="k-2"),
            await start(house.desk, "ward.supply", body, Told("Sol Lindqvist", "x"), key="k-1"),
            await start(house.desk, "ward.supply", body, ROBIN),
        ]
        assert len({first.run, *(one.run for one in others)}) == 4
        with pytest.raises(AlreadyBegun, match=str(first.run)):
            await start(house.desk, "ward.supply", b'{"what": "saline"}', ROBIN, key="k-1")
        assert len((await reader(house).story(first.run)).acts) == 1


async def test_what_a_run_keeps_is_sealed_for_whom_it_is_about(database: Database, outside: Outside) -> None:
    async def discharge(run: Run, event: PatientDischarged) -> str:
        return event.type

    workflow = Workflow("ward.discharge", discharge)

    async def token(house: House, run: UUID) -> UUID:
        return (await reader(house).one(run)).subject

    def stand_in(around: Surroundings, subject: str) -> UUID:
        return around.store.keyring.master.token(subject)

    async with house_on(database, [SUPPLY, workflow], outside=outside) as house:
        about = await start(house.desk, "ward.supply", b'{"what": "g"}', ROBIN, subject="Patient/NORTHSIDE/MRN7001")
        assert await token(house, about.run) == stand_in(house.around, "Patient/NORTHSIDE/MRN7001")
        none = await start(house.desk, "ward.supply", b'{"what": "g"}', ROBIN)
        assert await token(house, none.run) == stand_in(house.around, f"Run/{none.run}")
        event = await start(house.desk, "ward.discharge", encode(EVENT), ROBIN)
        number = EVENT.patient.identifier[0]
        assert await token(house, event.run) == stand_in(house.around, f"Patient/{number.assigner}/{number.value}")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"what": 7}', "$.what"),
        (b'{"days": 2}', "$"),
        (b"{", "$"),
        (b"", "$"),
        (b"\xff", "$"),
        (b"[" * 100_000, "$"),
        (b" " * (LARGEST + 1), "$"),
    ],
)
async def test_input_that_the_workflow_cannot_take(
    database: Database, outside: Outside, body: bytes, place: str
) -> None:
    async with house_on(database, [SUPPLY], outside=outside, works=False) as house:
        with pytest.raises(FormatError) as refused:
            await start(house.desk, "ward.supply", body, ROBIN)
        assert refused.value.location == place
        assert await house.rows("select id from run") == []


async def test_who_and_what_is_not_known(database: Database, outside: Outside) -> None:
    retired = Workflow("ward.old", supply, retired=True)
    body = json.dumps({"what": "gauze"}).encode()
    async with house_on(database, [SUPPLY, retired], outside=outside, works=False) as house:
        for name in ("ward.old", "ward.none"):
            with pytest.raises(NoSuchWorkflow, match=r"there are: ward\.supply"):
                await start(house.desk, name, body, ROBIN)
        for subject in ("MRN7001", "patient/x/y", "Patient/", "P" * 2000 + "/x"):
            with pytest.raises(FormatError) as refused:
                await start(house.desk, "ward.supply", body, ROBIN, subject=subject)
            assert refused.value.location == "subject"
