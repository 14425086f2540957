"""What suppliers and payers write: valid to the letter, and read back as the event that it was written from."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from careloom.core.errors import FormatError, MappingError
from careloom.formats import x12
from careloom.mapping.x12.sending import WRITERS, Envelope, to_810, to_846, to_855, to_856, to_x12
from careloom.model import (
    Identifier,
    InvoiceIssued,
    Location,
    Money,
    Organization,
    Patient,
    PatientUpdated,
    Quantity,
    RelatedPerson,
)

Events = Callable[..., list[Any]]
Changed = Callable[..., bytes]
ANSWERS = ["855_acknowledgment.edi", "855_accepted.edi"]
NOTICES = ["856_ship_notice.edi", "856_shipment.edi"]
BILLS = ["810_invoice.edi"]
STOCK = ["846_inventory.edi", "846_stock.edi"]
PAYMENTS = ["820_premium.edi", "820_remittance.edi"]
ALL = [*ANSWERS, *NOTICES, *BILLS, *STOCK, *PAYMENTS]
UNITLESS = Quantity(value=Decimal(3))
DISTRIBUTOR = Organization(name="EXAMPLE MEDICAL SUPPLY", identifier=(Identifier(value="SUP-77", type="DUNS"),))


def envelope(event: Any, **more: Any) -> Envelope:
    """From who sent the event before, so that it reads back the same."""
    settings: dict[str, Any] = {
        "sender": event.facility or "EXSUPPLIER", "receiver": "EXAMPLEHOSP", "control": 4711, "usage": "T",
        "time": event.occurred or datetime(2026, 3, 10, 9, 15, tzinfo=UTC), "company": "9EXAMPLEHO",
    }  # fmt: skip
    return Envelope(**(settings | more))


def write(event: Any) -> bytes:
    data = to_x12(event, envelope(event))
    assert data is not None
    return data


def put(event: Any, path: str, value: Any) -> Any:
    """The event with another value at a path; a number in it is a place in a tuple."""
    head, _, rest = path.partition(".")
    if isinstance(event, tuple):
        at = int(head)
        inner = value if not rest else put(event[at], rest, value)
        return (*event[:at], inner, *event[at + 1 :])
    return msgspec.structs.replace(event, **{head: put(getattr(event, head), rest, value) if rest else value})


@pytest.mark.parametrize("name", ALL)
def test_it_is_valid_and_reads_back_the_same(events: Events, name: str) -> None:
    [event] = events(name)
    data = write(event)
    assert x12.validate(data, strict=True).findings == []
    assert events(data) == [event]


@pytest.mark.parametrize("name", ALL)
def test_the_same_event_gives_the_same_bytes(events: Events, name: str) -> None:
    [event] = events(name)
    assert write(event) == write(event)


def test_every_set_that_is_written_is_chosen_by_the_type_of_its_event(events: Events) -> None:
    sets = {name[:3]: events(name)[0].type for name in [*ALL, "850_purchase_order.edi", "834_enrollment.edi"]}
    for set_id, type in sets.items():
        event = next(one for name in [*ALL, "850_purchase_order.edi", "834_enrollment.edi"] if name[:3] == set_id
                     for one in events(name) if one.type == type)  # fmt: skip
        [interchange] = x12.parse(write(event))
        assert [one.set_id for one in interchange.transactions] == [set_id]
    assert set(sets.values()) <= set(WRITERS)


def test_what_x12_has_no_form_for_is_not_written() -> None:
    event = PatientUpdated(patient=Patient(identifier=(Identifier(value="1", type="MR"),)), trigger="t")
    assert to_x12(event, envelope(event)) is None


@pytest.mark.parametrize(
    ("name", "path", "value", "field"),
    [
        ("855_acknowledgment.edi", "response.line.1.quantity", UNITLESS, "response.line[1].quantity.unit"),
        ("855_acknowledgment.edi", "response.supplier", Organization(), "response.supplier"),
        ("856_ship_notice.edi", "delivery.item.1.quantity", UNITLESS, "delivery.item[1].quantity.unit"),
        ("856_ship_notice.edi", "delivery.status", "received", "delivery.status"),
        ("856_ship_notice.edi", "delivery.ship_to", None, "delivery.shipTo"),
        ("810_invoice.edi", "invoice.date", None, "invoice.date"),
        ("810_invoice.edi", "invoice.status", "cancelled", "invoice.status"),
        ("810_invoice.edi", "invoice.line.0.quantity", None, "invoice.line[0].quantity"),
        ("810_invoice.edi", "invoice.line.0.quantity", UNITLESS, "invoice.line[0].quantity.unit"),
        ("810_invoice.edi", "invoice.line.1.net", Money(value=Decimal("1.001"), currency="USD"), "invoice.line[1].net"),
        ("810_invoice.edi", "invoice.total_gross", Money(value=Decimal("1.001"), currency="USD"), "invoice.totalGross"),
        ("810_invoice.edi", "invoice.line.1.unit_price", Money(value=Decimal(1), currency="EUR"), "invoice.line"),
        ("810_invoice.edi", "invoice.recipient_person", RelatedPerson(), "invoice.recipient"),
        ("846_inventory.edi", "report.item.1.state", "expired", "report.item[1].state"),
        ("846_inventory.edi", "report.item.1.location", Location(name="B"), "report.item[1].location"),
        ("820_premium.edi", "premium.payment_date", None, "premium.paymentDate"),
        ("820_premium.edi", "premium.payor", None, "premium.payor"),
        ("820_premium.edi", "premium.payee", None, "premium.payee"),
        ("820_premium.edi", "premium.item.0.reason", None, "premium.item[0].reason"),
        ("820_premium.edi", "premium.item.1.member", None, "premium.item[1]"),
        ("820_premium.edi", "premium.amount", Money(value=Decimal(1), currency="USD"), "premium.amount"),
        ("820_remittance.edi", "payment.payer_organization", None, "payment.payerOrganization"),
        ("820_remittance.edi", "payment.payer", RelatedPerson(), "payment.payer"),
        ("820_remittance.edi", "payment.allocation", (), "payment.invoice"),
        ("820_remittance.edi", "payment.status", "pending", "payment.status"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_named_by_its_place_in_the_event(
    events: Events, name: str, path: str, value: Any, field: str
) -> None:
    [event] = events(name)
    with pytest.raises(MappingError) as refused:
        write(put(event, path, value))
    assert refused.value.field == field


def test_a_payer_without_a_company_number_cannot_be_named(events: Events) -> None:
    [event] = events("820_premium.edi")
    with pytest.raises(MappingError) as refused:
        to_x12(event, envelope(event, company=""))
    assert refused.value.field == "premium.identifier[0].assigner"


def test_answers_to_one_line_stand_below_it_with_what_they_add_up_to(events: Events) -> None:
    [event] = events("855_acknowledgment.edi")
    lines = [one for one in write(event).decode().split("~") if one.strip().startswith(("PO1", "ACK"))]
    assert lines == ["PO1*1*12*BX*18.4", "ACK*IA*12*BX*068*20260317", "PO1*2*4*EA*245", "ACK*IQ*2*EA*068*20260317",
                     "ACK*IB*2*EA*068*20260331"]  # fmt: skip


@pytest.mark.parametrize(
    "status", ["accepted", "changed", "backordered", "substituted", "rejected", "cancelled", "on-hold", "shipped"]
)
def test_what_is_said_of_a_line_reads_back_whatever_the_reason(events: Events, status: str) -> None:
    [event] = events("855_accepted.edi")
    worded = put(put(event, "response.line.0.status", status), "response.line.0.reason", "no longer made")
    [back] = events(to_855(worded, envelope(worded)))
    assert back.response.line[0].status == status
    assert b"MSG*no longer made" in to_855(worded, envelope(worded))
    misleading = put(worded, "response.line.0.reason", "IR" if status != "rejected" else "IA")
    assert events(to_855(misleading, envelope(misleading)))[0].response.line[0].status == status


@pytest.mark.parametrize("outcome", ["accepted", "changed", "rejected", "received"])
def test_the_answer_as_a_whole_reads_back(events: Events, outcome: str) -> None:
    [event] = events("855_accepted.edi")
    bare = put(put(event, "response.outcome", outcome), "response.line", ())
    assert events(write(bare)) == [bare]


def test_goods_of_several_orders_and_packages(events: Events) -> None:
    [event] = events("856_ship_notice.edi")
    gloves, stem = event.delivery.item
    other = Identifier(value="PO-2026-0999")
    items = (
        gloves, msgspec.structs.replace(stem, package="BOX-2"), msgspec.structs.replace(stem, package=None),
        msgspec.structs.replace(gloves, order=other, package=None), msgspec.structs.replace(gloves, order=None),
    )  # fmt: skip
    orders = (gloves.order, other, Identifier(value="PO-LATER"))
    mixed = put(put(event, "delivery.item", items), "delivery.order", orders)
    data = write(mixed)
    assert x12.validate(data, strict=True).findings == []
    assert events(data) == [mixed]


def test_goods_that_name_no_order_are_of_the_one_that_is_named(events: Events) -> None:
    [event] = events("856_ship_notice.edi")
    [back] = events(write(put(put(event, "delivery.item.0.order", None), "delivery.item.1.order", None)))
    assert back == event


def test_a_cancelled_shipment_says_so(events: Events) -> None:
    [event] = events("856_ship_notice.edi")
    [back] = events(to_856(put(event, "delivery.status", "cancelled"), envelope(event)))
    assert back.delivery.status == "cancelled"


def test_a_bill_of_our_own_is_the_bill_of_a_supplier_to_who_gets_it(events: Events) -> None:
    [event] = events("810_invoice.edi")
    issued = InvoiceIssued(
        trigger="odoo", occurred=event.occurred, facility=event.facility,
        invoice=msgspec.structs.replace(event.invoice, issuer=DISTRIBUTOR),
    )  # fmt: skip
    [back] = events(to_810(issued, envelope(issued)))
    assert back.type == "supplier_invoice.received.v1"
    assert back.invoice.issuer.identifier == DISTRIBUTOR.identifier
    with pytest.raises(MappingError) as refused:
        write(msgspec.structs.replace(issued, patient=Patient(identifier=(Identifier(value="1"),))))
    assert refused.value.field == "invoice.recipient"


def test_a_credit_note_takes_back_a_bill(events: Events) -> None:
    [event] = events("810_invoice.edi")
    credit = put(put(event, "invoice.kind", "credit-note"), "invoice.reverses", Identifier(value="INV-70001"))
    assert events(write(credit)) == [credit]


def test_a_line_after_a_discount_has_the_price_that_was_paid(events: Events) -> None:
    [event] = events("810_invoice.edi")
    cheaper = put(event, "invoice.line.0.net", Money(value=Decimal("200.00"), currency="USD"))
    [back] = events(write(cheaper))
    assert back.invoice.line[0].net.value == Decimal("200.00")
    assert back.invoice.line[0].unit_price.value == Decimal("16.666667")


def test_a_bill_in_another_currency_with_a_due_day_and_words_for_terms(events: Events, changed: Changed) -> None:
    data = changed("810_invoice.edi", ("CUR*SE*USD", "CUR*SE*EUR"))
    [event] = events(data)
    worded = put(put(event, "invoice.payment_terms", "by agreement"), "invoice.due_date", "2026-04-30")
    assert events(write(worded)) == [worded]
    dated = put(put(event, "invoice.payment_terms", None), "invoice.due_date", "2026-04-30")
    assert events(write(dated)) == [dated]


def test_stock_of_one_place_may_name_it_with_each_item(events: Events) -> None:
    [event] = events("846_inventory.edi")
    place = event.report.location
    spread = put(event, "report.location", None)
    for number in range(3):
        spread = put(spread, f"report.item.{number}.location", place)
    assert events(to_846(spread, envelope(spread))) == [event]


def test_stock_with_its_cost_and_its_day(events: Events) -> None:
    [event] = events("846_stock.edi")
    cost = Money(value=Decimal("4.25"), currency="EUR")
    priced = put(put(event, "report.item.1.unit_cost", cost), "report.item.1.date", "2026-02-28")
    priced = put(priced, "report.date", "2026-03-01T06:30:00+00:00")
    assert events(write(priced)) == [priced]


@pytest.mark.parametrize(
    ("member", "policy", "invoice"),
    [(True, True, False), (True, False, True), (False, True, False), (False, False, True), (True, False, False)],
)
def test_what_a_premium_is_for_reads_back(events: Events, member: bool, policy: bool, invoice: bool) -> None:
    [event] = events("820_premium.edi")
    item = msgspec.structs.replace(
        event.premium.item[1],
        member=event.premium.item[1].member if member else None,
        policy=Identifier(value="POL-1") if policy else None,
        invoice=Identifier(value="INV-1") if invoice else None,
    )
    # Lines about the whole group come first in the guide.
    paid = put(event, "premium.item", (item, event.premium.item[0]))
    data = write(paid)
    assert x12.validate(data, strict=True).findings == []
    assert events(data) == [paid]


def test_a_line_names_one_thing_that_is_paid(events: Events) -> None:
    [event] = events("820_premium.edi")
    both = put(
        put(event, "premium.item.0.policy", Identifier(value="P")), "premium.item.0.invoice", Identifier(value="I")
    )
    with pytest.raises(MappingError) as refused:
        write(both)
    assert refused.value.field == "premium.item[0].invoice"


def test_an_invoice_that_is_paid_as_a_whole(events: Events) -> None:
    [event] = events("820_remittance.edi")
    plain = put(put(event, "payment.allocation", ()), "payment.invoice", Identifier(value="INV-1"))
    [back] = events(write(plain))
    assert back.payment.invoice == Identifier(value="INV-1")
    assert [(one.invoice.value, one.amount) for one in back.payment.allocation] == [("INV-1", event.payment.amount)]


def _thinned(event: Any, chance: random.Random) -> Any:
    """The event with some of what may be missing left out, some texts replaced, some parts repeated."""
    changes: dict[str, Any] = {}
    for field in msgspec.structs.fields(event):
        value = getattr(event, field.name)
        if not field.required and field.name not in ("trigger", "occurred", "facility") and chance.random() < 0.15:
            changes[field.name] = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        elif isinstance(value, msgspec.Struct):
            changes[field.name] = _thinned(value, chance)
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            again = value[:1] if chance.random() < 0.1 else ()
            changes[field.name] = tuple(_thinned(one, chance) for one in (*value, *again))
        elif (
            isinstance(value, str) and chance.random() < 0.03 and field.name in ("value", "name", "description", "unit")
        ):
            changes[field.name] = chance.choice(["A*B", "X" * 99, "É", "LINE\nBREAK", "~", " ", "ok"])
    return msgspec.structs.replace(event, **changes)


@pytest.mark.parametrize("name", ALL)
def test_whatever_is_left_out_is_refused_by_its_place_or_comes_out_valid(events: Events, name: str) -> None:
    [event] = events(name)
    chance = random.Random(f"sending {name}")
    written = 0
    for _ in range(150):
        thin = _thinned(event, chance)
        try:
            data = write(thin)
        except (MappingError, FormatError) as error:
            assert getattr(error, "field", None) or getattr(error, "location", None)
            assert "EXAMPLE" not in str(error)
            continue
        assert x12.validate(data, strict=True).valid, x12.validate(data, strict=True).findings
        try:
            [back] = events(data)
        except MappingError:
            continue  # the sets need less than we do
        assert events(write(back)) == [back], "what was read once is written as it is"
        written += 1
    assert written > 20


WORDS = ["1E9", "-0", "99999999999999999999", "999999999999999999", "0.00000000000000001", "20261399", "NaN", "", "XX"]


@pytest.mark.parametrize("name", ALL)
def test_what_came_damaged_goes_out_valid_or_not_at_all(
    translated: Callable[..., Any], changed: Changed, name: str
) -> None:
    segments = changed(name).decode().split("~")
    chance = random.Random(f"damaged {name}")
    for _ in range(150):
        place = chance.randrange(2, len(segments) - 4)
        parts = segments[place].split("*")
        parts[chance.randrange(len(parts))] = chance.choice(WORDS)
        damaged = "~".join([*segments[:place], "*".join(parts), *segments[place + 1 :]]).encode()
        try:
            found = [event for one in translated(damaged) for event in one.events]
            out = [write(event) for event in found]
        except (AssertionError, MappingError, FormatError):
            continue  # not read, or not written: by a typed error
        assert all(x12.validate(data).valid for data in out)
