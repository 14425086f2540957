"""What the hospital's Odoo holds before the day begins: its company, services and their prices, goods, a supplier."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from careloom.sim.cast import LOT, OPENING, REAGENT, VALVE, Cast
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.writing import FACILITY
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.odoo.documents.counts import Count, CountLine
from careloom.systems.odoo.documents.parties import Party
from careloom.systems.odoo.documents.products import Product
from careloom.systems.odoo.documents.supplier_prices import SupplierPrice

SUPPLIER: Final = "V-100"
_COMPANY: Final = 1


async def furnish(odoo: SimulatedOdoo, cast: Cast) -> None:
    """Bring it in, as the administrator of that Odoo."""
    settings = Settings(url=odoo.url, database=odoo.database, login="admin", api_key="env:ADMIN")
    async with Odoo("erp", settings, secrets=lambda _: odoo.admin_api_key) as erp:
        [row] = await erp.search_read("res.company", [["id", "=", _COMPANY]], ["partner_id"])
        await erp.write("res.partner", [row["partner_id"][0]], {"ref": FACILITY})
        for code, price in cast.prices.items():
            await _product(erp, code, price=price, kind="service", storable=False)
        goods = {code: await _product(erp, code, tracking="lot" if code == REAGENT else "none") for code in OPENING}
        await _supplier(erp, goods[VALVE], cast.valve)
        place = (await erp.documents.locations.stock_of("WH", _COMPANY)).record_id
        for code, record in goods.items():
            lot = LOT if code == REAGENT else ""
            line = CountLine(product=record, place=place, quantity=OPENING[code], lot=lot)
            key = erp.external_id("count", "DEMO", code)
            await erp.documents.counts.take(Count(key=key, reason="Opening stock", lines=[line], company=_COMPANY))


async def _product(erp: Odoo, code: str, *, price: Decimal = Decimal(0), **others: object) -> int:
    unit = await erp.documents.units.find("EA")
    key = erp.external_id("product", "DEMO", code)
    asked = Product(key=key, name=code, code=code, unit=unit, list_price=price, **others)  # type: ignore[arg-type]
    return (await erp.documents.products.bring(asked)).record_id


async def _supplier(erp: Odoo, product: int, price: Decimal) -> None:
    party = Party(
        key=erp.external_id("supplier", "-", SUPPLIER), name="Harness Valves", role="supplier", ref=SUPPLIER
    )  # fmt: skip
    supplier = (await erp.documents.parties.keep(party)).record_id
    key, unit = erp.external_id("price", "-", SUPPLIER), await erp.documents.units.find("EA")
    made = SupplierPrice(key=key, supplier=supplier, product=product, price=price, unit=unit)
    await erp.documents.supplier_prices.bring(made)
