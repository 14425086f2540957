"""Lots and serial numbers: found by product and number, created once, with their expiry where Odoo keeps one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from careloom.core.errors import Rejected
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.outcome import HeldOtherwise, compared
from careloom.systems.odoo.documents.steps import load_rows
from careloom.systems.odoo.external_ids import external_id

MODEL: Final = "stock.lot"
EXPIRY: Final = "expiration_date"
_MIDDAY: Final = time(12, tzinfo=UTC)
"""Odoo keeps an expiry as a moment; midday in UTC is the same day for nearly every user."""

FIELDS: Final[Mapping[str, str]] = {
    "lot": "stock.lot.name",
    "product": "stock.lot.product_id",
    "expiry": "stock.lot.expiration_date (module product_expiry)",
}


@dataclass(frozen=True, slots=True)
class HeldLot:
    """A lot of a product. `expiry` is None where Odoo has none, or has no place for it (module product_expiry)."""

    record_id: int
    number: str
    expiry: date | None
    created: bool


class Lots:
    """Finds lots and creates those that arrive."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def keeps_expiry(self) -> bool:
        """Whether this Odoo has a place for an expiry date."""
        return EXPIRY in await self._access.schema.fields(MODEL)

    async def find(self, product: int, number: str, company: int | None = None) -> HeldLot | None:
        """The lot of this product with this number; None when there is none.

        Odoo lets one number stand once for a company and once for all: that of the company goes first.
        """
        domain: list[Any] = [["product_id", "=", product], ["name", "=", number]]
        domain += [["company_id", "in", [company, False]]] if company is not None else []
        fields = ["name", EXPIRY] if await self.keeps_expiry() else ["name"]
        rows = await self._access.records.search_read(MODEL, domain, [*fields, "company_id"], limit=10)
        rows.sort(key=lambda row: (not row["company_id"], row["id"]))
        return _held(rows[0], created=False) if rows else None

    async def known(self, product: int, number: str, company: int | None = None) -> HeldLot:
        """The lot. Raises Rejected for one that Odoo does not know: what was never received cannot leave."""
        found = await self.find(product, number, company)
        if found is None:
            message = f"{MODEL}: product.product/{product} has no lot with this number: receive or count it"
            raise Rejected(message, "lot_id")
        return found

    def refuse_expired(self, lot: HeldLot, expiry: date | None = None) -> None:
        """Raise Rejected for a lot past its expiry, or past the one on its label, which Odoo may have no place for."""
        until = lot.expiry or expiry
        if until is not None and until < self._access.clock.now().date():
            raise Rejected(f"{MODEL}/{lot.record_id} expired on {until}: a person decides about it", EXPIRY)

    async def ensure(
        self, product: int, number: str, expiry: date | None = None, company: int | None = None
    ) -> HeldLot:
        """The lot, created if it is new. Raises HeldOtherwise when it is known with another expiry."""
        keeps = await self.keeps_expiry()
        found = await self.find(product, number, company)
        if found is None:
            found = await self._create(product, number, expiry if keeps else None, company)
        advice = "one lot number has one expiry: which label is right?"
        differences = list(compared("expiry", EXPIRY, expiry if keeps else None, found.expiry, advice))
        if differences:
            raise HeldOtherwise(MODEL, found.record_id, differences)
        return found

    async def _create(self, product: int, number: str, expiry: date | None, company: int | None) -> HeldLot:
        module = self._access.connection.settings.external_id_module
        key = external_id("lot", f"{product}-{company or 0}", number, module=module)
        values: dict[str, Value] = {"name": number, "product_id/.id": product, "company_id/.id": company}
        if expiry is not None:
            values[EXPIRY] = datetime.combine(expiry, _MIDDAY)
        record = (await load_rows(self._access, MODEL, {key: values}, company))[key]
        fields = ["name", EXPIRY] if await self.keeps_expiry() else ["name"]
        [row] = await self._access.records.read(MODEL, [record], fields)
        return _held(row, created=True)


def _held(row: Mapping[str, Any], *, created: bool) -> HeldLot:
    expiry = row.get(EXPIRY)
    return HeldLot(row["id"], row["name"], date.fromisoformat(expiry[:10]) if expiry else None, created)
