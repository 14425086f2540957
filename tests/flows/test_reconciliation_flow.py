"""Settlements and statements beside Odoo: nothing happens where they agree, a task for each line where they do not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import PostgresServer
from tests.flows.fed import samples
from tests.flows.house import House, house_of, survives

from careloom.cases.kinds import Action
from careloom.flows.reconciliation import reconciliation
from careloom.model import (
    BankEntry,
    BankStatement,
    Identifier,
    Money,
    Settlement,
    SettlementLine,
    SettlementReceived,
    StatementReceived,
)
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.payments import Payment

HELD = {"pay_0711": "120.00", "TRN-9": "75.50"}


async def furnish(house: House) -> Mapping[str, str]:
    erp = house.erp
    for memo, amount in HELD.items():
        await hold(erp, memo, amount)
    return HELD


async def hold(erp: Odoo, memo: str, amount: str) -> None:
    """A posted payment of somebody."""
    customer = await erp.upsert("res.partner", "careloom.t_customer", {"name": "Quill"})
    domain = [["type", "=", "bank"]]
    journal = (await erp.search_read("account.journal", domain, ["name"], limit=1))[0]["id"]
    key = erp.external_id("payment", "-", memo)
    made = Payment(
        key=key, sort="received", partner=customer.record_id, amount=Decimal(amount), date=date(2026, 2, 27),
        journal=journal, memo=memo,
    )  # fmt: skip
    await erp.documents.payments.register(made)


@asynccontextmanager
async def opened(postgres: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres, [reconciliation], furnish) as house:
        yield house


def usd(amount: str) -> Money:
    return Money(value=Decimal(amount), currency="USD")


def settled(*lines: tuple[str, str], net: str | None = None) -> SettlementReceived:
    made = tuple(
        SettlementLine(kind="payment", identifier=Identifier(value=number), amount=usd(amount), net=usd(amount))
        for number, amount in lines
    )
    sum_ = net or str(sum((Decimal(amount) for _, amount in lines), Decimal(0)))
    found = Settlement(identifier=(Identifier(value="po_1"),), net=usd(sum_), line=made)
    return SettlementReceived(trigger="settlement.csv", settlement=found)


def stated(*entries: BankEntry) -> StatementReceived:
    statement = BankStatement(identifier=(Identifier(value="S1"),), account=Identifier(value="1"), entry=entries)
    return StatementReceived(trigger="camt.053", statement=statement)


async def asked(house: House) -> list[tuple[str, str]]:
    rows = await house.world.rows("select field, reason from work_case where resolved is null order by field")
    return [(row["field"], row["reason"]) for row in rows]


async def test_what_agrees_to_the_cent_asks_nobody(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(
            settled(("pay_0711", "100.00"), ("pay_0711", "20.00")),
            stated(
                BankEntry(amount=usd("75.50"), trace="TRN-9"),
                BankEntry(amount=usd("-12.00"), trace="OUT-1"),
                BankEntry(amount=usd("500.00"), reference="PAYGATE 20260302"),
            ),
        )
        await house.world.settle()
        assert sorted(await house.world.runs()) == [
            ("reconciliation.booked", "completed"),
            ("reconciliation.settled", "completed"),
        ]
        assert await house.world.cases() == []


async def test_a_payment_that_is_still_on_its_way_is_no_difference(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(settled(("pay_0800", "10.00")))
        await house.world.settle()
        assert await house.world.cases() == []
        await hold(house.erp, "pay_0800", "10.00")
        await house.world.later(days=1)
        assert (await house.world.cases(), await house.world.runs()) == ([], [("reconciliation.settled", "completed")])


async def test_each_difference_is_a_task_that_names_its_line(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(settled(("pay_0711", "120.01"), ("pay_0404", "5.00")))
        await house.world.settle()
        assert await house.world.cases() == [], "the second may still come"
        await house.world.later(days=1)
        assert await asked(house) == [("settlement.line[0]", "has another amount in Odoo")]
        await house.world.decide("unmatched-record", Action.RETRY)
        assert await asked(house) == [("settlement.line[0]", "has another amount in Odoo")]
        await house.world.decide("unmatched-record", Action.WAIVE)
        assert await asked(house) == [("settlement.line[1]", "has no posted payment in Odoo")]
        await hold(house.erp, "cash-5", "5.00")
        await house.world.decide("unmatched-record", Action.SUPPLY, {"record": "payment", "number": "cash-5"})
        assert await house.world.runs() == [("reconciliation.settled", "completed")]


@pytest.mark.parametrize("action", [Action.RESOLVE, Action.DISCARD])
async def test_an_entry_of_the_bank_that_odoo_lacks(postgres_server: PostgresServer, action: Action) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(stated(BankEntry(amount=usd("1.00")), BankEntry(amount=usd("9.00"), check_number="77")))
        await house.world.settle()
        await house.world.later(days=1)
        assert await asked(house) == [("statement.entry[1]", "has no posted payment in Odoo")]
        await house.world.decide("unmatched-record", action)
        assert (await house.world.cases(), await house.world.runs()) == ([], [("reconciliation.booked", "completed")])


async def test_lines_that_do_not_make_the_sum(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(settled(("pay_0711", "120.00"), net="119.00"))
        await house.world.settle()
        assert await asked(house) == [("settlement.net", "the lines do not make what was paid out")]
        await house.world.decide("unmatched-record", Action.WAIVE)
        assert await house.world.runs() == [("reconciliation.settled", "completed")]


async def test_the_sample_settlement_agrees(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await house.world.tell(*samples("payment_confirmation/settlement.json"))
        await house.world.settle()
        assert (await house.world.cases(), await house.world.runs()) == ([], [("reconciliation.settled", "completed")])


async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        await house.world.tell(settled(("pay_0404", "5.00")))
        await house.world.settle()
        await house.world.later(days=1)
        before = await asked(house)
        await house.world.decide("unmatched-record", Action.WAIVE)
        return before, await house.world.runs(), await house.world.cases(), await house.ledger()

    assert await survives(postgres_server, [reconciliation], furnish, scenario) > 8


def test_it_declares_everything() -> None:
    assert reconciliation.undeclared() == []
