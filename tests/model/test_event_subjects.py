"""What events wait for: one thing has one key, whoever tells of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from careloom import model
from careloom.mapping import subjects_of
from careloom.model import Identifier, identifiers_at, subject_key

EXAMPLES = model.examples()


def subjects(name: str, **changes: Any) -> tuple[str, tuple[str, ...]]:
    """The subjects of an example whose main entity was changed."""
    event = EXAMPLES[name]
    for path, value in changes.items():
        member, _, field = path.partition("__")
        entity = msgspec.structs.replace(getattr(event, member), **{field: value})
        event = msgspec.structs.replace(event, **{member: entity})
    return subjects_of(event)


def test_all_that_is_told_of_a_claim_has_one_key() -> None:
    names = ["submitted", "acknowledged", "rejected", "status_requested", "status_changed", "adjudicated"]
    assert {subjects_of(EXAMPLES[f"claim.{name}.v1"]) for name in names} == {("Claim/-/ACC55012-1", ())}


def test_a_claim_is_known_by_its_number_whoever_is_said_to_have_given_it() -> None:
    known = subjects("claim.submitted.v1", claim__identifier=(Identifier(value="C1", assigner="CLINIC"),))
    assert known == subjects("claim.acknowledged.v1", response__claim=Identifier(value="C1", assigner="PAYER"))


@pytest.mark.parametrize("name", ["requested", "granted", "denied", "pended", "cancelled"])
def test_an_authorization_is_about_its_request(name: str) -> None:
    assert subjects_of(EXAMPLES[f"authorization.{name}.v1"]) == ("Authorization/-/PA-3391", ())


def test_eligibility_is_about_its_question() -> None:
    asked, answered = (subjects_of(EXAMPLES[f"eligibility.{name}.v1"]) for name in ("requested", "answered"))
    assert asked == answered == ("Eligibility/-/ELG-20260302-0007", ())


def test_purchasing_is_about_the_buyers_order_number() -> None:
    names = ["purchase_order.placed", "purchase_order.acknowledged", "shipment.announced", "goods.received"]
    found = {subjects_of(EXAMPLES[f"{name}.v1"]) for name in [*names, "supplier_invoice.received"]}
    assert found == {("PurchaseOrder/-/P00412", ())}


def test_a_delivery_for_several_orders_waits_for_each() -> None:
    orders = (Identifier(value="P1"), Identifier(value="P2"), Identifier(value="P1"), Identifier(value="P3"))
    found = subjects("shipment.announced.v1", delivery__order=orders)
    assert found == ("PurchaseOrder/-/P1", ("PurchaseOrder/-/P2", "PurchaseOrder/-/P3"))


def test_a_delivery_and_a_bill_without_an_order_are_about_themselves() -> None:
    assert subjects("goods.received.v1", delivery__order=()) == ("Delivery/-/SH-55018", ())
    assert subjects("supplier_invoice.received.v1", invoice__order=()) == ("SupplierInvoice/HARBOR/HMS-88123", ())


def test_a_payment_is_about_what_it_pays_and_waits_for_itself() -> None:
    itself = "Payment/-/pay_7Qk2"
    account = Identifier(value="A1", assigner="LAKESIDE")
    assert subjects("payment.received.v1") == ("Invoice/-/INV%2F2026%2F00318", (itself,))
    assert subjects("payment.received.v1", payment__invoice=None, payment__account=account) == (
        "Account/-/A1",
        (itself,),
    )
    assert subjects("payment.received.v1", payment__invoice=None) == (itself, ())


def test_a_refund_and_a_dispute_come_after_their_payment_even_if_they_name_no_invoice() -> None:
    paid = subjects("payment.received.v1")
    assert subjects("payment.refunded.v1", refund__invoice=None)[0] in paid[1]
    assert subjects("payment.disputed.v1")[0] in paid[1]
    assert subjects("payment.refunded.v1", refund__invoice=None, refund__payment=None) == ("Refund/-/re_0091", ())


def test_what_happens_to_a_person_is_about_the_patient_by_the_best_number() -> None:
    numbers = (Identifier(value="77", type="AN"), Identifier(value="9", type="MR", assigner="CITY"))
    person = model.Patient(identifier=numbers)
    for name in ("appointment.booked.v1", "charge.posted.v1", "document.published.v1", "message.sent.v1"):
        event = msgspec.structs.replace(EXAMPLES[name], patient=person)
        assert subjects_of(event) == ("Patient/CITY/9", ())


def test_what_names_no_patient_is_about_itself() -> None:
    names = {"document.published.v1": "Document/LAKESIDE/DOC-4410", "message.sent.v1": "Communication/ENGAGE/MSG-771"}
    for name, expected in names.items():
        event = msgspec.structs.replace(EXAMPLES[name], patient=None)
        assert subjects_of(event) == (expected, ())


def test_counts_of_one_place_come_in_order() -> None:
    place = model.Location(identifier=(Identifier(value="CS1", assigner="LAKESIDE"),))
    assert subjects("inventory.reported.v1", report__location=place) == ("Inventory/LAKESIDE/CS1", ())
    assert subjects("inventory.reported.v1")[0] == "Inventory/-/0360555000001"
    assert subjects("inventory.reported.v1", report__reporter=None)[0] == "Inventory/HARBOR/INVR-0310"


def test_masters_of_two_senders_do_not_meet() -> None:
    ours, theirs = (model.Product(identifier=(Identifier(value="7", assigner=one),)) for one in ("US", "THEM"))
    keys = [subjects_of(model.ProductChanged(trigger="T", product=one))[0] for one in (ours, theirs)]
    assert keys == ["Product/US/7", "Product/THEM/7"]


def test_a_merge_ends_the_retired_record() -> None:
    assert subjects_of(EXAMPLES["patient.merged.v1"]) == (
        "Patient/LAKESIDE/MRN700123",
        ("Patient/LAKESIDE/MRN700988",),
    )


def test_slashes_and_percent_signs_are_encoded() -> None:
    assert subject_key("Invoice", Identifier(value="A/1%", assigner="x/y")) == "Invoice/x%2Fy/A%2F1%25"
    assert subject_key("Invoice", Identifier(value="1", assigner="x"), by_number=True) == "Invoice/-/1"


def test_absent_things_on_the_way_give_no_identifiers() -> None:
    event = EXAMPLES["payment.disputed.v1"]
    assert identifiers_at(event, "dispute.invoice") == ()
    assert identifiers_at(event, "patient.identifier") == ()
    assert [one.value for one in identifiers_at(event, "dispute.payment")] == ["pay_7Qk2"]
