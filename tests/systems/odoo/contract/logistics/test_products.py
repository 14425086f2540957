"""Products, units and suppliers' prices: by key, with what Odoo rounds, doubles or assumes found out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import Rejected
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.outcome import Duplicate, HeldOtherwise
from careloom.systems.odoo.documents.products import Product
from careloom.systems.odoo.documents.supplier_prices import SupplierPrice

PRODUCT = "product.product"
Key = Callable[[str, str], str]


async def test_a_product_is_created_once_and_updated(erp: Odoo, key: Key, fresh: Any) -> None:
    products, mesh = erp.documents.products, key("product", "mesh")
    first = await products.bring(Product(key=mesh, name="Mesh 10x15", code=fresh("M1"), tracking="lot"))
    again = await products.bring(Product(key=mesh, name="Mesh 10x15", code=fresh("M1"), tracking="lot"))
    changed = await products.bring(Product(key=mesh, name="Mesh 15x15", code=fresh("M1"), tracking="lot"))
    assert first.record_id == again.record_id == changed.record_id
    assert (first.changed, again.changed, changed.changed) == (True, False, True)
    [held] = await erp.read(PRODUCT, [first.record_id], ["name", "tracking", "is_storable", "type"])
    assert (held["name"], held["tracking"], held["is_storable"], held["type"]) == ("Mesh 15x15", "lot", True, "consu")


async def test_no_tax_is_added_that_was_not_asked_for(erp: Odoo, key: Key) -> None:
    """Left alone Odoo gives a product the company's default taxes (section 2: 127 became 146.05)."""
    held = await erp.documents.products.bring(Product(key=key("product", "plain"), name="Plain"))
    [product] = await erp.read(PRODUCT, [held.record_id], ["taxes_id", "supplier_taxes_id"])
    assert product["taxes_id"] == product["supplier_taxes_id"] == []


async def test_a_service_keeps_no_stock(erp: Odoo, key: Key) -> None:
    held = await erp.documents.products.bring(Product(key=key("product", "visit"), name="Visit", kind="service"))
    [product] = await erp.read(PRODUCT, [held.record_id], ["type", "is_storable"])
    assert (product["type"], product["is_storable"]) == ("service", False)


async def test_a_code_that_another_product_has_is_refused(erp: Odoo, key: Key, fresh: Any) -> None:
    """Odoo takes the same internal reference twice without a word."""
    first = await erp.documents.products.bring(Product(key=key("product", "a"), name="A", code=fresh("SAME")))
    with pytest.raises(Duplicate) as caught:
        await erp.documents.products.bring(Product(key=key("product", "b"), name="B", code=fresh("SAME")))
    assert caught.value.record_id == first.record_id
    assert await erp.find(key("product", "b")) is None
    assert not (
        await erp.documents.products.bring(Product(key=key("product", "a"), name="A", code=fresh("SAME")))
    ).changed


async def test_a_price_that_odoo_rounds_is_said(erp: Odoo, key: Key) -> None:
    asked = Product(key=key("product", "fine"), name="Fine", list_price=Decimal("1.2345678"))
    if (await erp.version()).major < 19:
        with pytest.raises(HeldOtherwise, match=r"price-rounded: list_price is 1.23, asked was 1.2345678"):
            await erp.documents.products.bring(asked)
    else:  # 19.0 keeps every digit of a price (measured)
        assert (await erp.documents.products.bring(asked)).changed


async def test_archiving_takes_the_template_along(erp: Odoo, key: Key) -> None:
    """Archiving the variant alone leaves the template in use (measured)."""
    products, old = erp.documents.products, key("product", "old")
    held = await products.bring(Product(key=old, name="Old"))
    assert await products.archive(old)
    assert not await products.archive(old)
    assert not await products.archive(key("product", "unknown"))
    template = await products.template(held.record_id)
    assert await erp.search_read("product.template", [["id", "=", template]], ["id"]) == []
    assert [row["active"] for row in await erp.read(PRODUCT, [held.record_id], ["active"])] == [False]


@pytest.mark.parametrize(
    ("code", "module_name"),
    [
        ("EA", "uom.product_uom_unit"),
        ("C62", "uom.product_uom_unit"),
        ("KGM", "uom.product_uom_kgm"),
        ("DZN", "uom.product_uom_dozen"),
        ("L", "uom.product_uom_litre"),
        ("g", "uom.product_uom_gram"),
    ],
)
async def test_a_unit_is_found_by_its_code(erp: Odoo, code: str, module_name: str) -> None:
    reference = await erp.find(module_name)
    assert reference is not None
    assert await erp.documents.units.find(code) == reference.record_id


