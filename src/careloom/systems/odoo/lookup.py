"""Look-ups that an Odoo answers for the gateway, each by one read or two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from careloom.systems.odoo.readback import Reference


class Asked(Protocol):
    """What of `Odoo` is used."""

    def external_id(self, kind: str, assigner: str, value: str) -> str: ...
    async def find(self, external_id: str) -> Reference | None: ...
    async def read(self, model: str, ids: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]: ...
    async def search_read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        limit: int | None = None,
        archived: bool = False,
    ) -> list[dict[str, Any]]: ...


async def _patient(erp: Asked, asked: Any) -> Mapping[str, Any] | None:
    if asked.assigner is None:
        domain = [["ref", "=", asked.identifier]]
        found = await erp.search_read("res.partner", domain, ["name", "active"], limit=2, archived=True)
        rows = found if len(found) == 1 else []
    else:
        reference = await erp.find(erp.external_id("patient", asked.assigner, asked.identifier))
        rows = await erp.read("res.partner", [reference.record_id], ["name", "active"]) if reference else []
    if not rows:
        return None
    [row] = rows
    record = f"res.partner/{row['id']}"
    return {"identifier": asked.identifier, "name": row["name"], "active": row["active"], "record": record}


async def _supplier(erp: Asked, asked: Any) -> Mapping[str, Any] | None:
    domain = [["ref", "=", asked.supplier], ["is_company", "=", True]]
    row = _one(await erp.search_read("res.partner", domain, ["name", "active"], limit=2, archived=True))
    return row and {"supplier": asked.supplier, "name": row["name"], "active": row["active"]}


async def _invoice(erp: Asked, asked: Any) -> Mapping[str, Any] | None:
    domain = [["name", "=", asked.invoice], ["move_type", "in", ["out_invoice", "out_refund"]]]
    fields = ["state", "payment_state", "amount_total", "amount_residual", "currency_id"]
    row = _one(await erp.search_read("account.move", domain, fields, limit=2))
    return row and {
        "invoice": asked.invoice,
        "state": row["state"],
        "payment": row["payment_state"],
        "total": f"{row['amount_total']:.2f}",
        "due": f"{row['amount_residual']:.2f}",
        "currency": row["currency_id"][1],
    }


async def _stock(erp: Asked, asked: Any) -> Mapping[str, Any] | None:
    product = _one(
        await erp.search_read("product.product", [["default_code", "=", asked.product]], ["uom_id"], limit=2)
    )
    if product is None:
        return None
    domain: list[Any] = [["product_id", "=", product["id"]], ["location_id.usage", "=", "internal"]]
    if asked.location is not None:
        domain.append(["location_id.barcode", "=", asked.location])
    quants = await erp.search_read("stock.quant", domain, ["quantity", "reserved_quantity"])
    on_hand = sum(one["quantity"] for one in quants)
    available = on_hand - sum(one["reserved_quantity"] for one in quants)
    return {"product": asked.product, "on_hand": on_hand, "available": available, "unit": product["uom_id"][1]}


def _one(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The row; none when what was asked for is not there, or is not the only one."""
    return rows[0] if len(rows) == 1 else None


LOOKUPS: Final[Mapping[str, Callable[[Asked, Any], Awaitable[Mapping[str, Any] | None]]]] = {
    "patient": _patient,
    "supplier": _supplier,
    "invoice-status": _invoice,
    "stock": _stock,
}
"""By the shape of the question; None is the answer where there is no such thing, or several."""
