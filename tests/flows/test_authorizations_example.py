"""The sample of the authorisations is fed: denied, overturned, done."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import PostgresServer
from tests.flows.wards import fed, ward

from careloom.flows.authorizations import authorizations
from careloom.model import ExceptionRaised, ExceptionResolved

FOLDER = Path(__file__).parents[2] / "examples" / "authorizations"


async def test_the_sample_is_overturned(postgres_server: PostgresServer) -> None:
    async with ward(postgres_server, [authorizations]) as house:
        await fed(house.world, FOLDER)
        assert await house.world.runs() == [("authorizations.follow", "completed")]
        raised, resolved = await house.world.told(ExceptionRaised), await house.world.told(ExceptionResolved)
        assert [one.case.kind for one in (*raised, *resolved)] == ["authorization-denied"] * 2
