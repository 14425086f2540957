"""Purchase requests and orders: once, changed while drafts, and compared with what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import AccessRefused, MappingError, Rejected
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.outcome import HeldOtherwise
from careloom.systems.odoo.documents.purchasing import PurchaseLine
from careloom.systems.odoo.documents.receipts import Receipt, ReceiptLine

Key = Callable[[str, str], str]
ORDER = "purchase.order"


async def test_an_order_is_confirmed_once_and_held_as_asked(erp: Odoo, room: Any, reopen: Any) -> None:
    mesh, gauze = await room.product("mesh"), await room.product("gauze")
    asked = await room.purchase("1", (mesh, "10", "9.50"), (gauze, "100", "0.25"), reference="NW-77", source="REQ-1")
    held = await erp.documents.purchasing.order(asked)
    assert (held.state, held.approved, held.created) == ("purchase", True, True)
    assert (held.untaxed, held.tax, held.total) == (Decimal("120.00"), Decimal("0.00"), Decimal("120.00"))
    assert [(line.product, line.quantity, line.price) for line in held.lines] == [
        (mesh, Decimal(10), Decimal("9.5")),
        (gauze, Decimal(100), Decimal("0.25")),
    ]
    again = await reopen().documents.purchasing.order(asked)
    assert again == replace(held, created=False)
    assert len(held.receipts) == 1


async def test_at_the_same_time_it_is_one_order(room: Any, reopen: Any) -> None:
    asked = await room.purchase("race", (await room.product("mesh"), "3", "9.50"))
    held = await asyncio.gather(*(reopen().documents.purchasing.order(asked) for _ in range(4)))
    assert len({one.record_id for one in held}) == 1
    assert {one.state for one in held} == {"purchase"}
    assert {one.receipts for one in held} == {held[0].receipts}
    assert len(held[0].receipts) == 1


async def test_a_request_is_a_draft_that_may_be_revised(erp: Odoo, room: Any) -> None:
    purchasing = erp.documents.purchasing
    mesh, gauze = await room.product("mesh"), await room.product("gauze")
    asked = await room.purchase("draft", (mesh, "10", "9.50"), (gauze, "100", "0.25"))
    assert (await purchasing.request(asked)).state == "draft"
    more = [
        PurchaseLine(product=mesh, quantity=Decimal(12), price=Decimal("9.10")),
        PurchaseLine(product=gauze, quantity=Decimal(100), price=Decimal("0.25")),
        PurchaseLine(product=gauze, quantity=Decimal(5), price=Decimal("0.30")),
    ]
    longer = await purchasing.revise(replace(asked, lines=more, reference="NW-78"))
    assert (longer.state, longer.total, len(longer.lines)) == ("draft", Decimal("135.70"), 3)
    shorter = await purchasing.revise(replace(asked, lines=more[:1]))
    assert [(line.product, line.quantity) for line in shorter.lines] == [(mesh, Decimal(12))]
    assert (await purchasing.revise(replace(asked, lines=more[:1]))).lines == shorter.lines
    assert (await purchasing.confirm(asked.key)).state == "purchase"
    assert (await purchasing.confirm(asked.key)).total == shorter.total


async def test_lines_change_only_while_it_is_a_draft(erp: Odoo, room: Any) -> None:
    asked = await room.purchase("firm", (await room.product("mesh"), "10", "9.50"))
    await erp.documents.purchasing.order(asked)
    with pytest.raises(HeldOtherwise, match="only drafts are changed"):
        await erp.documents.purchasing.revise(asked)


async def test_what_a_person_changed_is_said(erp: Odoo, room: Any) -> None:
    asked = await room.purchase("edited", (await room.product("mesh"), "10", "9.50"))
    held = await erp.documents.purchasing.request(asked)
    await erp.write("purchase.order.line", [held.lines[0].record_id], {"product_qty": 11.0, "price_unit": 8.0})
    with pytest.raises(HeldOtherwise) as caught:
        await erp.documents.purchasing.order(asked)
    found = {one.code: (one.asked, one.held) for one in caught.value.differences}
    assert found["quantity"] == ("10", "11")
    assert found["price"] == ("9.5", "8")
    assert found["total"] == ("95.00", "88.00")


async def test_a_quantity_that_odoo_rounds_is_said(erp: Odoo, room: Any) -> None:
    asked = await room.purchase("fine", (await room.product("mesh"), "1.2345678", "1"))
    with pytest.raises(HeldOtherwise, match=r"quantity: product_qty is 1.23, asked was 1.2345678"):
        await erp.documents.purchasing.request(asked)


async def test_no_tax_is_added_that_was_not_asked_for(erp: Odoo, room: Any) -> None:
    """Section 2: without explicit taxes the company's default is added."""
    taxes = await erp.search_read("account.tax", [["type_tax_use", "=", "purchase"], ["company_id", "=", 1]], ["id"])
    mesh = await room.product("taxed", purchase_taxes=[taxes[0]["id"]])
    asked = await room.purchase("untaxed", (mesh, "1", "100"))
    assert (await erp.documents.purchasing.request(asked)).tax == Decimal("0.00")
    line = replace(asked.lines[0], taxes=[taxes[0]["id"]])
    taxed = await erp.documents.purchasing.revise(replace(asked, lines=[line]))
    assert taxed.lines[0].taxes == (taxes[0]["id"],)
    assert taxed.tax > 0


