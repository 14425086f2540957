"""What is put down of a flow while tests drive it, and what there is to drive."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.flows import branches
from tests.flows.branches import Seen, Way, Word, declared, watched

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.flows import Flow
from careloom.store.database import Database
from careloom.testing.processes import World
from careloom.workflow.run import Run

ward = Flow("ward", owner="nursing", sla="5d")


async def refuse() -> str:
    raise Rejected("it is refused")


@ward.workflow()
async def fetch(run: Run, days: int) -> str | None:
    await run.case("stock-shortage", "nothing is there", actions=(Action.RETRY, Action.WAIVE, Action.DISCARD))
    await run.sleep(f"{days}d")
    return await run.step(refuse, on_failure="case")


async def test_what_a_run_came_to_is_seen(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(branches, "FLOWS", Path(__file__).parent)
    with watched() as seen:
        async with World.open(database, [ward]) as world:
            await world.begin(fetch, 1)
            await world.settle()
            await world.decide("stock-shortage", Action.WAIVE)
            await world.later(days=1)
            await world.decide("rejected-posting", Action.WAIVE)
            assert await world.runs() == [("ward.fetch", "completed")]
    seen.write(tmp_path)
    again = Seen.read(tmp_path)
    assert again == seen
    assert {(way.call, way.outcome) for way in seen.ways} == {
        ("case", "answered"), ("sleep", "done"), ("step", "waived")
    }  # fmt: skip
    assert {way.place.partition(":")[0] for way in seen.ways} == {"test_branches.py"}
    assert seen.said == {Word("ward", "stock-shortage", "waive")}
    assert {word.action for word in seen.offered - seen.said} == {"retry", "discard"}


def test_nothing_is_watched_outside() -> None:
    before = Run.step
    with watched():
        assert Run.step is not before
    assert Run.step is before


def test_what_there_is_to_drive_is_read_from_the_flows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = """
async def fetch(run, wish):
    try:
        await run.step(order, wish)
    except StepFailed:
        await run.step(order, wish, on_failure="case")
    came = await run.wait_for(Came, wish, within="1d") or await run.wait_for(Came, wish)
    await run.approval("so much", role="purchasing", within="1d")
    return await run.case_unless("stock-shortage", "nothing is there", came, wish), other.step(wish)
"""
    (tmp_path / "ward.py").write_text(code)
    monkeypatch.setattr(branches, "FLOWS", tmp_path)
    found = sorted((way.place, way.call, way.outcome) for way in declared())
    assert found == [
        ("ward.py:4", "step", "done"), ("ward.py:4", "step", "failed"),
        ("ward.py:6", "step", "done"), ("ward.py:6", "step", "waived"),
        ("ward.py:7", "wait_for", "event"), ("ward.py:7", "wait_for", "nothing"),
        ("ward.py:8", "approval", "approved"), ("ward.py:8", "approval", "expired"),
        ("ward.py:8", "approval", "rejected"), ("ward.py:9", "case_unless", "answered"),
        ("ward.py:9", "case_unless", "event"),
    ]  # fmt: skip
    assert Way("ward.py:4", "step", "done") in declared()
