"""Look-ups that an Odoo answers, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from tests.gateway.calling import Api, Reply, open_api

from careloom.core.clock import SystemClock
from careloom.hub.configuration import ApiSection
from careloom.hub.lookups import make_lookups
from careloom.sim.odoo import SimulatedOdoo
from careloom.systems.ledger import MemoryLedger
from careloom.systems.odoo import Odoo, Settings
from careloom.testing.clock import VirtualClock

REASON = "somebody stands at the counter and waits for it"
SHAPES = ("patient", "supplier", "invoice-status", "stock")


@pytest.fixture
async def odoo(any_erp: SimulatedOdoo) -> AsyncIterator[Odoo]:
    settings = Settings(url=any_erp.url, database=any_erp.database, login=any_erp.login, api_key="env:ODOO_KEY")
    made = Odoo("erp", settings, secrets=lambda _: any_erp.api_key, clock=SystemClock(), ledger=MemoryLedger())
    yield made
    await made.close()


def served(odoo: Odoo) -> Api:
    """The API with every shape that an Odoo answers."""
    section = {"system": "erp", "owner": "front-desk", "reason": REASON}
    api = ApiSection.model_validate({"lookups": {shape: {"shape": shape, **section} for shape in SHAPES}})
    clock = VirtualClock()
    return open_api(clock=clock, lookups=make_lookups(api, {"erp": odoo}, clock))


async def patient(api: Api, **question: str) -> Reply:
    return await api.post("/v1/lookups/patient", key="clm_desk", payload=question)


async def test_a_patient_is_found_as_the_registration_keeps_it(odoo: Odoo) -> None:
    who = odoo.external_id("patient", "NORTH", "N-1")
    await odoo.upsert("res.partner", who, {"name": "Ottilie Weaver", "ref": "N-1"})
    api = served(odoo)
    for question in ({"identifier": "N-1", "assigner": "NORTH"}, {"identifier": "N-1"}):
        reply = await patient(api, **question)
        assert (reply.status, reply.json["name"], reply.json["active"]) == (200, "Ottilie Weaver", True)
        assert reply.json["record"].startswith("res.partner/")
    assert (await patient(api, identifier="N-1", assigner="SOUTH")).status == 404
    assert (await patient(api, identifier="N-2")).status == 404


async def test_a_number_that_two_have_is_nobodys_and_who_was_merged_away_is_not_active(odoo: Odoo) -> None:
    for assigner in ("NORTH", "SOUTH"):
        who = odoo.external_id("patient", assigner, "N-7")
        await odoo.upsert("res.partner", who, {"name": f"Somebody of {assigner}", "ref": "N-7"})
    api = served(odoo)
    assert (await patient(api, identifier="N-7")).status == 404
    found = await odoo.find(odoo.external_id("patient", "SOUTH", "N-7"))
    assert found is not None
    await odoo.archive("res.partner", [found.record_id])
    reply = await patient(api, identifier="N-7", assigner="SOUTH")
    assert (reply.status, reply.json["active"]) == (200, False)


async def test_a_supplier_is_a_company(odoo: Odoo) -> None:
    for number, company in (("SUP-1", True), ("SUP-2", False)):
        values = {"name": "Fairhaven Medical Goods", "ref": number, "is_company": company}
        await odoo.upsert("res.partner", odoo.external_id("supplier", "ERP", number), values)
    api = served(odoo)
    reply = await api.get("/v1/lookups/supplier?supplier=SUP-1", key="clm_desk")
    told = {"supplier": "SUP-1", "name": "Fairhaven Medical Goods", "active": True}
    assert (reply.status, reply.json) == (200, told)
    assert (await api.get("/v1/lookups/supplier?supplier=SUP-2", key="clm_desk")).status == 404


class Shelved(Odoo):
    """Gives these rows, by model, to whoever asks; the simulator has neither invoices nor stock."""

    def __init__(self, **rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[tuple[str, list[Any]]] = []

    async def search_read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], **_: Any
    ) -> list[dict[str, Any]]:
        self.asked.append((model, list(domain)))
        found = self.rows.get(model.replace(".", "_"), ())
        return [{name: row[name] for name in (*fields, "id") if name in row} for row in found]


async def test_how_an_invoice_stands() -> None:
    row = {"id": 4, "state": "posted", "payment_state": "partial", "amount_total": 310.0, "amount_residual": 85.5}
    erp = Shelved(account_move=[{**row, "currency_id": [1, "USD"]}])
    reply = await served(erp).get("/v1/lookups/invoice-status?invoice=INV/2026/00042", key="clm_desk")
    told = {"state": "posted", "payment": "partial", "total": "310.00", "due": "85.50", "currency": "USD"}
    assert (reply.status, reply.json) == (200, {"invoice": "INV/2026/00042", **told})
    [(model, domain)] = erp.asked
    assert model == "account.move"
    assert ["name", "=", "INV/2026/00042"] in domain
    reply = await served(Shelved()).get("/v1/lookups/invoice-status?invoice=X", key="clm_desk")
    assert reply.status == 404


async def test_how_much_there_is_of_a_product_at_a_place() -> None:
    quants = [{"quantity": 400.0, "reserved_quantity": 40.0}, {"quantity": 20.0, "reserved_quantity": 0.0}]
    erp = Shelved(product_product=[{"id": 12, "uom_id": [1, "box"]}], stock_quant=quants)
    reply = await served(erp).get("/v1/lookups/stock?product=GLOVE-M&location=WARD-3", key="clm_desk")
    assert (reply.status, reply.json) == (
        200,
        {"product": "GLOVE-M", "on_hand": 420.0, "available": 380.0, "unit": "box"},
    )
    domain = {one[0]: one[2] for one in erp.asked[1][1]}
    assert domain == {"product_id": 12, "location_id.usage": "internal", "location_id.barcode": "WARD-3"}
    assert (await served(Shelved()).get("/v1/lookups/stock?product=X", key="clm_desk")).status == 404
