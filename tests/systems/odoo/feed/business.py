"""People at work in an Odoo, simulated or real: what they do by hand, over JSON-RPC, which 18.0 and 19.0 both have."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

DAY = "2026-11-21"
_CALLS = itertools.count(1)


@dataclass
class Desk:
    """One user."""

    session: aiohttp.ClientSession
    url: str
    database: str
    login: str
    secret: str
    uid: int = 0

    async def __call__(self, model: str, method: str, *arguments: Any, **named: Any) -> Any:
        if not self.uid:
            self.uid = await self._rpc("common", "login", [self.database, self.login, self.secret])
        who = [self.database, self.uid, self.secret]
        return await self._rpc("object", "execute_kw", [*who, model, method, list(arguments), named])

    async def _rpc(self, service: str, method: str, arguments: list[Any]) -> Any:
        call = {"service": service, "method": method, "args": arguments}
        body = {"jsonrpc": "2.0", "method": "call", "params": call, "id": next(_CALLS)}
        async with self.session.post(f"{self.url}/jsonrpc", json=body) as reply:
            answer = await reply.json()
        assert "error" not in answer, answer["error"]["data"]["name"] + ": " + answer["error"]["data"]["message"]
        return answer.get("result")


@dataclass
class Business:
    """`clerk` is the API user, `chief` an administrator. `run` tells the things of one test from those of another."""

    clerk: Desk
    chief: Desk
    run: str = field(default_factory=lambda: uuid4().hex[:8])

    async def partner(self, **values: Any) -> int:
        made: int = await self.clerk("res.partner", "create", {"name": "Harbor Supply", "is_company": True, **values})
        return made

    async def product(self, **values: Any) -> int:
        given = {"name": "Guide wire", "default_code": f"S-{self.run}", "is_storable": True, **values}
        made: int = await self.chief("product.product", "create", given)
        return made

    async def invoice(self, partner: int, product: int, price: float = 20.0, **values: Any) -> int:
        """A draft of one line without tax."""
        line = {"product_id": product, "quantity": 1, "price_unit": price, "tax_ids": [[6, 0, []]]}
        given = {"move_type": "out_invoice", "partner_id": partner, "invoice_date": DAY, **values}
        made: int = await self.clerk("account.move", "create", {**given, "invoice_line_ids": [[0, 0, line]]})
        return made

    async def post(self, move: int) -> None:
        await self.clerk("account.move", "action_post", [move])

    async def pay(self, partner: int, amount: float, **values: Any) -> int:
        """A payment, posted."""
        given = {"payment_type": "inbound", "partner_type": "customer", "partner_id": partner, "amount": amount}
        made: int = await self.clerk("account.payment", "create", {**given, **values})
        await self.clerk("account.payment", "action_post", [made])
        return made

    async def allocate(self, payment: int, invoice: int) -> None:
        (read,) = await self.clerk("account.payment", "read", [payment], ["move_id"])
        domain = [["move_id", "=", read["move_id"][0]], ["account_id.account_type", "=", "asset_receivable"]]
        (line,) = await self.clerk("account.move.line", "search_read", domain, ["id"])
        await self.clerk("account.move", "js_assign_outstanding_line", [invoice], line["id"])

    async def order(self, partner: int, product: int, quantity: float, price: float = 7.0) -> int:
        """A draft purchase order."""
        line = {"product_id": product, "product_qty": quantity, "price_unit": price}
        given = {"partner_id": partner, "order_line": [[0, 0, line]]}
        made: int = await self.clerk("purchase.order", "create", given)
        return made

    async def receipts(self, order: int) -> list[int]:
        (read,) = await self.clerk("purchase.order", "read", [order], ["picking_ids"])
        return sorted(read["picking_ids"])

    async def receive(self, picking: int, quantity: float) -> None:
        (read,) = await self.clerk("stock.picking", "read", [picking], ["move_ids"])
        await self.clerk("stock.move", "write", read["move_ids"], {"quantity": quantity, "picked": True})
        context = {"skip_backorder": True, "skip_sms": True}
        await self.clerk("stock.picking", "button_validate", [picking], context=context)

    async def shelf(self) -> int:
        """Where the warehouse of the company keeps its stock."""
        domain = [["company_id", "=", 1]]
        (house,) = await self.clerk("stock.warehouse", "search_read", domain, ["lot_stock_id"], limit=1)
        made: int = house["lot_stock_id"][0]
        return made

    async def count(self, product: int, shelf: int, quantity: float) -> None:
        """Somebody counted so many."""
        context = {"inventory_mode": True}
        given = {"product_id": product, "location_id": shelf, "inventory_quantity": quantity}
        quant = await self.clerk("stock.quant", "create", given, context=context)
        await self.clerk("stock.quant", "action_apply_inventory", [quant])
