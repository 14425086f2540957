"""Business stories, told alike by the addon's outbox and by polling, of 18.0 and 19.0, simulated and real.

Set CARELOOM_TEST_ODOO_URL, _DB, _LOGIN, _KEY (and _ADMIN, the administrator's password) for a database of yours; it
gains records. Where the addon is not installed there, polling alone is tried.
"""

from __future__ import annotations

from tests.systems.odoo.feed.conftest import Stage


async def test_a_partner_comes_changes_and_goes(stage: Stage) -> None:
    clerk, ref = stage.business.clerk, f"P-{stage.business.run}"
    partner = await stage.business.partner(ref=ref, email="desk@example.org")
    (event,) = await stage.told()
    assert (event["type"], event["partner"]["identifier"][0]["value"]) == ("partner.changed.v1", ref)
    assert event["record"] == {
        "model": "res.partner",
        "id": str(partner),
        "system": "erp",
        "user": stage.server.login,
    }
    await clerk("res.partner", "write", [partner], {"city": "Riverton"})
    (event,) = await stage.told()
    assert event["partner"]["address"] == [{"city": "Riverton"}]
    await clerk("res.partner", "write", [partner], {"active": False})
    (event,) = await stage.told()
    assert event["partner"]["active"] is False
    await clerk("res.partner", "unlink", [partner])
    (event,) = await stage.told()
    assert (event["type"], event["partner"][0]["value"]) == ("record.deleted.v1", ref)
    assert await stage.told() == []


async def test_noise_is_not_told(stage: Stage) -> None:
    clerk = stage.business.clerk
    partner = await stage.business.partner(ref=f"P-{stage.business.run}", city="Riverton")
    await stage.told()
    await clerk("res.partner", "write", [partner], {"city": "Riverton"})
    await clerk("res.partner", "write", [partner], {"comment": "a note that no event tells"})
    await clerk("res.partner", "write", [partner], {"city": "Elsewhere"})
    await clerk("res.partner", "write", [partner], {"city": "Riverton"})
    # The outbox saw both of the last two; polling looked only afterwards.
    followed = {follower.feed: await follower.told() for follower in stage.followers}
    assert followed.pop("polling") == []
    for events in followed.values():
        assert [event["partner"]["address"][0]["city"] for event in events] == ["Elsewhere", "Riverton"]


async def test_a_product_and_its_price(stage: Stage) -> None:
    business = stage.business
    supplier, product = await business.partner(ref=f"V-{business.run}"), await business.product()
    told = await stage.told()
    assert sorted(one["type"] for one in told) == ["partner.changed.v1", "product.changed.v1"]
    await business.chief("product.product", "write", [product], {"name": "Guide wire 2"})
    (event,) = await stage.told()
    assert event["product"]["name"] == "Guide wire 2"
    assert event["product"]["identifier"][0] == {"value": f"S-{business.run}", "type": "SKU"}
    (read,) = await business.chief("product.product", "read", [product], ["product_tmpl_id"])
    offer = {"partner_id": supplier, "product_tmpl_id": read["product_tmpl_id"][0], "price": 7.5, "delay": 3}
    price = await business.chief("product.supplierinfo", "create", offer)
    (event,) = await stage.told()
    assert (event["product"]["price"]["value"], event["product"]["leadDays"]) == ("7.50", 3)
    await business.chief("product.supplierinfo", "write", [price], {"price": 8.0})
    (event,) = await stage.told()
    assert event["product"]["price"]["value"] == "8.00"


async def test_an_invoice_is_issued_paid_in_parts_and_settled(stage: Stage) -> None:
    business = stage.business
    partner, product = await business.partner(ref=f"C-{business.run}"), await business.product()
    await stage.told()
    invoice = await business.invoice(partner, product, 100.0)
    assert await stage.told() == []
    await business.post(invoice)
    (issued,) = await stage.told()
    assert (issued["type"], issued["invoice"]["totalGross"]["value"]) == ("invoice.issued.v1", "100.00")
    for amount, left, state in ((30.0, "70.00", "partial"), (70.0, "0.00", "paid")):
        payment = await business.pay(partner, amount)
        (received,) = await stage.told()
        assert (received["type"], received["payment"]["amount"]["value"]) == ("payment.received.v1", f"{amount:.2f}")
        await business.allocate(payment, invoice)
        (paid,) = await stage.told()
        assert paid["type"] == "invoice.paid.v1"
        assert (paid["invoice"]["residual"]["value"], paid["invoice"]["paymentState"]) == (left, state)
        assert paid["invoice"]["identifier"] == issued["invoice"]["identifier"]


async def test_an_invoice_that_was_a_mistake(stage: Stage) -> None:
    business = stage.business
    partner, product = await business.partner(ref=f"C-{business.run}"), await business.product()
    await stage.told()
    wrong, draft = await business.invoice(partner, product), await business.invoice(partner, product)
    await business.post(wrong)
    await stage.told()
    await business.clerk("account.move", "button_draft", [wrong])
    (event,) = await stage.told()
    assert (event["type"], event["invoice"]["status"]) == ("invoice.cancelled.v1", "cancelled")
    await business.clerk("account.move", "button_cancel", [wrong])
    assert await stage.told() == []
    await business.clerk("account.move", "unlink", [draft])
    (event,) = await stage.told()
    assert (event["type"], event["kind"]) == ("record.deleted.v1", "invoice")


