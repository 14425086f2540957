"""Suppliers' prices by key, from a quantity and within dates (`product.supplierinfo`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import Rejected
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.amounts import same_number
from careloom.systems.odoo.documents.outcome import Difference, HeldOtherwise, compared, reference

MODEL: Final = "product.supplierinfo"
_READ: Final = ("price", "min_qty", "date_start", "date_end", "delay", "currency_id", "product_id", "company_id")

FIELDS: Final[Mapping[str, str]] = {
    "supplier": "product.supplierinfo.partner_id",
    "product": "product.supplierinfo.product_id",
    "price": "product.supplierinfo.price",
    "currency": "product.supplierinfo.currency_id",
    "minimum": "product.supplierinfo.min_qty",
    "unit": "product.supplierinfo.product_uom_id (written in 19.0; 18.0 shows the product's)",
    "start": "product.supplierinfo.date_start",
    "end": "product.supplierinfo.date_end",
    "days": "product.supplierinfo.delay",
    "code": "product.supplierinfo.product_code",
    "company": "product.supplierinfo.company_id",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SupplierPrice:
    """What a supplier asks for one unit of a product, from `minimum` on, from `start` to `end` inclusive.

    `supplier` and `product` (the variant) are database ids, `unit` too: 19.0 keeps one with the price, 18.0 takes the
    product's purchase unit. `days` is the time to deliver, `code` the supplier's part number.
    """

    key: str
    supplier: int
    product: int
    price: Decimal
    currency: int | None = None
    minimum: Decimal = Decimal(0)
    unit: int | None = None
    start: date | None = None
    end: date | None = None
    days: int = 1
    code: str = ""
    company: int | None = None


@dataclass(frozen=True, slots=True)
class HeldPrice:
    """The price's record; `changed` is false when Odoo has it like this already."""

    record_id: int
    changed: bool


class SupplierPrices:
    """Brings suppliers' prices in."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def bring(self, price: SupplierPrice) -> HeldPrice:
        """Create or update the price. Raises HeldOtherwise when Odoo kept something else, as a rounded price."""
        if price.start and price.end and price.end < price.start:
            raise Rejected(f"{MODEL}: the price ends before it starts", "date_end")
        [product] = await self._access.records.read(
            "product.product", [price.product], ["product_tmpl_id", *await self._purchase_unit()]
        )
        values = self._values(price, reference(product["product_tmpl_id"]))
        if "uom_po_id" not in product:
            values["product_uom_id/.id"] = price.unit or reference(product["uom_id"])
        elif price.unit not in (None, reference(product["uom_po_id"])):
            raise Rejected(f"{MODEL}: Odoo 18 keeps prices in the product's purchase unit; convert it", "product_uom")
        upserted = await self._access.upsert(MODEL, price.key, values)
        if upserted.changed:
            await self._compare(price, upserted.record_id)
        return HeldPrice(upserted.record_id, upserted.changed)

    async def end(self, key: str, on: date) -> bool:
        """Let the price end with this day; False when there is no such price."""
        record = await self._access.record(key, MODEL)
        if record is None:
            return False
        # Through the same door as `bring`, so that the ledger knows that the record changed.
        await self._access.upsert(MODEL, key, {"date_end": on})
        return True

    async def _purchase_unit(self) -> list[str]:
        fields = await self._access.schema.fields("product.product")
        return ["uom_po_id"] if "uom_po_id" in fields else ["uom_id"]

    def _values(self, price: SupplierPrice, template: int | None) -> dict[str, Value]:
        values: dict[str, Value] = {
            "partner_id/.id": price.supplier,
            "product_tmpl_id/.id": template,
            "product_id/.id": price.product,
            "price": price.price,
            "min_qty": price.minimum,
            "date_start": price.start,
            "date_end": price.end,
            "delay": price.days,
            "product_code": price.code,
            # Odoo takes the user's company where none is said: empty is a price for all.
            "company_id/.id": price.company,
        }
        return values | ({"currency_id/.id": price.currency} if price.currency is not None else {})

    async def _compare(self, price: SupplierPrice, record: int) -> None:
        [held] = await self._access.records.read(MODEL, [record], _READ)
        differences = list(_differences(price, held))
        if differences:
            raise HeldOtherwise(MODEL, record, differences)


def _differences(price: SupplierPrice, held: Mapping[str, Any]) -> Iterable[Difference]:
    yield from same_number("price-rounded", "price", price.price, held["price"], "Odoo rounds to its precision")
    yield from same_number("minimum", "min_qty", price.minimum, held["min_qty"])
    yield from compared("start", "date_start", price.start, held["date_start"])
    yield from compared("end", "date_end", price.end, held["date_end"])
    yield from compared("currency", "currency_id", price.currency, reference(held["currency_id"]))
    yield from compared("product", "product_id", price.product, reference(held["product_id"]))
