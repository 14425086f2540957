"""Supplies for a service: reserved in Odoo, released again, asked for where they are short."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec

from careloom.core.errors import Rejected
from careloom.flows.steps.packages import Supply
from careloom.model import CodeableConcept, Identifier
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.moves import HeldTransfer, Move, MoveLine


class Short(msgspec.Struct, frozen=True):
    """So much of a product is not there."""

    product: str
    quantity: Decimal


class Reserved(msgspec.Struct, frozen=True, kw_only=True):
    """A reservation by its key, and what it lacks. Without a key nothing was needed."""

    key: str = ""
    missing: tuple[Short, ...] = ()


def codes(services: Iterable[CodeableConcept]) -> tuple[str, ...]:
    """The preferred code of each service."""
    return tuple(one.coding[0].code for one in services if one.coding)


async def reserve(
    number: Identifier, part: str, supplies: tuple[Supply, ...], when: datetime | None, place: str, erp: Odoo
) -> Reserved:
    """Hold the supplies for this number; each `part` of it is a reservation of its own. `place` is a location of Odoo
    by its name or barcode, else that of the only warehouse."""
    if not supplies:
        return Reserved()
    company = next(iter(erp.settings.allowed_company_ids), None)
    products = {await _product(erp, one.product): one for one in supplies}
    locations = erp.documents.locations
    source = await (locations.find(place, company) if place else _stock(erp, company))
    key = _key(number, part, erp)
    move = Move(
        key=key,
        operation=await locations.operation("outgoing", company),
        source=source if isinstance(source, int) else source.record_id,
        destination=(await locations.used_for("production", company)).record_id,
        lines=[MoveLine(product=record, quantity=one.quantity) for record, one in products.items()],
        origin=number.value,
        scheduled=when,
        company=company,
    )
    held: HeldTransfer = await erp.documents.moves.reserve(move)
    return Reserved(
        key=key, missing=tuple(Short(products[record].product, short) for record, short in held.missing.items())
    )


async def release(reserved: Reserved, erp: Odoo) -> None:
    """Give it up; nothing happens when it was."""
    if reserved.key:
        await erp.documents.moves.release(reserved.key, next(iter(erp.settings.allowed_company_ids), None))


async def unreserve(number: Identifier, part: str, erp: Odoo) -> None:
    """The undoing of `reserve`, whatever came of it."""
    key = _key(number, part, erp)
    if await erp.find(key) is not None:
        await release(Reserved(key=key), erp)


def _key(number: Identifier, part: str, erp: Odoo) -> str:
    return erp.external_id("reservation", number.assigner or "-", f"{number.value}/{part}")


async def _product(erp: Odoo, code: str) -> int:
    found = await erp.search_read("product.product", [["default_code", "=", code]], ["id"], limit=2)
    if len(found) != 1:
        told = "no product has" if not found else "several products have"
        raise Rejected(f"product.product: {told} the internal reference of a package's supply", "default_code")
    return int(found[0]["id"])


async def _stock(erp: Odoo, company: int | None) -> int:
    domain = [["company_id", "=", company]] if company is not None else []
    found = await erp.search_read("stock.warehouse", domain, ["lot_stock_id"], limit=2)
    if len(found) != 1:
        raise Rejected(f"stock.warehouse: {len(found)} warehouses; name the place that supplies come from", "place")
    return int(found[0]["lot_stock_id"][0])
