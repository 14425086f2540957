"""Change messages as Odoo 18.0 and 19.0 gave them for one day of business: what each becomes, alike in both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, reader
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import CanonicalEvent, decode, encode

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "odoo"
SERIES = ("18.0", "19.0")
NOT_DONE = "a movement is told when it is done"
NOT_THERE = "a receipt is told when the goods are there"
EXPECTED: dict[str, tuple[str, ...] | str] = {
    "partner-create.res.partner": ("partner.changed.v1",),
    "city.res.partner": ("partner.changed.v1",),
    "partner-two.res.partner": ("partner.changed.v1",),
    "product.res.partner": ("partner.changed.v1",),
    "sweep.res.partner": ("record.deleted.v1",),
    "sweep.res.partner.2": ("record.deleted.v1",),
    "product.product.product": ("product.changed.v1",),
    "product-name.product.product": ("product.changed.v1",),
    "price.product.supplierinfo": ("product.changed.v1",),
    "invoice-draft.account.move": "a draft is no invoice yet",
    "post.account.move": ("invoice.issued.v1",),
    "allocated.account.move": ("invoice.paid.v1",),
    "second-invoice.account.move": ("invoice.issued.v1",),
    "credit-note-draft.account.move": "a draft is no invoice yet",
    "credit-note.account.move": ("invoice.paid.v1",),
    "credit-note.account.move.2": ("invoice.issued.v1", "invoice.paid.v1"),
    "third-invoice.account.move": ("invoice.issued.v1",),
    "invoice-cancelled.account.move": ("invoice.cancelled.v1",),
    "draft-to-delete.account.move": "a draft is no invoice yet",
    "sweep.account.move": ("record.deleted.v1",),
    "bill.account.move": ("vendor_bill.posted.v1",),
    "bill-cancelled.account.move": "a posted vendor bill was taken back; that is told when it is posted again",
    "payment.account.payment": ("payment.received.v1",),
    "payment-two.account.payment": ("payment.received.v1",),
    "payment-cancelled.account.payment": ("payment.failed.v1",),
    "refund.account.payment": ("payment.refunded.v1",),
    "po-draft.purchase.order": "an order that nobody approved is no order yet",
    "po-confirmed.purchase.order": ("purchase_order.approved.v1",),
    "po-confirmed.stock.picking": NOT_THERE,
    "po-confirmed.stock.move.line": NOT_DONE,
    "po2.purchase.order": ("purchase_order.approved.v1",),
    "po2.stock.picking": NOT_THERE,
    "po2.stock.move.line": NOT_DONE,
    "po2-cancelled.purchase.order": ("purchase_order.cancelled.v1",),
    "po2-cancelled.stock.picking": NOT_THERE,
    "receipt.stock.picking": ("goods.received.v1",),
    "receipt.stock.picking.2": NOT_THERE,
    "receipt.stock.move.line": ("stock.moved.v1",),
    "receipt.stock.move.line.2": NOT_DONE,
    "receipt.stock.warehouse.orderpoint": "the stock is not below its threshold",
    "orderpoint.stock.move.line": NOT_DONE,
    "orderpoint.stock.warehouse.orderpoint": ("stock.below_threshold.v1",),
    "sale.sale.order": ("service_order.confirmed.v1",),
    "sale.stock.picking": "no receipt; its movements are told one by one",
    "sale.stock.move.line": NOT_DONE,
    "count.stock.move.line": ("stock.adjusted.v1",),
    "count.stock.warehouse.orderpoint": ("stock.below_threshold.v1",),
    "count-again.stock.move.line": ("stock.adjusted.v1",),
    "count-again.stock.warehouse.orderpoint": "the stock was below its threshold already",
}
SENDER = Settings(name="erp")


def translated(series: str, name: str) -> Translation:
    body = (SAMPLES / series / f"{name}.json").read_bytes()
    (unit,) = reader("odoo").units(body, SENDER)
    assert isinstance(unit, Unit)
    mapping = mapping_for("odoo", unit.type)
    assert mapping is not None
    return mapping.translate(reader("odoo").parse(unit.body, SENDER), SENDER)


def event(series: str, name: str, number: int = 0) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(encode(translated(series, name).events[number]))
    return made


def test_every_sample_is_expected_to_become_something() -> None:
    for series in SERIES:
        assert sorted(file.stem for file in (SAMPLES / series).iterdir()) == sorted(EXPECTED)


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("name", EXPECTED)
def test_a_change_becomes_what_it_means(series: str, name: str) -> None:
    made = translated(series, name)
    assert (made.filtered or tuple(one.type for one in made.events)) == EXPECTED[name]
    for one in made.events:
        assert decode(one.type, encode(one)) == one, "events made of records keep their contracts"


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("name", [name for name, made in EXPECTED.items() if isinstance(made, tuple)])
def test_every_event_names_the_record_its_company_and_the_user(series: str, name: str) -> None:
    for one in translated(series, name).events:
        assert isinstance(one, CanonicalEvent)
        record = one.record
        assert record is not None
        assert (record.system, record.model) == ("erp", one.trigger)
        assert record.link == f"{one.trigger}/{record.id}"
        assert record.user in ("svc-connector", "admin") or one.type == "record.deleted.v1"
        company = None if one.trigger in ("res.partner", "product.product") or name.startswith("sweep") else "1"
        assert record.company == company


@pytest.mark.parametrize("series", SERIES)
def test_an_invoice_is_told_with_its_lines_and_to_the_cent(series: str) -> None:
    invoice = event(series, "post.account.move")["invoice"]
    money = {member: invoice[member]["value"] for member in ("totalNet", "totalTax", "totalGross", "residual")}
    assert money == {"totalNet": "59.97", "totalTax": "9.00", "totalGross": "68.97", "residual": "68.97"}
    (line,) = invoice["line"]
    assert (line["quantity"]["value"], line["unitPrice"]["value"], line["net"]["value"]) == ("3", "19.99", "59.97")
    assert line["tax"] == [
        {"code": "15%", "rate": {"value": "15", "unit": "%"}, "amount": {"value": "9.00", "currency": "USD"}}
    ]
    assert line["item"][0] == {"value": f"S-44{series[:2]}", "type": "SKU"}
    assert invoice["recipient"]["identifier"][0]["value"] == f"V-20{series[:2]}"


@pytest.mark.parametrize("series", SERIES)
def test_a_payment_lowers_what_is_owed_for_an_invoice(series: str) -> None:
    payment = event(series, "payment.account.payment")["payment"]
    assert payment["amount"] == {"value": "30.00", "currency": "USD"}
    assert payment["reference"] == "M1"
    invoice = event(series, "allocated.account.move")["invoice"]
    assert (invoice["residual"]["value"], invoice["paymentState"]) == ("38.97", "partial")


@pytest.mark.parametrize("series", SERIES)
def test_a_credit_note_takes_back_its_invoice(series: str) -> None:
    note = event(series, "credit-note.account.move.2")["invoice"]
    first = event(series, "second-invoice.account.move")["invoice"]
    assert (note["kind"], note["reverses"]) == ("credit-note", first["identifier"][0])
    assert event(series, "credit-note.account.move")["invoice"]["paymentState"] == "reversed"


@pytest.mark.parametrize("series", SERIES)
def test_a_receipt_names_its_order_and_line_as_the_order_did(series: str) -> None:
    order = event(series, "po-confirmed.purchase.order")["order"]
    delivery = event(series, "receipt.stock.picking")["delivery"]
    (item,) = delivery["item"]
    assert delivery["status"] == "partially-received"
    assert (item["quantity"]["value"], item["order"], item["orderLine"]) == (
        "6",
        order["identifier"][0],
        order["line"][0]["identifier"],
    )


@pytest.mark.parametrize("series", SERIES)
def test_a_count_that_finds_less_takes_from_the_shelf(series: str) -> None:
    move = event(series, "count.stock.move.line")["move"]
    assert (move["quantity"]["value"], move["source"]["name"], "destination" in move) == ("2", "WH/Stock", False)
    assert move["reason"]
    level = event(series, "count.stock.warehouse.orderpoint")["level"]
    assert (level["atHand"]["value"], level["threshold"]["value"]) == ("4", "5")


@pytest.mark.parametrize("series", SERIES)
def test_a_deleted_partner_is_named_as_it_was_before(series: str) -> None:
    first, gone = event(series, "partner-create.res.partner"), event(series, "sweep.res.partner")
    assert gone["partner"] == first["partner"]["identifier"]
    assert gone["kind"] == "partner"


@pytest.mark.parametrize("series", SERIES)
def test_a_supplier_s_price_keeps_its_places(series: str) -> None:
    product = event(series, "price.product.supplierinfo")["product"]
    # 18.0 keeps two places of a price unless told otherwise, 19.0 what was given.
    assert product["price"] == {"value": {"18.0": "7.26", "19.0": "7.255"}[series], "currency": "USD"}
    assert product["leadDays"] == 3
