"""The sample of the intake is fed, and the run completes."""

from __future__ import annotations

import runpy
from pathlib import Path

from tests.conftest import PostgresServer
from tests.flows.fed import fed
from tests.flows.house import house_of
from tests.flows.visits import GEL, HERE, LEAD, supplied

from careloom.flows.intake import intake

FOLDER = Path(__file__).parents[2] / "examples" / "intake"


async def test_the_sample_is_admitted(postgres_server: PostgresServer) -> None:
    runpy.run_path(str(FOLDER / "house.py"))
    async with house_of(postgres_server, [intake], supplied(), companies=HERE) as house:
        await fed(house.world, "intake")
        assert (await house.world.runs(), await house.world.cases()) == ([("intake.admit", "completed")], [])
        books = await house.visits()
        assert (books["accounts"], books["files"]) == (["70441", "MRN910201"], ["V910201"])
        assert books["reserved"] == {GEL: 1.0, LEAD: 2.0}


def test_the_flow_declares_everything() -> None:
    assert intake.undeclared() == []
