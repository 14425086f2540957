"""What the events of a gateway become."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core.errors import FormatError, MappingError
from careloom.mapping import Settings
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.gateways import GATEWAY
from careloom.mapping.payments import about, translate, translator
from careloom.mapping.reading import reader
from careloom.mapping.subject import subjects_of
from careloom.model import (
    CanonicalEvent,
    PaymentDisputed,
    PaymentFailed,
    PaymentReceived,
    PaymentRefunded,
    SettlementReceived,
    decode,
    encode,
)
from careloom.systems.registry import kinds

Told = Callable[..., dict[str, Any]]
FIXTURE = kinds()["payments"].folder / "fixtures" / "payment_succeeded.json"


def only(document: Any) -> CanonicalEvent:
    (event,) = translate(document).events
    assert decode(event.type, encode(event)) == event
    return event


def test_a_payment_keeps_what_billing_needs_and_nothing_of_the_payer() -> None:
    event = only(json.loads(FIXTURE.read_bytes()))
    assert isinstance(event, PaymentReceived)
    payment = event.payment
    assert payment.identifier[0].value == "pay_0001"
    assert (str(payment.amount.value), payment.amount.currency) == ("40.00", "USD")
    assert payment.fee is not None
    assert str(payment.fee.value) == "1.46"
    assert (payment.method, payment.instrument) == ("card", "visa ending 4242")
    assert (payment.invoice.value, payment.account.value) == ("INV/2026/00318", "ACC55012")  # type: ignore[union-attr]
    assert event.occurred == datetime(2026, 3, 22, 19, 2, 11, tzinfo=UTC)
    assert b"Okonjo" not in encode(event)
    assert b"Springfield" not in encode(event)


@pytest.mark.parametrize("type", ["payment.failed", "charge.failed"])
def test_a_payment_that_failed_says_why(type: str, told: Told) -> None:
    event = only(told(type, status="failed", failure_code="card_declined", failure_message="declined"))
    assert isinstance(event, PaymentFailed)
    assert (event.payment.failure_code, event.payment.failure_reason) == ("card_declined", "declined")


@pytest.mark.parametrize(
    ("word", "status"),
    [("succeeded", "succeeded"), ("pending", "pending"), ("requires_action", "pending"), ("failed", "failed")],
)
def test_a_refund_names_its_payment(word: str, status: str, told: Told) -> None:
    event = only(told("refund.updated", id="re_1", charge="pay_1", status=word, reason="requested_by_customer"))
    assert isinstance(event, PaymentRefunded)
    assert event.refund.status == status
    assert event.refund.payment is not None
    assert event.refund.payment.value == "pay_1"


@pytest.mark.parametrize(
    ("word", "status"),
    [("warning_under_review", "warning"), ("needs_response", "needs-response"), ("won", "won"), ("lost", "lost")],
)
def test_a_dispute_tells_each_change(word: str, status: str, told: Told) -> None:
    event = only(
        told("dispute.updated", id="dp_1", payment="pay_1", status=word, evidence_details={"due_by": 1775000000})
    )
    assert isinstance(event, PaymentDisputed)
    assert event.dispute.status == status
    assert event.dispute.evidence_due == "2026-03-31T23:33:20+00:00"


def test_a_payout_is_a_settlement_without_lines(told: Told) -> None:
    event = only(told("payout.paid", id="po_1", amount=8820, status="paid", arrival_date=1774224000))
    assert isinstance(event, SettlementReceived)
    assert (event.settlement.date, str(event.settlement.net.value)) == ("2026-03-23", "88.20")
    assert not event.settlement.line


def test_the_message_waits_where_its_event_does(told: Told) -> None:
    for document in (told(), told("refund.created", id="re_1", payment="pay_1"), told("payout.paid", id="po_1")):
        subject, also = subjects_of(only(document))
        assert about(document) in (subject, *also)


@pytest.mark.parametrize("type", ["customer.created", "payment.created", 7, None, ["x"]])
def test_events_by_which_no_money_moves_are_filtered(type: object, told: Told) -> None:
    document = told()
    document["type"] = type
    found = translate(document)
    assert not found.events
    assert found.filtered


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"id": None}, "/data/object/id"),
        ({"amount": None}, "/data/object/amount"),
        ({"amount": 12.5}, "/data/object/amount"),
        ({"amount": "4000"}, "/data/object/amount"),
        ({"amount": True}, "/data/object/amount"),
        ({"amount": 10**30}, "/data/object/amount"),
        ({"currency": None}, "/data/object/currency"),
        ({"currency": "doubloons"}, "/data/object/amount"),
        ({"status": "half"}, "/data/object/status"),
        ({"status": "pending"}, "/data/object/status"),
        ({"id": ["pay_1"]}, "/data/object/id"),
    ],
)
def test_what_is_wrong_is_named_by_its_pointer(parts: dict[str, Any], field: str, told: Told) -> None:
    with pytest.raises(MappingError) as raised:
        translate(told(**parts))
    assert raised.value.field == field


@pytest.mark.parametrize("last4", ["4242424242424242", "42", 4242, "４２４２"])
def test_more_of_a_card_than_its_last_digits_stays_behind(last4: object, told: Told) -> None:
    found = translate(told(card={"brand": "visa", "last4": last4}))
    assert found.events[0].payment.instrument is None  # type: ignore[attr-defined]
    assert [one.field for one in found.issues] == ["/data/object/card/last4"]
    assert not any(str(last4) in one.problem for one in found.issues)


def test_a_time_that_is_none_is_dropped(told: Told) -> None:
    found = translate(told(created="yesterday"))
    assert found.events[0].payment.date is None  # type: ignore[attr-defined]
    assert [one.field for one in found.issues] == ["/data/object/created"]


def test_a_gateway_that_writes_otherwise_is_a_table() -> None:
    other = msgspec.structs.replace(
        GATEWAY,
        types={"CAPTURE": "payment"}, type="/eventCode", object="/body", number=("/pspReference",),
        amount=("/amount/value",), currency=("/amount/currency",), invoice=("/merchantReference",), assigner="OTHERPAY",
    )  # fmt: skip
    body = {"pspReference": "8836", "amount": {"value": 1234, "currency": "KWD"}, "merchantReference": "INV-1"}
    (event,) = translator(other)({"eventCode": "CAPTURE", "body": body}, Settings()).events
    assert isinstance(event, PaymentReceived)
    assert event.payment.amount.value == Decimal("1.234")
    assert event.payment.identifier[0].assigner == "OTHERPAY"
    assert event.payment.invoice is not None
    assert event.payment.invoice.value == "INV-1"


def test_the_mapping_is_found_for_every_type() -> None:
    found = mapping_for("json", "payments/payment.succeeded")
    assert found is not None
    assert found.translate is translate


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(GATEWAY.types)), st.dictionaries(
    st.sampled_from(["id", "amount", "currency", "status", "charge", "payment", "card", "created", "metadata", "fee"]),
    _VALUES | st.just("usd") | st.just({"last4": 7}),
))  # fmt: skip
def test_strange_objects_are_refused_with_their_pointer(type: str, body: dict[str, Any]) -> None:
    document = {"id": "evt", "type": type, "created": 0, "data": {"object": body}}
    about(document)
    try:
        assert translate(document).events
    except MappingError as error:
        assert error.field.startswith("/data/object")


def test_a_damaged_body_is_no_document() -> None:
    with pytest.raises(FormatError):
        reader("json").parse(FIXTURE.read_bytes()[:100], Settings())
