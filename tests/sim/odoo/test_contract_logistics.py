"""Products, purchases, stock and sales: the recorded calls of the measured servers, replayed in their order.

One server goes through a whole scene, so that a later call meets what the earlier ones left. Ids of the recordings are
paired with this server's as they are given out. Where two dialogues of Odoo differ in words only, names and shapes are
compared.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from careloom.sim.odoo import SimulatedOdoo

TRANSCRIPTS = Path(__file__).resolve().parents[3] / ".." / "shared" / "odoo" / "transcripts"
VERSIONS = ("18.0", "19.0")
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not TRANSCRIPTS.exists(), reason="the recordings are not beside the project"),
]
Compare = Callable[[Any, Any], None]


@dataclass
class Stage:
    """One server, and what stands for what of the recordings."""

    odoo: SimulatedOdoo
    session: aiohttp.ClientSession
    ids: dict[str, dict[int, int]]
    names: dict[str, str] = field(default_factory=dict)

    async def do(self, model: str, method: str, *args: Any, **named: Any) -> Any:
        who = [self.odoo.database, self.odoo.uid, self.odoo.api_key]
        params = {"service": "object", "method": "execute_kw", "args": [*who, model, method, list(args), named]}
        async with self.session.post(f"{self.odoo.url}/jsonrpc", json={"params": params}) as response:
            answer = await response.json()
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer.get("result")

    def know(self, model: str, old: int, new: int) -> None:
        self.ids.setdefault(model, {})[old] = new

    def this(self, model: str, old: int) -> int:
        return self.ids[model][old]


def recording(version: str, name: str) -> dict[str, Any]:
    return json.loads((TRANSCRIPTS / version / f"{name}.json").read_text())


@dataclass(frozen=True)
class Request:
    """What a recorded call asks, whichever transport it took."""

    model: str
    method: str
    ids: list[int]
    named: dict[str, Any]


def asked(known: dict[str, Any]) -> Request:
    body = known["request"]["body"]
    if "params" in body:
        *_, model, method, args, named = body["params"]["args"]
        if method == "create":
            return Request(model, method, [], {"vals_list": args[0], **named})
        if method == "write":
            return Request(model, method, args[0], {"vals": args[1], **named})
        return Request(model, method, args[0] if args else [], named)
    _, model, method = known["request"]["path"].removeprefix("/json/").split("/")
    return Request(model, method, body.get("ids", []), {key: one for key, one in body.items() if key != "ids"})


def answered(known: dict[str, Any]) -> Any:
    """The result, or the name of the error."""
    body = known["response"]["body"]
    if isinstance(body, dict) and "error" in body:
        return body["error"]["data"]["name"]
    if isinstance(body, dict) and "debug" in body:
        return body["name"]
    return body.get("result") if isinstance(body, dict) and "jsonrpc" in body else body


LINKS = {
    "partner_id": "res.partner",
    "product_id": "product.product",
    "location_id": "stock.location",
    "picking_id": "stock.picking",
}


def translated(stage: Stage, value: Any) -> Any:
    """`value` of a recorded call with this server's ids: links by the field they stand under."""
    if isinstance(value, dict):
        return {key: linked(stage, key, one) for key, one in value.items()}
    if isinstance(value, list) and len(value) == 3 and value[0] in LINKS:
        return [value[0], value[1], linked(stage, value[0], value[2])]
    if isinstance(value, str):
        return stage.names.get(value, value)
    return [translated(stage, one) for one in value] if isinstance(value, list) else value


def linked(stage: Stage, key: str, value: Any) -> Any:
    if key in LINKS and type(value) is int:
        return stage.this(LINKS[key], value)
    if key == "active_ids":
        return [stage.this("sale.order", one) for one in value]
    return translated(stage, value)


def pair(stage: Stage, request: Request, real: Any, ours: Any) -> None:
    """Remember which of our ids stand for the recorded ones."""
    if request.method == "create":
        for old, new in zip(real, ours, strict=True):
            stage.know(request.model, old, new)
    if request.method in ("read", "search_read"):
        for old, new in zip(real, ours, strict=True):
            stage.know(request.model, old["id"], new["id"])
            stage.names |= {old["name"]: new["name"]} if "name" in old else {}
            for theirs, mine in zip(old.get("picking_ids", []), new.get("picking_ids", []), strict=True):
                stage.know("stock.picking", theirs, mine)


