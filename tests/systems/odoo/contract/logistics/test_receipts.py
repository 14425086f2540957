"""Receipts: so much of each line by lot, once; backorders on purpose only, and never a dialogue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.outcome import HeldOtherwise
from careloom.systems.odoo.documents.receipts import Receipt, ReceiptLine
from careloom.systems.odoo.documents.steps import load_rows
from careloom.systems.odoo.documents.transfers import Planned, line_key

Key = Callable[[str, str], str]
PICKING = "stock.picking"


def came(key: str, *lines: tuple[Any, str, str], **others: Any) -> Receipt:
    """(line of the order, quantity, lot)."""
    asked = [ReceiptLine(order_line=line.record_id, quantity=Decimal(many), lot=lot) for line, many, lot in lines]
    return Receipt(key=key, lines=asked, **({"rest": "backorder"} | others))


async def test_goods_are_received_by_lot_once(erp: Odoo, room: Any, key: Key, reopen: Any) -> None:
    mesh = await room.product("mesh", tracking="lot")
    order = await room.ordered("1", (mesh, "10", "9.50"))
    receipt = came(key("receipt", "1"), (order.lines[0], "6", "A1"), (order.lines[0], "4", "B1"), shipment="SH-1")
    held = await erp.documents.receipts.receive(receipt)
    assert (held.record_id, held.created, held.backorder) == (order.receipts[0], True, None)
    assert [line.quantity for line in held.lines] == [Decimal(6), Decimal(4)]
    again = await reopen().documents.receipts.receive(receipt)
    assert again == replace(held, created=False)
    assert (await room.on_hand(mesh, "A1"), await room.on_hand(mesh, "B1")) == (Decimal(6), Decimal(4))
    [picking] = await erp.read(PICKING, [held.record_id], ["state", "origin"])
    assert picking["state"] == "done"
    assert picking["origin"].endswith(", SH-1")


async def test_a_partial_receipt_keeps_the_rest_for_later(erp: Odoo, room: Any, key: Key) -> None:
    """Left alone Odoo asks whether to create a backorder, and nothing has happened [c66]."""
    mesh, gauze = await room.product("mesh"), await room.product("gauze")
    order = await room.ordered("part", (mesh, "10", "9.50"), (gauze, "100", "0.25"))
    first = await erp.documents.receipts.receive(came(key("receipt", "1"), (order.lines[0], "6", ""), shipment="SH-1"))
    assert first.backorder is not None
    both = (order.lines[0], "4", ""), (order.lines[1], "100", "")
    second = await erp.documents.receipts.receive(came(key("receipt", "2"), *both))
    assert (second.record_id, second.backorder) == (first.backorder, None)
    assert (await room.on_hand(mesh), await room.on_hand(gauze)) == (Decimal(10), Decimal(100))
    [later] = await erp.read(PICKING, [second.record_id], ["origin"])
    assert "SH-1" not in later["origin"]


async def test_a_partial_receipt_gives_up_the_rest_where_it_says_so(erp: Odoo, room: Any, key: Key) -> None:
    mesh, gauze = await room.product("mesh"), await room.product("gauze")
    order = await room.ordered("short", (mesh, "10", "9.50"), (gauze, "5", "1"))
    receipt = came(key("receipt", "1"), (order.lines[0], "6", ""), rest="cancel")
    held = await erp.documents.receipts.receive(receipt)
    assert held.backorder is None
    assert (await erp.documents.receipts.receive(receipt)).created is False
    pickings = (await erp.documents.purchasing.held(room.key("order", "short"))).receipts
    assert {one["state"] for one in await erp.read(PICKING, pickings, ["state"])} == {"done"}
    with pytest.raises(
        Rejected, match=f"nothing is open to receive for purchase.order.line/{order.lines[0].record_id}"
    ):
        await erp.documents.receipts.receive(came(key("receipt", "2"), (order.lines[0], "4", "")))


async def test_a_receipt_that_broke_off_goes_on(erp: Odoo, room: Any, key: Key) -> None:
    """The lines are in Odoo and the transfer is not validated: the process died in between."""
    mesh = await room.product("mesh", tracking="lot")
    order = await room.ordered("crash", (mesh, "10", "9.50"))
    receipt = came(key("receipt", "1"), (order.lines[0], "6", "A1"))
    receipts = erp.documents.receipts
    await receipts._load(receipt, 0)
    assert await room.on_hand(mesh) == Decimal(0)
    held = await receipts.receive(receipt)
    assert [line.quantity for line in held.lines] == [Decimal(6)]
    assert await room.on_hand(mesh, "A1") == Decimal(6)


async def test_at_the_same_time_goods_come_once(room: Any, key: Key, reopen: Any) -> None:
    gauze = await room.product("gauze")
    order = await room.ordered("race", (gauze, "10", "1"))
    receipt = came(key("receipt", "1"), (order.lines[0], "4", ""))
    held = await asyncio.gather(*(reopen().documents.receipts.receive(receipt) for _ in range(3)))
    assert len({one.record_id for one in held}) == 1
    assert await room.on_hand(gauze) == Decimal(4)


async def test_more_than_is_open_comes_in_on_purpose_only(erp: Odoo, room: Any, key: Key) -> None:
    """Odoo takes more than was ordered without a word."""
    gauze = await room.product("gauze")
    order = await room.ordered("much", (gauze, "10", "1"))
    much = came(key("receipt", "1"), (order.lines[0], "12", ""))
    with pytest.raises(Rejected, match="12 came, 10 are open"):
        await erp.documents.receipts.receive(much)
    assert await room.on_hand(gauze) == Decimal(0)
    await erp.documents.receipts.receive(replace(much, more=True))
    assert await room.on_hand(gauze) == Decimal(12)


async def test_tracked_goods_without_a_lot_are_refused(erp: Odoo, room: Any, key: Key) -> None:
    mesh = await room.product("mesh", tracking="lot")
    order = await room.ordered("nolot", (mesh, "10", "9.50"))
    with pytest.raises(Rejected):
        await erp.documents.receipts.receive(came(key("receipt", "1"), (order.lines[0], "10", "")))
    assert await room.on_hand(mesh) == Decimal(0)
    again = came(key("receipt", "1"), (order.lines[0], "10", "A1"))
    assert (await erp.documents.receipts.receive(again)).created
    assert await room.on_hand(mesh, "A1") == Decimal(10)


async def test_a_lot_is_known_by_product_and_number(erp: Odoo, room: Any) -> None:
    lots = erp.documents.lots
    mesh, other = await room.product("mesh", tracking="lot"), await room.product("other", tracking="lot")
    first, second = await lots.ensure(mesh, "L-1"), await lots.ensure(other, "L-1")
    assert (first.created, second.created, first.record_id != second.record_id) == (True, True, True)
    assert (await lots.ensure(mesh, "L-1")).record_id == first.record_id
    assert (await lots.known(mesh, "L-1")).record_id == first.record_id
    assert await lots.find(mesh, "L-2") is None
    with pytest.raises(Rejected, match="no lot with this number"):
        await lots.known(mesh, "L-2")


async def test_an_expiry_is_kept_where_odoo_has_a_place_for_it(erp: Odoo, room: Any, key: Key) -> None:
    mesh = await room.product("mesh", tracking="lot", expires=True)
    order = await room.ordered("expiry", (mesh, "10", "9.50"))
    line = ReceiptLine(order_line=order.lines[0].record_id, quantity=Decimal(4), lot="A1", expiry=date(2028, 5, 31))
    held = await erp.documents.receipts.receive(Receipt(key=key("receipt", "1"), lines=[line], rest="backorder"))
    lot = await erp.documents.lots.find(mesh, "A1")
    assert lot is not None
    assert lot.expiry == (date(2028, 5, 31) if held.keeps_expiry else None)
    later = replace(line, expiry=date(2029, 1, 1))
    receipt = Receipt(key=key("receipt", "2"), lines=[later], rest="backorder")
    if held.keeps_expiry:
        with pytest.raises(HeldOtherwise, match="expiry: expiration_date is 2028-05-31, asked was 2029-01-01"):
            await erp.documents.receipts.receive(receipt)
    else:
        assert (await erp.documents.receipts.receive(receipt)).created


async def test_expired_goods_wait_for_a_person(erp: Odoo, room: Any, key: Key) -> None:
    mesh = await room.product("mesh", tracking="lot", expires=True)
    order = await room.ordered("old", (mesh, "10", "9.50"))
    line = ReceiptLine(order_line=order.lines[0].record_id, quantity=Decimal(4), lot="A1", expiry=date(2020, 5, 31))
    with pytest.raises(Rejected, match="expired on 2020-05-31"):
        await erp.documents.receipts.receive(Receipt(key=key("receipt", "1"), lines=[line], rest="backorder"))
    assert await room.on_hand(mesh) == Decimal(0)


async def test_the_wrong_is_refused_before_it_is_sent(erp: Odoo, room: Any, key: Key) -> None:
    order = await room.ordered("bad", (await room.product("gauze"), "10", "1"))
    for lines in ((), ((order.lines[0], "0", ""),), ((order.lines[0], "-1", ""),)):
        with pytest.raises(MappingError):
            await erp.documents.receipts.receive(came(key("receipt", "1"), *lines))


async def test_lines_that_odoo_reserved_are_pushed_aside(erp: Odoo, room: Any, key: Key) -> None:
    """Odoo expects the whole order in the transfer it made; only what is picked is moved."""
    gauze = await room.product("gauze")
    order = await room.ordered("aside", (gauze, "10", "1"))
    [move] = await erp.search_read(
        "stock.move", [["picking_id", "=", order.receipts[0]]], ["product_uom", "location_id", "location_dest_id"]
    )
    ends = move["location_id"][0], move["location_dest_id"][0]
    name, unit = line_key(key("receipt", "x"), 1), move["product_uom"][0]
    planned = Planned(name, move["id"], gauze, unit, Decimal(3), None, *ends)
    transfers = erp.documents.receipts._transfers
    await transfers.load(order.receipts[0], [planned], None, picked=True)
    assert await transfers.validate(order.receipts[0], "cancel", None)
    assert not await transfers.validate(order.receipts[0], "cancel", None)
    assert await room.on_hand(gauze) == Decimal(3)
    assert await load_rows(erp.documents.access, "stock.move.line", {}, None) == {}


async def test_a_companys_order_is_received_within_it(erp: Odoo, room: Any, key: Key) -> None:
    mesh = await room.product("mesh", tracking="lot", company=1)
    order = await room.ordered("own", (mesh, "2", "9.50"), company=1)
    held = await erp.documents.receipts.receive(came(key("receipt", "1"), (order.lines[0], "2", "A1"), company=1))
    assert (held.created, held.backorder, await room.on_hand(mesh, "A1")) == (True, None, Decimal(2))
