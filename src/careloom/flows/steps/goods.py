"""Products, places and cost centres, as Odoo knows them by the numbers that others have for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from careloom.core.errors import FormatError
from careloom.identity.codes.gtin import forms
from careloom.identity.codes.udi import trace
from careloom.model import Identifier, Lot
from careloom.systems.odoo.connector import Odoo

PRODUCT: Final = "product.product"
PLACE: Final = "stock.location"
COST_CENTRE: Final = "account.analytic.account"
_OURS: Final = "odoo"
_BARCODES: Final = ("GTIN", "BC", "UPC", "EAN")


@dataclass(frozen=True, slots=True)
class FoundProduct:
    """A product in use. `code` is its internal reference, by which everybody in the house knows it."""

    record_id: int
    code: str
    barcode: str


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A place in use. `around` are the barcodes of the places around it, the nearest first."""

    record_id: int
    barcode: str
    around: tuple[str, ...]


async def product_of(erp: Odoo, numbers: Sequence[Identifier], *, own: bool) -> FoundProduct | None:
    """The one product in use that has one of these numbers; `own`: database ids among them are of this Odoo."""
    for number in numbers:
        domain = await _product_domain(erp, number, own=own)
        if not domain:
            continue
        rows = await erp.search_read(PRODUCT, domain, ["default_code", "barcode"], limit=2)
        if len(rows) == 1:
            [row] = rows
            return FoundProduct(row["id"], str(row["default_code"] or ""), str(row["barcode"] or ""))
    return None


async def _product_domain(erp: Odoo, number: Identifier, *, own: bool) -> list[Any]:
    if number.assigner == _OURS:
        ours = own and number.type == PRODUCT and number.value.isdigit()
        return [["id", "=", int(number.value)]] if ours else []
    if number.type in _BARCODES:
        return [["barcode", "in", list(forms(number.value))]]
    if number.type == "UDI":
        return [["barcode", "in", list(forms(_device(number.value)))]]
    known = await erp.find(erp.external_id("product", number.assigner or "-", number.value))
    if known is not None and known.model == PRODUCT:
        return [["id", "=", known.record_id]]
    return [["default_code", "=", number.value]] if number.type in (None, "SKU") else []


def _device(text: str) -> str:
    """The GTIN of a label; a device identifier alone stands for itself."""
    try:
        return trace(text).gtin or text
    except FormatError:
        return text


def lot_of(lot: Lot | None) -> str:
    """The lot number, else the serial number; else what the label says, where it can be read. Odoo decides whether a
    product needs one."""
    if lot is None:
        return ""
    if found := lot.number or lot.serial:
        return found
    try:
        label = trace(lot.udi_carrier or "")
    except FormatError:
        return ""
    return label.lot or label.serial


async def place_of(erp: Odoo, numbers: Sequence[Identifier], *, own: bool) -> FoundPlace | None:
    """The one place in use with one of these numbers: its barcode, its complete name, or its id in this Odoo."""
    for number in numbers:
        for domain in _place_domains(number, own=own):
            rows = await erp.search_read(PLACE, domain, ["barcode", "parent_path"], limit=2)
            if len(rows) == 1:
                [row] = rows
                return FoundPlace(row["id"], str(row["barcode"] or ""), await _around(erp, row))
    return None


def _place_domains(number: Identifier, *, own: bool) -> list[list[Any]]:
    if number.assigner == _OURS:
        ours = own and number.type == PLACE and number.value.isdigit()
        return [[["id", "=", int(number.value)]]] if ours else []
    return [[["barcode", "=", number.value]], [["complete_name", "=", number.value]]]


async def _around(erp: Odoo, row: dict[str, Any]) -> tuple[str, ...]:
    above = [int(part) for part in str(row["parent_path"] or "").split("/") if part and int(part) != row["id"]]
    rows = await erp.read(PLACE, above, ["barcode"]) if above else []
    by_id = {one["id"]: one["barcode"] for one in rows}
    return tuple(str(barcode) for one in reversed(above) if (barcode := by_id.get(one)))


async def cost_centre_of(erp: Odoo, codes: Sequence[str]) -> str | None:
    """The first of these codes that is the code of exactly one analytic account in use."""
    if not codes:
        return None
    rows = await erp.search_read(COST_CENTRE, [["code", "in", list(codes)]], ["code"])
    known = [str(row["code"]) for row in rows]
    return next((code for code in codes if known.count(code) == 1), None)
