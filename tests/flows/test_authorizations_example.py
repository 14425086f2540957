"""The sample of the authorisations is fed: denied, overturned, done."""

from __future__ import annotations

from tests.conftest import PostgresServer
from tests.flows.fed import fed
from tests.flows.house import house_of
from tests.flows.visits import HERE, supplied

from careloom.flows.authorizations import authorizations
from careloom.model import ExceptionRaised, ExceptionResolved


async def test_the_sample_is_overturned(postgres_server: PostgresServer) -> None:
    async with house_of(postgres_server, [authorizations], supplied(), companies=HERE) as house:
        await fed(house.world, "authorizations")
        assert await house.world.runs() == [("authorizations.follow", "completed")]
        raised, resolved = await house.world.told(ExceptionRaised), await house.world.told(ExceptionResolved)
        assert [one.case.kind for one in (*raised, *resolved)] == ["authorization-denied"] * 2
