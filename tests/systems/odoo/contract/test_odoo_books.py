"""What the settings of a company do to documents, and doubled bills that people typed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.systems.odoo.contract.conftest import REAL_URL

from careloom.systems.odoo.documents.bills import Bill
from careloom.systems.odoo.documents.invoices import Invoice
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.systems.odoo.documents.outcome import Duplicate, HeldOtherwise
from careloom.systems.odoo.documents.payments import Payment

DAY = date(2026, 11, 2)
LOCKED = date(2020, 1, 31)
VISIT = MoveLine(text="99213 office visit", quantity=Decimal(1), price=Decimal("120.00"))


def bill(house: Any, name: str = "bill", **others: Any) -> Bill:
    given = {"key": house.key(name), "vendor": house.vendor, "reference": "B-0042", "lines": (VISIT,), "date": DAY}
    return Bill(**given | {"company": house.company} | others)


async def typed(house: Any, vendor: int) -> int:
    """A bill with the number of `bill` that came by another way."""
    values = {"move_type": "in_invoice", "partner_id/.id": vendor, "ref": "b 42", "invoice_date": DAY}
    return (await house.erp.upsert("account.move", house.key("typed"), values)).record_id  # type: ignore[no-any-return]


@pytest.fixture
async def lock(house: Any, chief: Any) -> AsyncIterator[None]:
    """No sales before February 2020."""
    await chief.call("res.company", "write", [house.company], {"sale_lock_date": LOCKED.isoformat()})
    yield
    await chief.call("res.company", "write", [house.company], {"sale_lock_date": False})


@pytest.mark.usefixtures("lock")
async def test_trap_3_an_invoice_in_a_locked_period_is_told(house: Any) -> None:
    asked = Invoice(key=house.key("i"), customer=house.customer, lines=(VISIT,), date=LOCKED, company=house.company)
    with pytest.raises(HeldOtherwise) as told:
        await house.erp.documents.invoices.issue(asked)
    [difference] = told.value.differences
    assert (difference.code, difference.field, difference.asked) == ("locked-period", "date", "2020-01-31")
    assert difference.held > "2020-01-31"


@pytest.mark.skipif(bool(REAL_URL), reason="it would take an account from the books of the real company")
async def test_trap_2_a_payment_without_an_outstanding_account_is_told(house: Any, chief: Any) -> None:
    # A chart of accounts brings one to fall back on; these books have lost theirs.
    accounts = await house.found("account.account", [["code", "=", "101403"]], ["name"])
    await chief.call("account.account", "write", [one["id"] for one in accounts], {"code": "109999"})
    values = {"name": f"Bank {house.run}", "type": "bank", "code": f"T{house.run[:4]}", "company_id": house.company}
    journal = await chief.call("account.journal", "create", values)
    payment = Payment(
        key=house.key("p"), sort="received", partner=house.customer, amount=Decimal(5), date=DAY, journal=journal,
        company=house.company,
    )  # fmt: skip
    for _ in range(2):
        with pytest.raises(HeldOtherwise) as told:
            await house.erp.documents.payments.register(payment)
        assert [one.code for one in told.value.differences] == ["no-journal-entry"]
    assert len(await house.found("account.payment", [["partner_id", "=", house.customer]], ["state"])) == 1


async def test_a_bill_that_a_person_typed_before_is_not_doubled(house: Any) -> None:
    values = {"name": "Accounts receivable", "parent_id/.id": house.vendor, "type": "invoice"}
    address = await house.erp.upsert("res.partner", house.key("address"), values)
    first = await typed(house, address.record_id)
    with pytest.raises(Duplicate, match="nothing was sent") as told:
        await house.erp.documents.bills.post(bill(house))
    assert told.value.record_id == first
    assert await house.erp.find(house.key("bill")) is None


async def test_a_bill_that_a_person_typed_afterwards_is_told_at_a_repeat(house: Any) -> None:
    bills = house.erp.documents.bills
    held = await bills.post(bill(house))
    second = await typed(house, house.vendor)
    with pytest.raises(Duplicate, match=f"account.move/{held.record_id} is in Odoo too") as told:
        await bills.post(bill(house))
    assert told.value.record_id == second


async def test_a_cancelled_bill_frees_its_number(house: Any) -> None:
    documents = house.erp.documents
    await documents.bills.draft(bill(house))
    await documents.invoices.cancel(house.key("bill"), house.company, "sent to the wrong hospital")
    again = await documents.bills.post(bill(house, "anew"))
    assert (again.state, again.created) == ("posted", True)


async def test_the_reason_of_a_cancellation_is_noted_once(house: Any) -> None:
    invoices = house.erp.documents.invoices
    asked = Invoice(key=house.key("i"), customer=house.customer, lines=(VISIT,), date=DAY, company=house.company)
    held = await invoices.issue(asked)
    for _ in range(2):
        await invoices.cancel(asked.key, house.company, "charged to the wrong account")
    domain = [["model", "=", "account.move"], ["res_id", "=", held.record_id], ["body", "ilike", "wrong account"]]
    assert len(await house.found("mail.message", domain, ["model"])) == 1


async def test_two_payments_take_no_more_than_is_owed(house: Any) -> None:
    asked = Invoice(key=house.key("i"), customer=house.customer, lines=(VISIT,), date=DAY, company=house.company)
    documents = house.erp.documents
    issued = await documents.invoices.issue(asked)
    common = {"sort": "received", "partner": house.customer, "date": DAY, "journal": house.bank}
    held = [
        await documents.payments.register(
            Payment(key=house.key(name), amount=Decimal(80), company=house.company, **common), [issued.record_id]
        )
        for name in ("first", "second")
    ]
    assert [one.allocated for one in held] == [{issued.record_id: Decimal(80)}, {issued.record_id: Decimal(40)}]
    assert [one.unallocated for one in held] == [Decimal(0), Decimal(40)]
