"""What flows need in Odoo is read from their own code, so it cannot be forgotten beside it."""

from __future__ import annotations

from careloom.flows import Flow
from careloom.flows.needs import documents_of, models_read, models_written
from careloom.flows.referral_to_cash import cash
from careloom.flows.registration import registration
from careloom.flows.requisition_to_pay import requisition_to_pay
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents import Documents, models_of
from careloom.workflow.run import Run

ward = Flow("ward", owner="nursing", sla="1d")


async def look(place: str, erp: Odoo) -> object:
    return await erp.documents.locations.place(place)  # type: ignore[attr-defined]


async def count(place: str, erp: Odoo) -> object:
    return await inner(erp)


async def inner(erp: Odoo) -> object:
    return erp.documents.counts


async def never(erp: Odoo) -> object:
    return erp.documents.payments


@ward.workflow(retired=True)
async def gone(run: Run, place: str) -> None:
    await run.step(never)


@ward.workflow(version=2)
async def tally(run: Run, place: str) -> None:
    await run.step(look, place)
    await run.step(count, place)


def test_the_steps_of_a_flow_and_what_they_call_are_followed() -> None:
    assert documents_of(ward) == {"locations", "counts"}
    assert models_read(ward) >= {"stock.location"}
    assert "stock.location" not in models_written(ward) and "account.payment" not in models_written(ward)


def test_flows_that_we_ship() -> None:
    assert {"account.move", "account.move.line"} <= models_written(cash)
    assert {"purchase.order", "account.payment", "stock.picking"} <= models_written(requisition_to_pay)
    assert documents_of(registration) == frozenset(), "it writes contacts by themselves"


def test_each_sort_of_document_names_its_models() -> None:
    sorts = [name for name, value in vars(Documents).items() if type(value).__name__ == "cached_property"]
    silent = {sort for sort in sorts if not models_of(sort)}
    assert silent <= {"units"}, "its FIELDS name columns as model.column"
    assert models_of("nothing") == models_of("access") == frozenset()
