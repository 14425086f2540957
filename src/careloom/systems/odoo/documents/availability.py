"""Where stock lies: by product, lot and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.amounts import exact
from careloom.systems.odoo.documents.outcome import reference

MODEL: Final = "stock.quant"


@dataclass(frozen=True, slots=True)
class Lying:
    """So much of a product and lot at one place, in the product's unit. `free` is what no move has reserved."""

    record_id: int
    product: int
    lot: int | None
    place: int
    quantity: Decimal
    reserved: Decimal

    @property
    def free(self) -> Decimal:
        return self.quantity - self.reserved


@dataclass(frozen=True, slots=True)
class Portion:
    """What is taken from one place."""

    place: int
    quantity: Decimal


class Availability:
    """Reads stock. Goods in packages or of another owner are left out."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def at(
        self, place: int, product: int, lot: int | None, company: int | None = None, *, below: bool = True
    ) -> list[Lying]:
        """What lies of this lot (None: of no lot) at a place and, unless `below` is off, at the places within it."""
        domain: list[Any] = [
            ["product_id", "=", product],
            ["location_id", "child_of" if below else "=", place],
            ["lot_id", "=", lot or False],
            ["package_id", "=", False],
            ["owner_id", "=", False],
        ]
        fields = ["product_id", "lot_id", "location_id", "quantity", "reserved_quantity"]
        arguments = {"domain": domain, "fields": fields, "order": "in_date, id"}
        rows = await self._access.call(MODEL, "search_read", arguments, company=company, repeatable=True)
        return [
            Lying(
                record_id=row["id"],
                product=product,
                lot=reference(row["lot_id"]),
                place=reference(row["location_id"]) or 0,
                quantity=exact(row["quantity"]),
                reserved=exact(row["reserved_quantity"]),
            )
            for row in rows
        ]


def portions(stock: Sequence[Lying], wanted: Decimal, *, free: bool) -> list[Portion]:
    """So much of `wanted` as there is, oldest first: of what is free alone, or of all that lies there."""
    taken = []
    for lying in stock:
        here = min(wanted, lying.free if free else lying.quantity)
        if here > 0:
            taken.append(Portion(lying.place, here))
            wanted -= here
    return taken
