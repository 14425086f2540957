"""Sale orders: once, with the taxes that were asked for, cancelled without a dialogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.outcome import HeldOtherwise
from careloom.systems.odoo.documents.sales import Sale, SaleLine

Key = Callable[[str, str], str]


async def order_of(room: Any, name: str, *lines: tuple[int, str, str], **others: Any) -> Sale:
    asked = [SaleLine(product=one, quantity=Decimal(many), price=Decimal(price)) for one, many, price in lines]
    return Sale(key=room.key("sale", name), customer=await room.partner("Riverton Clinic"), lines=asked, **others)


async def test_an_order_is_confirmed_once_and_held_as_asked(erp: Odoo, room: Any, reopen: Any) -> None:
    when = datetime(2026, 12, 24, 10, tzinfo=UTC)
    asked = await order_of(room, "1", (await room.product("mesh"), "2", "3.33"), reference="RC-1", promised=when)
    held = await erp.documents.sales.order(asked)
    assert (held.state, held.created) == ("sale", True)
    assert (held.untaxed, held.tax, held.total) == (Decimal("6.66"), Decimal("0.00"), Decimal("6.66"))
    assert await reopen().documents.sales.order(asked) == replace(held, created=False)
    assert len(held.deliveries) == 1
    [row] = await erp.read("sale.order", [held.record_id], ["client_order_ref", "commitment_date"])
    assert (row["client_order_ref"], row["commitment_date"]) == ("RC-1", "2026-12-24 10:00:00")


async def test_confirming_twice_is_no_error(erp: Odoo, room: Any) -> None:
    """Odoo refuses a second confirmation [c82]."""
    asked = await order_of(room, "twice", (await room.product("visit", kind="service"), "1", "120"))
    assert (await erp.documents.sales.quote(asked)).state == "draft"
    assert (await erp.documents.sales.order(asked)).state == "sale"
    assert (await erp.documents.sales.order(asked)).state == "sale"
    assert (await erp.documents.sales.quote(asked)).state == "sale"


async def test_no_tax_is_added_that_was_not_asked_for(erp: Odoo, room: Any) -> None:
    """Section 2: without explicit taxes the company's default is added."""
    taxes = await erp.search_read("account.tax", [["type_tax_use", "=", "sale"], ["company_id", "=", 1]], ["id"])
    mesh = await room.product("taxed", sale_taxes=[taxes[0]["id"]])
    asked = await order_of(room, "untaxed", (mesh, "1", "100"))
    assert (await erp.documents.sales.quote(asked)).tax == Decimal("0.00")
    taxed = await order_of(room, "taxed", (mesh, "1", "100"))
    held = await erp.documents.sales.quote(replace(taxed, lines=[replace(taxed.lines[0], taxes=[taxes[0]["id"]])]))
    assert held.lines[0].taxes == (taxes[0]["id"],)
    assert held.tax > 0


async def test_an_order_is_cancelled_once_and_no_dialogue_stands_in_the_way(erp: Odoo, room: Any) -> None:
    """18.0 answers `action_cancel` of a confirmed order with a dialogue, and cancels nothing (measured)."""
    asked = await order_of(room, "off", (await room.product("mesh"), "2", "3.33"))
    held = await erp.documents.sales.order(asked)
    assert (await erp.documents.sales.cancel(asked.key)).state == "cancel"
    assert (await erp.documents.sales.cancel(asked.key)).state == "cancel"
    transfers = await erp.read("stock.picking", held.deliveries, ["state"])
    assert [one["state"] for one in transfers] == ["cancel"]
    with pytest.raises(HeldOtherwise, match="state is cancel, asked was sale"):
        await erp.documents.sales.order(asked)


async def test_what_a_person_changed_is_said(erp: Odoo, room: Any) -> None:
    asked = await order_of(room, "edited", (await room.product("mesh"), "2", "10"))
    held = await erp.documents.sales.quote(asked)
    await erp.write("sale.order.line", [held.lines[0].record_id], {"discount": 50.0})
    with pytest.raises(HeldOtherwise) as caught:
        await erp.documents.sales.order(asked)
    found = {one.code: (one.asked, one.held) for one in caught.value.differences}
    assert found == {"discount": ("0", "50"), "total": ("20.00", "10.00")}


async def test_another_currency_is_said(erp: Odoo, room: Any) -> None:
    """Odoo takes that of the customer's price list, whatever the lines were priced in."""
    line = (await room.product("mesh"), "2", "10")
    held = await erp.documents.sales.quote(await order_of(room, "own", line))
    again = await order_of(room, "own", line, currency=held.currency)
    assert await erp.documents.sales.quote(again) == replace(held, created=False)
    with pytest.raises(HeldOtherwise, match="currency: currency_id is"):
        await erp.documents.sales.quote(replace(again, currency=2**31 - 1))


async def test_an_order_without_lines_or_record_is_refused(erp: Odoo, room: Any, key: Key) -> None:
    with pytest.raises(MappingError, match="needs lines"):
        await erp.documents.sales.order(await order_of(room, "empty"))
    with pytest.raises(Rejected, match="no order with this key"):
        await erp.documents.sales.cancel(key("sale", "unknown"))
