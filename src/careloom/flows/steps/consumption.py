"""What a service used up, by lot, as transfers of Odoo to where goods are used up; taken back by a transfer the other
way, never by a write on what moved.

The origin of a transfer is the service's number, the version, and a digest of the goods: a correction that leaves a
line as it was moves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from careloom.core.errors import MappingError
from careloom.flows.steps.goods import lot_of
from careloom.model import Consumption
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.moves import Move, MoveLine
from careloom.systems.odoo.documents.outcome import reference

_PICKING: Final = "stock.picking"
_GOODS: Final = "stock.move.line"


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer that moved goods of a service."""

    record: int
    origin: str

    @property
    def version(self) -> str:
        return self.origin.rsplit(" ", 2)[1]

    @property
    def digest(self) -> str:
        return self.origin.rsplit(" ", 1)[1]


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """So much of a product of this code, of this lot; `place` is where it was taken from, the store by default. `at`
    is its line in the report."""

    at: int
    item: str
    quantity: Decimal
    lot: str = ""
    place: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:12]


class UsedUp(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that a service used up, as of one version of what is known of it."""

    service: str
    version: str
    company: int
    goods: Used

    @property
    def origin(self) -> str:
        return f"{self.service} {self.version} {self.goods.digest}"


def used_of(consumed: Sequence[Consumption]) -> tuple[Used, ...]:
    """What a report says was consumed."""
    return tuple(
        Used(
            at=at,
            item=one.item[0].value,
            quantity=one.quantity.value,
            lot=lot_of(one.lot),
            place=one.location.identifier[0].value if one.location and one.location.identifier else "",
        )
        for at, one in enumerate(consumed, 1)
    )


async def consume(asked: UsedUp, erp: Odoo) -> UsedUp:
    """Move the goods to where they are used up, once; nothing moves where another version did the same.

    Raises Rejected with the field `quantity` or `lot_id` when the goods are not there.
    """
    goods, company = asked.goods, asked.company
    standing = await _standing(asked.service, company, erp)
    if any(one.digest == goods.digest and one.version != asked.version for one in standing):
        return asked
    move = Move(
        key=erp.external_id("service-goods", asked.service, f"{asked.version}/{goods.digest}"),
        operation=await erp.documents.locations.operation("outgoing", company),
        source=await _store(goods.place, company, erp),
        destination=(await erp.documents.locations.used_for("production", company)).record_id,
        lines=[MoveLine(product=await product_of(goods.item, company, erp), quantity=goods.quantity, lot=goods.lot)],
        origin=asked.origin,
        company=company,
    )
    await erp.documents.moves.transfer(move)
    return asked


async def unconsume(asked: UsedUp, erp: Odoo) -> None:
    """The undoing of `consume`: what this version moved goes back."""
    mine = [one for one in await _standing(asked.service, asked.company, erp) if one.origin == asked.origin]
    await give_back(mine, asked.company, erp)


async def outdated(service: str, company: int, before: str, kept: tuple[Used, ...], erp: Odoo) -> list[Transfer]:
    """The transfers for a service that stand, of versions before this one, but for those of the goods that are kept."""
    digests = {one.digest for one in kept}
    rows = await _standing(service, company, erp)
    return [one for one in rows if one.version < before and one.digest not in digests]


async def give_back(transfers: list[Transfer], company: int, erp: Odoo) -> None:
    """Move the goods of these transfers back to where they came from, once."""
    fields = ["product_id", "quantity", "lot_id", "location_id", "location_dest_id"]
    for transfer in transfers:
        rows = await erp.search_read(_GOODS, [["picking_id", "=", transfer.record]], fields, order="id")
        for place in sorted({reference(row["location_id"]) or 0 for row in rows}):
            mine = [row for row in rows if reference(row["location_id"]) == place]
            await _return(transfer, place, mine, company, erp)


async def _return(transfer: Transfer, place: int, rows: list[dict[str, Any]], company: int, erp: Odoo) -> None:
    move = Move(
        key=erp.external_id("service-return", "odoo", f"{transfer.record}/{place}"),
        operation=await erp.documents.locations.operation("outgoing", company),
        source=reference(rows[0]["location_dest_id"]) or 0,
        destination=place,
        lines=[
            MoveLine(
                product=reference(row["product_id"]) or 0,
                quantity=Decimal(repr(row["quantity"])),
                lot=str(row["lot_id"][1]) if row["lot_id"] else "",
            )
            for row in rows
        ],
        origin=_returned(transfer),
        expired=True,
        company=company,
    )
    await erp.documents.moves.transfer(move)


async def _standing(service: str, company: int, erp: Odoo) -> list[Transfer]:
    """The transfers for a service that were not given back."""
    domain = [["origin", "like", f"{service} "], ["state", "=", "done"], ["company_id", "=", company]]
    rows = await erp.search_read(_PICKING, domain, ["origin"], order="id")
    made = [Transfer(record=row["id"], origin=row["origin"]) for row in rows]
    mine = [one for one in made if one.origin.rsplit(" ", 2)[0] == service]
    returns = [["origin", "in", [_returned(one) for one in mine]], ["state", "=", "done"]]
    gone = {row["origin"] for row in await erp.search_read(_PICKING, returns, ["origin"])} if mine else set()
    return [one for one in mine if _returned(one) not in gone]


def _returned(transfer: Transfer) -> str:
    return f"return of {transfer.record}"


async def product_of(code: str, company: int, erp: Odoo) -> int:
    """The product with this code. Raises MappingError when there is none, or several."""
    domain = [["default_code", "=", code], ["company_id", "in", [company, False]]]
    found = await erp.search_read("product.product", domain, ["id"], limit=2)
    if len(found) != 1:
        told = "several products of Odoo have" if found else "no product of Odoo has"
        raise MappingError(f"{told} the code of this item; give it to one of them", "item")
    return int(found[0]["id"])


async def _store(place: str, company: int, erp: Odoo) -> int:
    if place:
        return (await erp.documents.locations.find(place, company)).record_id
    found = await erp.search_read("stock.warehouse", [["company_id", "=", company]], ["lot_stock_id"], limit=2)
    if len(found) != 1:
        raise MappingError("the company has not exactly one warehouse: say from which place it was taken", "location")
    return reference(found[0]["lot_stock_id"]) or 0
