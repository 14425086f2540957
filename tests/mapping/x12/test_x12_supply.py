"""850, 855, 856, 810, 846, 834, 820."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError

Events = Callable[..., list[Any]]


def test_an_order(events: Events) -> None:
    [event] = events("850_purchase_order.edi")
    order = event.order
    assert (event.type, order.identifier[0].value, order.purpose) == (
        "purchase_order.placed.v1",
        "PO-2026-0310",
        "original",
    )
    assert (order.requested, order.cost_centre, order.contract.value) == ("2026-03-17", "OR-STORES", "GPO-4410")
    assert (order.payment_terms, order.note, order.total.value) == ("net 30", "RING BELL AT DOCK 2", Decimal("1200.8"))
    assert (order.supplier.name, order.supplier.identifier[0].assigner) == ("EXAMPLE MEDICAL SUPPLY", "buyer")
    assert order.deliver_to.identifier[0].value == "HOSP-01-D2"
    gloves, stem = order.line
    assert [(one.type, one.value) for one in gloves.item] == [
        ("BP", "H-10021"), ("VP", "GLV-M-100"), ("GTIN", "50999999000019"),
    ]  # fmt: skip
    assert (gloves.quantity.value, gloves.quantity.unit, gloves.unit_price.value) == (
        Decimal(12),
        "BX",
        Decimal("18.4"),
    )
    assert (stem.description, stem.requested) == ("TIBIAL STEM 12 MM", "2026-03-17")


@pytest.mark.parametrize(("code", "type"), [("01", "purchase_order.cancelled.v1"), ("04", "purchase_order.changed.v1")])
def test_an_order_that_is_no_new_one(events: Events, changed: Callable[..., bytes], code: str, type: str) -> None:
    [event] = events(changed("850_purchase_order.edi", ("BEG*00*", f"BEG*{code}*")))
    assert event.type == type


def test_an_order_line_must_name_a_product(events: Events, changed: Callable[..., bytes]) -> None:
    with pytest.raises(MappingError) as refused:
        events(changed("850_purchase_order_4010.edi", ("**N4*99999000101*VC*SAL-1000~", "~")))
    assert refused.value.field == "PO1/PO107"


def test_what_a_supplier_promises(events: Events) -> None:
    [event] = events("855_acknowledgment.edi")
    response = event.response
    assert (response.order.value, response.identifier[0].value, response.outcome) == (
        "PO-2026-0310", "SO-55012", "changed",
    )  # fmt: skip
    assert [(one.identifier, one.status, one.quantity.value, one.promised) for one in response.line] == [
        ("1", "accepted", Decimal(12), "2026-03-17"),
        ("2", "changed", Decimal(2), "2026-03-17"),
        ("2", "backordered", Decimal(2), "2026-03-31"),
    ]


def test_what_a_supplier_sent_with_lots_and_expiry(events: Events) -> None:
    [event] = events("856_ship_notice.edi")
    delivery = event.delivery
    assert (delivery.identifier[0].value, delivery.shipped, delivery.expected) == (
        "SHP-88012",
        "2026-03-16",
        "2026-03-17",
    )
    assert (delivery.carrier, delivery.tracking, delivery.packages) == ("EXAMPLE PARCEL", ("1ZEX0000000000012",), 2)
    assert [one.value for one in delivery.order] == ["PO-2026-0310"]
    gloves, stem = delivery.item
    assert (gloves.order.value, gloves.order_line, gloves.package) == ("PO-2026-0310", "1", "00099999900000000017")
    assert (gloves.lot.number, gloves.lot.expiration_date) == ("LOT-G2601", "2029-01-31")
    assert (stem.lot.serial, stem.lot.manufacture_date) == ("SER-0001", "2025-11-15")
    assert [one.type for one in stem.item] == ["BP", "VP", "GTIN"], "lot and serial number are none of the product's"


def test_a_line_belongs_to_the_order_around_it(events: Events, changed: Callable[..., bytes]) -> None:
    second = "HL*5*1*O~\nPRF*PO-2026-0999~\nHL*6*5*I~\n"
    [event] = events(changed("856_ship_notice.edi", ("HL*5*3*I~\n", second)))
    assert [one.order.value for one in event.delivery.item] == ["PO-2026-0310", "PO-2026-0999"]
    assert [one.package for one in event.delivery.item] == ["00099999900000000017", None]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("BSN*00*SHP-88012*", "BSN*00**", "BSN02"),
        ("SN1*1*12*BX~\n", "", "HL[4]/SN1"),
        ("SN1*1*12*", "SN1*1**", "HL[4]/SN102"),
    ],
)
def test_what_a_shipment_must_say(
    events: Events, changed: Callable[..., bytes], old: str, new: str, field: str
) -> None:
    with pytest.raises(MappingError) as refused:
        events(changed("856_ship_notice.edi", (old, new)))
    assert refused.value.field == field


def test_a_bill(events: Events) -> None:
    [event] = events("810_invoice.edi")
    invoice = event.invoice
    assert (invoice.identifier[0].value, invoice.kind, invoice.date) == ("INV-70055", "invoice", "2026-03-17")
    assert (invoice.total_gross.value, invoice.total_net.value) == (Decimal("728.30"), Decimal("710.80"))
    [freight] = invoice.allowance_charge
    assert (freight.kind, freight.amount.value) == ("charge", Decimal("17.50"))
    assert invoice.total_net.value + freight.amount.value == invoice.total_gross.value
    assert [one.value for one in invoice.order] == ["PO-2026-0310"]
    assert [(line.order_line, line.net.value) for line in invoice.line] == [
        ("1", Decimal("220.80")),
        ("2", Decimal("490.00")),
    ]


def test_a_negative_bill_is_a_credit_note(events: Events, changed: Callable[..., bytes]) -> None:
    [event] = events(changed("810_invoice.edi", ("TDS*72830~", "TDS*-72830~"), ("IT1*1*12*", "IT1*1*-12*")))
    assert (event.invoice.kind, event.invoice.total_gross.value) == ("credit-note", Decimal("728.30"))
    assert event.invoice.line[0].net.value == Decimal("220.80")


def test_a_bill_without_a_total_waits_for_a_person(events: Events, changed: Callable[..., bytes]) -> None:
    with pytest.raises(MappingError) as refused:
        events(changed("810_invoice.edi", ("TDS*72830~\n", "")))
    assert refused.value.field == "TDS01"


def test_what_lies_there(events: Events) -> None:
    [event] = events("846_inventory.edi")
    assert [(one.state, one.quantity.value, one.quantity.unit) for one in event.report.item] == [
        ("available", Decimal(48), "BX"), ("on-order", Decimal(24), "BX"), ("available", Decimal(3), "EA"),
    ]  # fmt: skip
    assert event.report.item[2].lot.expiration_date == "2030-12-31"
    assert event.report.location.identifier[0].value == "HOSP-01-WH"


def test_a_quantity_of_unknown_meaning_is_dropped_and_told(
    translated: Callable[..., Any], changed: Callable[..., bytes]
) -> None:
    [translation] = translated(changed("846_inventory.edi", ("QTY*63*", "QTY*7W*")))
    assert [issue.field for issue in translation.issues] == ["QTY[2]/QTY01"]
    assert len(translation.events[0].report.item) == 2


def test_members_who_join(events: Events) -> None:
    holder, spouse = events("834_enrollment.edi")
    enrollment = holder.enrollment
    assert (enrollment.action, enrollment.relationship, enrollment.effective) == ("added", "self", "2026-04-01")
    assert [(one.type, one.plan and one.plan.value) for one in enrollment.coverage] == [
        ("HLT", "PPO-GOLD"), ("DEN", "DENTAL-A"),
    ]  # fmt: skip
    assert (enrollment.sponsor.name, enrollment.insurer.name) == ("EXAMPLE TOWNSHIP", "EXAMPLE HEALTH PLAN")
    assert (enrollment.identifier[0].value, enrollment.subscriber.value) == ("W9000012345", "W9000012345")
    assert holder.member.telecom[1].value == "willa@example.org"
    assert [one.type for one in spouse.enrollment.identifier] == ["SN"], "the number is the family's"
    assert spouse.enrollment.subscriber.value == "W9000012345"


def test_a_member_who_leaves(events: Events) -> None:
    [event] = events("834_termination.edi")
    assert (event.enrollment.action, event.enrollment.reason, event.enrollment.effective) == (
        "terminated", "08", "2026-03-31",
    )  # fmt: skip


def test_a_change_of_unknown_kind_waits_for_a_person(events: Events, changed: Callable[..., bytes]) -> None:
    with pytest.raises(MappingError) as refused:
        events(changed("834_termination.edi", ("INS*Y*18*024*", "INS*Y*18*999*")))
    assert refused.value.field == "2000/INS03"


def test_premiums(events: Events) -> None:
    [event] = events("820_premium.edi")
    premium = event.premium
    assert (event.type, premium.amount.value, premium.identifier[0].value) == (
        "premium.paid.v1", Decimal("1840.5"), "PREM-2026-04",
    )  # fmt: skip
    assert sum(item.paid.value for item in premium.item) == premium.amount.value
    assert [(item.member.value, item.adjustment and item.adjustment.value) for item in premium.item] == [
        ("W9000012345", Decimal(-20)), ("W9000067890", None),
    ]  # fmt: skip
    assert premium.item[0].period.end == "2026-04-30"


def test_a_payment_of_invoices_is_no_premium(events: Events) -> None:
    [event] = events("820_remittance.edi")
    assert event.type == "payment.received.v1"
    assert [(one.invoice.value, one.amount.value) for one in event.payment.allocation] == [
        ("INV-70055", Decimal("728.3")), ("INV-70061", Decimal(830)),
    ]  # fmt: skip
