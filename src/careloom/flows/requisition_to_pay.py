"""Requisition to pay: what somebody asked for is approved by its amount, ordered, received, compared, billed and paid.

No step can be skipped. Up to 500 nobody need approve; up to 5,000 one person of `purchasing`, above that two, and
above 50,000 the `cfo` too: never the one who asked. A bill is posted when order, receipt and bill agree (at most what
came, at the order's price, with the right sum), or a person accepts the very difference: `invoice-mismatch`. What
cannot be ordered is an `unmatched-record`, goods that do not come a `stock-shortage`.

When a run fails or is cancelled, the payment, the bill and the order are withdrawn. Three remainders: goods that came
stay, with the order they came on; a payment that the bank has carried out is to be asked back; and a supplier who was
sent the order is told by `purchase_order.cancelled` only where a person gave the run up, else by whoever cancelled it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import AcceptedDifference, CorrectedInvoice, RecordMatch
from careloom.flows import Flow
from careloom.flows.steps.ledger import day_of, withdraw_document, withdraw_payment
from careloom.flows.steps.purchase import (
    Ordered,
    Plan,
    bill_key,
    compare,
    order_key,
    pay,
    payment_key,
    place,
    plan_of,
    post_bill,
    receive,
    withdraw_order,
)
from careloom.model import (
    GoodsReceived,
    Identifier,
    Invoice,
    Money,
    PurchaseOrderCancelled,
    PurchaseOrderPlaced,
    SupplierInvoiceReceived,
    SupplyRequest,
    SupplyRequested,
)
from careloom.systems.odoo.connector import Odoo
from careloom.workflow.run import Run

requisition_to_pay = Flow(
    "requisition-to-pay",
    owner="purchasing",
    sla="90d",
    waiting_counts=True,
    business_owner="director of supply chain",
    latency="batch",
    bound="1d",
    recovery_time="8h",
    pattern="transaction",
    money=True,
    system_of_record="Odoo",
    runbook="flow-requisition-to-pay",
)

_LIMITS: Final = ((Decimal(500), 0, False), (Decimal(5000), 1, False), (Decimal(50000), 2, False))
"""Up to this total so many of purchasing must approve, and whether the cfo must; above the last two and the cfo."""
_WAITS_ON: Final = (Action.RETRY, Action.WAIVE, Action.DISCARD)
_GOODS_WITHIN: Final = "30d"
_BILL_WITHIN: Final = "30d"


def _order_of_goods(event: GoodsReceived) -> str | None:
    return event.delivery.order[0].value if event.delivery.order else None


def _order_of_bill(event: SupplierInvoiceReceived) -> str | None:
    return event.invoice.order[0].value if event.invoice.order and event.invoice.kind == "invoice" else None


requisition_to_pay.awaits(GoodsReceived, by=_order_of_goods)
requisition_to_pay.awaits(SupplierInvoiceReceived, by=_order_of_bill)


def _number(event: SupplyRequested) -> Iterable[str]:
    return (f"Requisition/{one.value}" for one in event.requisition.identifier)


@requisition_to_pay.workflow(SupplyRequested, about=_number)
async def buy(run: Run, event: SupplyRequested) -> str:
    """From the requisition to its payment; gives what became of it."""
    requisition = event.requisition
    if requisition.kind != "requisition" or requisition.status in ("cancelled", "draft"):
        return "nothing is asked for"
    plan = await _planned(run, requisition)
    if plan is None:
        return "given up"
    currency = _currency(requisition)
    if (refused := await _approved(run, requisition, Money(value=plan.total, currency=currency))) is not None:
        return refused
    number = requisition.identifier[0].value
    key = await run.step(order_key, number, undo=withdraw_order)
    order = await run.step(place, key, plan, number, currency)
    await run.emit(PurchaseOrderPlaced(trigger="requisition", order=_placed(requisition, order, plan, currency)))
    if not await _received(run, key, plan, order):
        await run.step(withdraw_order, key)
        cancelled = msgspec.structs.replace(_placed(requisition, order, plan, currency), status="cancelled")
        await run.emit(PurchaseOrderCancelled(trigger="requisition", order=cancelled))
        return "cancelled, since no goods came"
    invoice = await _matched(run, key, plan, order)
    return "unpaid" if invoice is None else await _paid(run, plan, order, invoice)


# ---------------------------------------------------------------------- before the order


async def _planned(run: Run, requisition: SupplyRequest) -> Plan | None:
    """What can be ordered; None where a person gave it up."""
    instead: dict[str, str] = {}
    plan = await run.step(plan_of, requisition, instead, run.begun.date())
    while plan.bad is not None:
        told = "the supplier, the product or its price is not in Odoo, or out of use"
        offered = (Action.SUPPLY, Action.RETRY, Action.DISCARD)
        answer = await run.case("unmatched-record", told, field=f"requisition.{plan.bad}", actions=offered)
        assert answer is not None, "it waits until somebody decides"
        if answer.action not in (Action.SUPPLY, Action.RETRY):
            return None
        if isinstance(answer.data, RecordMatch) and answer.data.record in ("product", "supplier"):
            field = "supplier" if answer.data.record == "supplier" else plan.bad
            instead = {**instead, field: answer.data.number}
        plan = await run.step(plan_of, requisition, instead, run.begun.date())
    return plan


async def _approved(run: Run, requisition: SupplyRequest, total: Money) -> str | None:
    """None where everybody who must has approved; else why it ends here."""
    needed, chief = next(((many, also) for limit, many, also in _LIMITS if total.value <= limit), (2, True))
    who = requisition.requester.identifier if requisition.requester is not None else ()
    asked_by = who[0].value if who else ""
    for role, many in (("purchasing", needed), ("cfo", int(chief))):
        if not many:
            continue
        decision = await run.approval(
            f"a requisition of {total.value} {total.currency}",
            role=role, amount=total, asked_by=asked_by, needed=many, remind="1d",
            escalate=("2d", "cfo") if role != "cfo" else None, within="5d",
        )  # fmt: skip
        if not decision.approved:
            return "not approved in time" if decision.expired else "rejected"
    return None


def _currency(requisition: SupplyRequest) -> str:
    priced = [line.unit_price for line in requisition.line if line.unit_price is not None]
    found = requisition.total or (priced[0] if priced else None)
    return found.currency if found is not None else "USD"


def _placed(requisition: SupplyRequest, order: Ordered, plan: Plan, currency: str) -> SupplyRequest:
    planned = {line.line: line for line in plan.lines}
    lines = tuple(
        msgspec.structs.replace(
            line,
            unit_price=Money(value=planned[line.identifier].price, currency=currency),
            quantity=msgspec.structs.replace(line.quantity, unit=planned[line.identifier].unit or None),
        )
        for line in requisition.line
    )
    return msgspec.structs.replace(
        requisition,
        identifier=(Identifier(value=order.number, type="PO"),),
        kind="purchase-order",
        status="approved",
        line=lines,
        total=Money(value=plan.total, currency=currency),
        requisition=requisition.identifier[0],
    )


# ---------------------------------------------------------------------- goods, bill, payment


async def _received(run: Run, key: str, plan: Plan, order: Ordered) -> bool:
    """Book what comes until all is there, or a person goes on with what came; False where the order is given up."""
    while order.open:
        event = await run.wait_for(GoodsReceived, order.number, within=_GOODS_WITHIN)
        if event is not None:
            told = event.record is not None
            order = await run.step(receive, key, plan, event.delivery, told, on_failure="case") or order
            continue
        late = "the goods of an order have not come within 30 days"
        answer = await run.case("stock-shortage", late, field="order", actions=_WAITS_ON)
        assert answer is not None, "it waits until somebody decides"
        if answer.action is Action.DISCARD and not order.came:
            return False
        if answer.action in (Action.WAIVE, Action.DISCARD):
            return order.came
    return True


async def _matched(run: Run, key: str, plan: Plan, order: Ordered) -> Invoice | None:
    """The bill that agrees with order and receipt, or that a person accepted; None where there is to be none."""
    while True:
        event = await run.wait_for(SupplierInvoiceReceived, order.number, within=_BILL_WITHIN)
        if event is None:
            told = "goods came, and no bill within 30 days"
            answer = await run.case("invoice-mismatch", told, field="invoice", actions=_WAITS_ON)
            if answer is None or answer.action in (Action.WAIVE, Action.DISCARD):
                return None
            continue
        word = await _looked_at(run, key, plan, event.invoice)
        if word == "post":
            return event.invoice
        if word == "end":
            return None


async def _looked_at(run: Run, key: str, plan: Plan, invoice: Invoice) -> str:
    """`post` it, wait for `another`, or `end`."""
    while differences := await run.step(compare, key, plan, invoice):
        answer = await run.case("invoice-mismatch", "; ".join(differences), field="invoice.line")
        assert answer is not None, "it waits until somebody decides"
        if answer.action is Action.WAIVE or _accepts(answer.data, invoice, plan):
            return "post"
        if answer.action is Action.REJECT or isinstance(answer.data, CorrectedInvoice):
            return "another"
        if answer.action is Action.DISCARD:
            return "end"
    return "post"


def _accepts(data: object, invoice: Invoice, plan: Plan) -> bool:
    """Whether a person accepted just the difference that there is between the bill and the order."""
    difference = invoice.total_gross.value - plan.total
    return isinstance(data, AcceptedDifference) and (data.amount, data.currency) == (
        difference,
        invoice.total_gross.currency,
    )


async def _paid(run: Run, plan: Plan, order: Ordered, invoice: Invoice) -> str:
    key = await run.step(bill_key, order.number, invoice, undo=take_back_bill)
    came_at = (await run.now()).date()
    bill = await run.step(post_bill, key, plan, order.number, invoice, came_at)
    due = day_of(invoice.due_date, came_at)
    if (left := _until(await run.now(), due.toordinal())) > timedelta():
        await run.sleep(left)
    paid = await run.step(payment_key, key, undo=take_back_payment)
    await run.step(pay, paid, bill, plan, invoice, (await run.now()).date())
    return "paid"


def _until(now: datetime, day: int) -> timedelta:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=day - now.toordinal()) - now


async def take_back_bill(key: str, erp: Odoo) -> None:
    """The bill cancelled; its number is kept."""
    await withdraw_document(erp, key, "the purchase was given up")


async def take_back_payment(key: str, erp: Odoo) -> None:
    """The payment cancelled, its bill open again."""
    await withdraw_payment(erp, key)
