"""The sample of the appointments is fed, and both runs complete."""

from __future__ import annotations

import runpy
from pathlib import Path

from tests.conftest import PostgresServer
from tests.flows.fed import fed
from tests.flows.house import house_of
from tests.flows.visits import GEL, HERE, LEAD, supplied

from careloom.flows.appointments import appointments

FOLDER = Path(__file__).parents[2] / "examples" / "appointments"


async def test_the_sample_takes_place(postgres_server: PostgresServer) -> None:
    runpy.run_path(str(FOLDER / "house.py"))
    async with house_of(postgres_server, [appointments], supplied(), companies=HERE) as house:
        await fed(house.world, "appointments")
        runs = [("appointments.clear", "completed"), ("appointments.supply", "completed")]
        assert (await house.world.runs(), await house.world.cases()) == (runs, [])
        books = await house.visits()
        assert books["pickings"] == [("AP-70018", "assigned"), ("AP-70018", "cancel")]
        assert (books["files"], books["reserved"]) == (["AP-70018"], {GEL: 3.0, LEAD: 1.0})
