"""A simulated warehouse system: what has come in, as a list of its HTTP interface."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from careloom.model import PurchaseOrderEvent
from careloom.systems.http.fake import FakeTarget, Request


class SimulatedWarehouse:
    """Its lists, by their names; nothing is moved or counted on this day."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {"receipts": [], "movements": [], "counts": []}
        self.target = FakeTarget(self._answer)

    @property
    def url(self) -> str:
        """Where its interface begins."""
        return f"http://127.0.0.1:{self.target.port}/wms"

    async def __aenter__(self) -> Self:
        await self.target.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.target.__aexit__(None, None, None)

    def receive(self, placed: PurchaseOrderEvent, at: datetime) -> None:
        """All that was ordered has come."""
        order = placed.order.identifier[0].value
        lines = [
            {
                "order_line": line.identifier,
                "sku": _sku(line.item),
                "received": float(line.quantity.value),
                "unit": "EA",
            }
            for line in placed.order.line
        ]
        self.lists["receipts"].append({
            "receipt": f"R-{order}", "booked": _stamp(at), "delivery_note": f"DN-{order}", "purchase_order": order,
            "warehouse": "WH", "complete": True, "lines": lines,
        })  # fmt: skip

    def _answer(self, request: Request) -> bytes:
        found = self.lists.get(urlsplit(request.path).path.rpartition("/")[2], [])
        body = msgspec.json.encode({"content": found, "has_more": False})
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        return head.encode() + body


def _sku(item: Iterable[Any]) -> str:
    return next(str(one.value) for one in item)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
