"""Look-ups that an Odoo answers for the gateway, each by a few reads."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from careloom.systems.odoo.readback import Reference


class Asked(Protocol):
    """What of `Odoo` is used."""

    def external_id(self, kind: str, assigner: str, value: str) -> str: ...
    async def find(self, external_id: str) -> Reference | None: ...
    async def totals(self, model: str, domain: Sequence[Any], field: str, by: str) -> dict[int, float]: ...
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


async def _partner(erp: Asked, asked: Any) -> Mapping[str, Any] | None:
    domain = [["ref", "=", asked.partner], ["parent_id", "=", False]]
    row = _one(await erp.search_read("res.partner", domain, ["name", "active", "is_company"], limit=2, archived=True))
    return row and {
        "partner": asked.partner,
        "name": row["name"],
        "company": row["is_company"],
        "active": row["active"],
        "record": f"res.partner/{row['id']}",
    }


async def _balance(erp: Asked, asked: Any) -> Mapping[str, Any] | None:
    """What is open on receivable and payable accounts, posted entries only; Odoo's own sign is turned for payables."""
    domain = [["ref", "=", asked.partner], ["parent_id", "=", False]]
    partner = _one(await erp.search_read("res.partner", domain, ["id"], limit=2, archived=True))
    if partner is None:
        return None
    owed = await _open(erp, partner["id"], "asset_receivable")
    owing = await _open(erp, partner["id"], "liability_payable")
    companies = await erp.read("res.company", sorted(owed.keys() | owing.keys()), ["name", "currency_id"])
    return {
        "partner": asked.partner,
        "record": f"res.partner/{partner['id']}",
        "balances": [
            {
                "company": one["name"],
                "receivable": _amount(owed.get(one["id"], 0.0)),
                "payable": _amount(-owing.get(one["id"], 0.0)),
                "currency": one["currency_id"][1],
            }
            for one in companies
        ],
    }


async def _open(erp: Asked, partner: int, type_: str) -> dict[int, float]:
    domain = [
        ["partner_id", "child_of", partner],
        ["parent_state", "=", "posted"],
        ["account_id.account_type", "=", type_],
        ["amount_residual", "!=", 0],
    ]
    return await erp.totals("account.move.line", domain, "amount_residual", "company_id")


def _amount(value: float) -> str:
    return f"{value + 0.0:.2f}"  # no minus before nothing


async def _stock(erp: Asked, asked: Any) -> Mapping[str, Any] | None:
    """By place and lot. A place is named by its barcode or its whole name, `WH/Stock/Shelf 1`, with those below it."""
    product = _one(
        await erp.search_read("product.product", [["default_code", "=", asked.product]], ["uom_id"], limit=2)
    )
    if product is None:
        return None
    domain: list[Any] = [["product_id", "=", product["id"]], ["location_id.usage", "=", "internal"]]
    if asked.lot is not None:
        domain.append(["lot_id.name", "=", asked.lot])
    if asked.location is not None:
        place = await _place(erp, asked.location)
        if place is None:
            return None
        domain.append(["location_id", "child_of", place])
    quants = await erp.search_read("stock.quant", domain, ["location_id", "lot_id", "quantity", "reserved_quantity"])
    places = _places(quants)
    return {
        "product": asked.product,
        "on_hand": _sum(one["on_hand"] for one in places),
        "available": _sum(one["available"] for one in places),
        "unit": product["uom_id"][1],
        "places": places,
    }


async def _place(erp: Asked, location: str) -> int | None:
    for field in ("barcode", "complete_name"):
        row = _one(await erp.search_read("stock.location", [[field, "=", location]], ["id"], limit=2))
        if row is not None:
            return int(row["id"])
    return None


def _places(quants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One for each location and lot, in the order of their names; packages and owners are added up."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for quant in quants:
        key = (quant["location_id"][1], quant["lot_id"][1] if quant["lot_id"] else "")
        found.setdefault(key, []).append(quant)
    return [
        {
            "location": location,
            **({"lot": lot} if lot else {}),
            "on_hand": _sum(one["quantity"] for one in held),
            "available": _sum(one["quantity"] - one["reserved_quantity"] for one in held),
        }
        for (location, lot), held in sorted(found.items())
    ]


def _sum(quantities: Iterable[float]) -> float:
    return round(math.fsum(quantities), 6)


async def _dimensions(erp: Asked, asked: Any) -> Mapping[str, Any] | None:
    """Analytic accounts; those that are archived are not approved any more, and told only on request."""
    domain: list[Any] = []
    if asked.plan is not None:
        domain.append(["plan_id.name", "=", asked.plan])
    if asked.code is not None:
        domain.append(["code", "=", asked.code])
    fields = ["code", "name", "plan_id", "active"]
    rows = await erp.search_read("account.analytic.account", domain, fields, archived=asked.archived)
    told = [
        {"code": row["code"] or "", "name": row["name"], "plan": row["plan_id"][1], "active": row["active"]}
        for row in rows
    ]
    return {"dimensions": sorted(told, key=lambda one: (one["plan"], one["code"], one["name"]))}


def _one(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The row; none when what was asked for is not there, or is not the only one."""
    return rows[0] if len(rows) == 1 else None


LOOKUPS: Final[Mapping[str, Callable[[Asked, Any], Awaitable[Mapping[str, Any] | None]]]] = {
    "patient": _patient,
    "partner": _partner,
    "supplier": _supplier,
    "invoice-status": _invoice,
    "balance": _balance,
    "stock": _stock,
    "dimensions": _dimensions,
}
"""By the shape of the question; None is the answer where there is no such thing, or several."""
