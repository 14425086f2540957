"""Services that were completed, and what can be seen of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec import structs
from tests.flows.house import House

from careloom.model import (
    ChargePosted,
    ChargeVoided,
    Coverage,
    Lot,
    Organization,
    PatientUpdated,
    Quantity,
    ServiceCompleted,
)
from careloom.model.datatypes import CodeableConcept, Coding, Identifier
from careloom.model.examples import examples
from careloom.model.orders import PerformedService
from careloom.testing.processes import World

COMPLETED: Any = examples()[ServiceCompleted.type]
VOIDED: Any = examples()[ChargeVoided.type]
UPDATED: Any = examples()[PatientUpdated.type]
PAYER = Coverage(order=1, payor=Organization(identifier=(Identifier(value="60054", type="PI"),), name="Northwind"))
RUN = "service-completed.bill"


def panel(**changes: Any) -> ServiceCompleted:
    """A metabolic panel for 40.00, for which a payer is known; `minutes` later, with other `report` or event fields."""
    minutes, report = changes.pop("minutes", 0), changes.pop("report", {})
    made = structs.replace(COMPLETED, coverage=(PAYER,), **changes)
    when = made.occurred + timedelta(minutes=minutes)
    return structs.replace(made, occurred=when, report=structs.replace(made.report, **report))


def done(code: str, quantity: str = "1") -> PerformedService:
    return PerformedService(
        code=CodeableConcept(coding=(Coding(code=code),)), quantity=Quantity(value=Decimal(quantity))
    )


async def furnish(house: House) -> None:
    await house.facility("LAKESIDE")
    await house.product("80053", "40.00", kind="service", storable=False)
    await house.product("80061", "25.50", kind="service", storable=False)
    reagent = await house.product("RG-220", tracking="lot")
    await house.fill(reagent, "5", "R77")
    await house.fill(await house.product("RG-221"), "3")


async def charges(world: World) -> list[tuple[str, str, Decimal]]:
    told = await world.told(ChargePosted)
    return sorted((one.charge.identifier[0].value, one.charge.kind, one.charge.total.value) for one in told)


async def outcome(world: World) -> list[str]:
    rows = await world.rows("select state from run order by id")
    return [row["state"] for row in rows]


def used(item: str, quantity: str, lot: str | None = None) -> Any:
    [one] = COMPLETED.report.consumed
    number = (Identifier(value=item, type="SKU"),)
    return structs.replace(
        one, item=number, quantity=Quantity(value=Decimal(quantity)), lot=Lot(number=lot) if lot else None
    )


async def on_hand(house: House) -> dict[str, float]:
    return {name.split()[-1]: quantity for name, _, _, quantity, _ in await house.stock()}
