"""Products, purchase orders and sale orders in the simulated Odoo, as tried on the measured servers."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from careloom.sim.odoo import SimulatedOdoo

FORCED = {"skip_backorder": True, "skip_sms": True}
UNTAXED = {"taxes_id": [[6, 0, []]], "supplier_taxes_id": [[6, 0, []]]}


class Trade:
    """One server with a partner, and short ways to make products and orders."""

    def __init__(self, odoo: SimulatedOdoo, session: Any, clock: Any) -> None:
        self.odoo, self.clock = odoo, clock
        self._session = session
        self.partner = 0

    async def answer(self, model: str, method: str, *args: Any, **named: Any) -> dict[str, Any]:
        who = [self.odoo.database, self.odoo.uid, self.odoo.api_key]
        params = {"service": "object", "method": "execute_kw", "args": [*who, model, method, list(args), named]}
        async with self._session.post(f"{self.odoo.url}/jsonrpc", json={"params": params}) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def do(self, model: str, method: str, *args: Any, **named: Any) -> Any:
        answer = await self.answer(model, method, *args, **named)
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer.get("result")

    async def refused(self, model: str, method: str, *args: Any, **named: Any) -> str:
        answer = await self.answer(model, method, *args, **named)
        return str(answer["error"]["data"]["name"]).rsplit(".", 1)[-1]

    async def read(self, model: str, record: int, *fields: str) -> dict[str, Any]:
        [row] = await self.do(model, "read", [record], fields=list(fields))
        return {name: row[name] for name in fields}

    async def product(self, **values: Any) -> int:
        given = {"name": "Gauze", "is_storable": True, "list_price": 5.0, "standard_price": 2.0, **UNTAXED}
        return int(await self.do("product.product", "create", {**given, **values}))

    async def purchase(self, *lines: dict[str, Any], **values: Any) -> int:
        rows = [[0, 0, line] for line in lines]
        return int(
            await self.do("purchase.order", "create", {"partner_id": self.partner, "order_line": rows, **values})
        )

    async def sale(self, *lines: dict[str, Any], **values: Any) -> int:
        rows = [[0, 0, line] for line in lines]
        return int(await self.do("sale.order", "create", {"partner_id": self.partner, "order_line": rows, **values}))

    async def lines(self, model: str, order: int, *fields: str) -> list[dict[str, Any]]:
        rows = await self.do(model, "search_read", [["order_id", "=", order]], fields=list(fields), order="id")
        return list(rows)

    async def receive(self, order: int) -> None:
        for picking in (await self.read("purchase.order", order, "picking_ids"))["picking_ids"]:
            assert await self.do("stock.picking", "button_validate", [picking], context=FORCED) is True

    async def bumped(self, model: str, record: int, change: Any) -> bool:
        """Whether awaiting `change` a minute later gives the record another write_date."""
        before = await self.read(model, record, "write_date")
        self.clock.advance(60)
        await change
        return await self.read(model, record, "write_date") != before


@pytest.fixture(params=["18.0", "19.0"])
async def trade(request: Any, clock: Any, session: Any) -> AsyncIterator[Trade]:
    async with SimulatedOdoo(request.param, clock=clock) as odoo:
        trade = Trade(odoo, session, clock)
        trade.partner = await trade.do("res.partner", "create", {"name": "Vendor Sample"})
        yield trade


async def test_a_product_and_its_template_share_their_values(trade: Trade) -> None:
    product = await trade.product(default_code="G-1", barcode="B-1", tracking="lot")
    template = (await trade.read("product.product", product, "product_tmpl_id"))["product_tmpl_id"]
    assert template[1] == "[G-1] Gauze"
    shown = await trade.read("product.template", template[0], "default_code", "barcode", "standard_price", "tracking")
    assert shown == {"default_code": "G-1", "barcode": "B-1", "standard_price": 2.0, "tracking": "lot"}
    await trade.do(
        "product.template", "write", [template[0]], {"name": "Pad", "default_code": "G-2", "list_price": 9.0}
    )
    row = await trade.read("product.product", product, "display_name", "lst_price", "list_price")
    assert row == {"display_name": "[G-2] Pad", "lst_price": 9.0, "list_price": 9.0}
    await trade.do("product.product", "write", [product], {"name": "Pads", "is_storable": False})
    shown = await trade.read("product.template", template[0], "name", "is_storable", "product_variant_ids")
    assert shown == {"name": "Pads", "is_storable": False, "product_variant_ids": [product]}


async def test_a_template_comes_with_its_product(trade: Trade) -> None:
    values = {"name": "Scalpel", "default_code": "S-1", "standard_price": 4.0}
    template = await trade.do("product.template", "create", values)
    [product] = (await trade.read("product.template", template, "product_variant_ids"))["product_variant_ids"]
    row = await trade.read("product.product", product, "display_name", "standard_price", "uom_id", "type")
    assert row == {"display_name": "[S-1] Scalpel", "standard_price": 4.0, "uom_id": [1, "Units"], "type": "consu"}
    [loaded] = (await trade.do("product.product", "load", ["id", "name"], [["hip.g", "Gown"]]))["ids"]
    assert (await trade.do("product.product", "load", ["id", "name"], [["hip.g", "Gowns"]]))["ids"] == [loaded]
    assert (await trade.read("product.product", loaded, "name"))["name"] == "Gowns"


async def test_a_product_made_without_taxes_gets_the_defaults_of_its_company(trade: Trade) -> None:
    product = await trade.do("product.product", "create", {"name": "Gown"})
    [taxes] = await trade.do("product.product", "read", [product], fields=["taxes_id", "supplier_taxes_id"])
    assert taxes["taxes_id"]
    assert taxes["supplier_taxes_id"]
    order = await trade.sale({"product_id": product, "product_uom_qty": 1, "price_unit": 100})
    assert (await trade.read("sale.order", order, "amount_total"))["amount_total"] == 115.0
    untaxed = await trade.sale({"product_id": await trade.product(), "product_uom_qty": 1, "price_unit": 100})
    assert (await trade.read("sale.order", untaxed, "amount_total"))["amount_total"] == 100.0


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": "x", "type": "product"}, "ValueError"),
        ({"name": "x", "use_expiration_date": True}, "ValueError"),
        ({"default_code": "x"}, "ValidationError"),
    ],
)
async def test_products_that_are_refused(trade: Trade, values: dict[str, Any], error: str) -> None:
    assert await trade.refused("product.product", "create", values) == error


async def test_a_barcode_names_one_product(trade: Trade) -> None:
    await trade.product(barcode="B-1")
    other = await trade.product(barcode="B-2")
    assert await trade.refused("product.product", "write", [other], {"barcode": "B-1"}) == "ValidationError"
    assert (await trade.read("product.product", other, "barcode"))["barcode"] == "B-2"


async def test_a_used_product_cannot_be_deleted_and_18_keeps_its_unit(trade: Trade) -> None:
    product = await trade.product()
    order = await trade.purchase({"product_id": product, "product_qty": 1, "price_unit": 1})
    await trade.do("purchase.order", "button_confirm", [order])
    assert await trade.refused("product.product", "unlink", [product]) == "ValidationError"
    kilogram = (await trade.do("ir.model.data", "check_object_reference", "uom", "product_uom_kgm"))[1]
    answer = await trade.answer("product.product", "write", [product], {"uom_id": kilogram})
    assert ("error" in answer) == (trade.odoo.major == 18)
    unused = await trade.product()
    assert await trade.do("product.product", "unlink", [unused]) is True


async def test_what_bumps_a_product_and_what_does_not(trade: Trade) -> None:
    product = await trade.product()
    template = (await trade.read("product.product", product, "product_tmpl_id"))["product_tmpl_id"][0]
    renamed = trade.do("product.product", "write", [product], {"name": "Other"})
    assert await trade.bumped("product.template", template, renamed)
    priced = trade.do("product.template", "write", [template], {"list_price": 6.0})
    assert await trade.bumped("product.product", product, priced)
    cost = trade.do("product.product", "write", [product], {"standard_price": 3.0})
    assert not await trade.bumped("product.template", template, cost)
    offer = {"partner_id": trade.partner, "product_tmpl_id": template, "price": 1.0, "min_qty": 1}
    offered = trade.do("product.supplierinfo", "create", offer)
    assert not await trade.bumped("product.product", product, offered)
    [stock] = [row["id"] for row in trade.odoo.records("stock.location") if row["barcode"] == "WHSTOCK"]
    quant = await trade.do("stock.quant", "create", {"product_id": product, "location_id": stock, "quantity": 0})
    await trade.do("stock.quant", "write", [quant], {"inventory_quantity": 4})
    counted = trade.do("stock.quant", "action_apply_inventory", [quant])
    assert not await trade.bumped("product.product", product, counted)


async def test_a_line_takes_price_date_and_words_from_the_vendors_offer(trade: Trade) -> None:
    product = await trade.product(default_code="G-1")
    template = (await trade.read("product.product", product, "product_tmpl_id"))["product_tmpl_id"][0]
    offer = {"partner_id": trade.partner, "product_tmpl_id": template, "price": 1.75, "min_qty": 1, "delay": 3}
    await trade.do("product.supplierinfo", "create", {**offer, "product_code": "V-1"})
    order = await trade.purchase({"product_id": product, "product_qty": 4})
    [line] = await trade.lines("purchase.order.line", order, "name", "price_unit", "price_subtotal", "date_planned")
    assert (line["name"], line["price_unit"], line["price_subtotal"]) == ("[V-1] Gauze", 1.75, 7.0)
    assert line["date_planned"].startswith("2026-11-23")
    assert (await trade.read("purchase.order", order, "date_planned"))["date_planned"] == line["date_planned"]


async def test_a_receipt_in_parts_moves_the_order_on(trade: Trade) -> None:
    product = await trade.product()
    order = await trade.purchase({"product_id": product, "product_qty": 10, "price_unit": 1.1}, partner_ref="REQ-1")
    assert await trade.do("purchase.order", "button_confirm", [order]) is True
    assert await trade.do("purchase.order", "button_confirm", [order]) is True
    [picking] = (await trade.read("purchase.order", order, "picking_ids"))["picking_ids"]
    [move] = await trade.do("stock.move", "search", [["picking_id", "=", picking]])
    await trade.do("stock.move", "write", [move], {"quantity": 6, "picked": True})
    await trade.do("stock.picking", "button_validate", [picking], context=FORCED)
    row = await trade.read("purchase.order", order, "receipt_status", "invoice_status", "is_shipped")
    assert row == {"receipt_status": "partial", "invoice_status": "to invoice", "is_shipped": False}
    [line] = await trade.lines("purchase.order.line", order, "qty_received", "qty_to_invoice")
    assert (line["qty_received"], line["qty_to_invoice"]) == (6.0, 6.0)
    stock = await trade.read("product.product", product, "qty_available", "incoming_qty", "virtual_available")
    assert stock == {"qty_available": 6.0, "incoming_qty": 4.0, "virtual_available": 10.0}
    later = max((await trade.read("purchase.order", order, "picking_ids"))["picking_ids"])
    await trade.do("stock.picking", "action_cancel", [later])
    assert (await trade.read("purchase.order", order, "receipt_status"))["receipt_status"] == "full"


async def test_a_receipt_bumps_the_order_and_a_text_does_not(trade: Trade) -> None:
    order = await trade.purchase({"product_id": await trade.product(), "product_qty": 2, "price_unit": 1})
    [line] = [row["id"] for row in await trade.lines("purchase.order.line", order, "id")]
    worded = trade.do("purchase.order.line", "write", [line], {"name": "other words"})
    assert not await trade.bumped("purchase.order", order, worded)
    counted = trade.do("purchase.order.line", "write", [line], {"product_qty": 3})
    assert await trade.bumped("purchase.order", order, counted)
    await trade.do("purchase.order", "button_confirm", [order])
    assert await trade.bumped("purchase.order", order, trade.receive(order))


async def test_a_received_order_is_cancelled_in_19_only(trade: Trade) -> None:
    order = await trade.purchase({"product_id": await trade.product(), "product_qty": 2, "price_unit": 1})
    assert await trade.refused("purchase.order", "unlink", [order]) == "UserError"
    await trade.do("purchase.order", "button_confirm", [order])
    await trade.receive(order)
    answer = await trade.answer("purchase.order", "button_cancel", [order])
    old = trade.odoo.major == 18
    assert ("error" in answer) == old
    assert (await trade.read("purchase.order", order, "state"))["state"] == ("purchase" if old else "cancel")


async def test_an_open_order_is_cancelled_with_its_receipt_and_comes_back(trade: Trade) -> None:
    order = await trade.purchase({"product_id": await trade.product(), "product_qty": 2, "price_unit": 1})
    await trade.do("purchase.order", "button_confirm", [order])
    assert await trade.do("purchase.order", "button_cancel", [order]) is None
    row = await trade.read("purchase.order", order, "state", "receipt_status")
    assert row == {"state": "cancel", "receipt_status": False}
    assert await trade.do("purchase.order", "button_confirm", [order]) is True  # not a draft: nothing happens
    assert (await trade.read("purchase.order", order, "state"))["state"] == "cancel"
    await trade.do("purchase.order", "button_draft", [order])
    await trade.do("purchase.order", "button_confirm", [order])
    assert (await trade.read("purchase.order", order, "state"))["state"] == "purchase"


async def test_a_locked_purchase_is_a_state_in_18_and_a_flag_in_19(trade: Trade) -> None:
    order = await trade.purchase({"product_id": await trade.product(), "product_qty": 2, "price_unit": 1})
    await trade.do("purchase.order", "button_confirm", [order])
    old = trade.odoo.major == 18
    await trade.do("purchase.order", "button_done" if old else "button_lock", [order])
    row = await trade.read("purchase.order", order, "state", *([] if old else ["locked"]))
    assert row == ({"state": "done"} if old else {"state": "purchase", "locked": True})


async def test_a_bill_is_for_what_has_come(trade: Trade) -> None:
    order = await trade.purchase({"product_id": await trade.product(), "product_qty": 4, "price_unit": 2.5})
    await trade.do("purchase.order", "button_confirm", [order])
    if trade.odoo.major == 18:
        assert await trade.refused("purchase.order", "action_create_invoice", [order]) == "UserError"
    await trade.receive(order)
    action = await trade.do("purchase.order", "action_create_invoice", [order])
    bill = await trade.read("account.move", action["res_id"], "move_type", "state", "amount_total", "invoice_origin")
    assert bill == {"move_type": "in_invoice", "state": "draft", "amount_total": 10.0, "invoice_origin": "P00001"}
    row = await trade.read("purchase.order", order, "invoice_ids", "invoice_status")
    assert row == {"invoice_ids": [action["res_id"]], "invoice_status": "invoiced"}


async def test_a_purchase_in_packs_is_received_in_units(trade: Trade) -> None:
    name, size = ("product_uom_dozen", 12) if trade.odoo.major == 18 else ("product_uom_pack_6", 6)
    pack = (await trade.do("ir.model.data", "check_object_reference", "uom", name))[1]
    unit = "product_uom" if trade.odoo.major == 18 else "product_uom_id"
    product = await trade.product()
    order = await trade.purchase({"product_id": product, "product_qty": 2, "price_unit": 12, unit: pack})
    await trade.do("purchase.order", "button_confirm", [order])
    await trade.receive(order)
    [line] = await trade.lines("purchase.order.line", order, "qty_received", "price_subtotal", "product_uom_qty")
    assert (line["qty_received"], line["price_subtotal"], line["product_uom_qty"]) == (2.0, 24.0, 2.0 * size)
    assert (await trade.read("product.product", product, "qty_available"))["qty_available"] == 2.0 * size


async def test_a_sale_is_delivered_and_invoiced(trade: Trade) -> None:
    goods, service = await trade.product(), await trade.product(type="service", is_storable=False, list_price=120)
    order = await trade.sale({"product_id": goods, "product_uom_qty": 2}, {"product_id": service})
    assert await trade.do("sale.order", "action_confirm", [order]) is True
    assert await trade.refused("sale.order", "action_confirm", [order]) == "UserError"
    [picking] = (await trade.read("sale.order", order, "picking_ids"))["picking_ids"]
    [move] = await trade.do("stock.move", "search", [["picking_id", "=", picking]])  # the service has none
    await trade.do("stock.move", "write", [move], {"quantity": 2, "picked": True})
    await trade.do("stock.picking", "button_validate", [picking], context=FORCED)
    row = await trade.read("sale.order", order, "delivery_status", "invoice_status", "amount_total")
    assert row == {"delivery_status": "full", "invoice_status": "to invoice", "amount_total": 130.0}
    about = {"active_model": "sale.order", "active_ids": [order]}
    wizard = await trade.do(
        "sale.advance.payment.inv", "create", {"advance_payment_method": "delivered"}, context=about
    )
    action = await trade.do("sale.advance.payment.inv", "create_invoices", [wizard], context=about)
    invoice = await trade.read("account.move", action["res_id"], "move_type", "state", "amount_total")
    assert invoice == {"move_type": "out_invoice", "state": "draft", "amount_total": 130.0}
    row = await trade.read("sale.order", order, "invoice_ids", "invoice_status")
    assert row == {"invoice_ids": [action["res_id"]], "invoice_status": "invoiced"}
    assert await trade.refused("sale.advance.payment.inv", "create_invoices", [wizard], context=about) == "UserError"


async def test_a_confirmed_sale_is_cancelled_at_once_in_19_and_after_a_question_in_18(trade: Trade) -> None:
    order = await trade.sale({"product_id": await trade.product(), "product_uom_qty": 2})
    await trade.do("sale.order", "action_confirm", [order])
    assert await trade.refused("sale.order", "unlink", [order]) == "UserError"
    answer = await trade.do("sale.order", "action_cancel", [order])
    if trade.odoo.major == 18:
        assert answer["res_model"] == "sale.order.cancel"
        assert (await trade.read("sale.order", order, "state"))["state"] == "sale"
        answer = await trade.do("sale.order", "action_cancel", [order], context={"disable_cancel_warning": True})
    assert answer is True
    assert (await trade.read("sale.order", order, "state", "delivery_status")) == {
        "state": "cancel",
        "delivery_status": False,
    }


async def test_a_locked_sale_is_not_changed(trade: Trade) -> None:
    order = await trade.sale({"product_id": await trade.product(), "product_uom_qty": 2})
    await trade.do("sale.order", "action_confirm", [order])
    await trade.do("sale.order", "action_lock", [order])
    [line] = [row["id"] for row in await trade.lines("sale.order.line", order, "id")]
    assert await trade.refused("sale.order.line", "write", [line], {"product_uom_qty": 9}) == "UserError"
    assert await trade.refused("sale.order", "action_cancel", [order]) == "UserError"
    await trade.do("sale.order", "action_unlock", [order])
    await trade.do("sale.order.line", "write", [line], {"product_uom_qty": 9})
    [move] = await trade.do("stock.move", "search_read", [["sale_line_id", "=", line]], fields=["product_uom_qty"])
    assert move["product_uom_qty"] == 9.0
    assert await trade.refused("sale.order.line", "unlink", [line]) == "UserError"


async def test_another_quantity_brings_the_list_price_back(trade: Trade) -> None:
    """Measured in both versions: a price given at the creation does not survive a new quantity without a price."""
    order = await trade.sale({"product_id": await trade.product(), "product_uom_qty": 3, "price_unit": 4.5})
    [line] = [row["id"] for row in await trade.lines("sale.order.line", order, "id")]
    await trade.do("sale.order.line", "write", [line], {"product_uom_qty": 4})
    assert (await trade.read("sale.order", order, "amount_total"))["amount_total"] == 20.0
    await trade.do("sale.order.line", "write", [line], {"product_uom_qty": 2, "price_unit": 4.5})
    assert (await trade.read("sale.order", order, "amount_total"))["amount_total"] == 9.0


async def test_a_sale_is_bumped_by_its_amounts_and_not_by_a_text(trade: Trade) -> None:
    order = await trade.sale({"product_id": await trade.product(), "product_uom_qty": 3})
    [line] = [row["id"] for row in await trade.lines("sale.order.line", order, "id")]
    worded = trade.do("sale.order.line", "write", [line], {"name": "other words"})
    assert not await trade.bumped("sale.order", order, worded)
    counted = trade.do("sale.order.line", "write", [line], {"product_uom_qty": 4})
    assert await trade.bumped("sale.order", order, counted)


async def test_orders_are_read_with_their_lines_in_one_call(trade: Trade) -> None:
    product = await trade.product(default_code="G-1")
    order = await trade.purchase({"product_id": product, "product_qty": 4, "price_unit": 2})
    wanted = {"name": {}, "order_line": {"fields": {"product_qty": {}, "product_id": {"fields": {"default_code": {}}}}}}
    [row] = await trade.do("purchase.order", "web_read", [order], wanted)
    [line] = row["order_line"]
    assert (row["name"], line["product_qty"], line["product_id"]["default_code"]) == ("P00001", 4.0, "G-1")


async def test_each_version_names_its_fields(trade: Trade) -> None:
    line = await trade.do("purchase.order.line", "fields_get", attributes=["type"])
    sold = await trade.do("sale.order.line", "fields_get", attributes=["type"])
    old = trade.odoo.major == 18
    assert ({"product_uom", "taxes_id"} <= set(line)) == old
    assert ({"product_uom_id", "tax_ids"} <= set(line)) != old
    assert ("tax_id" in sold) == old
    names = await trade.answer("uom.category", "search_count", [])
    assert ("error" in names) != old


async def test_a_failed_order_leaves_nothing_behind(trade: Trade) -> None:
    product = await trade.product()
    wrong = [
        {"partner_id": trade.partner, "order_line": [[0, 0, {"product_id": product}]]},
        {"partner_ref": "no vendor"},
    ]
    assert await trade.refused("purchase.order", "create", wrong) == "ValidationError"
    assert trade.odoo.records("purchase.order") == []
    assert trade.odoo.records("purchase.order.line") == []
