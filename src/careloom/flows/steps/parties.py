"""Who owes and whom: the company of Odoo that a facility belongs to, payers, and accounts of patients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from careloom.core.errors import MappingError
from careloom.flows.steps.codes import alias
from careloom.flows.steps.contacts import account_for
from careloom.flows.stores import Stores
from careloom.identity.crosswalk.codes import Entity as Thing
from careloom.mapping.identifiers import best
from careloom.model import Coverage, Organization, Patient
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.parties import Party


class Debtor(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to pay: a payer by its number, or the patient where there is none."""

    payer: str | None = None
    name: str = ""


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A company of Odoo, and the currency of its books."""

    company: int
    currency: str


async def entity_of(facility: str | None, day: date, erp: Odoo, stores: Stores) -> Entity | None:
    """The company whose own contact in Odoo has the facility's code as its reference; None when none has.

    The books of one company never hold what another one did: so nothing stands in for a facility that is not known.
    Of a code that the crosswalk maps, it is the facility that the code stands for on that day. Raises MappingError when
    two companies have the code.
    """
    if not facility:
        return None
    facility = await alias(Thing.FACILITY, facility, day, erp, stores)
    fields = ["currency_id"]
    found = await erp.search_read("res.company", [["partner_id.ref", "=", facility]], fields, limit=2)
    if len(found) > 1:
        raise MappingError("two companies of Odoo have this facility as their reference", "facility")
    return Entity(company=found[0]["id"], currency=found[0]["currency_id"][1]) if found else None


def payer_of(coverage: Sequence[Coverage]) -> Debtor | None:
    """The first payer in the coordination of benefits that has a number; None when there is none."""
    for one in sorted(coverage, key=lambda one: one.order or 99):
        number = payer_number(one.payor)
        if number is not None:
            return Debtor(payer=number, name=(one.payor.name if one.payor else "") or "")
    return None


def payer_key(erp: Odoo, number: str) -> str:
    """The external id of a payer's contact: remittances and claims name a payer by its number, and by no assigner."""
    return erp.external_id("payer", "-", number)


def payer_number(payor: Organization | None) -> str | None:
    """The number by which a payer is known."""
    known = best(payor.identifier) if payor else None
    return known.value if known else None


async def partner_of(debtor: Debtor, patient: Patient, erp: Odoo) -> int:
    """The contact in Odoo that the invoice goes to."""
    return await patient_partner(patient, erp) if debtor.payer is None else await payer_partner(debtor, erp)


async def payer_partner(debtor: Debtor, erp: Odoo) -> int:
    """The contact of who pays; made when there is none."""
    return await payer_contact(debtor.payer or "", debtor.name, erp)


async def payer_contact(number: str, name: str | None, erp: Odoo) -> int:
    """The contact of the payer with this number; made when there is none."""
    key = payer_key(erp, number)
    known = await erp.find(key)
    if known is not None:
        return known.record_id
    asked = Party(key=key, name=name or number, role="payer", ref=number)
    return (await erp.documents.parties.keep(asked)).record_id


async def patient_partner(patient: Patient, erp: Odoo) -> int:
    """The account of a patient, as registration keeps it; made when there is none."""
    key = account_for(erp, patient)
    known = await erp.find(key)
    if known is not None:
        return known.record_id
    asked = Party(key=key, name=_name(patient), role="patient", company_like=False, ref=patient_number(patient))
    return (await erp.documents.parties.keep(asked)).record_id


def patient_number(patient: Patient) -> str:
    """The record number that staff search by."""
    return (best(patient.identifier) or patient.identifier[0]).value


def _name(patient: Patient) -> str:
    if not patient.name:
        return patient_number(patient)
    name = patient.name[0]
    return " ".join((*name.given, name.family or "")).strip() or name.text or patient_number(patient)
