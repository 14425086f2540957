"""Billing is prepared before anything is charged: the payer's account, a file for the visit, a form for the desk."""

from __future__ import annotations

import msgspec

from careloom.core.errors import MappingError
from careloom.flows.steps.parties import payer_contact
from careloom.mapping.identifiers import best
from careloom.model import Coverage, Identifier, Organization
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.analytics import Dimension
from careloom.systems.odoo.documents.attachments import MODEL as ATTACHMENT
from careloom.systems.odoo.documents.attachments import Attachment

_PARTNER = "res.partner"


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """The payer's account and the file that charges are gathered in (an analytic account), by their records."""

    number: Identifier
    file: int
    payer: int | None = None


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A file on a record of Odoo."""

    record: int


async def prepare_billing(number: Identifier, coverage: Coverage | None, erp: Odoo) -> Prepared:
    """Have payer and file in Odoo. The payer's account stays whatever becomes of the run: it is master data."""
    payer = None
    if coverage is not None and coverage.payor is not None:
        payer = await _payer(erp, coverage.payor)
    file = await _file(erp, number, active=True)
    return Prepared(number=number, file=file, payer=payer)


async def take_back_billing(number: Identifier, erp: Odoo) -> None:
    """The undoing of `prepare_billing`: the file is out of use; what was posted to it stays."""
    if await erp.find(_file_key(erp, number)) is not None:
        await _file(erp, number, active=False)


async def _payer(erp: Odoo, payer: Organization) -> int:
    known = best(payer.identifier)
    if known is None:
        raise MappingError("a payer needs a number", "coverage.payor")
    return await payer_contact(known.value, payer.name, erp)


async def _file(erp: Odoo, number: Identifier, *, active: bool) -> int:
    analytics = erp.documents.analytics
    plan = await analytics.plan(erp.external_id("plan", "careloom", "visits"), "Visits")
    key = _file_key(erp, number)
    return await analytics.keep(
        Dimension(key=key, name=f"Visit {number.value}", code=number.value, plan=plan, active=active)
    )


def _file_key(erp: Odoo, number: Identifier) -> str:
    return erp.external_id("visit", number.assigner or "-", number.value)


async def file_form(number: Identifier, account: int, lines: tuple[str, ...], erp: Odoo) -> Form:
    """A form on the account of the patient, of these lines. They hold numbers, and nothing clinical."""
    content = "\n".join((f"Visit {number.value}", *lines, "")).encode()
    key = _form_key(erp, number)
    asked = Attachment(
        key=key, model=_PARTNER, record=account, name=f"intake-{number.value}.txt", content=content,
        media_type="text/plain",
    )  # fmt: skip
    return Form(record=(await erp.documents.attachments.attach(asked)).record_id)


async def withdraw_form(number: Identifier, erp: Odoo) -> None:
    """The undoing of `file_form`; nothing happens when it is gone."""
    found = await erp.find(_form_key(erp, number))
    if found is not None and await erp.read(ATTACHMENT, [found.record_id], ["name"]):
        await erp.documents.access.call(ATTACHMENT, "unlink", ids=[found.record_id])


def _form_key(erp: Odoo, number: Identifier) -> str:
    return erp.external_id("form", number.assigner or "-", number.value)
