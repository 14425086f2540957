"""Transfers of stock (`stock.picking`): their lines by key, and their validation, which never ends in a dialogue.

`button_validate` is true, or a dialogue of Odoo, and then nothing has happened. So the answer is not believed: the
context says beforehand what the dialogues would ask, and the state is read afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.amounts import exact
from careloom.systems.odoo.documents.outcome import reference
from careloom.systems.odoo.documents.steps import load_rows, once, read_one, state_of
from careloom.systems.odoo.faults import Fault, OdooRejected, make

MODEL: Final = "stock.picking"
MOVES: Final = "stock.move"
LINES: Final = "stock.move.line"
Rest: TypeAlias = Literal["backorder", "cancel"]
_SILENT: Final = {"skip_backorder": True, "skip_sms": True, "skip_expired": True}
"""The last since 19.0 also asks about lots that are not moved, but only reserved: `Lots.refuse_expired` asks first."""
_READ: Final = ("name", "state", "origin", "date_done", "backorder_ids", "move_ids", "move_line_ids")
_LINE: Final = ("product_id", "lot_id", "quantity", "picked", "state", "move_id", "location_id", "location_dest_id")


@dataclass(frozen=True, slots=True)
class Planned:
    """A line to load: so much of a product and lot, in `unit`, from one place to another, as part of a move."""

    key: str
    move: int
    product: int
    unit: int
    quantity: Decimal
    lot: int | None
    source: int
    destination: int


@dataclass(frozen=True, slots=True)
class HeldMove:
    """A line of a transfer as Odoo holds it."""

    record_id: int
    product: int
    lot: int | None
    quantity: Decimal
    picked: bool
    move: int | None
    source: int
    destination: int


def line_key(key: str, number: int) -> str:
    """The external id of a line of goods, from 1; `_l1` would be that of a move."""
    return f"{key}_q{number}"


class Transfers:
    """What receipts and moves share."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def read(self, picking: int, company: int | None) -> Mapping[str, Any]:
        """The transfer's state, number and parts. Raises Rejected when it is gone."""
        return await read_one(self._access, MODEL, picking, _READ, company)

    async def lines(self, ids: Sequence[int], company: int | None) -> list[HeldMove]:
        """These lines of goods, in the order in which they were made."""
        rows = await self._access.call(
            LINES, "read", {"fields": list(_LINE)}, ids=sorted(ids), company=company, repeatable=True
        )
        return [_line(row) for row in rows]

    async def line_of(self, key: str) -> tuple[int, int] | None:
        """The line with this external id and its transfer; None when there is none."""
        record = await self._access.record(key, LINES)
        if record is None:
            return None
        rows = await self._access.records.read(LINES, [record], ["picking_id"])
        return (record, reference(rows[0]["picking_id"]) or 0) if rows else None

    async def load(
        self, picking: int, planned: Sequence[Planned], company: int | None, *, picked: bool
    ) -> dict[str, int]:
        """Make or change these lines of an open transfer. `picked` ones are moved by the next validation and push those
        aside that Odoo reserved; others are a reservation."""
        rows: dict[str, Mapping[str, Value]] = {
            one.key: {
                "picking_id/.id": picking,
                "move_id/.id": one.move,
                "product_id/.id": one.product,
                "product_uom_id/.id": one.unit,
                "quantity": one.quantity,
                "lot_id/.id": one.lot,
                "location_id/.id": one.source,
                "location_dest_id/.id": one.destination,
                "picked": picked,
            }
            for one in planned
        }
        return await load_rows(self._access, LINES, rows, company)

    async def validate(self, picking: int, rest: Rest, company: int | None) -> bool:
        """Move what is picked; what is not is kept for later or given up, as `rest` says. False if it was done.

        Raises Rejected when Odoo wants a person's answer first.
        """
        context: dict[str, Any] = dict(_SILENT)
        if rest == "cancel":
            context["picking_ids_not_to_backorder"] = [picking]
        answers: list[Any] = []

        async def done() -> bool:
            return await state_of(self._access, MODEL, picking, company) == "done"

        async def act() -> None:
            answers.append(
                await self._access.call(MODEL, "button_validate", ids=[picking], company=company, context=context)
            )

        acted = await once(self._access, done, act)
        if not await done():
            dialogue = answers[-1].get("res_model") if answers and isinstance(answers[-1], dict) else None
            fault = Fault(f"dialogue {dialogue}", MODEL, "button_validate")
            raise make(
                OdooRejected, fault, f"transfer {picking} waits for a person's answer in Odoo; nothing was moved"
            )
        return acted

    async def cancel(self, picking: int, company: int | None) -> bool:
        """Cancel an open transfer, which frees what it reserved. False if it was cancelled."""

        async def done() -> bool:
            return await state_of(self._access, MODEL, picking, company) == "cancel"

        return await once(
            self._access, done, lambda: self._access.call(MODEL, "action_cancel", ids=[picking], company=company)
        )

    async def open_backorders(self, picking: int, company: int | None) -> list[int]:
        """The transfers that were split off it and are still to do."""
        domain = [["backorder_id", "=", picking], ["state", "not in", ["done", "cancel"]]]
        found = await self._access.call(
            MODEL, "search_read", {"domain": domain, "fields": ["state"]}, company=company, repeatable=True
        )
        return [row["id"] for row in found]


def _line(row: Mapping[str, Any]) -> HeldMove:
    return HeldMove(
        record_id=row["id"],
        product=reference(row["product_id"]) or 0,
        lot=reference(row["lot_id"]),
        quantity=exact(row["quantity"]),
        picked=bool(row["picked"]),
        move=reference(row["move_id"]),
        source=reference(row["location_id"]) or 0,
        destination=reference(row["location_dest_id"]) or 0,
    )
