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


async def take_back_billing(prepared: Prepared, erp: Odoo) -> None:
    """The file is out of use; what was posted to it stays."""
    await _file(erp, prepared.number, active=False)


async def _payer(erp: Odoo, payer: Organization) -> int:
    known = best(payer.identifier)
    if known is None:
        raise MappingError("a payer needs a number", "coverage.payor")
    return await payer_contact(known.value, payer.name, erp)


async def _file(erp: Odoo, number: Identifier, *, active: bool) -> int:
    analytics = erp.documents.analytics
    plan = await analytics.plan(erp.external_id("plan", "careloom", "visits"), "Visits")
    key = erp.external_id("visit", number.assigner or "-", number.value)
    return await analytics.keep(
        Dimension(key=key, name=f"Visit {number.value}", code=number.value, plan=plan, active=active)
    )


async def file_form(number: Identifier, account: int, lines: tuple[str, ...], erp: Odoo) -> Form:
    """A form on the account of the patient, of these lines. They hold numbers, and nothing clinical."""
    content = "\n".join((f"Visit {number.value}", *lines, "")).encode()
    key = erp.external_id("form", number.assigner or "-", number.value)
    asked = Attachment(
        key=key, model=_PARTNER, record=account, name=f"intake-{number.value}.txt", content=content,
        media_type="text/plain",
    )  # fmt: skip
    return Form(record=(await erp.documents.attachments.attach(asked)).record_id)


async def withdraw_form(form: Form, erp: Odoo) -> None:
    """Nothing happens when it is gone."""
    if await erp.read(ATTACHMENT, [form.record], ["name"]):
        await erp.documents.access.call(ATTACHMENT, "unlink", ids=[form.record])
