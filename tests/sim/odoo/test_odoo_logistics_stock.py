"""Stock in the simulated Odoo, as tried on the measured servers: lots, reservation, backorders, counts, thresholds."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from careloom.sim.odoo import SimulatedOdoo

FORCED = {"skip_backorder": True, "skip_sms": True}


class Depot:
    """One server with a stock room, an operating room, and short ways to move goods between them."""

    def __init__(self, odoo: SimulatedOdoo, session: Any) -> None:
        self.odoo = odoo
        self._session = session
        places = {row["barcode"] or row["name"]: row["id"] for row in odoo.records("stock.location")}
        self.stock, self.vendors, self.customers = places["WHSTOCK"], places["Vendors"], places["Customers"]
        kinds = {row["sequence_code"]: row["id"] for row in odoo.records("stock.picking.type")}
        self.receipts, self.deliveries, self.internal = kinds["IN"], kinds["OUT"], kinds["INT"]

    async def answer(self, model: str, method: str, *args: Any, **named: Any) -> dict[str, Any]:
        who = [self.odoo.database, self.odoo.uid, self.odoo.api_key]
        params = {"service": "object", "method": "execute_kw", "args": [*who, model, method, list(args), named]}
        async with self._session.post(f"{self.odoo.url}/jsonrpc", json={"params": params}) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def do(self, model: str, method: str, *args: Any, **named: Any) -> Any:
        answer = await self.answer(model, method, *args, **named)
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer.get("result")

    async def refused(self, model: str, method: str, *args: Any, **named: Any) -> str:
        """The name of the error, without its module."""
        answer = await self.answer(model, method, *args, **named)
        return str(answer["error"]["data"]["name"]).rsplit(".", 1)[-1]

    async def product(self, **values: Any) -> int:
        return int(await self.do("product.product", "create", {"name": "Swab", "is_storable": True, **values}))

    async def lot(self, product: int, name: str) -> int:
        return int(await self.do("stock.lot", "create", {"name": name, "product_id": product}))

    async def count(self, product: int, quantity: float, lot: int | bool = False, place: int = 0) -> int:
        values = {"product_id": product, "location_id": place or self.stock, "lot_id": lot}
        mode = {"inventory_mode": True}
        quant = await self.do("stock.quant", "create", {**values, "inventory_quantity": quantity}, context=mode)
        await self.do("stock.quant", "action_apply_inventory", [quant])
        return int(quant)

    async def picking(self, kind: int, source: int, target: int, *moves: tuple[int, float], **values: Any) -> int:
        ends = {"location_id": source, "location_dest_id": target}
        name = {"name": "move"} if self.odoo.major == 18 else {}
        rows = [[0, 0, {"product_id": one, "product_uom_qty": many, **ends, **name}] for one, many in moves]
        record = {"picking_type_id": kind, **ends, "move_ids": rows, **values}
        picking = await self.do("stock.picking", "create", record)
        await self.do("stock.picking", "action_confirm", [picking])
        return int(picking)

    async def moves(self, picking: int, *fields: str) -> list[dict[str, Any]]:
        domain = [["picking_id", "=", picking]]
        return list(await self.do("stock.move", "search_read", domain, fields=list(fields), order="id"))

    async def lines(self, picking: int) -> list[tuple[Any, float]]:
        """Lot and quantity of each line."""
        domain, fields = [["picking_id", "=", picking]], ["lot_id", "quantity"]
        rows = await self.do("stock.move.line", "search_read", domain, fields=fields, order="id")
        return [(row["lot_id"] and row["lot_id"][1], row["quantity"]) for row in rows]

    async def held(self, product: int) -> dict[tuple[str, Any], tuple[float, float]]:
        """Quantity and reserved quantity by location and lot."""
        fields = ["location_id", "lot_id", "quantity", "reserved_quantity"]
        rows = await self.do("stock.quant", "search_read", [["product_id", "=", product]], fields=fields)
        return {
            (row["location_id"][1], row["lot_id"] and row["lot_id"][1]): (row["quantity"], row["reserved_quantity"])
            for row in rows
            if row["location_id"][1].startswith("WH")
        }

    async def state(self, picking: int) -> str:
        [row] = await self.do("stock.picking", "read", [picking], fields=["state"])
        return str(row["state"])

    async def validate(self, picking: int, **context: Any) -> Any:
        return await self.do("stock.picking", "button_validate", [picking], context={**FORCED, **context})

    async def backorders(self, picking: int) -> list[int]:
        return list(await self.do("stock.picking", "search", [["backorder_id", "=", picking]]))


@pytest.fixture(params=["18.0", "19.0"])
async def depot(request: Any, clock: Any, session: Any) -> AsyncIterator[Depot]:
    async with SimulatedOdoo(request.param, clock=clock) as odoo:
        yield Depot(odoo, session)


async def test_lots_are_reserved_first_in_first_out_and_released(depot: Depot, clock: Any) -> None:
    product = await depot.product(tracking="lot")
    second, first = await depot.lot(product, "B-2"), await depot.lot(product, "A-1")
    await depot.count(product, 5, second)
    clock.advance(60)
    await depot.count(product, 8, first)
    room = await depot.do("stock.location", "create", {"name": "OR 1", "location_id": depot.stock})
    picking = await depot.picking(depot.internal, depot.stock, room, (product, 7))
    assert await depot.lines(picking) == [("B-2", 5.0), ("A-1", 2.0)]
    assert (await depot.held(product))["WH/Stock", "A-1"] == (8.0, 2.0)
    assert await depot.do("stock.picking", "do_unreserve", [picking]) is None
    assert await depot.state(picking) == "confirmed"
    assert (await depot.held(product))["WH/Stock", "A-1"] == (8.0, 0.0)
    assert await depot.do("stock.picking", "action_assign", [picking]) is True
    assert await depot.state(picking) == "assigned"
    [row] = await depot.do("product.product", "read", [product], fields=["qty_available", "free_qty"])
    assert (row["qty_available"], row["free_qty"]) == (13.0, 6.0)


async def test_a_short_transfer_asks_and_then_leaves_a_backorder(depot: Depot) -> None:
    product = await depot.product()
    await depot.count(product, 20)
    picking = await depot.picking(depot.deliveries, depot.stock, depot.customers, (product, 5))
    [move] = await depot.moves(picking)
    await depot.do("stock.move", "write", [move["id"]], {"quantity": 2, "picked": True})
    answer = await depot.do("stock.picking", "button_validate", [picking])
    assert answer["res_model"] == "stock.backorder.confirmation"
    assert await depot.state(picking) == "assigned"
    assert await depot.validate(picking) is True
    [later] = await depot.backorders(picking)
    [row] = await depot.moves(later, "product_uom_qty", "quantity", "state")
    assert (row["product_uom_qty"], row["quantity"], row["state"]) == (3.0, 3.0, "assigned")
    assert await depot.held(product) == {("WH/Stock", False): (18.0, 3.0)}
    assert await depot.validate(picking) is True  # done already: true, and nothing more


@pytest.mark.parametrize("way", ["context", "wizard"])
async def test_a_short_transfer_can_end_without_a_backorder(depot: Depot, way: str) -> None:
    product = await depot.product()
    await depot.count(product, 20)
    picking = await depot.picking(depot.deliveries, depot.stock, depot.customers, (product, 5))
    [move] = await depot.moves(picking)
    await depot.do("stock.move", "write", [move["id"]], {"quantity": 2, "picked": True})
    if way == "context":
        assert await depot.validate(picking, picking_ids_not_to_backorder=[picking]) is True
    else:
        wizard = await depot.do("stock.backorder.confirmation", "create", {"pick_ids": [[6, 0, [picking]]]})
        assert await depot.do("stock.backorder.confirmation", "process_cancel_backorder", [wizard]) is True
    assert await depot.backorders(picking) == []
    [row] = await depot.moves(picking, "product_uom_qty", "quantity", "state")
    assert (row["quantity"], row["state"]) == (2.0, "done")
    assert await depot.held(product) == {("WH/Stock", False): (18.0, 0.0)}


async def test_the_context_that_sounds_right_still_leaves_a_backorder(depot: Depot) -> None:
    product = await depot.product()
    await depot.count(product, 20)
    picking = await depot.picking(depot.deliveries, depot.stock, depot.customers, (product, 5))
    [move] = await depot.moves(picking)
    await depot.do("stock.move", "write", [move["id"]], {"quantity": 2, "picked": True})
    assert await depot.validate(picking, cancel_backorder=True) is True
    assert len(await depot.backorders(picking)) == 1


async def test_only_the_picked_lines_of_a_lot_are_consumed(depot: Depot) -> None:
    product = await depot.product(tracking="lot")
    for name, quantity in (("A", 5), ("B", 8)):
        await depot.count(product, quantity, await depot.lot(product, name))
    picking = await depot.picking(depot.deliveries, depot.stock, depot.customers, (product, 7))
    [line] = await depot.do("stock.move.line", "search", [["picking_id", "=", picking], ["lot_id.name", "=", "A"]])
    await depot.do("stock.move.line", "write", [line], {"quantity": 2, "picked": True})
    assert await depot.validate(picking) is True
    assert await depot.lines(picking) == [("A", 2.0)]
    held = await depot.held(product)
    assert held["WH/Stock", "A"] == (3.0, 3.0)  # the backorder holds the rest
    assert held["WH/Stock", "B"] == (8.0, 2.0)


async def test_a_receipt_of_lots_needs_them_and_makes_them(depot: Depot) -> None:
    product = await depot.product(tracking="lot")
    picking = await depot.picking(depot.receipts, depot.vendors, depot.stock, (product, 10))
    assert await depot.refused("stock.picking", "button_validate", [picking]) == "UserError"
    [line] = await depot.do("stock.move.line", "search", [["picking_id", "=", picking]])
    await depot.do("stock.move.line", "write", [line], {"lot_name": "N-1", "quantity": 4, "picked": True})
    [move] = await depot.moves(picking)
    more = {"move_id": move["id"], "picking_id": picking, "product_id": product, "lot_name": "N-2", "quantity": 6}
    await depot.do("stock.move.line", "create", {**more, "picked": True})
    assert await depot.validate(picking) is True
    rows = await depot.do("stock.lot", "search_read", [["product_id", "=", product]], fields=["name", "product_qty"])
    assert [(row["name"], row["product_qty"]) for row in rows] == [("N-1", 4.0), ("N-2", 6.0)]
    assert await depot.lines(picking) == [("N-1", 4.0), ("N-2", 6.0)]


async def test_a_lot_is_unique_and_has_no_expiry_without_that_module(depot: Depot) -> None:
    product = await depot.product(tracking="lot")
    await depot.lot(product, "A-1")
    twice = {"name": "A-1", "product_id": product}
    assert await depot.refused("stock.lot", "create", twice) == "ValidationError"
    assert await depot.refused("stock.lot", "create", {**twice, "company_id": 1}) == "ValidationError"
    dated = {"name": "A-2", "product_id": product, "expiration_date": "2027-01-01 00:00:00"}
    assert await depot.refused("stock.lot", "create", dated) == "ValueError"


async def test_a_count_leaves_a_move_and_a_direct_write_none(depot: Depot) -> None:
    product = await depot.product()
    quant = await depot.count(product, 30)
    domain = [["product_id", "=", product]]
    [move] = await depot.do("stock.move", "search_read", domain, fields=["quantity", "is_inventory", "state"])
    assert (move["quantity"], move["is_inventory"], move["state"]) == (30.0, True, "done")
    await depot.do("stock.quant", "write", [quant], {"quantity": 99})
    assert await depot.held(product) == {("WH/Stock", False): (99.0, 0.0)}
    assert await depot.do("stock.move", "search_count", domain) == 1
    assert await depot.refused("stock.quant", "unlink", [quant]) == "AccessError"


async def test_a_count_is_made_on_the_quant_that_is_there(depot: Depot) -> None:
    product = await depot.product()
    quant = await depot.count(product, 30)
    assert await depot.count(product, 12) == quant
    assert await depot.held(product) == {("WH/Stock", False): (12.0, 0.0)}


async def test_applying_twice_is_harmless_in_18_and_empties_the_stock_in_19(depot: Depot) -> None:
    product = await depot.product()
    quant = await depot.count(product, 7)
    assert await depot.do("stock.quant", "action_apply_inventory", [quant]) is None
    left = 7.0 if depot.odoo.major == 18 else 0.0
    assert await depot.held(product) == {("WH/Stock", False): (left, 0.0)}


async def test_a_count_overtaken_by_a_move_asks_and_changes_nothing(depot: Depot) -> None:
    product = await depot.product()
    quant = await depot.count(product, 7)
    await depot.do("stock.quant", "write", [quant], {"inventory_quantity": 9})
    assert await depot.validate(await depot.picking(depot.receipts, depot.vendors, depot.stock, (product, 2))) is True
    answer = await depot.do("stock.quant", "action_apply_inventory", [quant])
    assert answer["res_model"] == "stock.inventory.conflict"
    assert await depot.held(product) == {("WH/Stock", False): (9.0, 0.0)}
    [row] = await depot.do("stock.quant", "read", [quant], fields=["is_outdated"])
    assert row["is_outdated"] is True


async def test_a_delivery_to_somebody_with_a_telephone_wants_to_text(depot: Depot) -> None:
    product = await depot.product()
    await depot.count(product, 3)
    partner = await depot.do("res.partner", "create", {"name": "Ida Sample", "phone": "+1 202 555 0100"})
    picking = await depot.picking(depot.deliveries, depot.stock, depot.customers, (product, 1), partner_id=partner)
    answer = await depot.do("stock.picking", "button_validate", [picking])
    assert answer["res_model"] == "confirm.stock.sms"
    assert await depot.state(picking) == "assigned"
    assert await depot.validate(picking) is True
    assert await depot.state(picking) == "done"


async def test_18_cannot_make_a_backorder_for_a_user_without_an_address(depot: Depot) -> None:
    product = await depot.product()
    [partner] = [row["partner_id"] for row in depot.odoo.records("res.users") if row["id"] == depot.odoo.uid]
    await depot.do("res.partner", "write", [partner], {"email": False})
    picking = await depot.picking(depot.receipts, depot.vendors, depot.stock, (product, 5))
    [move] = await depot.moves(picking)
    await depot.do("stock.move", "write", [move["id"]], {"quantity": 2, "picked": True})
    answer = await depot.answer("stock.picking", "button_validate", [picking], context=FORCED)
    assert ("error" in answer) == (depot.odoo.major == 18)
    assert await depot.state(picking) == ("assigned" if depot.odoo.major == 18 else "done")
    assert bool(await depot.backorders(picking)) == (depot.odoo.major == 19)


async def test_what_cannot_be_validated_or_cancelled_is_refused(depot: Depot) -> None:
    product = await depot.product()
    empty = await depot.picking(depot.internal, depot.stock, depot.stock)
    nothing = await depot.picking(depot.deliveries, depot.stock, depot.customers, (product, 4))
    assert await depot.refused("stock.picking", "button_validate", [empty]) == "UserError"
    assert await depot.refused("stock.picking", "button_validate", [nothing]) == "UserError"
    done = await depot.picking(depot.receipts, depot.vendors, depot.stock, (product, 1))
    await depot.validate(done)
    assert await depot.refused("stock.picking", "action_cancel", [done]) == "UserError"
    assert await depot.refused("stock.picking", "unlink", [done]) == "UserError"
    assert await depot.do("stock.picking", "action_cancel", [nothing]) is True
    assert await depot.state(nothing) == "cancel"
    assert await depot.refused("stock.move", "_action_confirm", [1]) == "AccessError"


async def test_a_transfer_names_itself_and_joins_equal_moves(depot: Depot) -> None:
    product = await depot.product()
    first = await depot.picking(depot.receipts, depot.vendors, depot.stock, (product, 2), (product, 3))
    second = await depot.picking(depot.receipts, depot.vendors, depot.stock, (product, 1), origin="CASE-7")
    names = await depot.do("stock.picking", "read", [first, second], fields=["name"])
    assert [row["name"] for row in names] == ["WH/IN/00001", "WH/IN/00002"]
    assert [row["product_uom_qty"] for row in await depot.moves(first, "product_uom_qty")] == [5.0]
    [move] = await depot.moves(second, "display_name")
    assert move["display_name"] == "CASE-7/Vendors>Stock"


async def test_a_correction_of_what_is_done_moves_the_stock(depot: Depot) -> None:
    product = await depot.product()
    picking = await depot.picking(depot.receipts, depot.vendors, depot.stock, (product, 6))
    await depot.validate(picking)
    [move] = await depot.moves(picking)
    assert await depot.do("stock.move", "write", [move["id"]], {"quantity": 7}) is True
    assert await depot.held(product) == {("WH/Stock", False): (7.0, 0.0)}
    assert await depot.refused("stock.move", "unlink", [move["id"]]) == "UserError"


async def test_stock_goes_negative_when_a_quantity_is_forced(depot: Depot) -> None:
    product = await depot.product()
    picking = await depot.picking(depot.deliveries, depot.stock, depot.customers, (product, 4))
    [move] = await depot.moves(picking)
    await depot.do("stock.move", "write", [move["id"]], {"quantity": 4, "picked": True})
    assert await depot.validate(picking) is True
    assert await depot.held(product) == {("WH/Stock", False): (-4.0, 0.0)}


async def test_a_threshold_tells_what_is_missing(depot: Depot) -> None:
    product = await depot.product()
    await depot.count(product, 8)
    values = {"product_id": product, "product_min_qty": 10, "product_max_qty": 40}
    rule = await depot.do("stock.warehouse.orderpoint", "create", values)
    fields = ["name", "qty_on_hand", "qty_forecast", "qty_to_order", "trigger"]
    [row] = await depot.do("stock.warehouse.orderpoint", "read", [rule], fields=fields)
    assert [row[name] for name in fields] == ["OP/00001", 8.0, 8.0, 32.0, "auto"]
    assert await depot.refused("stock.warehouse.orderpoint", "create", values) == "ValidationError"
    wrong = {**values, "product_max_qty": 4}
    assert await depot.refused("stock.warehouse.orderpoint", "write", [rule], wrong) == "ValidationError"
    await depot.picking(depot.receipts, depot.vendors, depot.stock, (product, 5))
    [row] = await depot.do("stock.warehouse.orderpoint", "read", [rule], fields=["qty_forecast", "qty_to_order"])
    assert (row["qty_forecast"], row["qty_to_order"]) == (13.0, 0.0)


async def test_scrap_takes_from_stock_or_asks(depot: Depot) -> None:
    product = await depot.product()
    await depot.count(product, 3)
    scrap = await depot.do("stock.scrap", "create", {"product_id": product, "scrap_qty": 2})
    assert await depot.do("stock.scrap", "action_validate", [scrap]) is True
    assert await depot.held(product) == {("WH/Stock", False): (1.0, 0.0)}
    [row] = await depot.do("stock.scrap", "read", [scrap], fields=["name", "state", "move_ids"])
    assert (row["name"], row["state"], len(row["move_ids"])) == ("SP/00001", "done", 1)
    more = await depot.do("stock.scrap", "create", {"product_id": product, "scrap_qty": 2})
    answer = await depot.do("stock.scrap", "action_validate", [more])
    assert answer["res_model"] == "stock.warn.insufficient.qty.scrap"


async def test_stock_is_summed_by_location_and_found_below_one(depot: Depot) -> None:
    product = await depot.product()
    room = await depot.do("stock.location", "create", {"name": "OR 1", "location_id": depot.stock})
    await depot.count(product, 5)
    await depot.count(product, 2, place=room)
    domain = [["product_id", "=", product], ["location_id", "child_of", depot.stock]]
    assert await depot.do("stock.quant", "search_count", domain) == 2
    if depot.odoo.major == 18:
        groups = await depot.do("stock.quant", "read_group", domain, ["quantity:sum"], ["location_id"])
        sums = [row["quantity"] for row in groups]
    else:
        asked = {"groupby": ["location_id"], "aggregates": ["quantity:sum"]}
        groups = await depot.do("stock.quant", "formatted_read_group", domain, **asked)
        sums = [row["quantity:sum"] for row in groups]
    assert sums == [5.0, 2.0]
    [row] = await depot.do("product.product", "read", [product], fields=["qty_available"], context={"location": room})
    assert row["qty_available"] == 2.0


async def test_each_version_has_the_places_it_was_measured_with(depot: Depot) -> None:
    old = depot.odoo.major == 18
    names = {row["name"]: row["id"] for row in depot.odoo.records("stock.location")}
    assert (names["Vendors"], names["Customers"], names["Stock"]) == ((4, 5, 8) if old else (1, 2, 5))
    reference = ("stock", "stock_location_suppliers")
    assert await depot.do("ir.model.data", "check_object_reference", *reference) == ["stock.location", depot.vendors]
    [row] = await depot.do("stock.location", "read", [depot.vendors], fields=["complete_name"])
    assert row["complete_name"] == ("Partners/Vendors" if old else "Vendors")
    fields = await depot.do("stock.move", "fields_get", attributes=["type"])
    assert ("name" in fields) == old
