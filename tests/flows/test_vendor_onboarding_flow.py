"""A vendor is in use only after two people said so, neither of whom asked for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer
from tests.flows.fed import EXAMPLES
from tests.flows.house import House, house_of, nothing, survives

from careloom.cases.kinds import Action
from careloom.cases.rights import Actor, NotAllowed
from careloom.flows.vendor_onboarding import Vendor, onboard, vendor_onboarding

RUN = "vendor-onboarding.onboard"
SAMPLE = msgspec.json.decode((EXAMPLES / "requisition_to_pay" / "vendor.json").read_bytes(), type=Vendor)


def actor(name: str, *roles: str) -> Actor:
    return Actor(name, frozenset(roles))


BUYER, TREASURER = actor("Robin Okafor", "purchasing", "treasury"), actor("Mika Sand", "treasury")


@asynccontextmanager
async def opened(postgres: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres, [vendor_onboarding], nothing) as house:
        yield house


async def vendors(house: House) -> list[Any]:
    return await house.found("res.partner", [["ref", "=", SAMPLE.number]], ["name", "supplier_rank"])


async def begun(house: House) -> None:
    await house.world.begin(onboard, SAMPLE, "Vendor/-/V-310")
    await house.world.settle()


async def test_a_vendor_is_in_use_once_its_bank_details_were_checked(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await begun(house)
        for refused in (actor("dana  whitlock", "purchasing"), actor("Mika Sand", "treasury")):
            with pytest.raises(NotAllowed):
                await house.world.decide("approval", Action.APPROVE, by=refused)
        await house.world.decide("approval", Action.APPROVE, by=BUYER)
        assert await vendors(house) == [], "its bank details were not checked"
        with pytest.raises(NotAllowed):
            await house.world.decide("approval", Action.APPROVE, by=actor("Dana Whitlock", "treasury"))
        await house.world.decide("approval", Action.APPROVE, by=BUYER)
        assert (await vendors(house), await house.world.cases()) == ([], ["approval"]), "who approved it asks another"
        await house.world.decide("approval", Action.APPROVE, by=TREASURER)
        assert await vendors(house) == [{"name": SAMPLE.name, "supplier_rank": 1}]
        assert (await house.world.runs(), await house.world.cases()) == ([(RUN, "completed")], [])
        rows = await house.world.rows("select count(*) as votes from approval_vote")
        assert rows[0]["votes"] == 3, "each decision is on record"


@pytest.mark.parametrize("approved", [0, 1])
@pytest.mark.parametrize("late", [False, True])
async def test_a_vendor_that_is_rejected_or_forgotten_never_gets_into_odoo(
    postgres_server: PostgresServer, approved: int, *, late: bool
) -> None:
    async with opened(postgres_server) as house:
        await begun(house)
        if approved:
            await house.world.decide("approval", Action.APPROVE, by=BUYER)
        if late:
            await house.world.later(days=6)
        else:
            await house.world.decide("approval", Action.REJECT, by=TREASURER if approved else BUYER)
        assert (await vendors(house), await house.world.runs()) == ([], [(RUN, "completed")])


async def test_nobody_asked_for_it(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.begin(onboard, msgspec.structs.replace(SAMPLE, asked_by=""), "Vendor/-/V-310")
        await house.world.settle()
        assert (await house.world.cases(), await house.world.runs()) == ([], [(RUN, "completed")])


async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        await begun(house)
        await house.world.decide("approval", Action.APPROVE, by=BUYER)
        await house.world.decide("approval", Action.APPROVE, by=TREASURER)
        return await vendors(house), await house.world.runs(), await house.world.cases()

    assert await survives(postgres_server, [vendor_onboarding], nothing, scenario) > 10


def test_it_declares_everything() -> None:
    assert vendor_onboarding.undeclared() == []
