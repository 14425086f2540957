"""Movements of stock become facts, or one task each where a value of them is bad."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer
from tests.flows.fed import samples
from tests.flows.house import House, house_of, survives

from careloom.cases.kinds import Action
from careloom.flows.supply_reporting import supply_reporting
from careloom.model import (
    Identifier,
    Location,
    Quantity,
    RecordReference,
    StockAdjusted,
    StockMove,
    StockMoved,
    StockMoveValidated,
)
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.analytics import Dimension
from careloom.systems.odoo.documents.products import Product

RUN = "supply-reporting.report"


async def furnish(house: House) -> dict[str, int]:
    """A stent and a glove without a reference; a cabinet in a cath lab, and the cost centre 7300 beside the lab's."""
    erp = house.erp
    unit = await erp.documents.units.find("EA")
    made: dict[str, int] = {}
    for name, code in (("stent", "S-4410"), ("glove", None)):
        product = Product(key=erp.external_id("product", "LAKESIDE", name), name=name, code=code, unit=unit)
        made[name] = (await erp.documents.products.bring(product)).record_id
    stock = (await erp.documents.locations.stock_of("WH")).record_id
    made["lab"] = await place(erp, "LAB", "Cath lab", stock)
    made["cabinet"] = await place(erp, "CATH-2", "Cath lab cabinet 2", made["lab"])
    made["nook"] = await place(erp, "NOOK", "Nook", stock)
    plan = await erp.documents.analytics.plan("careloom.plan", "Cost centres")
    for code in ("7300", "LAB"):
        centre = Dimension(key=erp.external_id("centre", "-", code), name=f"Centre {code}", code=code, plan=plan)
        await erp.documents.analytics.keep(centre)
    return made


async def place(erp: Odoo, barcode: str, name: str, inside: int) -> int:
    values = {"name": name, "barcode": barcode, "location_id/.id": inside, "usage": "internal"}
    return (await erp.upsert("stock.location", erp.external_id("place", "-", barcode), values)).record_id


@asynccontextmanager
async def opened(postgres: PostgresServer, version: str = "19.0") -> AsyncIterator[House]:
    async with house_of(postgres, [supply_reporting], furnish, version=version) as house:
        yield house


def at(barcode: str) -> Location:
    return Location(identifier=(Identifier(value=barcode, type="WH"),))


def moved(**others: Any) -> StockMoved:
    given = {
        "identifier": (Identifier(value="41", type="stock.move.line", assigner="odoo"),),
        "item": (Identifier(value="S-4410", type="SKU"),),
        "quantity": Quantity(value=Decimal(2), unit="EA"),
        "source": at("WHSTOCK"),
        "destination": at("CATH-2"),
    }
    return StockMoved(trigger="stock.move.line", move=StockMove(**given | others))


async def reported(house: House) -> list[StockMove]:
    return [event.move for event in await house.world.told(StockMoveValidated)]


@pytest.mark.parametrize("version", ["18.0", "19.0"])
async def test_a_good_movement_is_told_with_the_cost_centre_of_the_place_around(
    postgres_server: PostgresServer, version: str
) -> None:
    async with opened(postgres_server, version) as house:
        await house.world.tell(moved())
        await house.world.settle()
        assert await house.world.runs() == [(RUN, "completed")]
        [move] = await reported(house)
        assert (move.cost_centre, move.item[0].value, move.quantity.value) == ("LAB", "S-4410", 2)
        assert await house.world.cases() == []
        [told] = await house.world.rows("select correlation from event where type = 'stock_move.validated.v1'")
        [came] = await house.world.rows("select id from event where kind = 'm'")
        assert told["correlation"] == came["id"], "it leads to the message that it came from"


@pytest.mark.parametrize(
    ("others", "centre"),
    [
        ({"cost_centre": "7300"}, "7300"),
        ({"destination": msgspec.structs.replace(at("CATH-2"), cost_centre="7300")}, "7300"),
        ({"item": (Identifier(value="stent", assigner="LAKESIDE"),)}, "LAB"),
        ({"destination": at("WH/Stock/Cath lab")}, "LAB"),
    ],
)
async def test_numbers_and_cost_centres_are_found_by_any_name_they_have(
    postgres_server: PostgresServer, others: dict[str, Any], centre: str
) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(moved(**others))
        await house.world.settle()
        [move] = await reported(house)
        assert (move.cost_centre, move.item[0].value) == (centre, "S-4410")


