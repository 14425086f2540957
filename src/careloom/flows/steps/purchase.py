"""What a purchase does in Odoo: priced, ordered, received, compared, billed, paid. Each step may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from careloom.flows.steps.codes import alias, as_known
from careloom.flows.steps.goods import lot_of, product_of
from careloom.flows.steps.ledger import bank_of, currency_of, day_of
from careloom.flows.stores import Stores
from careloom.identity.crosswalk.codes import Entity
from careloom.mapping.identifiers import best
from careloom.model import Identifier, Invoice, InvoiceLine, Organization, SupplyDelivery, SupplyRequest
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.bills import Bill
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.systems.odoo.documents.order_lines import HeldLine
from careloom.systems.odoo.documents.outcome import reference
from careloom.systems.odoo.documents.payments import Payment
from careloom.systems.odoo.documents.purchasing import Purchase, PurchaseLine
from careloom.systems.odoo.documents.receipts import Receipt, ReceiptLine
from careloom.workflow.calling import Attempt

_ONE: Final = Decimal(1)


class PlanLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a requisition with what Odoo knows of it: `record` is the product; `unit` its code, empty for none."""

    line: str
    record: int
    quantity: Decimal
    price: Decimal
    unit: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A requisition that can be ordered; or `bad`, the first value of it that cannot."""

    supplier: int = 0
    lines: tuple[PlanLine, ...] = ()
    bad: str | None = None

    @property
    def total(self) -> Decimal:
        """Before taxes."""
        return sum((line.quantity * line.price for line in self.lines), Decimal(0))


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """The order in Odoo: `lines` are its records by the line of the requisition; `open` is whether more is to come."""

    number: str
    open: bool
    came: bool


async def plan_of(requisition: SupplyRequest, instead: dict[str, str], day: date, erp: Odoo, stores: Stores) -> Plan:
    """Supplier, products and prices. `instead` are the numbers that people gave for bad values, by field. Codes that
    the crosswalk maps are those that they stand for on that day."""
    named = instead.get("supplier") or _number_of(requisition.supplier)
    if named is not None:
        named = await alias(Entity.SUPPLIER, named, day, erp, stores)
    supplier = 0 if named is None else await _in_use(erp, named)
    if named is not None and not supplier:
        return Plan(bad="supplier")
    lines = []
    for line in requisition.line:
        given = instead.get(f"line[{line.identifier}]")
        numbers = (Identifier(value=given, type="SKU"),) if given else line.item
        numbers, _ = await as_known(Entity.PRODUCT, numbers, day, erp, stores)
        product = await product_of(erp, numbers, own=False)
        if product is None:
            return Plan(bad=f"line[{line.identifier}]")
        offer = await _offer(erp, product.record_id, supplier)
        supplier = supplier or (offer[0] if offer else 0)
        price = line.unit_price.value if line.unit_price is not None else offer[1] if offer else None
        if not supplier or price is None:
            return Plan(bad=f"line[{line.identifier}].price" if supplier else "supplier")
        unit = line.quantity.unit or await _unit_of(erp, product.record_id)
        lines.append(
            PlanLine(
                line=line.identifier, record=product.record_id, quantity=line.quantity.value, price=price, unit=unit
            )
        )
    return Plan(supplier=supplier, lines=tuple(lines))


async def _unit_of(erp: Odoo, product: int) -> str:
    """Suppliers take no quantity without a unit, and those who ask for goods by Odoo's own unit name none."""
    [row] = await erp.read("product.product", [product], ["uom_id"])
    return await erp.documents.units.code_of(reference(row["uom_id"]) or 0) or ""


def _number_of(supplier: Organization | None) -> str | None:
    known = best(supplier.identifier) if supplier is not None else None
    return known.value if known is not None else None


async def _in_use(erp: Odoo, number: str) -> int:
    """The supplier's record; 0 for one in the archive too: it left, or was never let in."""
    found = await erp.find(erp.external_id("supplier", "-", number))
    rows = await erp.search_read("res.partner", [["id", "=", found.record_id]], ["name"]) if found is not None else []
    return int(rows[0]["id"]) if rows else 0


async def _offer(erp: Odoo, product: int, supplier: int) -> tuple[int, Decimal] | None:
    domain: list[Any] = [["product_id", "=", product], ["partner_id.active", "=", True]]
    domain += [["partner_id", "=", supplier]] if supplier else []
    rows = await erp.search_read("product.supplierinfo", domain, ["partner_id", "price"], limit=1, order="sequence, id")
    return (reference(rows[0]["partner_id"]) or 0, Decimal(str(rows[0]["price"]))) if rows else None


async def order_key(number: str, erp: Odoo) -> str:
    """By what Odoo knows the order of a requisition."""
    return erp.external_id("requisition", "-", number)


async def place(key: str, plan: Plan, number: str, currency: str, erp: Odoo, attempt: Attempt) -> Ordered:
    """The order, confirmed."""
    lines = [PurchaseLine(product=line.record, quantity=line.quantity, price=line.price) for line in plan.lines]
    asked = Purchase(
        key=key,
        supplier=plan.supplier,
        lines=lines,
        source=number,
        currency=await currency_of(erp, currency),
        correlation=str(attempt.correlation),
    )
    held = await erp.documents.purchasing.order(asked)
    return Ordered(number=held.number, open=_open(held.lines), came=False)


def _open(lines: Sequence[HeldLine]) -> bool:
    return any(line.done < line.quantity for line in lines)


