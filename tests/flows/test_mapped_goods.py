"""A GTIN that the crosswalk maps leads to the product; one that it does not blocks the report until a person says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of
from tests.flows.test_mapped_codes import say

from careloom.cases.kinds import Action
from careloom.flows.supply_reporting import supply_reporting
from careloom.model import Identifier, Location, Quantity, StockMove, StockMoved, StockMoveValidated
from careloom.systems.odoo.documents.analytics import Dimension

GTIN = "00614141007349"


async def furnish(house: House) -> None:
    await house.product("S-4410")
    stock = (await house.erp.documents.locations.stock_of("WH", 1)).record_id
    values: dict[str, Any] = {"name": "Lab", "barcode": "LAB", "location_id/.id": stock, "usage": "internal"}
    await house.erp.upsert("stock.location", house.erp.external_id("place", "TEST", "LAB"), values)
    plan = await house.erp.documents.analytics.plan(house.erp.external_id("plan", "TEST", "centres"), "Cost centres")
    key = house.erp.external_id("centre", "TEST", "7300")
    await house.erp.documents.analytics.keep(Dimension(key=key, name="7300", code="7300", plan=plan))


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [supply_reporting], furnish) as found:
        yield found


async def _moved(house: House, centre: str = "7300") -> None:
    place = Location(identifier=(Identifier(value="LAB", type="WH"),))
    move = StockMove(
        identifier=(Identifier(value="41"),), item=(Identifier(value=GTIN, type="GTIN"),),
        quantity=Quantity(value=Decimal(2)), source=place, destination=place, cost_centre=centre,
    )  # fmt: skip
    await house.world.tell(StockMoved(trigger="test", move=move))
    await house.world.settle()


async def _told(house: House) -> list[tuple[list[str], str | None]]:
    told = await house.world.told(StockMoveValidated)
    return [([one.value for one in event.move.item], event.move.cost_centre) for event in told]


async def test_a_gtin_and_a_department_are_what_they_stand_for(house: House) -> None:
    await say(house, f"product * GTIN {GTIN} S-4410", "dimension * dimension CATH 7300")
    await _moved(house, "CATH")
    assert await _told(house) == [(["S-4410", GTIN], "7300")]
    assert await house.world.cases() == []


async def test_an_unknown_gtin_is_said_once(house: House) -> None:
    await say(house, "product * GTIN 00614141007356 S-4411")
    await _moved(house)
    [case] = await house.world.rows("select kind, field, owner, reason from work_case where resolved is null")
    assert (case["kind"], case["field"], case["owner"]) == ("unknown-code", "move.product", "master-data")
    assert "00614141007356 (S-4411)" in case["reason"] and GTIN not in case["reason"]
    await house.world.decide("unknown-code", Action.SUPPLY, {"canonical": "S-4410", "label": "stent"})
    assert await _told(house) == [(["S-4410", GTIN], "7300")]


async def test_where_nobody_maps_gtins_it_is_asked_as_before(house: House) -> None:
    await _moved(house)
    assert await house.world.cases() == ["unmatched-record"]
