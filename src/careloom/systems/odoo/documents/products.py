"""Products by key: the variant (`product.product`) that every other document names, with its template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.amounts import same_number
from careloom.systems.odoo.documents.outcome import Difference, Duplicate, HeldOtherwise, compared, reference

MODEL: Final = "product.product"
TEMPLATE: Final = "product.template"
_FROM_TEMPLATE: Final = ("type", "is_storable", "tracking", "uom_id", "list_price", "default_code", "product_tmpl_id")

FIELDS: Final[Mapping[str, str]] = {
    "name": "product.product.name",
    "code": "product.product.default_code",
    "barcode": "product.product.barcode",
    "kind": "product.product.type",
    "storable": "product.product.is_storable",
    "tracking": "product.product.tracking",
    "expires": "product.product.use_expiration_date (module product_expiry)",
    "unit": "product.product.uom_id",
    "purchase_unit": "product.product.uom_po_id (only 18.0; in 19.0 the supplier's price names it)",
    "list_price": "product.product.list_price",
    "sale_taxes": "product.product.taxes_id",
    "purchase_taxes": "product.product.supplier_taxes_id",
    "category": "product.product.categ_id",
    "company": "product.product.company_id",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """A product. What is None stays as it is in Odoo; taxes are always said, as Odoo adds its default otherwise.

    `unit` is a database id (`Units.find`). Odoo refuses another unit or tracking once stock has moved. The cost is not
    here: writing it revalues the stock that there is. `unique_code` refuses a code that another product has.
    """

    key: str
    name: str
    code: str | None = None
    barcode: str | None = None
    kind: Literal["consu", "service"] = "consu"
    storable: bool = True
    tracking: Literal["none", "lot", "serial"] = "none"
    expires: bool | None = None
    unit: int | None = None
    purchase_unit: int | None = None
    list_price: Decimal | None = None
    sale_taxes: Sequence[int] = ()
    purchase_taxes: Sequence[int] = ()
    category: int | None = None
    company: int | None = None
    unique_code: bool = True


@dataclass(frozen=True, slots=True)
class HeldProduct:
    """`record_id` is the variant. `changed` is false when Odoo has it like this already; then nothing was sent."""

    record_id: int
    changed: bool


class Products:
    """Brings products in and takes them out of use."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def bring(self, product: Product) -> HeldProduct:
        """Create or update the product; concurrent calls travel together.

        Raises Duplicate for a code that another product has, HeldOtherwise when Odoo kept something else.
        """
        if product.code and product.unique_code:
            await self._refuse_duplicate(product.key, product.code)
        values = await self._values(product)
        upserted = await self._access.upsert(MODEL, product.key, values)
        if upserted.changed:
            await self._compare(product, upserted.record_id)
        return HeldProduct(upserted.record_id, upserted.changed)

    async def template(self, product: int) -> int:
        """The template of a variant."""
        [row] = await self._access.records.read(MODEL, [product], ["product_tmpl_id"])
        return reference(row["product_tmpl_id"]) or 0

    async def archive(self, key: str) -> bool:
        """Take the product out of use, and its template when no other variant is in use; False if it was already.

        Archiving a variant alone leaves the template in every list of products.
        """
        record = await self._access.record(key, MODEL)
        if record is None:
            return False
        archived = await self._access.records.archive(MODEL, [record])
        template = await self.template(record)
        others = await self._access.records.search_read(MODEL, [["product_tmpl_id", "=", template]], ["id"], limit=1)
        if not others:
            archived += await self._access.records.archive(TEMPLATE, [template])
        return bool(archived)

    async def _refuse_duplicate(self, key: str, code: str) -> None:
        domain = [["default_code", "=", code]]
        same = await self._access.records.search_read(MODEL, domain, ["id"], limit=3, archived=True)
        if not same:
            return
        own = await self._access.record(key, MODEL)
        other = next((row["id"] for row in same if row["id"] != own), None)
        if other is not None:
            raise Duplicate(MODEL, other, "default_code", "give it our key, or another code, or set unique_code off")

    async def _values(self, product: Product) -> dict[str, Value]:
        values: dict[str, Value] = {
            "name": product.name,
            "type": product.kind,
            "is_storable": product.storable and product.kind == "consu",
            "tracking": product.tracking,
            "taxes_id/.id": list(product.sale_taxes),
            "supplier_taxes_id/.id": list(product.purchase_taxes),
        }
        optional: dict[str, Value] = {
            "default_code": product.code,
            "barcode": product.barcode,
            "uom_id/.id": product.unit,
            "list_price": product.list_price,
            "categ_id/.id": product.category,
            "company_id/.id": product.company,
        }
        values |= {column: value for column, value in optional.items() if value is not None}
        fields = await self._access.schema.fields(MODEL)
        if "uom_po_id" in fields and (product.purchase_unit or product.unit):
            # Of another sort than the unit, as the default "units" may be, it would be refused.
            values["uom_po_id/.id"] = product.purchase_unit or product.unit
        if product.expires is not None and "use_expiration_date" in fields:
            values["use_expiration_date"] = product.expires
        return values

    async def _compare(self, product: Product, record: int) -> None:
        [held] = await self._access.records.read(MODEL, [record], _FROM_TEMPLATE)
        differences = list(_differences(product, held))
        if differences:
            raise HeldOtherwise(MODEL, record, differences)


def _differences(product: Product, held: Mapping[str, Any]) -> Iterable[Difference]:
    yield from compared("kind", "type", product.kind, held["type"])
    yield from compared("tracking", "tracking", product.tracking, held["tracking"], "stock has moved already?")
    yield from compared("unit", "uom_id", product.unit, reference(held["uom_id"]))
    yield from compared("code", "default_code", product.code, held["default_code"])
    if product.list_price is not None:
        advice = "Odoo rounds to its precision of prices"
        yield from same_number("price-rounded", "list_price", product.list_price, held["list_price"], advice)
