"""A month of business, brought in through the documents and followed through the feed: what an accountant makes of the
hub's events alone is what Odoo's own books, open items and stock say.

A small month by default. CARELOOM_TEST_MONTH=1 is a whole one (2,000 registrations, 5,000 charges, 1,500 invoices, 300
orders with partial receipts, 10,000 stock moves), 0.1 a tenth of it; with CARELOOM_TEST_ODOO_URL, _DB, _LOGIN and _KEY
it happens in that Odoo.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.systems.odoo.feed.conftest import Follower
from tests.systems.odoo.month.accountant import Accountant

from careloom.core.clock import SystemClock
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.bills import Bill
from careloom.systems.odoo.documents.invoices import CreditNote, Invoice
from careloom.systems.odoo.documents.moves import Move
from careloom.systems.odoo.documents.moves import MoveLine as Goods
from careloom.systems.odoo.documents.moves_held import HeldMove, MoveLine
from careloom.systems.odoo.documents.parties import Party
from careloom.systems.odoo.documents.payments import Payment
from careloom.systems.odoo.documents.products import Product
from careloom.systems.odoo.documents.purchasing import HeldPurchase, Purchase, PurchaseLine
from careloom.systems.odoo.documents.receipts import Receipt, ReceiptLine
from careloom.testing.surroundings import World

SCALE = float(os.environ.get("CARELOOM_TEST_MONTH", "0.005"))
FIRST = date(2026, 10, 1)
PRODUCTS, LINES_OF_A_TRANSFER = 6, 25
_TYPES = {
    "asset_receivable": "receivable",
    "liability_payable": "payable",
    "asset_current": "outstanding",
    "asset_cash": "outstanding",
    "liability_current": "outstanding",
}


def of(whole: int) -> int:
    return max(2, round(whole * SCALE))


@dataclass
class Month:
    """What happens. All chance is of one seed."""

    house: Any
    chance: random.Random = field(default_factory=lambda: random.Random(20261001))
    customers: list[int] = field(default_factory=list)
    products: list[int] = field(default_factory=list)
    bought: list[tuple[int, str, int]] = field(default_factory=list)

    @property
    def erp(self) -> Odoo:
        return self.house.erp  # type: ignore[no-any-return]

    def day(self) -> date:
        return FIRST + timedelta(days=self.chance.randrange(31))

    def key(self, name: str) -> str:
        return str(self.house.key(name))

    async def registrations(self) -> None:
        asked = [
            Party(key=self.key(f"n{n}"), name=f"Sample Person {n}", role="patient", company_like=False, ref=f"N{n}")
            for n in range(of(2000))
        ]
        kept = await asyncio.gather(*(self.erp.documents.parties.keep(one) for one in asked))
        self.customers = [one.record_id for one in kept]

    async def billing(self) -> None:
        """Charges on invoices; most are paid, some in part, some are credited."""
        charges = list(self._charges(of(5000), of(1500)))
        invoices = await asyncio.gather(*(self._invoice(n, lines) for n, lines in enumerate(charges)))
        await asyncio.gather(*(self._settle(n, one, charges[n]) for n, one in enumerate(invoices)))

    def _charges(self, charges: int, invoices: int) -> Iterator[list[MoveLine]]:
        left = charges
        for number in range(invoices):
            count = max(1, min(left - (invoices - number - 1), self.chance.randint(1, 6)))
            left -= count
            yield [self._charge(n) for n in range(count)]

    def _charge(self, number: int) -> MoveLine:
        price = Decimal(self.chance.randrange(500, 90_000)) / 100
        return MoveLine(text=f"service {number}", quantity=Decimal(self.chance.randint(1, 3)), price=price)

    async def _invoice(self, number: int, lines: Sequence[MoveLine]) -> HeldMove:
        asked = Invoice(
            key=self.key(f"i{number}"), customer=self.chance.choice(self.customers), lines=lines, date=self.day(),
            company=self.house.company,
        )  # fmt: skip
        return await self.erp.documents.invoices.issue(asked)

    async def _settle(self, number: int, invoice: HeldMove, lines: Sequence[MoveLine]) -> None:
        drawn = self.chance.random()
        [row] = await self.erp.read("account.move", [invoice.record_id], ["partner_id"])
        customer = row["partner_id"][0]
        if drawn < 0.05:
            note = CreditNote(
                key=self.key(f"c{number}"), reverses=invoice.record_id, customer=customer, lines=lines[:1],
                date=invoice.date, company=self.house.company,
            )  # fmt: skip
            await self.erp.documents.invoices.credit(note)
        elif drawn < 0.9:
            paid = invoice.total if drawn < 0.75 else (invoice.total / 2).quantize(Decimal("0.01"))
            payment = Payment(
                key=self.key(f"p{number}"), sort="received", partner=customer, amount=paid, date=invoice.date,
                journal=self.house.bank, memo=f"TRN {number}", company=self.house.company,
            )  # fmt: skip
            await self.erp.documents.payments.register(payment, [invoice.record_id])

    async def catalogue(self) -> None:
        unit = await self.erp.documents.units.find("EA")
        for number in range(PRODUCTS):
            tracking: Any = "lot" if number % 2 else "none"
            asked = Product(
                key=self.key(f"product{number}"), name=f"Supply {number}", code=f"{self.house.run}-{number}",
                tracking=tracking, unit=unit,
            )  # fmt: skip
            self.products.append((await self.erp.documents.products.bring(asked)).record_id)

    async def purchasing(self) -> None:
        """Orders; each arrives in part, half of the rests too, and what arrived is billed."""
        stock = (await self.erp.documents.locations.stock_of("WH", self.house.company)).record_id
        for number in range(of(300)):
            lines = [
                PurchaseLine(product=one, quantity=Decimal(self.chance.randint(200, 400)), price=Decimal("2.50"))
                for one in self.chance.sample(self.products, 2)
            ]
            asked = Purchase(
                key=self.key(f"o{number}"), supplier=self.house.vendor, lines=lines, company=self.house.company
            )
            order = await self.erp.documents.purchasing.order(asked)
            came = await self._receive(order, f"o{number}r1", Decimal("0.6"), stock, last=False)
            if number % 2:
                came += await self._receive(order, f"o{number}r2", Decimal("0.4"), stock, last=True)
            line = MoveLine(text="goods", quantity=came, price=Decimal("2.50"))
            bill = Bill(
                key=self.key(f"b{number}"), vendor=self.house.vendor, reference=f"{self.house.run}-{number}",
                lines=(line,), date=self.day(), company=self.house.company,
            )  # fmt: skip
            await self.erp.documents.bills.post(bill)

    async def _receive(self, order: HeldPurchase, name: str, share: Decimal, stock: int, *, last: bool) -> Decimal:
        lines = []
        for number, line in enumerate(order.lines):
            assert line.product is not None
            lot = f"{name}-{number}" if self.products.index(line.product) % 2 else ""
            quantity = (line.quantity * share).quantize(Decimal(1))
            lines.append(ReceiptLine(order_line=line.record_id, quantity=quantity, lot=lot))
            self.bought.append((line.product, lot, int(quantity)))
        await self.erp.documents.receipts.receive(
            Receipt(key=self.key(name), lines=lines, rest="cancel" if last else "backorder", company=self.house.company)
        )
        return sum((line.quantity for line in lines), Decimal(0))

    async def consumption(self) -> None:
        """Goods go to where they are used up, by lot, a few at a time."""
        places = self.erp.documents.locations
        stock = (await places.stock_of("WH", self.house.company)).record_id
        used = (await places.used_for("production", self.house.company)).record_id
        operation = await places.operation("outgoing", self.house.company)
        moves = of(10_000)
        for number in range(0, moves, LINES_OF_A_TRANSFER):
            count = min(LINES_OF_A_TRANSFER, moves - number)
            lines = [Goods(product=one, quantity=Decimal(1), lot=lot) for one, lot in self._taken(count)]
            asked = Move(
                key=self.key(f"m{number}"), operation=operation, source=stock, destination=used, lines=lines,
                company=self.house.company,
            )  # fmt: skip
            await self.erp.documents.moves.consume(asked)

    def _taken(self, count: int) -> Iterator[tuple[int, str]]:
        for _ in range(count):
            index = self.chance.choice([n for n, (_, _, left) in enumerate(self.bought) if left > 0])
            product, lot, left = self.bought[index]
            self.bought[index] = (product, lot, left - 1)
            yield product, lot


async def test_item_4_books_open_items_and_stock_follow_from_the_events(
    house: Any, target: Any, tmp_path: Path
) -> None:
    follower = Follower("polling", World(tmp_path, SystemClock()), target)
    await follower.told()
    accountant, month = Accountant(), Month(house)
    for phase in (month.registrations, month.billing, month.catalogue, month.purchasing, month.consumption):
        await phase()
        accountant.read(await follower.told())
    await follower.odoo.close()
    assert accountant.counted["partner.changed"] >= of(2000)
    assert accountant.counted["invoice.issued"] >= of(1500)
    assert set(accountant.books) == {"receivable", "income", "payable", "expense", "outstanding"}
    assert len([where for where in accountant.stock if where[1]]) > 2
    assert await books(month) == {name: entry for name, entry in accountant.books.items() if entry}
    assert await open_items(month) == {int(move): left for move, left in accountant.open_items.items() if left}
    assert await stock(month) == {where: quantity for where, quantity in accountant.stock.items() if quantity}


async def books(month: Month) -> dict[str, Decimal]:
    """Odoo's trial balance of these partners, by sort of account."""
    partners = [*month.customers, month.house.vendor]
    domain = [["partner_id", "in", partners], ["parent_state", "=", "posted"]]
    items = await month.erp.search_read("account.move.line", domain, ["balance", "account_id"])
    accounts = await month.erp.read(
        "account.account", sorted({one["account_id"][0] for one in items}), ["account_type"]
    )
    types = {one["id"]: one["account_type"] for one in accounts}
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in items:
        sort = types[one["account_id"][0]]
        name = _TYPES.get(sort, "expense" if sort.startswith("expense") else "income")
        found[name] += Decimal(str(one["balance"]))
    return {name: balance for name, balance in found.items() if balance}


async def open_items(month: Month) -> dict[int, Decimal]:
    partners = [*month.customers, month.house.vendor]
    domain = [["partner_id", "in", partners], ["state", "=", "posted"], ["move_type", "!=", "entry"]]
    rows = await month.erp.search_read("account.move", domain, ["amount_residual"])
    return {row["id"]: left for row in rows if (left := Decimal(str(row["amount_residual"])))}


async def stock(month: Month) -> dict[tuple[str, str, str], Decimal]:
    domain = [["product_id", "in", month.products]]
    fields = ["product_id", "lot_id", "location_id", "quantity"]
    rows = await month.erp.search_read("stock.quant", domain, fields)
    codes = {
        one["id"]: one["default_code"]
        for one in await month.erp.read("product.product", month.products, ["default_code"])
    }
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        lot = row["lot_id"][1] if row["lot_id"] else ""
        found[codes[row["product_id"][0]], lot, str(row["location_id"][0])] += Decimal(str(row["quantity"]))
    return {where: quantity for where, quantity in found.items() if quantity}