async def test_what_odoo_told_of_itself_goes_by_its_ids_and_another_s_do_not(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:

        def own(model: str, id: int) -> Identifier:
            return Identifier(value=str(id), type=model, assigner="odoo")

        given = house.given
        event = moved(
            item=(own("product.product", given["stent"]),),
            destination=Location(identifier=(own("stock.location", given["cabinet"]),)),
        )
        mine = RecordReference(model="stock.move.line", id="41", system="erp")
        await house.world.tell(msgspec.structs.replace(event, record=mine))
        await house.world.settle()
        assert [move.cost_centre for move in await reported(house)] == ["LAB"]
        await house.world.tell(msgspec.structs.replace(event, record=msgspec.structs.replace(mine, system="other")))
        await house.world.settle()
        assert await house.world.cases() == ["unmatched-record"]


async def test_a_correction_has_one_place(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        lost = moved(destination=None, source=at("CATH-2"), reason="damaged")
        await house.world.tell(StockAdjusted(trigger="stock.move.line", move=lost.move))
        await house.world.settle()
        [move] = await reported(house)
        assert (move.cost_centre, move.destination) == ("LAB", None)


BAD = [
    ("product", {"item": (Identifier(value="S-9999", type="SKU"),)}, {"record": "product", "number": "S-4410"}),
    ("product", {"item": (Identifier(value="glove", assigner="LAKESIDE"),)}, {"record": "product", "number": "S-4410"}),
    ("source", {"source": at("GONE")}, {"record": "place", "number": "WHSTOCK"}),
    ("destination", {"destination": None}, {"record": "place", "number": "CATH-2"}),
    ("destination", {"destination": at("GONE")}, {"record": "place", "number": "CATH-2"}),
    ("cost_centre", {"cost_centre": "9999"}, {"record": "cost-centre", "number": "LAB"}),
    ("cost_centre", {"destination": at("NOOK")}, {"record": "cost-centre", "number": "LAB"}),
]


@pytest.mark.parametrize(("field", "others", "instead"), BAD)
async def test_a_bad_value_opens_one_task_and_the_one_that_is_supplied_is_told(
    postgres_server: PostgresServer, field: str, others: dict[str, Any], instead: dict[str, str]
) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(moved(**others))
        await house.world.settle()
        rows = await house.world.rows("select kind, field, reason from work_case where resolved is null")
        assert [(row["kind"], row["field"]) for row in rows] == [("unmatched-record", f"move.{field}")]
        assert not any(word in rows[0]["reason"] for word in ("9999", "GONE", "glove"))
        assert await reported(house) == []
        await house.world.decide("unmatched-record", Action.SUPPLY, instead)
        assert await house.world.runs() == [(RUN, "completed")]
        [move] = await reported(house)
        assert (move.cost_centre, move.item[0].value) == ("LAB", "S-4410")
        places = [one.identifier[0].value for one in (move.source, move.destination) if one is not None]
        assert places == ["WHSTOCK", "NOOK" if others.get("destination") == at("NOOK") else "CATH-2"]


async def test_each_of_several_bad_values_is_a_task_of_its_own(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(moved(item=(Identifier(value="X"),), source=at("X"), destination=at("NOOK")))
        await house.world.settle()
        answers = [("product", "S-4410"), ("place", "WHSTOCK"), ("cost-centre", "7300")]
        for record, number in answers:
            await house.world.decide("unmatched-record", Action.SUPPLY, {"record": record, "number": number})
        assert [move.cost_centre for move in await reported(house)] == ["7300"]


@pytest.mark.parametrize(("field", "others"), [BAD[1][:2], BAD[4][:2], BAD[5][:2]])
async def test_what_is_waived_is_told_as_it_came(
    postgres_server: PostgresServer, field: str, others: dict[str, Any]
) -> None:
    async with opened(postgres_server) as house:
        event = moved(**others)
        await house.world.tell(event)
        await house.world.settle()
        await house.world.decide("unmatched-record", Action.WAIVE)
        if await house.world.cases():  # nothing leads to a cost centre from a place that is not known
            assert field == "destination"
            await house.world.decide("unmatched-record", Action.WAIVE)
        [move] = await reported(house)
        assert move.destination == event.move.destination
        assert (move.cost_centre is None) == (field in ("cost_centre", "destination"))


@pytest.mark.parametrize("action", [Action.DISCARD, Action.RESOLVE])
async def test_what_is_given_up_or_settled_elsewhere_is_not_told(
    postgres_server: PostgresServer, action: Action
) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(moved(source=at("GONE")))
        await house.world.settle()
        await house.world.decide("unmatched-record", action)
        assert await house.world.runs() == [(RUN, "completed")]
        assert (await reported(house), await house.world.cases()) == ([], [])


async def test_it_is_looked_up_again_once_odoo_was_corrected(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(moved(destination=at("NEW")))
        await house.world.settle()
        await house.world.decide("unmatched-record", Action.RETRY)
        assert await house.world.cases() == ["unmatched-record"], "nothing was corrected yet"
        # The number of another sort of record does not help either.
        await house.world.decide("unmatched-record", Action.SUPPLY, {"record": "patient", "number": "CATH-2"})
        assert await house.world.cases() == ["unmatched-record"]
        await place(house.erp, "NEW", "New cabinet", house.given["lab"])
        await house.world.decide("unmatched-record", Action.RETRY)
        assert [move.cost_centre for move in await reported(house)] == ["LAB"]


async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        await house.world.tell(moved(), moved(cost_centre="9999", identifier=(Identifier(value="42"),)))
        await house.world.settle()
        asked = await house.world.cases()
        await house.world.decide("unmatched-record", Action.SUPPLY, {"record": "cost-centre", "number": "7300"})
        moves = await reported(house)
        return asked, await house.world.runs(), sorted((one.identifier[0].value, one.cost_centre) for one in moves)

    assert await survives(postgres_server, [supply_reporting], furnish, scenario) > 10


async def test_the_sample_is_reported(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(*samples("supply_reporting"))
        await house.world.settle()
        assert await house.world.runs() == [(RUN, "completed")] * 2
        assert sorted(str(move.cost_centre) for move in await reported(house)) == ["7300", "LAB"]


def test_it_declares_everything() -> None:
    assert supply_reporting.undeclared() == []
