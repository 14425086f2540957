"""Inventory counts: by a move of Odoo's own, once for a key, and never a direct write of a quantity."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import ContractBroken, MappingError, Rejected
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.counts import Count, CountLine
from careloom.systems.odoo.documents.outcome import HeldOtherwise

Key = Callable[[str, str], str]


def counted(key: str, room: Any, *lines: tuple[int, str, str], **others: Any) -> Count:
    """(product, quantity, lot) found in the store room."""
    asked = [CountLine(product=one, place=room.stock, quantity=Decimal(many), lot=lot) for one, many, lot in lines]
    return Count(key=key, lines=asked, **({"reason": "Cycle count"} | others))


async def adjustments(erp: Odoo, product: int) -> list[dict[str, Any]]:
    domain = [["product_id", "=", product], ["is_inventory", "=", True], ["quantity", "!=", 0]]
    return await erp.search_read("stock.move", domain, ["reference", "quantity", "state"], order="id")


async def test_a_count_becomes_the_stock_by_a_move_with_its_reason(erp: Odoo, room: Any, key: Key) -> None:
    mesh, gauze = await room.product("mesh", tracking="lot"), await room.product("gauze")
    count = counted(key("count", "1"), room, (mesh, "5", "A1"), (gauze, "7.5", ""))
    held = await erp.documents.counts.take(count)
    assert [(one.quantity, one.adjusted) for one in held] == [
        (Decimal(5), Decimal(5)),
        (Decimal("7.5"), Decimal("7.5")),
    ]
    assert (await room.on_hand(mesh, "A1"), await room.on_hand(gauze)) == (Decimal(5), Decimal("7.5"))
    [move] = await adjustments(erp, gauze)
    assert (move["quantity"], move["state"]) == (7.5, "done")
    assert move["reference"].startswith("Cycle count [Careloom ")


async def test_a_repeated_count_changes_nothing_whatever_moved_since(
    erp: Odoo, room: Any, key: Key, reopen: Any
) -> None:
    gauze = await room.product("gauze")
    count = counted(key("count", "1"), room, (gauze, "10", ""))
    await erp.documents.counts.take(count)
    await erp.documents.moves.consume(room.use("after", (gauze, "4", "")))
    [again] = await reopen().documents.counts.take(count)
    assert (again.quantity, again.adjusted, await room.on_hand(gauze)) == (Decimal(6), Decimal(0), Decimal(6))
    assert len(await adjustments(erp, gauze)) == 1


async def test_a_second_application_would_empty_the_place(erp: Odoo, room: Any, key: Key) -> None:
    """19.0 takes a quant without a count for one that was counted as empty (measured; 18.0 moves nothing). So nothing
    is applied twice, and a count that is right is not applied at all."""
    gauze = await room.product("gauze")
    await room.fill(gauze, "10")
    [quant] = await erp.search_read(
        "stock.quant", [["product_id", "=", gauze], ["location_id", "=", room.stock]], ["id"]
    )
    await erp.documents.access.call("stock.quant", "action_apply_inventory", ids=[quant["id"]])
    left = Decimal(0) if (await erp.version()).major >= 19 else Decimal(10)
    assert await room.on_hand(gauze) == left
    for _ in range(2):
        await erp.documents.counts.take(counted(key("count", "1"), room, (gauze, "10", "")))
        assert await room.on_hand(gauze) == Decimal(10)


async def test_a_count_that_is_right_leaves_nothing(erp: Odoo, room: Any, key: Key) -> None:
    gauze = await room.product("gauze")
    await room.fill(gauze, "10")
    before = await adjustments(erp, gauze)
    [held] = await erp.documents.counts.take(counted(key("count", "same"), room, (gauze, "10", "")))
    assert held.adjusted == Decimal(0)
    assert await adjustments(erp, gauze) == before
    [nothing] = await erp.documents.counts.take(
        counted(key("count", "none"), room, (await room.product("new"), "0", ""))
    )
    assert (nothing.quantity, nothing.adjusted) == (Decimal(0), Decimal(0))


async def test_counts_at_the_same_time_agree(room: Any, key: Key, reopen: Any) -> None:
    gauze = await room.product("gauze")
    await room.fill(gauze, "3")
    count = counted(key("count", "race"), room, (gauze, "8", ""))
    await asyncio.gather(*(reopen().documents.counts.take(count) for _ in range(3)))
    assert await room.on_hand(gauze) == Decimal(8)


async def test_a_count_that_is_out_of_date_is_refused(erp: Odoo, room: Any, key: Key) -> None:
    gauze = await room.product("gauze")
    await room.fill(gauze, "10")
    done = await erp.documents.moves.consume(room.use("after", (gauze, "4", "")))
    [move] = await erp.read("stock.move.line", [done.lines[0].record_id], ["date"])
    moved = datetime.fromisoformat(move["date"]).replace(tzinfo=UTC)
    late = counted(key("count", "late"), room, (gauze, "10", ""), counted_at=moved - timedelta(minutes=1))
    with pytest.raises(Rejected, match=r"moved at stock.location/.* after it was counted"):
        await erp.documents.counts.take(late)
    assert await room.on_hand(gauze) == Decimal(6)
    [held] = await erp.documents.counts.take(replace(late, counted_at=moved + timedelta(minutes=1)))
    assert held.adjusted == Decimal(4)


async def test_a_conflict_with_a_persons_count_is_no_dialogue(erp: Odoo, room: Any, key: Key) -> None:
    """Somebody's count that was overtaken by a move makes `action_apply_inventory` a dialogue (measured)."""
    gauze = await room.product("gauze")
    await room.fill(gauze, "10")
    [quant] = await erp.search_read(
        "stock.quant", [["product_id", "=", gauze], ["location_id", "=", room.stock]], ["id"]
    )
    await erp.write("stock.quant", [quant["id"]], {"inventory_quantity": 9.0})
    await erp.documents.moves.consume(room.use("after", (gauze, "4", "")))
    answer = await erp.documents.access.call("stock.quant", "action_apply_inventory", ids=[quant["id"]])
    assert answer["res_model"] == "stock.inventory.conflict"
    assert await room.on_hand(gauze) == Decimal(6)
    await erp.documents.counts.take(counted(key("count", "1"), room, (gauze, "5", "")))
    assert await room.on_hand(gauze) == Decimal(5)