async def replay(stage: Stage, version: str, name: str) -> tuple[Any, Any]:
    """(recorded, ours): results, or the names of the errors."""
    known = recording(version, name)
    request = asked(known)
    ids = [stage.this(request.model, one) for one in request.ids]
    named = {key: translated(stage, one) for key, one in request.named.items()}
    positional: list[Any] = [ids] if ids else []
    for first in ("vals_list", "vals"):
        positional += [named.pop(first)] if first in named else []
    who = [stage.odoo.database, stage.odoo.uid, stage.odoo.api_key, request.model, request.method]
    body = {"params": {"service": "object", "method": "execute_kw", "args": [*who, positional, named]}}
    async with stage.session.post(f"{stage.odoo.url}/jsonrpc", json=body) as response:
        answer = await response.json()
    ours = answer["error"]["data"]["name"] if "error" in answer else answer.get("result")
    real = answered(known)
    if "error" not in answer:
        pair(stage, request, real, ours)
    return real, ours


def leveled(value: Any) -> Any:
    """`value` without ids, digits, and times."""
    if isinstance(value, dict):
        return {key: leveled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [leveled(one) for one in value]
    if type(value) is int:
        return "a whole number"
    return re.sub(r"\d+", "#", value) if isinstance(value, str) else value


def same(real: Any, ours: Any) -> None:
    assert leveled(ours) == leveled(real)


def same_window(real: Any, ours: Any) -> None:
    """Two dialogues: what they open, for which records, and all the keys; not the ids of views nor the help."""
    assert set(ours) == set(real)
    for key in ("name", "type", "res_model", "target"):
        assert ours[key] == real[key]
    assert set(ours["context"]) == set(real["context"])


def same_name(real: Any, ours: Any) -> None:
    assert isinstance(ours, str)
    assert ours == real


def nothing(real: Any, ours: Any) -> None:
    assert real is None
    assert ours is None


PURCHASE: tuple[tuple[str, Compare], ...] = (
    ("c20_product_create_storable", same),
    ("c21_product_create_service", same),
    ("c22_product_read", same),
    ("c60_purchase_create", same),
    ("c61_purchase_confirm", same),
    ("c62_purchase_confirm_twice", same),
    ("c63_purchase_read", same),
    ("c64_receipt_moves", same),
    ("c65_receipt_set_partial_quantity", same),
    ("c66_receipt_validate_asks_backorder", same_window),
    ("c67_receipt_validate_skip_backorder", same),
    ("c68_receipt_validate_twice", same),
    ("c69_receipts_of_order", same),
    ("c69b_backorder_cancel", same),
    ("c70_quant_read", same),
    ("c71_quant_set_counted_quantity", same),
    ("c72_quant_apply_inventory", nothing),
    ("c73_quant_apply_twice", nothing),
    ("c74_quant_create_inventory_mode", same),
    ("", same),
    ("c75_quant_read_after", same),
    ("c76_quant_write_quantity_directly", same),
    ("c77_quant_after_direct_write", same),
)
SALE: tuple[tuple[str, Compare], ...] = (
    ("c80_sale_create", same),
    ("c81_sale_confirm", same),
    ("c82_sale_confirm_twice", same_name),
    ("c83_sale_read", same),
    ("c84_delivery_validate", same_window),
    ("c84b_delivery_state", same),
    ("c84c_delivery_validate_skip_sms", same),
    ("c84d_delivery_state", same),
    ("c85_sale_invoice_wizard_create", same),
    ("c86_sale_invoice_wizard_run", same_window),
    ("c87_sale_read_invoiced", same),
)


async def a_stage(odoo: SimulatedOdoo, session: aiohttp.ClientSession, version: str) -> Stage:
    """The partners that the recordings name, one with a telephone, and the stock location."""
    stage = Stage(odoo, session, {})
    for name in ("c60_purchase_create", "c80_sale_create"):
        [values] = asked(recording(version, name)).named["vals_list"]
        partner = await stage.do("res.partner", "create", {"name": "Ida Sample", "phone": "+1 202 555 0100"})
        stage.know("res.partner", values["partner_id"], partner)
    [stock] = [row["id"] for row in odoo.records("stock.location") if row["barcode"] == "WHSTOCK"]
    [values] = asked(recording(version, "c74_quant_create_inventory_mode")).named["vals_list"]
    stage.know("stock.location", values["location_id"], stock)
    return stage


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_purchase_and_a_sale_go_as_on_the_real_server(version: str, session: Any, clock: Any) -> None:
    async with SimulatedOdoo(version, clock=clock) as odoo:
        stage = await a_stage(odoo, session, version)
        for name, compare in (*PURCHASE, *SALE):
            if name:
                compare(*await replay(stage, version, name))
            else:  # the recording applied the count of c74 before it read
                [quant] = [one["id"] for one in odoo.records("stock.quant") if one["inventory_quantity_set"]]
                await stage.do("stock.quant", "action_apply_inventory", [quant])


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_is_loaded_with_its_lines_and_only_once(version: str, session: Any, clock: Any) -> None:
    async with SimulatedOdoo(version, clock=clock) as odoo:
        stage = Stage(odoo, session, {})
        given = asked(recording(version, "i23_load_purchase_order")).named
        external = given["data"][0][1]
        await stage.do("res.partner", "load", fields=["id", "name"], data=[[external, "Vendor Sample"]])
        gauze = {"name": "Gauze", "is_storable": True, "supplier_taxes_id": [[6, 0, []]]}
        product = await stage.do("product.product", "create", gauze)
        data = [[str(product) if place == 4 else cell for place, cell in enumerate(given["data"][0])]]
        first = await stage.do("purchase.order", "load", fields=given["fields"], data=data)
        assert leveled(first) == leveled(answered(recording(version, "i23_load_purchase_order")))
        assert await stage.do("purchase.order", "load", fields=given["fields"], data=data) == first
        [order] = await stage.do("purchase.order", "read", first["ids"], fields=["order_line", "amount_total"])
        assert (len(order["order_line"]), order["amount_total"]) == (1, 6.25)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["e01_validation_error_duplicate_barcode", "e05_not_null_required_field_missing"])
