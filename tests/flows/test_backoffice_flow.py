"""Supplier invoices and payments become documents in Odoo 18 and 19, once, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.systems.odoo.contract.conftest import erp, house, opened, target

from careloom.core.errors import MappingError
from careloom.core.outcomes import Done, Skip
from careloom.flows.backoffice import keep_bill, set_off
from careloom.model import (
    AllowanceCharge,
    Identifier,
    Invoice,
    InvoiceLine,
    Money,
    Organization,
    PaymentNotice,
    PaymentReceived,
    Quantity,
    SupplierInvoiceReceived,
)
from careloom.systems.odoo.documents.invoices import Invoice as Asked
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.systems.odoo.documents.outcome import Duplicate
from careloom.systems.trial import event as recorded

__all__ = ["erp", "house", "opened", "target"]


def usd(amount: str) -> Money:
    return Money(value=Decimal(amount), currency="USD")


def billed(house: Any, number: str = "S-100", **others: Any) -> SupplierInvoiceReceived:
    lines = (
        InvoiceLine(
            sequence=1,
            description="Gloves",
            quantity=Quantity(value=Decimal(40)),
            unit_price=usd("2.5"),
            net=usd("100"),
        ),
        InvoiceLine(
            sequence=2, description="Wire", quantity=Quantity(value=Decimal(3)), unit_price=usd("3.33"), net=usd("10")
        ),
    )
    given = {
        "identifier": (Identifier(value=number),),
        "date": "2026-11-02",
        "issuer": Organization(identifier=(Identifier(value=f"DUNS-{house.run}"),), name="Harbor Medical"),
        "line": lines,
        "allowance_charge": (AllowanceCharge(kind="charge", reason="Freight", amount=usd("5.50")),),
        "total_gross": usd("123.75"),
    }
    return SupplierInvoiceReceived(trigger="X12 810", invoice=Invoice(**given | others))


async def bills(house: Any) -> list[dict[str, Any]]:
    domain = [["move_type", "in", ["in_invoice", "in_refund"]], ["partner_id.ref", "=", f"DUNS-{house.run}"]]
    fields = ["state", "ref", "amount_total", "move_type", "invoice_line_ids", "invoice_date"]
    return await house.found("account.move", domain, fields)


async def test_a_supplier_s_invoice_is_one_draft_bill_with_its_total(house: Any) -> None:
    first = await keep_bill(billed(house), recorded(1), house.erp)
    again = await keep_bill(billed(house), recorded(2), house.erp)
    assert isinstance(first, Done)
    assert first == again
    [bill] = await bills(house)
    assert (bill["state"], bill["ref"], bill["invoice_date"]) == ("draft", "S-100", "2026-11-02")
    assert (bill["amount_total"], len(bill["invoice_line_ids"])) == (123.75, 4)


async def test_a_credit_note_is_one(house: Any) -> None:
    await keep_bill(billed(house, kind="credit-note"), recorded(1), house.erp)
    [bill] = await bills(house)
    assert bill["move_type"] == "in_refund"


async def test_the_number_typed_otherwise_is_a_duplicate(house: Any) -> None:
    await keep_bill(billed(house, "S-100"), recorded(1), house.erp)
    with pytest.raises(Duplicate):
        await keep_bill(billed(house, "s 0100"), recorded(2), house.erp)


async def test_a_bill_needs_its_supplier_and_a_currency_of_odoo(house: Any) -> None:
    with pytest.raises(MappingError, match="supplier"):
        await keep_bill(billed(house, issuer=None), recorded(1), house.erp)
    with pytest.raises(MappingError, match="currency"):
        await keep_bill(billed(house, total_gross=Money(value=Decimal(1), currency="ISK")), recorded(1), house.erp)


def paid(invoice: str | None, amount: str = "120.00") -> PaymentReceived:
    number = Identifier(value="TRN-1", assigner="BANK")
    of = Identifier(value=invoice) if invoice else None
    return PaymentReceived(
        trigger="camt.053",
        payment=PaymentNotice(identifier=(number,), amount=usd(amount), date="2026-11-03", invoice=of),
    )


async def test_a_payment_pays_the_invoice_that_it_names(house: Any) -> None:
    line = MoveLine(text="visit", quantity=Decimal(1), price=Decimal(120))
    asked = Asked(
        key=house.key("i"), customer=house.customer, lines=(line,), date=date(2026, 11, 2), company=house.company
    )
    issued = await house.erp.documents.invoices.issue(asked)
    first = await set_off(paid(issued.number), recorded(1), house.erp)
    assert isinstance(first, Done)
    assert await set_off(paid(issued.number), recorded(2), house.erp) == first
    assert (await house.erp.documents.invoices.held(house.key("i"))).residual == 0


async def test_payments_that_say_nothing_for_odoo(house: Any) -> None:
    assert isinstance(await set_off(paid(None), recorded(1), house.erp), Skip)
    with pytest.raises(MappingError, match="no posted invoice"):
        await set_off(paid("INV/1999/0"), recorded(1), house.erp)


async def test_what_odoo_told_itself_does_not_come_back(house: Any) -> None:
    envelope = msgspec.structs.replace(recorded(1), source=f"systems/{house.erp.system}")
    assert isinstance(await keep_bill(billed(house), envelope, house.erp), Skip)
    assert isinstance(await set_off(paid("X"), envelope, house.erp), Skip)
    assert await bills(house) == []
