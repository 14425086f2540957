"""Look-ups that an Odoo answers, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from tests.gateway.calling import Api, Reply, open_api

from careloom.core.clock import SystemClock
from careloom.hub.lookups import make_lookups
from careloom.hub.sections import ApiSection
from careloom.sim.odoo import SimulatedOdoo
from careloom.systems.ledger import MemoryLedger
from careloom.systems.odoo import Odoo, Settings
from careloom.testing.clock import VirtualClock

REASON = "somebody stands at the counter and waits for it"
SHAPES = ("patient", "partner", "supplier", "invoice-status", "balance", "stock", "dimensions")


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
    shelf, ward = {"location_id": [8, "WH/Stock"]}, {"location_id": [9, "WH/Stock/Ward 3"]}
    quants = [
        {**ward, "lot_id": [2, "L-2"], "quantity": 0.3, "reserved_quantity": 0.0},
        {**ward, "lot_id": [1, "L-1"], "quantity": 400.0, "reserved_quantity": 40.0},
        {**ward, "lot_id": [1, "L-1"], "quantity": 0.6, "reserved_quantity": 0.0},
        {**shelf, "lot_id": False, "quantity": 20.0, "reserved_quantity": 5.0},
    ]
    erp = Shelved(product_product=[{"id": 12, "uom_id": [1, "box"]}], stock_quant=quants, stock_location=[{"id": 8}])
    reply = await served(erp).get("/v1/lookups/stock?product=GLOVE-M&location=WARD-3", key="clm_desk")
    assert (reply.status, reply.json) == (
        200,
        {
            "product": "GLOVE-M",
            "on_hand": 420.9,
            "available": 375.9,
            "unit": "box",
            "places": [
                {"location": "WH/Stock", "on_hand": 20.0, "available": 15.0},
                {"location": "WH/Stock/Ward 3", "lot": "L-1", "on_hand": 400.6, "available": 360.6},
                {"location": "WH/Stock/Ward 3", "lot": "L-2", "on_hand": 0.3, "available": 0.3},
            ],
        },
    )
    assert erp.asked[1] == ("stock.location", [["barcode", "=", "WARD-3"]])
    assert {one[0]: one[2] for one in erp.asked[2][1]} == {
        "product_id": 12,
        "location_id.usage": "internal",
        "location_id": 8,
    }
    assert (await served(Shelved()).get("/v1/lookups/stock?product=X", key="clm_desk")).status == 404


async def test_one_lot_at_a_place_by_its_whole_name() -> None:
    class Named(Shelved):
        async def search_read(self, model: str, domain: Sequence[Any], fields: Sequence[str], **_: Any) -> Any:
            found = await super().search_read(model, domain, fields)
            return [] if model == "stock.location" and domain[0][0] == "barcode" else found

    erp = Named(product_product=[{"id": 12, "uom_id": [1, "box"]}], stock_location=[{"id": 9}])
    reply = await served(erp).get("/v1/lookups/stock?product=GLOVE-M&location=WH/Stock&lot=L-1", key="clm_desk")
    assert (reply.status, reply.json["on_hand"], reply.json["places"]) == (200, 0.0, [])
    assert ["lot_id.name", "=", "L-1"] in erp.asked[-1][1]
    assert ["location_id", "child_of", 9] in erp.asked[-1][1]
    nowhere = Shelved(product_product=[{"id": 12, "uom_id": [1, "box"]}])
    assert (await served(nowhere).get("/v1/lookups/stock?product=A&location=B", key="clm_desk")).status == 404


async def test_a_partner_is_whoever_has_the_reference(odoo: Odoo) -> None:
    values = {"name": "Northfield Health Plan", "ref": "60054", "is_company": True}
    await odoo.upsert("res.partner", odoo.external_id("payer", "ERP", "60054"), values)
    api = served(odoo)
    reply = await api.post("/v1/lookups/partner", key="clm_desk", payload={"partner": "60054"})
    assert (reply.status, reply.json["name"], reply.json["company"]) == (200, "Northfield Health Plan", True)
    assert (await api.post("/v1/lookups/partner", key="clm_desk", payload={"partner": "6005"})).status == 404


class Booked(Shelved):
    """Sums by the account's type and the company."""

    sums: Mapping[str, dict[int, float]] = {}

    async def totals(self, model: str, domain: Sequence[Any], field: str, by: str) -> dict[int, float]:
        assert (model, field, by) == ("account.move.line", "amount_residual", "company_id")
        said = {one[0]: one[2] for one in domain}
        assert (said["partner_id"], said["parent_state"]) == (42, "posted")
        return self.sums[said["account_id.account_type"]]

    async def read(self, model: str, ids: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        assert (model, list(fields)) == ("res.company", ["name", "currency_id"])
        return [{"id": one, "name": f"House {one}", "currency_id": [1, "USD"]} for one in ids]


async def test_what_is_open_with_a_partner_by_company() -> None:
    erp = Booked(res_partner=[{"id": 42}])
    erp.sums = {"asset_receivable": {1: 85.5, 2: -10.0}, "liability_payable": {2: -35.25, 3: -7.0}}
    reply = await served(erp).post("/v1/lookups/balance", key="clm_desk", payload={"partner": "MRN-77"})
    assert (reply.status, reply.json) == (
        200,
        {
            "partner": "MRN-77",
            "record": "res.partner/42",
            "balances": [
                {"company": "House 1", "receivable": "85.50", "payable": "0.00", "currency": "USD"},
                {"company": "House 2", "receivable": "-10.00", "payable": "35.25", "currency": "USD"},
                {"company": "House 3", "receivable": "0.00", "payable": "7.00", "currency": "USD"},
            ],
        },
    )
    nobody = await served(Booked()).post("/v1/lookups/balance", key="clm_desk", payload={"partner": "X"})
    assert nobody.status == 404


async def test_the_approved_dimensions_by_plan_and_code() -> None:
    rows = [
        {"id": 2, "code": "CC-9", "name": "Kitchen", "plan_id": [1, "Cost centres"], "active": True},
        {"id": 1, "code": False, "name": "Grant 7", "plan_id": [4, "Grants"], "active": True},
        {"id": 3, "code": "CC-410", "name": "Imaging", "plan_id": [1, "Cost centres"], "active": True},
    ]
    erp = Shelved(account_analytic_account=rows)
    reply = await served(erp).get("/v1/lookups/dimensions?plan=Cost+centres&code=CC-9", key="clm_desk")
    assert [one["name"] for one in reply.json["dimensions"]] == ["Imaging", "Kitchen", "Grant 7"]
    assert reply.json["dimensions"][2]["code"] == ""
    assert erp.asked == [("account.analytic.account", [["plan_id.name", "=", "Cost centres"], ["code", "=", "CC-9"]])]


async def test_odoo_down_a_kept_answer_is_told_and_says_how_old_it_is(any_erp: SimulatedOdoo) -> None:
    settings = Settings(url=any_erp.url, database=any_erp.database, login=any_erp.login, api_key="env:ODOO_KEY")
    odoo = Odoo("erp", settings, secrets=lambda _: any_erp.api_key)
    await odoo.upsert("res.partner", "careloom.s1", {"name": "Fairhaven", "ref": "SUP-1", "is_company": True})
    section = {"shape": "supplier", "system": "erp", "owner": "front-desk", "reason": REASON, "cache_seconds": 30}
    clock = VirtualClock()
    api_settings = ApiSection.model_validate({"lookups": {"supplier": section}})
    api = open_api(clock=clock, lookups=make_lookups(api_settings, {"erp": odoo}, clock))
    assert (await api.get("/v1/lookups/supplier?supplier=SUP-1", key="clm_desk")).status == 200
    async with any_erp.refusing():
        await clock.advance(3000)
        stale = await api.get("/v1/lookups/supplier?supplier=SUP-1", key="clm_desk")
        assert (stale.status, stale.json["stale"], stale.json["name"]) == (200, True, "Fairhaven")
        await clock.advance(700)
        assert (await api.get("/v1/lookups/supplier?supplier=SUP-1", key="clm_desk")).status == 503
    await api.services.lookups.close()
    await odoo.close()