async def test_a_bill_of_a_supplier(stage: Stage) -> None:
    business = stage.business
    partner, product = await business.partner(ref=f"V-{business.run}"), await business.product()
    await stage.told()  # posting makes the partner a supplier, which polling would see at once and the outbox later
    bill = await business.invoice(partner, product, 42.0, move_type="in_invoice", ref=f"HMS-{business.run}")
    await business.post(bill)
    posted = [one for one in await stage.told() if one["type"] == "vendor_bill.posted.v1"]
    assert [one["invoice"]["identifier"][1]["value"] for one in posted] == [f"HMS-{business.run}"]
    assert posted[0]["invoice"]["issuer"]["identifier"][0]["value"] == f"V-{business.run}"


async def test_money_that_goes_back_and_money_that_never_came(stage: Stage) -> None:
    business = stage.business
    partner = await business.partner(ref=f"C-{business.run}")
    await stage.told()
    await business.pay(partner, 5.0, payment_type="outbound", memo="overpaid")
    (event,) = await stage.told()
    assert (event["type"], event["refund"]["reason"]) == ("payment.refunded.v1", "overpaid")
    payment = await business.pay(partner, 7.0)
    await stage.told()
    await business.clerk("account.payment", "action_draft", [payment])
    (event,) = await stage.told()
    assert (event["type"], event["payment"]["status"]) == ("payment.failed.v1", "cancelled")
    await business.clerk("account.payment", "action_cancel", [payment])
    assert await stage.told() == []


async def test_goods_are_ordered_received_in_parts_and_moved(stage: Stage) -> None:
    business = stage.business
    partner, product = await business.partner(ref=f"V-{business.run}"), await business.product()
    await stage.told()
    order = await business.order(partner, product, 10)
    assert await stage.told() == []
    await business.clerk("purchase.order", "button_confirm", [order])
    told = {one["type"]: one for one in await stage.told()}
    approved = told.pop("purchase_order.approved.v1")
    assert list(told) == ["product.changed.v1"], "Odoo puts the supplier and the price on the product's list"
    for quantity, status in ((6, "partially-received"), (4, "received")):
        await business.receive((await business.receipts(order))[-1], quantity)
        told = {one["type"]: one for one in await stage.told()}
        assert sorted(told) == ["goods.received.v1", "stock.moved.v1"]
        delivery = told["goods.received.v1"]["delivery"]
        assert (delivery["status"], delivery["item"][0]["quantity"]["value"]) == (status, str(quantity))
        assert delivery["order"] == [approved["order"]["identifier"][0]]
        assert told["stock.moved.v1"]["move"]["quantity"]["value"] == str(quantity)


async def test_an_order_that_is_withdrawn(stage: Stage) -> None:
    business = stage.business
    order = await business.order(await business.partner(ref=f"V-{business.run}"), await business.product(), 2)
    await business.clerk("purchase.order", "button_confirm", [order])
    await stage.told()
    await business.clerk("purchase.order", "button_cancel", [order])
    assert await stage.types() == ["purchase_order.cancelled"]


async def test_stock_that_is_counted_and_runs_low_once_each_time(stage: Stage) -> None:
    business = stage.business
    product, shelf = await business.product(), await business.shelf()
    await business.count(product, shelf, 9)
    rule = {"product_id": product, "location_id": shelf, "product_min_qty": 5, "product_max_qty": 9}
    await business.chief("stock.warehouse.orderpoint", "create", {**rule, "trigger": "manual"})
    await stage.told()
    for counted, low in ((6, False), (4, True), (3, False), (8, False), (2, True)):
        await business.count(product, shelf, counted)
        told = {one["type"]: one for one in await stage.told()}
        assert told.pop("stock.adjusted.v1")["move"]["reason"]
        assert list(told) == (["stock.below_threshold.v1"] if low else [])
        if low:
            level = told["stock.below_threshold.v1"]["level"]
            assert (level["atHand"]["value"], level["threshold"]["value"]) == (str(counted), "5")


async def test_a_customer_s_order_is_confirmed(stage: Stage) -> None:
    business = stage.business
    partner, product = await business.partner(ref=f"C-{business.run}"), await business.product(type="service")
    line = {"product_id": product, "product_uom_qty": 2, "price_unit": 20.0}
    order = await business.clerk("sale.order", "create", {"partner_id": partner, "order_line": [[0, 0, line]]})
    await stage.told()
    await business.clerk("sale.order", "action_confirm", [order])
    (event,) = await stage.told()
    assert (event["type"], event["order"]["line"][0]["net"]["value"]) == ("service_order.confirmed.v1", "40.00")