async def test_a_unit_is_found_by_its_name_or_not_at_all(erp: Odoo) -> None:
    units = erp.documents.units
    assert await units.find("kg") == await units.find("KGM")
    [held] = await erp.read("uom.uom", [await units.find("EA")], ["name"])  # it differs by language
    assert await units.find(held["name"]) == await units.find("EA")
    with pytest.raises(Rejected, match="no unit has"):
        await units.find("BX")


async def test_a_unit_of_our_own_goes_before_odoos(erp: Odoo, fresh: Any) -> None:
    code = fresh("BX")
    unit = await erp.documents.units.find("EA")
    reference = {"relative_uom_id/.id": unit, "relative_factor": 50.0}
    if (await erp.version()).major < 19:
        [held] = await erp.read("uom.uom", [unit], ["category_id"])
        reference = {"category_id/.id": held["category_id"][0], "uom_type": "bigger", "factor": 1 / 50}
    made = await erp.upsert("uom.uom", erp.external_id("uom", "code", code), {"name": "Box of 50", **reference})
    assert await erp.documents.units.find(code) == made.record_id


async def test_a_suppliers_price_holds_from_a_quantity_and_within_dates(erp: Odoo, room: Any, key: Key) -> None:
    product, supplier = await room.product("mesh"), await room.partner()
    asked = SupplierPrice(
        key=key("price", "mesh"),
        supplier=supplier,
        product=product,
        price=Decimal("9.50"),
        minimum=Decimal(10),
        start=date(2026, 1, 1),
        end=date(2026, 12, 31),
        days=4,
        code="NW-1",
    )
    first = await erp.documents.supplier_prices.bring(asked)
    again = await erp.documents.supplier_prices.bring(asked)
    assert (first.changed, again.changed, first.record_id == again.record_id) == (True, False, True)
    [held] = await erp.read(
        "product.supplierinfo",
        [first.record_id],
        ["price", "min_qty", "date_start", "date_end", "delay", "product_code", "product_id", "company_id"],
    )
    assert (held["price"], held["min_qty"], held["delay"], held["product_code"]) == (9.5, 10.0, 4, "NW-1")
    assert (held["date_start"], held["date_end"], held["product_id"][0]) == ("2026-01-01", "2026-12-31", product)
    assert held["company_id"] is False


async def test_a_price_ends_on_a_day(erp: Odoo, room: Any, key: Key) -> None:
    prices = erp.documents.supplier_prices
    asked = SupplierPrice(
        key=key("price", "old"), supplier=await room.partner(), product=await room.product("gauze"), price=Decimal(2)
    )
    held = await prices.bring(asked)
    assert await prices.end(asked.key, date(2026, 6, 30))
    assert not await prices.end(key("price", "unknown"), date(2026, 6, 30))
    [row] = await erp.read("product.supplierinfo", [held.record_id], ["date_end"])
    assert row["date_end"] == "2026-06-30"


async def test_a_price_that_ends_before_it_starts_is_refused(erp: Odoo, room: Any, key: Key) -> None:
    dates = {"start": date(2026, 2, 1), "end": date(2026, 1, 1)}
    supplier, product = await room.partner(), await room.product("mesh")
    asked = SupplierPrice(key=key("price", "x"), supplier=supplier, product=product, price=Decimal(1), **dates)
    with pytest.raises(Rejected, match="ends before it starts"):
        await erp.documents.supplier_prices.bring(asked)


async def test_a_price_of_too_many_digits_is_said(erp: Odoo, room: Any, key: Key) -> None:
    supplier, product = await room.partner(), await room.product("mesh")
    asked = SupplierPrice(key=key("price", "y"), supplier=supplier, product=product, price=Decimal("12.3456789"))
    if (await erp.version()).major < 19:
        with pytest.raises(HeldOtherwise, match=r"price-rounded: price is 12.35, asked was 12.3456789"):
            await erp.documents.supplier_prices.bring(asked)
    else:  # 19.0 keeps every digit of a supplier's price (measured)
        assert (await erp.documents.supplier_prices.bring(asked)).changed
