"""The sums that docstrings promise of documents hold in the examples: they are what later work balances."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec
import pytest

from careloom import model
from careloom.model import Money

EXAMPLES = model.examples()


def total(amounts: Iterable[Money | None]) -> Decimal:
    return sum((one.value for one in amounts if one is not None), Decimal())


def test_a_remittance_is_its_claims_less_the_provider_adjustments() -> None:
    event = EXAMPLES["remittance.received.v1"]
    assert isinstance(event, model.RemittanceReceived)
    found = event.remittance
    paid = total(one.paid for one in found.claim) - total(one.amount for one in found.adjustment)
    assert found.amount.value == paid


def test_a_claim_is_paid_what_was_charged_less_the_adjustments() -> None:
    event = EXAMPLES["claim.adjudicated.v1"]
    assert isinstance(event, model.ClaimAdjudicated)
    found = event.explanation
    for line in found.item:
        assert line.charged.value - total(one.amount for one in line.adjustment) == line.paid.value
    adjusted = total(one.amount for line in found.item for one in line.adjustment)
    adjusted += total(one.amount for one in found.adjustment)
    assert found.charged.value - adjusted == found.paid.value
    borne = [one.amount for line in found.item for one in line.adjustment if one.group == "PR"]
    assert found.patient_responsibility is not None
    assert found.patient_responsibility.value == total(borne)


def test_the_remittance_and_the_claim_in_it_agree() -> None:
    whole, part = EXAMPLES["remittance.received.v1"], EXAMPLES["claim.adjudicated.v1"]
    assert isinstance(whole, model.RemittanceReceived)
    assert isinstance(part, model.ClaimAdjudicated)
    (line,) = whole.remittance.claim
    assert part.explanation.remittance == whole.remittance.identifier[0]
    for name in ("claim", "payer_claim", "decision", "charged", "paid"):
        assert getattr(line, name) == getattr(part.explanation, name)


def test_a_claim_is_the_sum_of_its_lines() -> None:
    event = EXAMPLES["claim.submitted.v1"]
    assert isinstance(event, model.ClaimSubmitted)
    assert event.claim.total.value == total(one.net for one in event.claim.item)


@pytest.mark.parametrize("name", ["invoice.issued.v1", "supplier_invoice.received.v1"])
def test_an_invoice_is_its_lines_with_taxes_and_charges(name: str) -> None:
    event = EXAMPLES[name]
    assert isinstance(event, model.InvoiceIssued | model.SupplierInvoiceReceived)
    found = event.invoice
    beside = sum(
        (one.amount.value if one.kind == "charge" else -one.amount.value for one in found.allowance_charge), Decimal()
    )
    assert total([found.total_net]) == total(one.net for one in found.line)
    assert found.total_gross.value == total([found.total_net, found.total_tax]) + beside


def test_an_order_is_the_sum_of_its_lines() -> None:
    for name in ("purchase_order.placed.v1", "purchase_order.changed.v1"):
        event = EXAMPLES[name]
        assert isinstance(event, model.PurchaseOrderPlaced | model.PurchaseOrderChanged)
        for line in event.order.line:
            assert total([line.net]) == line.quantity.value * total([line.unit_price])
        assert total([event.order.total]) == total(line.net for line in event.order.line)


def test_a_settlement_is_the_sum_of_its_lines_and_the_bank_says_so() -> None:
    settled, stated = EXAMPLES["settlement.received.v1"], EXAMPLES["statement.received.v1"]
    assert isinstance(settled, model.SettlementReceived)
    assert isinstance(stated, model.StatementReceived)
    net = settled.settlement.net
    assert net.value == total(one.net for one in settled.settlement.line)
    found = stated.statement
    assert net in [one.amount for one in found.entry if one.reference == settled.settlement.reference]
    assert total([found.opening]) + total(one.amount for one in found.entry) == total([found.closing])


def test_premiums_and_payrolls_balance() -> None:
    premium, payroll = EXAMPLES["premium.paid.v1"], EXAMPLES["payroll.posted.v1"]
    assert isinstance(premium, model.PremiumPaid)
    assert isinstance(payroll, model.PayrollPosted)
    assert premium.premium.amount.value == total(one.paid for one in premium.premium.item)
    lines = payroll.payroll.line
    assert total(one.debit for one in lines) == total(one.credit for one in lines) == payroll.payroll.total.value


def test_an_event_holds_one_currency() -> None:
    for name, event in EXAMPLES.items():
        assert set(_currencies(msgspec.json.decode(model.encode(event)))) <= {"USD"}, name


def _currencies(node: object) -> Iterable[str]:
    if isinstance(node, dict):
        if "currency" in node:
            yield node["currency"]
        for one in node.values():
            yield from _currencies(one)
    elif isinstance(node, list):
        for one in node:
            yield from _currencies(one)
