"""A day with a gateway and a bank: signed events, a report and a statement that agree to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from careloom.formats.csv import Layout
from careloom.mapping import Settings
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, reader
from careloom.model import (
    CanonicalEvent,
    PaymentDisputed,
    PaymentReceived,
    PaymentRefunded,
    SettlementReceived,
    StatementReceived,
)
from careloom.systems.payments.connector import Payments
from careloom.systems.payments.fake import Gateway
from careloom.systems.payments.reconciling import Books, Reconciled, reconcile
from careloom.systems.registry import kinds
from careloom.systems.trial import START
from careloom.testing.surroundings import World

Connect = Callable[..., Payments]
NOW = int(START.timestamp())


async def bring(connection: Payments, gateway: Gateway, events: Sequence[dict[str, Any]]) -> None:
    for event in events:
        assert (await connection.answer(gateway.signed(event, NOW))).status == 200


def read(format: str, data: bytes, settings: Settings | None = None) -> Iterator[CanonicalEvent]:
    """As the log's translator does with what came as a file."""
    settings = settings or Settings()
    for unit in reader(format).units(data, settings):
        assert isinstance(unit, Unit)
        mapping = mapping_for(format, unit.type)
        assert mapping is not None
        yield from mapping.translate(reader(format).parse(unit.body, settings), settings).events


def told(world: World) -> Iterator[CanonicalEvent]:
    """As the log's translator does with what came by the webhook."""
    for message in world.intake.messages:
        mapping = mapping_for("json", message.type.removeprefix("json:"))
        assert mapping is not None
        yield from mapping.translate(msgspec.json.decode(message.body), Settings()).events


def statement(net: Decimal) -> bytes:
    closing = 1000 + net
    return (
        f":20:A\n:25:10010010/0930711860\n:28C:61/1\n:60F:C260302USD1000,00\n"
        f":61:2603030303C{str(net).replace('.', ',')}NTRFNONREF//B1\n:86:PAYGATE po_0001\n"
        f":62F:C260303USD{str(closing).replace('.', ',')}\n-\n"
    ).encode()


def books(events: Sequence[CanonicalEvent]) -> Books:
    return Books(
        payments=[one.payment for one in events if isinstance(one, PaymentReceived)],
        refunds=[one.refund for one in events if isinstance(one, PaymentRefunded)],
        disputes=[one.dispute for one in events if isinstance(one, PaymentDisputed)],
        settlements=[one.settlement for one in events if isinstance(one, SettlementReceived)],
        entries=[entry for one in events if isinstance(one, StatementReceived) for entry in one.statement.entry],
    )


def day(gateway: Gateway, *, lost: Sequence[int] = ()) -> tuple[list[dict[str, Any]], bytes, Decimal]:
    """Payments, a refund and a dispute; the events that came, the report, and what was paid out."""
    for number in range(40):
        gateway.pay(1234 + 77 * number, invoice=f"INV/2026/{number:05}")
    gateway.give_back("pay_0003", 500)
    gateway.dispute("pay_0005")
    payout, report = gateway.pay_out()
    arrived = [event for place, event in enumerate(gateway.events) if place not in lost]
    return arrived, report, Decimal(payout["data"]["object"]["amount"]).scaleb(-2)


def reconciled(world: World, report: bytes, entries: bytes) -> Reconciled:
    layout = Layout.load((kinds()["payments"].folder / "settlement.toml").read_text())
    settled = read("csv", report, Settings(layout=layout))
    events = [*told(world), *settled, *read("bank", entries)]
    return reconcile(books(events), due=date(2026, 3, 5))


async def test_everything_agrees_to_the_cent(world: World, gateway: Gateway, connected: Connect) -> None:
    events, report, net = day(gateway)
    await bring(connected(), gateway, events)
    found = reconciled(world, report, statement(net))
    assert not found.breaks
    assert not found.open
    assert len(found.matched) == 43  # payments, refund, dispute, payout
    assert sum(one.amount.value for one in found.matched if one.kind == "payout") == net


async def test_a_missing_leg_is_a_break_of_its_own(world: World, gateway: Gateway, connected: Connect) -> None:
    events, report, net = day(gateway, lost=(7,))
    await bring(connected(), gateway, events)
    report_without = report.replace(b"po_0001,payment,pay_0002", b"po_0001,other,pay_0002")
    found = reconciled(world, report_without, statement(net + Decimal("0.01")))
    assert {(one.why, one.leg, one.number) for one in found.breaks} == {
        ("missing", "event", "pay_0008"),
        ("missing", "settlement", "pay_0002"),
        ("differs", "bank", "po_0001"),
    }


async def test_what_the_webhook_lost_is_found_in_the_list(world: World, gateway: Gateway, connected: Connect) -> None:
    events, report, net = day(gateway, lost=(0, 7, 41))
    connection = connected()
    await bring(connection, gateway, events)
    await world.clock.advance(3600)  # type: ignore[attr-defined]
    await connection.poll()
    assert len(world.intake.messages) == len(gateway.events)
    assert {kind for kind, _ in world.troubles.open} == {"webhook-missed"}
    assert not reconciled(world, report, statement(net)).breaks
    await connection.poll()
    assert len(world.intake.messages) == len(gateway.events)
    assert not world.troubles.open


async def test_a_refund_waits_in_the_lane_of_its_payment(world: World, gateway: Gateway, connected: Connect) -> None:
    gateway.pay(1000)
    gateway.give_back("pay_0001", 1000)
    gateway.dispute("pay_0001")
    gateway.pay_out()
    await bring(connected(), gateway, gateway.events)
    subjects = [message.subject for message in world.intake.messages]
    assert subjects == ["Payment/-/pay_0001"] * 3 + ["Settlement/-/po_0001"]
    assert {message.type.partition("/")[0] for message in world.intake.messages} == {"json:payments"}
