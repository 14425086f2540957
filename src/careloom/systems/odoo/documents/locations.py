"""Places where stock lies, and the operation types by which it moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from careloom.core.errors import Rejected
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.outcome import reference

MODEL: Final = "stock.location"
Usage = Literal["supplier", "internal", "customer", "inventory", "production", "transit"]

FIELDS: Final[Mapping[str, str]] = {
    "place": "stock.location.complete_name (or its barcode)",
    "warehouse": "stock.warehouse.code",
    "operation": "stock.picking.type.code",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A location. `usage` is what Odoo calls it: stock is owned in `internal` and `transit` alone."""

    record_id: int
    usage: str
    company: int | None

    @property
    def counted(self) -> bool:
        """Whether Odoo keeps stock there: anywhere else quantities are only the other side of moves."""
        return self.usage in ("internal", "transit")


class Locations:
    """Finds locations, each by one or two reads."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def find(self, name: str, company: int | None = None) -> Place:
        """The place with this barcode, or else with this complete name (`WH/Stock/OR 1`).

        Raises Rejected when there is none, or several.
        """
        for field in ("barcode", "complete_name"):
            rows = await self._search([[field, "=", name]], company)
            if rows:
                return _only(rows, field)
        raise Rejected("stock.location: no place has this barcode or complete name", "location_id")

    async def stock_of(self, warehouse: str, company: int | None = None) -> Place:
        """Where the warehouse with this short name keeps its stock."""
        domain: list[Any] = [["code", "=", warehouse], *_of(company)]
        rows = await self._access.records.search_read("stock.warehouse", domain, ["lot_stock_id"], limit=2)
        if len(rows) != 1:
            raise Rejected("stock.warehouse: not exactly one warehouse has this short name", "warehouse_id")
        return await self.read(reference(rows[0]["lot_stock_id"]) or 0)

    async def used_for(self, usage: Usage, company: int | None = None) -> Place:
        """The only place of this usage, as `production` or `customer`; several are a matter of the settings."""
        return _only(await self._search([["usage", "=", usage]], company), "usage")

    async def read(self, record_id: int) -> Place:
        """This place. Raises Rejected when it is gone."""
        rows = await self._access.records.read(MODEL, [record_id], ["usage", "company_id"])
        return _only(rows, "id")

    async def operation(self, code: Literal["internal", "outgoing", "incoming"], company: int | None = None) -> int:
        """The operation type with this code; Odoo keeps that of internal transfers archived until somebody switches
        on Storage Locations. Raises Rejected when there is none, or several."""
        domain: list[Any] = [["code", "=", code], *_of(company)]
        rows = await self._access.records.search_read("stock.picking.type", domain, ["name"], limit=2)
        if len(rows) != 1:
            advice = "switch on Storage Locations" if not rows else "name the one to use"
            raise Rejected(
                f"stock.picking.type: {len(rows)} active types with code {code}: {advice}", "picking_type_id"
            )
        return int(rows[0]["id"])

    async def _search(self, domain: Sequence[Any], company: int | None) -> list[dict[str, Any]]:
        fields = ["usage", "company_id"]
        return await self._access.records.search_read(MODEL, [*domain, *_of(company, shared=True)], fields, limit=2)


def _of(company: int | None, *, shared: bool = False) -> list[Any]:
    if company is None:
        return []
    return [["company_id", "in", [company, False] if shared else [company]]]


def _only(rows: Sequence[Mapping[str, Any]], field: str) -> Place:
    if len(rows) != 1:
        raise Rejected(f"stock.location: not exactly one place has this {field}", "location_id")
    return Place(int(rows[0]["id"]), str(rows[0]["usage"]), reference(rows[0]["company_id"]))
