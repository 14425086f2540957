"""Customer invoices, credit notes and bills: once, as asked, and honest about what Odoo did otherwise."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo.documents.bills import Bill, normalised
from careloom.systems.odoo.documents.invoices import CreditNote, Invoice
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.systems.odoo.documents.outcome import Duplicate, HeldOtherwise
from careloom.systems.odoo.documents.payments import Payment

DAY = date(2026, 11, 2)
VISIT = MoveLine(text="99213 office visit", quantity=Decimal(1), price=Decimal("120.00"))
LAB = MoveLine(text="85025 blood count", quantity=Decimal(2), price=Decimal("15.50"))


def invoice(house: Any, name: str = "invoice", **others: Any) -> Invoice:
    given = {
        "key": house.key(name),
        "customer": house.customer,
        "lines": (VISIT, LAB),
        "date": DAY,
        "company": house.company,
    }
    return Invoice(**given | others)


def bill(house: Any, number: str, name: str = "bill", **others: Any) -> Bill:
    given = {"key": house.key(name), "vendor": house.vendor, "reference": number, "lines": (VISIT,), "date": DAY}
    return Bill(**given | {"company": house.company} | others)


async def test_an_invoice_is_issued_once_with_number_and_total(house: Any) -> None:
    invoices = house.erp.documents.invoices
    first = await invoices.issue(invoice(house, total=Decimal("151.00")))
    again = await invoices.issue(invoice(house))
    assert (first.state, first.date, first.total, first.tax) == ("posted", DAY, Decimal("151.00"), Decimal("0.00"))
    assert first.number
    assert (first.created, again.created) == (True, False)
    assert again.number == first.number
    found = await house.found("account.move", [["partner_id", "=", house.customer]], ["name"])
    assert len(found) == 1


async def test_trap_0_1_many_writers_make_one_invoice(house: Any, opened: Any) -> None:
    held = await asyncio.gather(*(opened().documents.invoices.issue(invoice(house)) for _ in range(4)))
    assert len({one.record_id for one in held}) == 1
    assert len({one.number for one in held}) == 1


async def test_trap_2_default_taxes_are_not_added(house: Any) -> None:
    held = await house.erp.documents.invoices.issue(invoice(house))
    assert held.tax == 0


async def test_a_tax_that_is_asked_for_is_taken(house: Any) -> None:
    domain = [["type_tax_use", "=", "sale"], ["company_id", "=", house.company], ["amount_type", "=", "percent"]]
    taxes = await house.found("account.tax", domain, ["amount"])
    line = MoveLine(text="device", quantity=Decimal(1), price=Decimal(100), taxes=(taxes[0]["id"],))
    held = await house.erp.documents.invoices.issue(invoice(house, lines=(line,)))
    assert held.tax == Decimal(str(taxes[0]["amount"])).quantize(Decimal("0.01"))


async def test_a_total_that_does_not_come_out_is_told_and_the_invoice_stays(house: Any) -> None:
    with pytest.raises(HeldOtherwise) as told:
        await house.erp.documents.invoices.issue(invoice(house, total=Decimal("150.99")))
    [difference] = told.value.differences
    assert (difference.code, difference.asked, difference.held) == ("total", "150.99", "151.00")
    assert (await house.erp.documents.invoices.held(house.key("invoice"))).state == "posted"


async def test_a_draft_waits_and_is_posted_later(house: Any) -> None:
    invoices = house.erp.documents.invoices
    draft = await invoices.draft(invoice(house))
    assert (draft.state, draft.number) == ("draft", "")
    posted = await invoices.issue(invoice(house))
    assert (posted.record_id, posted.state) == (draft.record_id, "posted")


async def test_an_invoice_without_lines_is_not_sent(house: Any) -> None:
    with pytest.raises(MappingError, match="lines"):
        await house.erp.documents.invoices.issue(invoice(house, lines=()))


async def test_a_credit_note_is_set_off_against_its_invoice_once(house: Any) -> None:
    invoices = house.erp.documents.invoices
    issued = await invoices.issue(invoice(house))
    note = CreditNote(
        key=house.key("credit"), reverses=issued.record_id, customer=house.customer, lines=(LAB,), date=DAY,
        company=house.company,
    )  # fmt: skip
    first, again = await invoices.credit(note), await invoices.credit(note)
    assert (first.total, first.residual, again.created) == (Decimal("31.00"), Decimal(0), False)
    left = await invoices.held(house.key("invoice"))
    assert (left.residual, left.payment_state) == (Decimal("120.00"), "partial")


async def test_only_a_posted_invoice_is_credited(house: Any) -> None:
    invoices = house.erp.documents.invoices
    draft = await invoices.draft(invoice(house))
    note = CreditNote(key=house.key("c"), reverses=draft.record_id, customer=house.customer, lines=(LAB,), date=DAY)
    with pytest.raises(Rejected, match="posted"):
        await invoices.credit(note)


async def test_an_invoice_is_cancelled_once_and_keeps_its_number(house: Any) -> None:
    invoices = house.erp.documents.invoices
    issued = await invoices.issue(invoice(house))
    cancelled = await invoices.cancel(house.key("invoice"))
    assert (cancelled.state, cancelled.number) == ("cancel", issued.number)
    assert (await invoices.cancel(house.key("invoice"))).state == "cancel"
    with pytest.raises(HeldOtherwise, match="cancel"):
        await invoices.issue(invoice(house))


async def test_a_paid_invoice_is_not_cancelled(house: Any) -> None:
    issued = await house.erp.documents.invoices.issue(invoice(house))
    await house.erp.documents.payments.register(payment(house, "151.00"), [issued.record_id])
    with pytest.raises(Rejected, match="credit it"):
        await house.erp.documents.invoices.cancel(house.key("invoice"))


async def test_trap_2_the_same_number_of_a_supplier_is_refused(house: Any) -> None:
    bills = house.erp.documents.bills
    first = await bills.post(bill(house, "INV-0012/A"))
    assert first.state == "posted"
    assert (await bills.post(bill(house, "INV-0012/A"))).created is False
    with pytest.raises(Duplicate, match="nothing was sent"):
        await bills.post(bill(house, "inv 12 a", "other"))
    found = await house.found("account.move", [["partner_id", "=", house.vendor]], ["name"])
    assert len(found) == 1


async def test_another_supplier_may_have_the_number_and_a_cancelled_bill_frees_it(house: Any) -> None:
    bills = house.erp.documents.bills
    await bills.post(bill(house, "77"))
    await bills.post(bill(house, "77", "other", vendor=house.customer))
    await bills.post(bill(house, "770", "longer"))
    assert [normalised(one) for one in ("INV-0012 / a", "inv12A", "#0", "--")] == ["inv12a", "inv12a", "0", ""]


async def test_two_bills_with_one_number_at_once_are_one(house: Any) -> None:
    bills = house.erp.documents.bills
    asked = (bills.post(bill(house, "88", f"b{n}")) for n in range(4))
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, Duplicate) for one in found) == 3


async def test_a_bill_needs_the_supplier_s_number(house: Any) -> None:
    with pytest.raises(MappingError, match="number"):
        await house.erp.documents.bills.post(bill(house, " - "))


def payment(house: Any, amount: str, name: str = "payment", **others: Any) -> Payment:
    given = {
        "key": house.key(name),
        "sort": "received",
        "partner": house.customer,
        "amount": Decimal(amount),
        "date": DAY,
    }
    return Payment(**given | {"journal": house.bank, "memo": "TRN 1", "company": house.company} | others)


async def test_trap_0_3_a_payment_is_made_once_and_pays_once(house: Any) -> None:
    issued = await house.erp.documents.invoices.issue(invoice(house))
    payments = house.erp.documents.payments
    first = await payments.register(payment(house, "100.00"), [issued.record_id])
    again = await payments.register(payment(house, "100.00"), [issued.record_id])
    assert (first.created, again.created, again.record_id) == (True, False, first.record_id)
    assert again.allocated == {issued.record_id: Decimal("100.00")}
    assert again.unallocated == 0
    left = await house.erp.documents.invoices.held(house.key("invoice"))
    assert (left.residual, left.payment_state) == (Decimal("51.00"), "partial")


async def test_one_payment_pays_two_invoices_and_two_payments_pay_one(house: Any) -> None:
    documents = house.erp.documents
    first = await documents.invoices.issue(invoice(house, "first"))
    second = await documents.invoices.issue(invoice(house, "second"))
    held = await documents.payments.register(payment(house, "200.00"), [first.record_id, second.record_id])
    assert held.allocated == {first.record_id: Decimal("151.00"), second.record_id: Decimal("49.00")}
    rest = await documents.payments.register(payment(house, "110.00", "rest"), [second.record_id])
    assert (rest.allocated, rest.unallocated) == ({second.record_id: Decimal("102.00")}, Decimal("8.00"))
    paid = await documents.invoices.held(house.key("second"))
    assert paid.residual == 0
    assert paid.payment_state in ("paid", "in_payment")


async def test_what_came_in_goes_back_against_the_credit_note(house: Any) -> None:
    documents = house.erp.documents
    issued = await documents.invoices.issue(invoice(house))
    await documents.payments.register(payment(house, "151.00"), [issued.record_id])
    note = CreditNote(
        key=house.key("credit"), reverses=issued.record_id, customer=house.customer, lines=(VISIT, LAB), date=DAY,
        company=house.company,
    )  # fmt: skip
    credited = await documents.invoices.credit(note)
    assert credited.residual == Decimal("151.00")
    back = await documents.payments.register(payment(house, "151.00", "back", sort="refunded"), [credited.record_id])
    assert back.allocated == {credited.record_id: Decimal("151.00")}
    assert (await documents.invoices.held(house.key("credit"))).residual == 0


async def test_a_bill_is_paid(house: Any) -> None:
    owed = await house.erp.documents.bills.post(bill(house, "B-9"))
    sent = payment(house, "120.00", sort="paid", partner=house.vendor)
    held = await house.erp.documents.payments.register(sent, [owed.record_id])
    assert held.allocated == {owed.record_id: Decimal("120.00")}


async def test_many_invoices_travel_together(house: Any, target: Any) -> None:
    calls = getattr(target, "calls", None)
    before = len(calls) if calls is not None else 0
    asked = (house.erp.documents.invoices.issue(invoice(house, f"i{n}")) for n in range(30))
    held = await asyncio.gather(*asked)
    assert len({one.number for one in held}) == 30
    if calls is not None:
        assert len(calls) - before < 10
