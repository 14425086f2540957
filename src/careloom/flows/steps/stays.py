"""What a stay leaves in Odoo when it ends: its bill, its supplies, its notice; and how each is taken back.

All of it is found again by the visit's number and by the version, which is the moment of the discharge: a stay may end
twice, when the first time was a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from careloom.core.errors import MappingError
from careloom.flows.steps.consumption import product_of
from careloom.flows.steps.parties import patient_partner
from careloom.flows.steps.revisions import credit_all, standing_in
from careloom.model import Encounter, Patient, Period
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.attachments import MODEL as FILE
from careloom.systems.odoo.documents.attachments import Attachment
from careloom.systems.odoo.documents.invoices import Invoice
from careloom.systems.odoo.documents.moves import Move, MoveLine
from careloom.systems.odoo.documents.moves_held import MODEL as BILL
from careloom.systems.odoo.documents.moves_held import MoveLine as BillLine
from careloom.systems.odoo.documents.outcome import reference
from careloom.systems.odoo.documents.steps import once
from careloom.systems.odoo.documents.transfers import MODEL as TRANSFER
from careloom.systems.odoo.documents.transfers import Transfers

_OPEN: Final = ("confirmed", "waiting", "assigned")


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A stay as of one discharge, or the calling off of it: which visit (`assigner`, `visit`), in whose books."""

    assigner: str
    visit: str
    version: str
    company: int
    patient: str


class Nights(msgspec.Struct, frozen=True, kw_only=True):
    """What the stay itself costs: so many days of a class."""

    code: str
    days: int


def nights_of(encounter: Encounter) -> Nights:
    """Days of a stay, the day of discharge not counted but at least one. The price list has `STAY-` and the class.
    Raises MappingError when the class or an end of the stay is not known."""
    period = encounter.period or Period()
    if encounter.class_ is None or not _is_day(period.start) or not _is_day(period.end):
        raise MappingError("the class, the beginning and the end of a stay make its bill; one is missing", "encounter")
    days = (date.fromisoformat((period.end or "")[:10]) - date.fromisoformat((period.start or "")[:10])).days
    return Nights(code=f"STAY-{encounter.class_}", days=max(1, days))


def _is_day(text: str | None) -> bool:
    return text is not None and len(text) >= 10


# ------------------------------------------------------------------ the bill


async def draft_bill(stay: Stay, nights: Nights, customer: int, day: date, erp: Odoo) -> Stay:
    """The bill of the stay as a draft, for the people who code it; they add what came late, and post it."""
    product = await product_of(nights.code, stay.company, erp)
    [row] = await erp.read("product.product", [product], ["list_price"])
    invoice = Invoice(
        key=erp.external_id("stay-bill", stay.assigner, f"{stay.visit}/{stay.version}"),
        customer=customer,
        lines=[BillLine(text=f"{stay.visit} {nights.code}", quantity=Decimal(nights.days),
                        price=Decimal(repr(row["list_price"])), product=product)],
        date=day,
        reference=_reference(stay),
        source=f"{stay.patient} {stay.version}",
        company=stay.company,
    )  # fmt: skip
    await erp.documents.invoices.draft(invoice)
    return stay


async def undo_bill(stay: Stay, day: date, erp: Odoo) -> None:
    """Bills of the stay up to this version: a draft is cancelled, what was posted is credited."""
    domain = [["ref", "=", _reference(stay)], ["move_type", "=", "out_invoice"], ["company_id", "=", stay.company]]
    drafts = await erp.search_read(BILL, [*domain, ["state", "=", "draft"]], ["invoice_origin"])
    for row in drafts:
        version = str(row["invoice_origin"]).rpartition(" ")[2]
        if version <= stay.version:
            key = erp.external_id("stay-bill", stay.assigner, f"{stay.visit}/{version}")
            await erp.documents.invoices.cancel(key, stay.company, "The discharge was called off.")
    posted = await standing_in([*domain, ["state", "=", "posted"]], erp)
    await credit_all([one for one in posted if one.version <= stay.version], stay.company, day, erp)


def _reference(stay: Stay) -> str:
    return f"stay {stay.assigner}/{stay.visit}"


# ------------------------------------------------------------------ supplies


