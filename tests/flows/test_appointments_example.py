"""The sample of the appointments is fed, and both runs complete."""

from __future__ import annotations

import runpy
from pathlib import Path

from tests.conftest import PostgresServer
from tests.flows.wards import GEL, LEAD, fed, ward

from careloom.flows.appointments import appointments

FOLDER = Path(__file__).parents[2] / "examples" / "appointments"


async def test_the_sample_takes_place(postgres_server: PostgresServer) -> None:
    runpy.run_path(str(FOLDER / "house.py"))
    async with ward(postgres_server, [appointments]) as house:
        await fed(house.world, FOLDER)
        runs = [("appointments.clear", "completed"), ("appointments.supply", "completed")]
        assert (await house.world.runs(), await house.world.cases()) == (runs, [])
        books = await house.books()
        assert books["pickings"] == [("AP-70018", "assigned"), ("AP-70018", "cancel")]
        assert (books["files"], books["reserved"]) == (["AP-70018"], {GEL: 3.0, LEAD: 1.0})
