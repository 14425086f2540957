"""The patient's account in Odoo: looked up, opened, closed again when the run that opened it is undone."""

from __future__ import annotations

import msgspec

from careloom.flows.steps.contacts import account_for, account_of, partner_row
from careloom.model import Identifier, PatientEvent
from careloom.systems.odoo.connector import Odoo

_PARTNER = "res.partner"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What Odoo has under the patient's number; `alike`: another account looks like that of the same person."""

    key: str
    record: int | None = None
    alike: bool = False


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account; `opened` by this run, or there before."""

    key: str
    record: int
    opened: bool


async def look_up(event: PatientEvent, erp: Odoo) -> Known:
    """Raises MappingError when no number could name the account."""
    key = account_for(erp, event.patient)
    found = await erp.find(key)
    row = partner_row(event.patient)
    # Two people share a name, or a family's address; both together under two numbers are most likely one person.
    alike = False
    if found is None and row.email and event.patient.name:
        name = (await erp.partner_values(row)).values["name"]
        # Registration may open this very account in between: one is not alike to itself.
        same = [["name", "=", name], ["email", "=", row.email], ["ref", "not in", [False, row.ref]]]
        alike = bool(await erp.search_read(_PARTNER, same, ["ref"], limit=1))
    return Known(key=key, record=found.record_id if found else None, alike=alike)


async def look_up_number(number: Identifier, erp: Odoo) -> Known:
    """The account that a person named instead."""
    key = account_of(erp, (number,))
    found = await erp.find(key)
    return Known(key=key, record=found.record_id if found else None)


async def look_again(known: Known, erp: Odoo) -> Known:
    """The same account as it is known now."""
    found = await erp.find(known.key)
    return Known(key=known.key, record=found.record_id if found else None)


async def open_account(event: PatientEvent, known: Known, erp: Odoo) -> Account:
    """The account as the registration describes it; one under another number stays as it is."""
    if known.record is not None:
        return Account(key=known.key, record=known.record, opened=False)
    values = (await erp.partner_values(partner_row(event.patient, event.cleared))).values
    kept = await erp.upsert(_PARTNER, known.key, values | {"active": True})
    return Account(key=known.key, record=kept.record_id, opened=True)


async def close_account(known: Known, erp: Odoo) -> None:
    """The undoing of `open_account`: archive it, if it is there now and was not before."""
    if known.record is None and (found := await erp.find(known.key)) is not None:
        await erp.archive(_PARTNER, [found.record_id])