async def test_tracked_goods_are_counted_by_lot(erp: Odoo, room: Any, key: Key) -> None:
    """19.0 takes them without one, and nobody can move them afterwards (measured)."""
    mesh, gauze = await room.product("mesh", tracking="lot"), await room.product("gauze")
    with pytest.raises(Rejected, match="needs a lot"):
        await erp.documents.counts.take(counted(key("count", "1"), room, (mesh, "5", "")))
    with pytest.raises(Rejected, match="has no lots"):
        await erp.documents.counts.take(counted(key("count", "2"), room, (gauze, "5", "A1")))
    assert await room.on_hand(mesh) == await room.on_hand(gauze) == Decimal(0)


async def test_only_where_stock_is_kept_is_counted(erp: Odoo, room: Any, key: Key) -> None:
    line = CountLine(product=await room.product("gauze"), place=room.used_up, quantity=Decimal(1))
    with pytest.raises(Rejected, match="is no place where stock is kept"):
        await erp.documents.counts.take(Count(key=key("count", "1"), reason="Count", lines=[line]))


async def test_a_quantity_that_odoo_rounds_is_said(erp: Odoo, room: Any, key: Key) -> None:
    gauze = await room.product("gauze")
    with pytest.raises(HeldOtherwise, match=r"quantity: quantity is 2.46, asked was 2.4567"):
        await erp.documents.counts.take(counted(key("count", "1"), room, (gauze, "2.4567", "")))


async def test_the_wrong_is_refused_before_it_is_sent(erp: Odoo, room: Any, key: Key) -> None:
    gauze = await room.product("gauze")
    for lines in ((), ((gauze, "-1", ""),)):
        with pytest.raises(MappingError):
            await erp.documents.counts.take(counted(key("count", "1"), room, *lines))


@pytest.mark.parametrize("method", ["write", "create"])
async def test_a_quantity_is_never_written(erp: Odoo, method: str) -> None:
    """Odoo accepts it and leaves no move [c76, c77]."""
    values = {"write": {"vals": {"quantity": 5}}, "create": {"vals_list": [{"quantity": 5}]}}
    with pytest.raises(ContractBroken, match="leaves no stock move"):
        await erp.documents.access.call("stock.quant", method, values[method], ids=[1] if method == "write" else None)
