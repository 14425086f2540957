"""The three legs of a payment await each other, to the cent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom.core.outcomes import Done, Outcome, Skip
from careloom.flows.settlement import ENTRY, EVENT, LINE, settled, shown, told
from careloom.model import (
    BankEntry,
    BankStatement,
    Identifier,
    Money,
    PaymentNotice,
    PaymentReceived,
    PaymentRefunded,
    Refund,
    Settlement,
    SettlementLine,
    SettlementReceived,
    StatementReceived,
)
from careloom.systems.payments.connector import Payments, Settings, connect
from careloom.systems.trial import event as recorded
from careloom.testing.surroundings import World

Waiting = Callable[[], list[str]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def paygate(world: World) -> AsyncIterator[Payments]:
    made = connect(Settings.model_validate({"secret": "env:GATEWAY"}), world.around("paygate"))
    yield made
    await made.close()


@pytest.fixture
def waiting(world: World) -> Waiting:
    return lambda: sorted(one.kind for one in world.expectations.waiting)


def usd(amount: str) -> Money:
    return Money(value=Decimal(amount), currency="USD")


def number(value: str, type: str | None = None) -> tuple[Identifier, ...]:
    return (Identifier(value=value, type=type),)


def payment(amount: str = "40.00", type: str | None = "PAY") -> PaymentReceived:
    notice = PaymentNotice(identifier=number("pay_1", type), amount=usd(amount))
    return PaymentReceived(trigger="payment.succeeded", payment=notice)


def report(amount: str = "40.00", net: str = "38.54", kind: Any = "payment", **more: Any) -> SettlementReceived:
    line = SettlementLine(kind=kind, identifier=number("pay_1")[0], amount=usd(amount), net=usd(net))
    parts = {"reference": "PAYGATE 20260323", "line": (line,), **more}
    return SettlementReceived(
        trigger="settlement.csv", settlement=Settlement(identifier=number("po_1"), net=usd(net), **parts)
    )


def statement(amount: str = "38.54", reference: str | None = "ACH CREDIT PAYGATE 20260323") -> StatementReceived:
    entry = BankEntry(amount=usd(amount), reference=reference)
    account = Identifier(value="1")
    return StatementReceived(
        trigger="bai2", statement=BankStatement(identifier=number("s1"), account=account, entry=(entry,))
    )


async def play(paygate: Payments, *events: Any) -> list[Outcome]:
    made = []
    for place, one in enumerate(events, 1):
        if isinstance(one, StatementReceived):
            made.append(await shown(one, paygate))
        else:
            handler: Any = settled if isinstance(one, SettlementReceived) else told
            made.append(await handler(one, recorded(place), paygate))
    return made


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
async def test_nothing_is_awaited_once_all_legs_came(
    order: tuple[int, ...], paygate: Payments, waiting: Waiting
) -> None:
    legs = [payment(), report(), statement()]
    outcomes = await play(paygate, *(legs[place] for place in order))
    assert all(isinstance(one, Done) for one in outcomes)
    assert waiting() == []
    await play(paygate, *legs)  # as after a crash
    assert waiting() == []


@pytest.mark.parametrize(
    ("legs", "missing"),
    [
        ([payment()], [LINE]),
        ([report()], [ENTRY, EVENT]),
        ([payment(), report()], [ENTRY]),
        ([report(), statement()], [EVENT]),
        ([payment("40.01"), report(), statement()], [EVENT, LINE]),
        ([payment(), report(), statement("38.55")], [ENTRY]),
        ([payment(), report(), statement(reference="ACH CREDIT OTHER 20260324")], [ENTRY]),
        ([payment(), report(), statement(reference=None)], [ENTRY]),
    ],
)
async def test_a_leg_that_is_missing_or_a_cent_off_is_awaited(
    legs: list[Any], missing: list[str], paygate: Payments, waiting: Waiting
) -> None:
    await play(paygate, *legs)
    assert waiting() == missing


async def test_what_is_awaited_leads_to_the_message_that_awaits_it(paygate: Payments, world: World) -> None:
    await play(paygate, payment())
    (one,) = world.expectations.waiting
    assert one.message == recorded(1).id


async def test_an_amount_is_the_same_however_it_is_written(paygate: Payments, waiting: Waiting) -> None:
    await play(paygate, payment("40"), report("40.000", "38.540"), statement("38.54"))
    assert waiting() == []


async def test_a_refund_is_awaited_when_money_moved(paygate: Payments, waiting: Waiting) -> None:
    def refund(status: Any) -> PaymentRefunded:
        made = Refund(identifier=number("pay_1", "REF"), amount=usd("40.00"), status=status)
        return PaymentRefunded(trigger="refund.updated", refund=made)

    (pending,) = await play(paygate, refund("pending"))
    assert isinstance(pending, Skip)
    await play(paygate, refund("succeeded"))
    assert waiting() == [LINE]
    await play(paygate, report("-40.00", "-40.00", "refund"), statement("-40.00"))
    assert waiting() == []


async def test_what_no_gateway_told_is_left_alone(paygate: Payments, waiting: Waiting) -> None:
    outcomes = await play(paygate, payment(type=None), report(line=()))
    assert all(isinstance(one, Skip) for one in outcomes)
    assert waiting() == []


async def test_a_payout_without_a_reference_is_known_by_its_number(paygate: Payments, waiting: Waiting) -> None:
    await play(paygate, payment(), report(reference=None), statement(reference="PAYOUT PO_1"))
    assert waiting() == []


async def test_a_payout_that_was_not_paid_is_not_awaited_at_the_bank(paygate: Payments, waiting: Waiting) -> None:
    await play(paygate, payment(), report(status="failed"))
    assert waiting() == []