async def test_dates_and_units_arrive(erp: Odoo, room: Any) -> None:
    dozen, when = await erp.documents.units.find("DZN"), datetime(2026, 12, 24, 10, tzinfo=UTC)
    asked = await room.purchase("dated", (await room.product("mesh"), "2", "90"), ordered=when)
    line = replace(asked.lines[0], unit=dozen, planned=when, text="Mesh by the dozen")
    held = await erp.documents.purchasing.request(replace(asked, lines=[line]))
    assert held.lines[0].unit == dozen
    [order] = await erp.read(ORDER, [held.record_id], ["date_order", "date_planned"])
    assert (order["date_order"], order["date_planned"]) == ("2026-12-24 10:00:00", "2026-12-24 10:00:00")


async def test_an_order_is_cancelled_once(erp: Odoo, room: Any) -> None:
    purchasing = erp.documents.purchasing
    asked = await room.purchase("off", (await room.product("mesh"), "10", "9.50"))
    held = await purchasing.order(asked)
    assert (await purchasing.cancel(asked.key)).state == "cancel"
    assert (await purchasing.cancel(asked.key)).state == "cancel"
    pickings = await erp.read("stock.picking", held.receipts, ["state"])
    assert {picking["state"] for picking in pickings} == {"cancel"}


async def test_a_cancelled_order_is_not_ordered_again(erp: Odoo, room: Any) -> None:
    """Odoo takes the confirmation of a cancelled order without a word, and does nothing (measured)."""
    purchasing = erp.documents.purchasing
    asked = await room.purchase("dead", (await room.product("mesh"), "10", "9.50"))
    await purchasing.request(asked)
    await purchasing.cancel(asked.key)
    with pytest.raises(HeldOtherwise, match="state is cancel, asked was purchase"):
        await purchasing.order(asked)
    with pytest.raises(HeldOtherwise, match="state is cancel, asked was purchase"):
        await purchasing.confirm(asked.key)


async def test_an_order_that_was_received_is_not_cancelled(erp: Odoo, room: Any, key: Key) -> None:
    asked = await room.purchase("came", (await room.product("mesh"), "10", "9.50"))
    held = await erp.documents.purchasing.order(asked)
    line = ReceiptLine(order_line=held.lines[0].record_id, quantity=Decimal(4))
    await erp.documents.receipts.receive(Receipt(key=key("receipt", "1"), lines=[line], rest="backorder"))
    with pytest.raises(Rejected, match="was received in part"):
        await erp.documents.purchasing.cancel(asked.key)
    assert (await erp.documents.purchasing.held(asked.key)).lines[0].done == Decimal(4)


async def test_the_wrong_is_refused_before_it_is_sent(erp: Odoo, room: Any, key: Key) -> None:
    purchasing = erp.documents.purchasing
    asked = await room.purchase("bad", (await room.product("mesh"), "1", "1"))
    half = [*asked.lines, replace(asked.lines[0], planned=datetime(2026, 12, 1, tzinfo=UTC))]
    for lines in ([], half, [replace(asked.lines[0], product=2**31 - 1)]):
        with pytest.raises(MappingError):
            await purchasing.request(replace(asked, lines=lines))
    with pytest.raises(Rejected, match="no order with this key"):
        await purchasing.cancel(key("order", "unknown"))
    assert await erp.find(asked.key) is None


async def test_another_companys_order_is_refused(erp: Odoo, room: Any) -> None:
    """A supplier, product or warehouse of one company never serves another: Odoo's own error, typed."""
    asked = await room.purchase("south", (await room.product("own", company=1), "1", "1"), company=2)
    with pytest.raises((Rejected, AccessRefused)):
        await erp.documents.purchasing.request(asked)
    assert await erp.find(asked.key) is None
