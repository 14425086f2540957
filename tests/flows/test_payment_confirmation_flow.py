"""Payments are in the books at once; a number that is not known and money beyond what is owed are tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import PostgresServer
from tests.flows.fed import samples
from tests.flows.house import House, house_of, survives

from careloom.cases.kinds import Action
from careloom.flows.payment_confirmation import payment_confirmation
from careloom.flows.supplier_master import supplier_master
from careloom.model import (
    Allocation,
    Identifier,
    Money,
    Organization,
    OrganizationUpdated,
    PaymentNotice,
    PaymentReceived,
    RecordReference,
)
from careloom.systems.odoo.documents.invoices import Invoice
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.workflow.declaration import length_of
from careloom.workflow.desk import Told

RUN = "payment-confirmation.confirm"
INVOICES = ("120.00", "80.00")


async def furnish(house: House) -> list[str]:
    """Two open invoices of one customer, and one of another; their numbers."""
    erp = house.erp
    made = []
    for number, amount in enumerate((*INVOICES, "50.00")):
        name = "Quill" if number < 2 else "Marsh"
        customer = await erp.upsert("res.partner", erp.external_id("patient", "LAKESIDE", name), {"name": name})
        line = MoveLine(text="Visit", quantity=Decimal(1), price=Decimal(amount))
        key = erp.external_id("invoice", "LAKESIDE", str(number))
        asked = Invoice(key=key, customer=customer.record_id, lines=(line,), date=date(2026, 2, 20))
        made.append((await erp.documents.invoices.issue(asked)).number)
    return made


@asynccontextmanager
async def opened(postgres: PostgresServer, version: str = "19.0", **named: Any) -> AsyncIterator[House]:
    flows = [payment_confirmation, supplier_master]
    async with house_of(postgres, flows, furnish, version=version, **named) as house:
        yield house


def usd(amount: str) -> Money:
    return Money(value=Decimal(amount), currency="USD")


def paid(amount: str, invoice: str | None = None, **others: Any) -> PaymentReceived:
    of = None if invoice is None else Identifier(value=invoice)
    number = (Identifier(value="pay_0198", type="PAY", assigner="PAYGATE"),)
    record = others.pop("record", None)
    notice = PaymentNotice(identifier=number, amount=usd(amount), date="2026-03-01", invoice=of, **others)
    return PaymentReceived(trigger="payment.succeeded", payment=notice, record=record)


async def open_amounts(house: House) -> list[float]:
    found = await house.found("account.move", [["move_type", "=", "out_invoice"]], ["amount_residual"])
    return [row["amount_residual"] for row in found]


async def payments(house: House) -> list[tuple[str, float]]:
    rows = await house.found("account.payment", [], ["state", "amount", "memo"])
    return [("live" if row["state"] in ("in_process", "paid") else row["state"], row["amount"]) for row in rows]


@pytest.mark.parametrize("version", ["18.0", "19.0"])
async def test_a_payment_is_posted_and_set_off_at_once_while_suppliers_wait_for_their_day(
    postgres_server: PostgresServer, version: str
) -> None:
    async with opened(postgres_server, version) as house:
        world, numbers = house.world, house.given
        await world.settle()
        await world.later(hours=23)  # past six in the morning, when the day's run begins to gather
        supplier = Organization(identifier=(Identifier(value="V-100"),), name="Harbor Medical", type="supplier")
        before = world.clock.now()
        await world.tell(
            OrganizationUpdated(trigger="suppliers.csv", organization=supplier), paid("120.00", numbers[0])
        )
        await world.settle()
        assert world.clock.now() - before <= length_of(payment_confirmation.bound)
        assert await open_amounts(house) == [0.0, 80.0, 50.0]
        assert await payments(house) == [("live", 120.0)]
        assert await world.runs() == [(RUN, "completed"), ("supplier-master.bring", "waiting")]
        assert await house.found("res.partner", [["ref", "=", "V-100"]], ["name"]) == []
        await world.later(days=1)
        assert await house.found("res.partner", [["ref", "=", "V-100"]], ["name"]) == [{"name": "Harbor Medical"}]
        assert await world.cases() == [], "a delay that was agreed on is no alarm"


async def test_a_payment_for_several_invoices_is_set_off_in_its_order(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        shares = [(house.given[1], "80.00"), (house.given[0], "40.00")]
        split = tuple(Allocation(invoice=Identifier(value=number), amount=usd(share)) for number, share in shares)
        await house.world.tell(paid("120.00", allocation=split))
        await house.world.settle()
        assert await open_amounts(house) == [80.0, 0.0, 50.0]


@pytest.mark.parametrize("named", ["INV/1999/0", None])
async def test_a_number_that_odoo_does_not_know_is_a_task_and_the_right_one_is_supplied(
    postgres_server: PostgresServer, named: str | None
) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(paid("120.00", named))
        await house.world.settle()
        assert (await house.world.cases(), await payments(house)) == (["unmatched-record"], [])
        await house.world.decide("unmatched-record", Action.RETRY)
        assert (await house.world.cases(), await payments(house)) == (["unmatched-record"], [])
        right = {"record": "invoice", "number": house.given[0]}
        await house.world.decide("unmatched-record", Action.SUPPLY, right)
        assert (await open_amounts(house), await house.world.runs()) == ([0.0, 80.0, 50.0], [(RUN, "completed")])


@pytest.mark.parametrize("action", [Action.WAIVE, Action.RESOLVE, Action.DISCARD])
async def test_what_nobody_can_match_leaves_no_trace_in_the_books(
    postgres_server: PostgresServer, action: Action
) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(paid("120.00", "INV/1999/0"))
        await house.world.settle()
        await house.world.decide("unmatched-record", action)
        assert await house.world.runs() == [(RUN, "completed")]
        assert (await payments(house), await house.world.cases()) == ([], [])


async def test_invoices_of_two_customers_are_no_payment_of_one(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        split = tuple(Allocation(invoice=Identifier(value=house.given[at]), amount=usd("50.00")) for at in (0, 2))
        await house.world.tell(paid("100.00", allocation=split))
        await house.world.settle()
        assert (await house.world.cases(), await payments(house)) == (["unmatched-record"], [])


@pytest.mark.parametrize(("at", "left"), [(1, [0.0, 50.0, 50.0]), (2, [0.0, 80.0, 50.0]), (None, [0.0, 80.0, 50.0])])
async def test_money_beyond_what_is_owed_goes_where_a_person_says(
    postgres_server: PostgresServer, at: int | None, left: list[float]
) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(paid("150.00", house.given[0]))
        await house.world.settle()
        assert await house.world.cases() == ["unmatched-record"]
        if at is not None:
            more = {"record": "invoice", "number": house.given[at]}
            await house.world.decide("unmatched-record", Action.SUPPLY, more)
        if at != 1:  # another customer's invoice takes nothing of it
            assert await house.world.cases() == ["unmatched-record"]
            await house.world.decide("unmatched-record", Action.WAIVE)
        assert (await open_amounts(house), await payments(house)) == (left, [("live", 150.0)])
        assert (await house.world.runs(), await house.world.cases()) == ([(RUN, "completed")], [])


async def test_a_payment_that_brought_no_money_or_that_odoo_told_of_is_left_alone(
    postgres_server: PostgresServer,
) -> None:
    async with opened(postgres_server) as house:
        told = RecordReference(model="account.payment", id="7", system="erp")
        await house.world.tell(paid("1.00", "X", record=told), paid("1.00", "X", status="authorized"))
        await house.world.settle()
        assert await house.world.runs() == [(RUN, "completed")] * 2
        assert (await payments(house), await house.world.cases()) == ([], [])


async def test_a_cancelled_run_takes_the_payment_back(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        before = await house.ledger()
        await house.world.tell(paid("150.00", house.given[0]))
        await house.world.settle()
        [run] = await house.world.rows("select id from run")
        await house.world.node.desk.cancel(run["id"], Told("Robin Okafor", "the gateway took it back"))
        await house.world.settle()
        assert await house.world.runs() == [(RUN, "cancelled")]
        assert (await house.ledger(), await open_amounts(house)) == (before, [120.0, 80.0, 50.0])
        assert await payments(house) == [("canceled", 150.0)]


async def test_what_odoo_refuses_waits_for_a_person_and_given_up_leaves_nothing(
    postgres_server: PostgresServer,
) -> None:
    async with opened(postgres_server) as house:
        before = await house.ledger()
        event = paid("120.00", house.given[0])
        foreign = PaymentNotice(
            identifier=event.payment.identifier,
            amount=Money(value=Decimal(120), currency="ISK"),
            invoice=event.payment.invoice,
        )
        await house.world.tell(PaymentReceived(trigger="payment.succeeded", payment=foreign))
        await house.world.settle()
        assert await house.world.cases() == ["mapping"]
        await house.world.decide("mapping", Action.DISCARD)
        assert await house.world.runs() == [(RUN, "failed")]
        assert (await house.ledger(), await house.world.cases()) == (before, ["run-failed"])


async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        await house.world.tell(paid("150.00", "INV/1999/0"))
        await house.world.settle()
        for at in (0, 1):
            more = {"record": "invoice", "number": house.given[at]}
            await house.world.decide("unmatched-record", Action.SUPPLY, more)
        runs, cases = await house.world.runs(), await house.world.cases()
        return runs, cases, await house.ledger(), await open_amounts(house), await payments(house)

    assert await survives(postgres_server, [payment_confirmation], furnish, scenario) > 15


async def test_the_sample_is_posted(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(*samples("payment_confirmation/payment.json"))
        await house.world.settle()
        await house.world.decide("unmatched-record", Action.SUPPLY, {"record": "invoice", "number": house.given[0]})
        assert (await open_amounts(house), await house.world.runs()) == ([0.0, 80.0, 50.0], [(RUN, "completed")])


def test_it_declares_everything() -> None:
    assert payment_confirmation.undeclared() == []