async def release_supplies(stay: Stay, erp: Odoo) -> Stay:
    """Give up what is reserved for the visit: open transfers whose origin is its number. A note on each says why."""
    for transfer in await _transfers(stay, _OPEN, erp):
        await erp.documents.access.records.message_post(
            TRANSFER, transfer, "Released: the stay has ended.", _mark(stay.version)
        )
        await Transfers(erp.documents.access).cancel(transfer, stay.company)
    return stay


async def reserve_again(stay: Stay, erp: Odoo) -> int:
    """Reserve anew what a discharge up to this version gave up; how many products are short now."""
    short = 0
    for transfer in await _transfers(stay, ("cancel",), erp):
        if not await _released_by(transfer, stay, erp):
            continue
        again = await _anew(transfer, stay, erp)
        known = await erp.documents.moves.held(again.key, stay.company)
        if known is None or known.state != "cancel":  # else another discharge gave that up too, and it has its own
            short += len((await erp.documents.moves.reserve(again)).missing)
    return short


async def _transfers(stay: Stay, states: tuple[str, ...], erp: Odoo) -> list[int]:
    domain = [["origin", "=", stay.visit], ["state", "in", list(states)], ["company_id", "=", stay.company]]
    return [row["id"] for row in await erp.search_read(TRANSFER, domain, ["state"], order="id")]


def _mark(version: str) -> str:
    return f"discharge-{version}"


async def _released_by(transfer: int, stay: Stay, erp: Odoo) -> bool:
    """Whether a discharge gave it up, not a person. What was reserved again has a transfer of its own."""
    domain = [["model", "=", TRANSFER], ["res_id", "=", transfer], ["body", "like", "[Careloom discharge-"]]
    bodies = [str(row["body"]) for row in await erp.search_read("mail.message", domain, ["body"])]
    versions = [body.partition("[Careloom discharge-")[2].partition("]")[0] for body in bodies]
    return any(version <= stay.version for version in versions)


async def _anew(transfer: int, stay: Stay, erp: Odoo) -> Move:
    fields = ["picking_type_id", "location_id", "location_dest_id"]
    [row] = await erp.read(TRANSFER, [transfer], fields)
    moves = await erp.search_read("stock.move", [["picking_id", "=", transfer]], ["product_id", "product_uom_qty"])
    return Move(
        key=erp.external_id("reservation", stay.assigner, f"{stay.visit}/again/{transfer}"),
        operation=_id(row, "picking_type_id"),
        source=_id(row, "location_id"),
        destination=_id(row, "location_dest_id"),
        lines=[
            MoveLine(product=_id(one, "product_id"), quantity=Decimal(repr(one["product_uom_qty"]))) for one in moves
        ],
        origin=stay.visit,
        company=stay.company,
    )


def _id(row: Mapping[str, Any], name: str) -> int:
    return reference(row[name]) or 0


# ------------------------------------------------------------------ the notice


async def file_notice(stay: Stay, patient: Patient, lines: tuple[str, ...], erp: Odoo) -> str:
    """The notice of the discharge as a file on the patient's account; its text. It says when, and nothing clinical."""
    content = "\n".join((f"Visit {stay.visit} has ended", *lines, ""))
    file = Attachment(
        key=_notice(stay, stay.version, erp),
        model="res.partner",
        record=await patient_partner(patient, erp),
        name=f"Discharge {stay.visit} {stay.version}.txt",
        content=content.encode(),
        media_type="text/plain",
    )
    await erp.documents.attachments.attach(file)
    return content


async def remove_notices(stay: Stay, patient: Patient, erp: Odoo) -> None:
    """Take away the notices of discharges up to this version."""
    account = await patient_partner(patient, erp)
    domain = [["res_model", "=", "res.partner"], ["res_id", "=", account], ["name", "like", f"Discharge {stay.visit} "]]
    for row in await erp.search_read(FILE, domain, ["name"]):
        version = str(row["name"]).rpartition(" ")[2].removesuffix(".txt")
        if version <= stay.version:
            await _remove(_notice(stay, version, erp), erp)


def _notice(stay: Stay, version: str, erp: Odoo) -> str:
    return erp.external_id("discharge-notice", stay.assigner, f"{stay.visit}/{version}")


async def _remove(key: str, erp: Odoo) -> None:
    access = erp.documents.access

    async def gone() -> bool:
        return await erp.find(key) is None

    async def act() -> None:
        await access.call(FILE, "unlink", ids=[await access.record(key, FILE) or 0])

    await once(access, gone, act)
