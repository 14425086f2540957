"""A store room to try logistics in: products, a supplier, and goods that arrived by an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.counts import Count, CountLine
from careloom.systems.odoo.documents.moves import Move, MoveLine
from careloom.systems.odoo.documents.products import Product
from careloom.systems.odoo.documents.purchasing import HeldPurchase, Purchase, PurchaseLine

Key = Callable[[str, str], str]


@dataclass
class StoreRoom:
    """Short ways to the records that tests need. Places are those of Odoo's first warehouse."""

    erp: Odoo
    key: Key
    fresh: Callable[[str], str]
    stock: int = 0
    used_up: int = 0
    outgoing: int = 0
    known: dict[str, int] = field(default_factory=dict)

    async def open(self) -> StoreRoom:
        locations = self.erp.documents.locations
        self.stock = (await locations.stock_of("WH", 1)).record_id
        self.used_up = (await locations.used_for("production", 1)).record_id
        self.outgoing = await locations.operation("outgoing", 1)
        return self

    async def product(self, name: str, **others: Any) -> int:
        if name not in self.known:
            unit = await self.erp.documents.units.find("EA")
            product = Product(key=self.key("product", name), name=name, code=self.fresh(name), unit=unit, **others)
            self.known[name] = (await self.erp.documents.products.bring(product)).record_id
        return self.known[name]

    async def partner(self, name: str = "Northwind Medical") -> int:
        if name not in self.known:
            values = {"name": name, "is_company": True}
            self.known[name] = (await self.erp.upsert("res.partner", self.key("supplier", name), values)).record_id
        return self.known[name]

    async def ordered(self, name: str, *lines: tuple[int, str, str], **others: Any) -> HeldPurchase:
        """A confirmed order of (product, quantity, price)."""
        return await self.erp.documents.purchasing.order(await self.purchase(name, *lines, **others))

    async def purchase(self, name: str, *lines: tuple[int, str, str], **others: Any) -> Purchase:
        asked = [PurchaseLine(product=one, quantity=Decimal(many), price=Decimal(price)) for one, many, price in lines]
        return Purchase(key=self.key("order", name), supplier=await self.partner(), lines=asked, **others)

    async def fill(self, product: int, quantity: str, lot: str = "", company: int | None = None) -> None:
        """Goods that somebody found in the store room."""
        line = CountLine(product=product, place=self.stock, quantity=Decimal(quantity), lot=lot)
        name = self.key("count", f"fill-{product}-{lot}-{quantity}")
        await self.erp.documents.counts.take(Count(key=name, reason="Opening stock", lines=[line], company=company))

    def use(self, name: str, *lines: tuple[int, str, str], **others: Any) -> Move:
        """(product, quantity, lot) from the store room to where it is used up."""
        asked = [MoveLine(product=one, quantity=Decimal(many), lot=lot) for one, many, lot in lines]
        ends = {"source": self.stock, "destination": self.used_up, "operation": self.outgoing}
        return Move(key=self.key("move", name), lines=asked, **(ends | others))

    async def on_hand(self, product: int, lot: str = "", place: int | None = None) -> Decimal:
        domain: list[Any] = [["product_id", "=", product], ["location_id", "=", place or self.stock]]
        domain += [["lot_id.name", "=", lot]] if lot else []
        rows = await self.erp.search_read("stock.quant", domain, ["quantity"])
        return Decimal(str(sum(row["quantity"] for row in rows)))

    async def reserved(self, product: int) -> Decimal:
        domain = [["product_id", "=", product], ["location_id", "=", self.stock]]
        rows = await self.erp.search_read("stock.quant", domain, ["reserved_quantity"])
        return Decimal(str(sum(row["reserved_quantity"] for row in rows)))


@pytest.fixture
async def room(erp: Odoo, key: Key, fresh: Callable[[str], str]) -> StoreRoom:
    return await StoreRoom(erp, key, fresh).open()
