"""Invoices that are corrected by credit note and new invoice, never by a write on a posted one.

Each invoice of a service has the service's number as its reference, and in its origin the patient's number and the
version: when the source said so. Of the versions the newest counts. To settle is to credit all that are older, which
may be repeated by whomever, so that runs about one service need not wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.invoices import CreditNote, Invoice
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.systems.odoo.documents.outcome import money, reference

_MOVE: Final = "account.move"
_LINE: Final = "account.move.line"
_READ: Final = ("name", "quantity", "price_unit", "discount", "tax_ids", "product_id", "price_subtotal",
                "account_id", "analytic_distribution", "move_id")  # fmt: skip


class BilledLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an invoice; its text begins with the number of the charge, the day, and the code of the service."""

    text: str
    quantity: Decimal
    price: Decimal
    product: int
    net: Decimal
    discount: Decimal = Decimal(0)
    taxes: tuple[int, ...] = ()
    account: int | None = None
    analytic: dict[str, Decimal] = {}

    @property
    def charge(self) -> str:
        """The number of the charge."""
        return self.text.partition(" ")[0]

    @property
    def alike(self) -> tuple[str, str]:
        """The code of the service and its day, by which two charges look alike."""
        _, day, code, *_ = (*self.text.split(" ", 3), "", "")
        return code, day

    def as_move_line(self) -> MoveLine:
        return MoveLine(
            text=self.text, quantity=self.quantity, price=self.price, taxes=self.taxes, discount=self.discount,
            product=self.product, account=self.account, analytic=self.analytic,
        )  # fmt: skip


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """What is billed for a service as of one moment, in one company."""

    service: str
    patient: str
    version: str
    company: int
    customer: int
    day: date
    lines: tuple[BilledLine, ...]
    correlation: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A posted invoice of a service that was not credited."""

    record: int
    number: str
    service: str
    patient: str
    version: str
    customer: int
    lines: tuple[BilledLine, ...]


def version_of(moment: datetime) -> str:
    """Sorts as the moments do: year to microsecond, in UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")


async def issue(asked: Version, erp: Odoo) -> Version:
    """Have the posted invoice of this version in Odoo, once."""
    invoice = Invoice(
        key=erp.external_id("service-invoice", asked.service, asked.version),
        customer=asked.customer,
        lines=[line.as_move_line() for line in asked.lines],
        date=asked.day,
        reference=asked.service,
        source=f"{asked.patient} {asked.version}",
        company=asked.company,
        correlation=asked.correlation,
    )
    await erp.documents.invoices.issue(invoice)
    return asked


async def take_back(asked: Version, erp: Odoo) -> None:
    """The undoing of `issue`: the invoice of this version is credited."""
    mine = [one for one in await standing(asked.service, asked.company, erp) if one.version == asked.version]
    await credit_all(mine, asked.company, asked.day, erp)


async def standing(service: str, company: int, erp: Odoo) -> list[Standing]:
    """The invoices of a service that hold, the oldest version first."""
    domain = [["ref", "=", service], ["move_type", "=", "out_invoice"], ["state", "=", "posted"],
              ["company_id", "=", company]]  # fmt: skip
    return await standing_in(domain, erp)


async def standing_in(domain: Sequence[Any], erp: Odoo) -> list[Standing]:
    """Those of these invoices that were not credited."""
    fields = ["name", "ref", "invoice_origin", "partner_id"]
    rows = await erp.search_read(_MOVE, domain, fields, order="id")
    ids = [row["id"] for row in rows]
    credits = [["reversed_entry_id", "in", ids], ["state", "=", "posted"]]
    gone = {reference(row["reversed_entry_id"]) for row in await erp.search_read(_MOVE, credits, ["reversed_entry_id"])}
    lines = await _lines([one for one in ids if one not in gone], erp)
    found = [_standing(row, lines.get(row["id"], ())) for row in rows if row["id"] not in gone]
    return sorted(found, key=lambda one: one.version)


async def invoice_of(charge: str | None, company: int, erp: Odoo) -> Standing | None:
    """The invoice that stands and has a line of this charge; None when there is none."""
    domain = [["name", "=like", f"{charge} %"], ["company_id", "=", company], ["move_id.move_type", "=", "out_invoice"]]
    rows = await erp.search_read(_LINE, domain, ["move_id"]) if charge else []
    ids = sorted({reference(row["move_id"]) or 0 for row in rows})
    found = await standing_in([["id", "in", ids], ["state", "=", "posted"]], erp)
    return next((one for one in found if any(line.charge == charge for line in one.lines)), None)


async def older(service: str, company: int, version: str, erp: Odoo) -> list[Standing]:
    """The invoices of the service that hold and are older than this version."""
    return [one for one in await standing(service, company, erp) if one.version < version]


async def credit_all(invoices: list[Standing], company: int, day: date, erp: Odoo) -> None:
    """Credit each, once."""
    for one in invoices:
        await credit(one, company, day, erp)


async def credit(invoice: Standing, company: int, day: date, erp: Odoo) -> int:
    """The record of the credit note for all of an invoice, once. What was paid stays as the customer's credit."""
    note = CreditNote(
        key=erp.external_id("service-credit", "odoo", str(invoice.record)),
        reverses=invoice.record,
        customer=invoice.customer,
        lines=[line.as_move_line() for line in invoice.lines],
        date=day,
        reference=invoice.number,
        source=f"{invoice.patient} {invoice.version}",
        company=company,
    )
    return (await erp.documents.invoices.credit(note)).record_id


async def _lines(moves: Sequence[int], erp: Odoo) -> Mapping[int, tuple[BilledLine, ...]]:
    domain = [["move_id", "in", list(moves)], ["display_type", "=", "product"]]
    found: dict[int, tuple[BilledLine, ...]] = {}
    for row in await erp.search_read(_LINE, domain, list(_READ), order="id") if moves else ():
        move = reference(row["move_id"]) or 0
        found[move] = (*found.get(move, ()), _line(row))
    return found


def _line(row: Mapping[str, Any]) -> BilledLine:
    spread = row["analytic_distribution"] or {}
    return BilledLine(
        text=str(row["name"] or ""),
        quantity=Decimal(repr(row["quantity"])),
        price=Decimal(repr(row["price_unit"])),
        product=reference(row["product_id"]) or 0,
        net=money(row["price_subtotal"]),
        discount=Decimal(repr(row["discount"] or 0)),
        taxes=tuple(row["tax_ids"]),
        account=reference(row["account_id"]),
        analytic={ids: Decimal(repr(share)) for ids, share in spread.items()},
    )


def _standing(row: Mapping[str, Any], lines: tuple[BilledLine, ...]) -> Standing:
    patient, _, version = str(row["invoice_origin"] or "").rpartition(" ")
    return Standing(
        record=row["id"],
        number=str(row["name"]),
        service=str(row["ref"] or ""),
        patient=patient,
        version=version,
        customer=reference(row["partner_id"]) or 0,
        lines=lines,
    )