async def test_products_are_refused_as_on_the_real_server(version: str, name: str, session: Any, clock: Any) -> None:
    async with SimulatedOdoo(version, clock=clock) as odoo:
        stage = Stage(odoo, session, {})
        [values] = asked(recording(version, name)).named["vals_list"]
        if "barcode" in values:
            await stage.do("product.product", "create", {"name": "Gauze", "barcode": values["barcode"]})
        same_name(*await replay(stage, version, name))


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_without_a_vendor_is_refused_as_on_the_real_server(
    version: str, session: Any, clock: Any
) -> None:
    async with SimulatedOdoo(version, clock=clock) as odoo:
        stage = Stage(odoo, session, {})
        [values] = asked(recording(version, "e46_purchase_without_vendor")).named["vals_list"]
        product = await stage.do("product.product", "create", {"name": "Gauze"})
        stage.know("product.product", values["order_line"][0][2]["product_id"], product)
        same_name(*await replay(stage, version, "e46_purchase_without_vendor"))


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_xml_rpc_answer_of_nothing_is_a_fault_after_the_commit(version: str, session: Any, clock: Any) -> None:
    """[c78, c79]: the client sees fault 1, and the stock is as counted."""
    async with SimulatedOdoo(version, clock=clock) as odoo:
        stage = Stage(odoo, session, {})
        product = await stage.do("product.product", "create", {"name": "Gauze", "is_storable": True})
        [stock] = [row["id"] for row in odoo.records("stock.location") if row["barcode"] == "WHSTOCK"]
        count = {"product_id": product, "location_id": stock, "inventory_quantity": 31}
        quant = await stage.do("stock.quant", "create", count, context={"inventory_mode": True})
        known = recording(version, "c78_xmlrpc_none_result_is_a_fault_after_commit")
        body = (
            known["request"]["body"].replace("***REDACTED***", odoo.api_key).replace(f"lab{odoo.major}", odoo.database)
        )
        body = re.sub(r"(<data>\s*<value><int>)\d+(</int>)", rf"\g<1>{quant}\g<2>", body)
        async with session.post(odoo.url + known["request"]["path"], data=body) as response:
            text = await response.text()
        assert "<name>faultCode</name>" in text
        assert "cannot marshal None" in text
        [row] = await stage.do("stock.quant", "read", [quant], fields=["quantity"])
        assert row["quantity"] == answered(recording(version, "c79_quant_after_xmlrpc_fault"))[0]["quantity"]
