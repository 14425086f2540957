"""From a requisition to its payment: no step can be skipped, and what does not agree is a task."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer
from tests.flows.fed import samples
from tests.flows.house import House, house_of, survives

from careloom.cases.kinds import Action
from careloom.cases.rights import Actor, NotAllowed
from careloom.flows.requisition_to_pay import requisition_to_pay
from careloom.model import (
    GoodsReceived,
    PurchaseOrderCancelled,
    PurchaseOrderPlaced,
    Quantity,
    SupplierInvoiceReceived,
    SupplyRequested,
)
from careloom.systems.odoo.documents.parties import Party
from careloom.systems.odoo.documents.products import Product
from careloom.systems.odoo.documents.supplier_prices import SupplierPrice
from careloom.workflow.desk import Told

RUN = "requisition-to-pay.buy"
ASKED, CAME, BILLED = samples("requisition_to_pay")


def buyer(name: str, *roles: str) -> Actor:
    return Actor(name, frozenset(roles or ("purchasing",)))


_LIVE = {"in_process": "live", "paid": "live"}
FIRST, SECOND, CHIEF = buyer("Robin Okafor"), buyer("Mika Sand"), buyer("Noor Adler", "cfo")


async def furnish(house: House) -> None:
    """A stent that Harbor sells for 640."""
    erp = house.erp
    unit = await erp.documents.units.find("EA")
    stent = Product(key=erp.external_id("product", "-", "S-4410"), name="Stent", code="S-4410", unit=unit)
    product = (await erp.documents.products.bring(stent)).record_id
    for number, name in (("V-100", "Harbor Medical"), ("V-200", "Gone")):
        party = Party(key=erp.external_id("supplier", "-", number), name=name, role="supplier", ref=number)
        supplier = (await erp.documents.parties.keep(party)).record_id
        key = erp.external_id("price", "-", number)
        price = SupplierPrice(key=key, supplier=supplier, product=product, price=Decimal(640), unit=unit)
        await erp.documents.supplier_prices.bring(price)
    await erp.documents.parties.archive(erp.external_id("supplier", "-", "V-200"))


@asynccontextmanager
async def opened(postgres: PostgresServer, version: str = "19.0") -> AsyncIterator[House]:
    async with house_of(postgres, [requisition_to_pay], furnish, version=version) as house:
        yield house


def asked(quantity: str = "4", **others: Any) -> SupplyRequested:
    assert isinstance(ASKED, SupplyRequested)
    line = msgspec.structs.replace(ASKED.requisition.line[0], quantity=Quantity(value=Decimal(quantity)))
    requisition = msgspec.structs.replace(ASKED.requisition, line=(line,), **others)
    return msgspec.structs.replace(ASKED, requisition=requisition)


def came(quantity: str = "4", number: str = "SH-31") -> GoodsReceived:
    assert isinstance(CAME, GoodsReceived)
    item = msgspec.structs.replace(CAME.delivery.item[0], quantity=Quantity(value=Decimal(quantity)))
    named = (msgspec.structs.replace(CAME.delivery.identifier[0], value=number),)
    return msgspec.structs.replace(
        CAME, delivery=msgspec.structs.replace(CAME.delivery, item=(item,), identifier=named)
    )


def billed(quantity: str = "4", price: str = "640.00", number: str = "HM-9001", **others: Any) -> Any:
    assert isinstance(BILLED, SupplierInvoiceReceived)
    invoice = BILLED.invoice
    net = msgspec.structs.replace(invoice.total_gross, value=Decimal(quantity) * Decimal(price))
    line = msgspec.structs.replace(
        invoice.line[0],
        quantity=Quantity(value=Decimal(quantity)),
        unit_price=msgspec.structs.replace(net, value=Decimal(price)),
        net=net,
    )
    named = (msgspec.structs.replace(invoice.identifier[0], value=number),)
    given = {"line": (line,), "total_gross": net, "identifier": named, **others}
    return msgspec.structs.replace(BILLED, invoice=msgspec.structs.replace(invoice, **given))


async def tell(house: House, *events: Any) -> None:
    await house.world.tell(*events)
    await house.world.settle()


async def orders(house: House) -> list[tuple[str, float]]:
    rows = await house.found("purchase.order", [], ["state", "amount_untaxed"])
    return [(row["state"], row["amount_untaxed"]) for row in rows]


async def books(house: House) -> list[tuple[str, str, float]]:
    """Bills and payments that stand."""
    bills = await house.found("account.move", [["move_type", "=", "in_invoice"]], ["state", "amount_residual"])
    paid = await house.found("account.payment", [], ["state", "amount"])
    return [
        *[("bill", row["state"], row["amount_residual"]) for row in bills],
        *[
            ("payment", "live" if row["state"] in ("in_process", "paid") else row["state"], row["amount"])
            for row in paid
        ],
    ]


async def bought(house: House) -> None:
    """Up to the order."""
    await tell(house, asked())
    await house.world.decide("approval", Action.APPROVE, by=FIRST)
    assert await orders(house) == [("purchase", 2560.0)]


@pytest.mark.parametrize("version", ["18.0", "19.0"])
async def test_the_sample_is_ordered_received_billed_and_paid_when_it_is_due(
    postgres_server: PostgresServer, version: str
) -> None:
    async with opened(postgres_server, version) as house:
        await tell(house, ASKED)
        assert (await house.world.cases(), await orders(house)) == (["approval"], [])
        with pytest.raises(NotAllowed):
            await house.world.decide("approval", Action.APPROVE, by=buyer("dana whitlock"))
        with pytest.raises(NotAllowed):
            await house.world.decide("approval", Action.APPROVE, by=buyer("Mika Sand", "billing"))
        await house.world.decide("approval", Action.APPROVE, by=FIRST)
        assert await orders(house) == [("purchase", 2560.0)]
        [placed] = await house.world.told(PurchaseOrderPlaced)
        assert (placed.order.identifier[0].value, placed.order.requisition.value) == ("P00001", "RQ-2207")
        await tell(house, BILLED)
        assert await books(house) == [], "nothing came yet, so nothing is billed"
        await tell(house, CAME)
        assert await house.stock() == [("[S-4410] Stent", "WH/Stock", "", 4.0, 0.0)]
        assert await books(house) == [("bill", "posted", 2560.0)]
        await house.world.later(days=19)
        assert await books(house) == [("bill", "posted", 0.0), ("payment", "live", 2560.0)]
        assert (await house.world.runs(), await house.world.cases()) == ([(RUN, "completed")], [])


@pytest.mark.parametrize(
    ("quantity", "voters"), [("0.5", []), ("4", [FIRST]), ("10", [FIRST, SECOND]), ("100", [FIRST, SECOND, CHIEF])]
)
async def test_who_must_approve_goes_by_the_amount(
    postgres_server: PostgresServer, quantity: str, voters: list[Actor]
) -> None:
    async with opened(postgres_server) as house:
        await tell(house, asked(quantity))
        for voter in voters:
            assert await orders(house) == []
            await house.world.decide("approval", Action.APPROVE, by=voter)
        assert [state for state, _ in await orders(house)] == ["purchase"]
        assert await house.world.cases() == []


async def test_nobody_approves_twice_and_a_rejection_ends_it(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await tell(house, asked("10"))
        await house.world.decide("approval", Action.APPROVE, by=FIRST)
        with pytest.raises(NotAllowed):
            await house.world.decide("approval", Action.APPROVE, by=FIRST)
        await house.world.decide("approval", Action.REJECT, by=SECOND)
        assert (await orders(house), await house.world.runs()) == ([], [(RUN, "completed")])


async def test_nobody_decides_in_time(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await tell(house, asked())
        await house.world.later(days=6)
        assert (await orders(house), await house.world.runs()) == ([], [(RUN, "completed")])


@pytest.mark.parametrize(
    ("number", "record", "instead"),
    [("V-404", "supplier", "V-100"), ("V-200", "supplier", "V-100"), ("S-404", "product", "S-4410")],
)
async def test_what_odoo_does_not_have_in_use_cannot_be_ordered(
    postgres_server: PostgresServer, number: str, record: str, instead: str
) -> None:
    async with opened(postgres_server) as house:
        event = asked("0.5")
        requisition = event.requisition
        named = (msgspec.structs.replace(requisition.identifier[0], value=number, type=None, assigner=None),)
        if record == "supplier":
            supplier = msgspec.structs.replace(requisition.supplier, identifier=named)
            requisition = msgspec.structs.replace(requisition, supplier=supplier)
        else:
            line = msgspec.structs.replace(requisition.line[0], item=named)
            requisition = msgspec.structs.replace(requisition, line=(line,))
        await tell(house, msgspec.structs.replace(event, requisition=requisition))
        assert (await house.world.cases(), await orders(house)) == (["unmatched-record"], [])
        await house.world.decide("unmatched-record", Action.SUPPLY, {"record": record, "number": instead})
        assert await orders(house) == [("purchase", 320.0)]


@pytest.mark.parametrize(("action", "ordered"), [(Action.RETRY, [("purchase", 320.0)]), (Action.DISCARD, [])])
async def test_what_is_brought_into_odoo_meanwhile_is_ordered(
    postgres_server: PostgresServer, action: Action, ordered: list[Any]
) -> None:
    async with opened(postgres_server) as house:
        [row] = await house.erp.search_read("res.partner", [["ref", "=", "V-100"]], ["id"])
        await house.erp.write("res.partner", [row["id"]], {"active": False})
        await tell(house, asked("0.5"))
        assert await house.world.cases() == ["unmatched-record"]
        await house.erp.write("res.partner", [row["id"]], {"active": True})
        await house.world.decide("unmatched-record", action)
        assert (await orders(house), await house.world.cases()) == (ordered, [])


MISMATCHES = [
    (billed(price="650.00"), "line 1: price"),
    (billed("5"), "line 1: quantity"),
    (billed(total_gross=msgspec.structs.replace(billed().invoice.total_gross, value=Decimal(2561))), "total"),
]


@pytest.mark.parametrize(("bill", "told"), MISMATCHES)
async def test_a_bill_that_does_not_agree_is_a_mismatch_and_a_corrected_one_is_posted(
    postgres_server: PostgresServer, bill: Any, told: str
) -> None:
    async with opened(postgres_server) as house:
        await bought(house)
        await tell(house, came(), bill)
        rows = await house.world.rows("select kind, reason from work_case where resolved is null")
        assert [(row["kind"], row["reason"]) for row in rows] == [("invoice-mismatch", told)]
        assert await books(house) == []
        await house.world.decide("invoice-mismatch", Action.RETRY)
        assert await house.world.cases() == ["invoice-mismatch"]
        await house.world.decide("invoice-mismatch", Action.REJECT)
        await tell(house, billed(number="HM-9002"))
        assert await books(house) == [("bill", "posted", 2560.0)]


@pytest.mark.parametrize(("amount", "posted"), [("40.00", True), ("41.00", False)])
async def test_only_the_very_difference_is_accepted(postgres_server: PostgresServer, amount: str, posted: bool) -> None:
    async with opened(postgres_server) as house:
        await bought(house)
        await tell(house, came(), billed(price="650.00"))
        accepted = {"amount": amount, "currency": "USD", "account": "600000"}
        await house.world.decide("invoice-mismatch", Action.APPROVE, accepted)
        assert await books(house) == ([("bill", "posted", 2600.0)] if posted else [])


async def test_goods_that_come_in_parts_are_waited_for(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await bought(house)
        await tell(house, came("3"), came("3"))  # the same delivery, told twice
        await house.world.later(days=31)
        assert "stock-shortage" in await house.world.cases()
        assert await house.stock() == [("[S-4410] Stent", "WH/Stock", "", 3.0, 0.0)]
        await house.world.decide("stock-shortage", Action.RETRY)
        await tell(house, came("1", "SH-32"), billed())
        assert await house.stock() == [("[S-4410] Stent", "WH/Stock", "", 4.0, 0.0)]
        assert await books(house) == [("bill", "posted", 0.0), ("payment", "live", 2560.0)], "it was due before"


async def test_more_than_was_ordered_is_refused_and_a_rest_is_gone_on_without(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await bought(house)
        await tell(house, came("5"))
        assert await house.world.cases() == ["rejected-posting"]
        await house.world.decide("rejected-posting", Action.WAIVE)
        await tell(house, came("3", "SH-32"))
        await house.world.later(days=31)
        await house.world.decide("stock-shortage", Action.WAIVE)
        await tell(house, billed("3"))
        assert await books(house) == [("bill", "posted", 0.0), ("payment", "live", 1920.0)]


async def test_no_bill_comes(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await bought(house)
        await tell(house, came())
        for action in (Action.RETRY, Action.WAIVE):
            await house.world.later(days=31)
            await house.world.decide("invoice-mismatch", action)
        assert (await books(house), await house.world.runs()) == ([], [(RUN, "completed")])


@pytest.mark.parametrize(
    ("action", "data", "left"),
    [
        (Action.WAIVE, None, [("bill", "posted", 2600.0)]),
        (Action.DISCARD, None, []),
        (Action.SUPPLY, {"invoice": "HM-9002", "total": "2560.00", "currency": "USD"}, [("bill", "posted", 2560.0)]),
    ],
)
async def test_a_mismatch_is_waived_given_up_or_replaced(
    postgres_server: PostgresServer, action: Action, data: Any, left: list[Any]
) -> None:
    async with opened(postgres_server) as house:
        await bought(house)
        await tell(house, came(), billed(price="650.00"))
        await house.world.decide("invoice-mismatch", action, data)
        if action is Action.SUPPLY:
            await tell(house, billed(number="HM-9002"))
        assert await books(house) == left
        assert await house.world.runs() == [(RUN, "waiting" if left else "completed")]


async def test_an_order_whose_goods_never_came_is_withdrawn(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        await bought(house)
        await house.world.later(days=31)
        await house.world.decide("stock-shortage", Action.DISCARD)
        assert (await orders(house), await house.world.runs()) == ([("cancel", 2560.0)], [(RUN, "completed")])
        assert len(await house.world.told(PurchaseOrderCancelled)) == 1


@pytest.mark.parametrize("until", ["ordered", "billed", "received"])
async def test_a_cancelled_run_leaves_only_what_came(postgres_server: PostgresServer, until: str) -> None:
    async with opened(postgres_server) as house:
        before = await house.ledger()
        await bought(house)
        if until != "ordered":
            await tell(house, came(), *([billed()] if until == "billed" else []))
        [run] = await house.world.rows("select id from run")
        await house.world.node.desk.cancel(run["id"], Told("Robin Okafor", "it is not needed"))
        await house.world.settle()
        assert await house.world.runs() == [(RUN, "cancelled")]
        assert await house.ledger() == before
        assert await orders(house) == [("cancel" if until == "ordered" else "purchase", 2560.0)]
        assert "compensation-failed" not in await house.world.cases()


async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        await bought(house)
        await tell(house, came(), billed(price="650.00"))
        accepted = {"amount": "40.00", "currency": "USD", "account": "600000"}
        await house.world.decide("invoice-mismatch", Action.APPROVE, accepted)
        await house.world.later(days=19)
        told = len(await house.world.told(PurchaseOrderPlaced))
        runs, cases = await house.world.runs(), await house.world.cases()
        return runs, cases, told, await orders(house), await books(house), await house.ledger(), await house.stock()

    assert await survives(postgres_server, [requisition_to_pay], furnish, scenario) > 40


def test_it_declares_everything() -> None:
    assert requisition_to_pay.undeclared() == []


async def test_an_order_says_the_unit_that_odoo_counts_in_where_nobody_named_one(
    postgres_server: PostgresServer,
) -> None:
    """Supplies that are short are asked for without a unit, and no X12 850 goes out without one."""
    async with opened(postgres_server) as house:
        requisition = asked("4")  # its quantity is without a unit
        assert requisition.requisition.line[0].quantity.unit is None
        await tell(house, requisition)
        await house.world.decide("approval", Action.APPROVE, by=FIRST)
        [placed] = await house.world.told(PurchaseOrderPlaced)
        assert placed.order.line[0].quantity == Quantity(value=Decimal(4), unit="EA")
