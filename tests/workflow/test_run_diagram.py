"""The picture of a process is made of its code, and shows how far a run of it is."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from tests.workflow.conftest import House, Outside, house_on
from tests.workflow.processes import DISCHARGED, SUPPLY, Wish, charge, reader, release, reserve

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.model import PatientDischarged
from careloom.store.database import Database
from careloom.workflow.declaration import Registry, Workflow
from careloom.workflow.desk import Told
from careloom.workflow.diagram import diagram, escaped
from careloom.workflow.errors import NotPossible, StepFailed
from careloom.workflow.rehearsal import rehearse
from careloom.workflow.run import Run
from careloom.workflow.shape import Op, shape_of


async def transport(run: Run, what: str, *, days: int = 1) -> str:
    await run.sleep("1d")
    return await run.step(charge, what, name="transport")


async def again(run: Run, left: int) -> None:
    if left:
        await run.step(charge, left)
        await again(run, left - 1)


async def whole(run: Run, wish: Wish) -> str:
    """Not a call of the run: run.step(nothing)."""
    now = await run.now()
    reserved = await run.step(reserve, wish.what, undo=release)
    if wish.days > 3 and now.year > 2000:
        answer = await run.case("stock-shortage", "none <left>")
        if answer is None:
            return "nobody"
    elif wish.whom:
        raise ValueError(wish.days)
    for each in range(wish.days):
        if each == 5:
            break
        await run.step(charge, each)
    try:
        await run.child(SUPPLY, wish)
    except StepFailed:
        await run.emit()
    await run.parallel(transport(run, reserved), run.step(reserve, "b"), *[run.step(charge, one) for one in "xy"])
    await run.wait_for(DISCHARGED, "k", within="10d")
    await run.wait_for(PatientDischarged, "k")
    return await transport(what=reserved, run=run)


WHOLE = Workflow("ward.whole", whole)
REGISTRY = Registry([WHOLE, SUPPLY], [DISCHARGED])


def drawn(text: str) -> tuple[dict[str, str], set[tuple[str, str, str]]]:
    """The labels of the nodes, and the arrows between those with what stands at them."""
    nodes = dict(re.findall(r"^    (\w+)[\[({>/]+\"(.*?)\"", text, re.M))
    arrows = re.findall(r"^    (\w+) (?:-->|-\. \"undo\" \.->|-\.->)(?:\|\"(.*?)\"\|)? (\w+)$", text, re.M)
    return nodes, {(nodes[one], why, nodes[other]) for one, why, other in arrows}


def test_an_approval_is_named_by_its_sort_and_shown_by_its_reason() -> None:
    async def bought(run: Run, wish: Wish) -> None:
        reason = "foo"
        await run.approval(f"order of {wish.what}", role="purchasing")
        await run.approval("the second", role="cfo")
        await run.approval(reason, role="cfo")

    ops = [one for one in shape_of(Workflow("ward.bought", bought), REGISTRY) if isinstance(one, Op)]
    assert [(one.name, one.label) for one in ops] == [
        ("approval", "order of {wish.what}"), ("approval", "the second"), ("approval", "reason")
    ]  # fmt: skip


def test_a_picture_has_everything_that_the_code_does() -> None:
    text = diagram(WHOLE, REGISTRY)
    nodes, arrows = drawn(text)
    assert text.startswith("flowchart TD\n")
    assert list(nodes.values()).count("transport") == 2, "the helper is followed where it is called"
    condition = "wish.days #gt; 3 and now.year #gt; 2000"
    assert arrows >= {
        ("ward.whole v1", "", "reserve"),
        ("reserve", "", "release"),
        ("reserve", "", condition),
        (condition, "yes", "ask: stock-shortage"),
        (condition, "no", "wish.whom"),
        ("ask: stock-shortage", "", "answer is None"),
        ("answer is None", "yes", "completed"),
        ("answer is None", "no", "each each of range(wish.days)"),
        ("wish.whom", "yes", "failed: ValueError"),
        ("each each of range(wish.days)", "next", "each == 5"),
        ("each == 5", "no", "charge"),
        ("charge", "", "each each of range(wish.days)"),
        ("each == 5", "yes", "run ward.supply"),
        ("run ward.supply", "", "StepFailed"),
        ("StepFailed", "", "tell"),
        ("run ward.supply", "", "side by side"),
        ("side by side", "", "wait 1d"),
        ("wait 1d", "", "transport"),
        ("side by side", "", "reserve"),
        ("side by side", "", "each one of 'xy'"),
        ("all of them", "", "wait for ward.PatientDischarged within 10d"),
        ("transport", "", "completed"),
    }
    assert "nothing" not in text and "class" not in text


def test_a_helper_that_calls_itself_is_drawn_once() -> None:
    nodes, _ = drawn(diagram(Workflow("ward.again", again)))
    assert list(nodes.values()) == ["ward.again v1", "left", "charge", "again again", "completed"]


def test_texts_of_the_code_cannot_leave_their_node() -> None:
    assert escaped('a"] --> b["\n<x>&`#') == "a#quot;] --#gt; b[#quot; #lt;x#gt;#amp;#96;#35;"


def test_code_without_source_has_no_picture() -> None:
    names: dict[str, Any] = {"Run": Run}
    exec("async def made(run: Run, what: str) -> None: ...", names)
    with pytest.raises(NotPossible, match="cannot be read"):
        diagram(Workflow("ward.made", names["made"]))


def test_every_call_of_a_run_that_is_recorded_is_known_to_the_picture() -> None:
    async def every(run: Run, what: str) -> None:
        await run.hold("financial", what, "denied")
        await run.release("financial", what)

    assert [one.name for one in shape_of(Workflow("ward.every", every)) if hasattr(one, "name")] == [
        "hold financial",
        "release financial",
    ]


async def twice(run: Run, wish: Wish) -> str:
    await run.step(reserve, wish.what, undo=release)
    if wish.days > 100:
        await run.sleep("1d")
    await run.parallel(transport(run, "a"), transport(run, "b"))
    await run.case("stock-shortage", "none")
    return await run.step(charge, wish.what)


async def marked(house: House, workflow: Workflow, run: UUID) -> dict[str, list[str]]:
    """The labels that have each mark."""
    journal = await house.around.store.load(run)
    found = await rehearse(journal, workflow, house.around)
    text = diagram(workflow, house.around.registry, await reader(house).story(run), found.lines)
    nodes, _ = drawn(text)
    return {
        mark: [nodes[one] for one in of.split(",")]
        for of, mark in re.findall(r"^    class ([\w,]+) (\w+)$", text, re.M)
    }


async def test_a_picture_shows_how_far_a_run_is(database: Database, outside: Outside) -> None:
    workflow = Workflow("ward.twice", twice)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, Wish("g"))
        await house.settle()
        assert await marked(house, workflow, run) == {"done": ["reserve"], "now": ["wait 1d", "wait 1d"]}
        await house.later(86_400)
        after = ["reserve", "wait 1d", "transport", "wait 1d", "transport"]
        assert await marked(house, workflow, run) == {"done": after, "now": ["ask: stock-shortage"]}
        await house.decide("stock-shortage", Action.RETRY)
        done = [*after, "ask: stock-shortage", "charge", "completed"]
        assert await marked(house, workflow, run) == {"done": done}


@pytest.mark.parametrize(("fails", "mark"), [([], "undone"), ([Rejected("closed", "date")], "failed")])
async def test_a_picture_shows_what_failed_and_what_was_undone(
    database: Database, outside: Outside, fails: list[Exception], mark: str
) -> None:
    outside.fail = {"charge reserve g": [Rejected("no", "sku")], "release reserve g": fails}
    async with house_on(database, [SUPPLY], outside=outside) as house:
        run = await house.begin(SUPPLY, Wish("g", days=0))
        await house.settle()
        found = await marked(house, SUPPLY, run)
        assert found["failed"] == (["charge"] if mark == "undone" else ["charge", "release"])
        assert found.get("undone", []) == (["reserve", "release"] if mark == "undone" else [])
        with pytest.raises(NotPossible):
            await house.desk.cancel(run, Told("Robin Okafor", "late"))