async def withdraw_order(key: str, erp: Odoo) -> None:
    """Cancel it, unless goods of it came: those stay, and so does the order that they belong to."""
    if await erp.find(key) is None:
        return
    held = await erp.documents.purchasing.held(key)
    if not any(line.done for line in held.lines):
        await erp.documents.purchasing.cancel(key)


async def receive(key: str, plan: Plan, delivery: SupplyDelivery, told: bool, erp: Odoo) -> Ordered:
    """What came, booked once by the delivery's number; `told`: Odoo has it already, and told of it itself."""
    held = await erp.documents.purchasing.held(key)
    if not told:
        lines = []
        for item in delivery.item:
            product = await product_of(erp, item.item, own=False)
            line = _line(plan, held.lines, item.order_line, product.record_id if product is not None else None)
            lines.append(ReceiptLine(order_line=line, quantity=item.quantity.value, lot=lot_of(item.lot)))
        number = delivery.identifier[0]
        name = erp.external_id("receipt", number.assigner or "-", f"{held.number}/{number.value}")
        await erp.documents.receipts.receive(Receipt(key=name, lines=lines, rest="backorder", shipment=number.value))
        held = await erp.documents.purchasing.held(key)
    return Ordered(number=held.number, open=_open(held.lines), came=any(line.done for line in held.lines))


def _line(plan: Plan, held: Sequence[HeldLine], named: str | None, product: int | None) -> int:
    """The record of an order's line; 0, which Odoo has not, where nothing fits. Lines stand as they were planned."""
    for planned, line in zip(plan.lines, held, strict=True):
        if named == planned.line or (named is None and product == planned.record):
            return line.record_id
    return 0


async def compare(key: str, plan: Plan, invoice: Invoice, erp: Odoo) -> list[str]:
    """How order, receipt and bill differ: the line and what of it. Each line at its price, at most what came of it."""
    held = await erp.documents.purchasing.held(key)
    found: list[str] = []
    billed: dict[int, Decimal] = {}
    for line in invoice.line:
        product = await product_of(erp, line.item, own=False)
        record = _line(plan, held.lines, line.order_line, product.record_id if product is not None else None)
        known = next((one for one in held.lines if one.record_id == record), None)
        if known is None:
            found.append(f"line {line.sequence}: was not ordered")
            continue
        quantity, price = _priced(line)
        billed[record] = billed.get(record, Decimal(0)) + quantity
        if price != known.price:
            found.append(f"line {line.sequence}: price")
        if billed[record] > known.done:
            found.append(f"line {line.sequence}: quantity")
    if invoice.total_gross.value != sum((_net(line) for line in bill_lines(invoice)), Decimal(0)):
        found.append("total")
    beside = [one for one in invoice.allowance_charge if one.kind == "charge"]
    return [*found, *(["charge beside the lines"] if beside else [])]


def _priced(line: InvoiceLine) -> tuple[Decimal, Decimal]:
    quantity = line.quantity.value if line.quantity is not None else _ONE
    price = line.unit_price.value if line.unit_price is not None else line.net.value / quantity
    return quantity, price


def _net(line: MoveLine) -> Decimal:
    return line.net


def bill_lines(invoice: Invoice) -> list[MoveLine]:
    """The lines, then what stands beside them: charges, allowances, taxes."""
    lines = [
        MoveLine(text=line.description or f"Line {line.sequence}", quantity=_priced(line)[0], price=_priced(line)[1])
        for line in invoice.line
    ]
    for one in invoice.allowance_charge:
        sign = -1 if one.kind == "allowance" else 1
        lines.append(MoveLine(text=one.reason or one.kind, quantity=_ONE, price=sign * one.amount.value))
    if invoice.total_tax is not None and invoice.total_tax.value:
        lines.append(MoveLine(text="Tax", quantity=_ONE, price=invoice.total_tax.value))
    return lines


async def bill_key(number: str, invoice: Invoice, erp: Odoo) -> str:
    """By what Odoo knows the bill of an order."""
    return erp.external_id("bill", number, invoice.identifier[0].value)


async def post_bill(key: str, plan: Plan, number: str, invoice: Invoice, day: date, erp: Odoo, attempt: Attempt) -> int:
    """The bill in the books; its record."""
    asked = Bill(
        key=key,
        vendor=plan.supplier,
        reference=invoice.identifier[0].value,
        lines=bill_lines(invoice),
        date=day_of(invoice.date, day),
        due=day_of(invoice.due_date, day) if invoice.due_date else None,
        source=number,
        currency=await currency_of(erp, invoice.total_gross.currency),
        total=invoice.total_gross.value,
        correlation=str(attempt.correlation),
    )
    return (await erp.documents.bills.post(asked)).record_id


async def payment_key(key: str, erp: Odoo) -> str:
    """By what Odoo knows the payment of a bill."""
    return erp.external_id("payment-of", "-", key)


async def pay(key: str, bill: int, plan: Plan, invoice: Invoice, day: date, erp: Odoo, attempt: Attempt) -> int:
    """The bill paid; the record of its payment."""
    rows = await erp.read("account.move", [bill], ["company_id"])
    asked = Payment(
        key=key,
        sort="paid",
        partner=plan.supplier,
        amount=invoice.total_gross.value,
        date=day,
        journal=await bank_of(erp, reference(rows[0]["company_id"]) or 0),
        currency=await currency_of(erp, invoice.total_gross.currency),
        memo=invoice.identifier[0].value,
        correlation=str(attempt.correlation),
    )
    return (await erp.documents.payments.register(asked, [bill])).record_id
