"""A patient's contact in Odoo: by which external id, with which columns. It has nothing clinical."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from careloom.core.errors import MappingError
from careloom.mapping.identifiers import best
from careloom.model import Address, ContactPoint, HumanName, Identifier, Patient
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.partner import PartnerRow

_UNNAMED = "-"
N = TypeVar("N", HumanName, Address)


async def contact_values(erp: Odoo, patient: Patient, cleared: tuple[str, ...] = ()) -> dict[str, Value]:
    """Columns of the contact; without a name in the message, Odoo keeps the one it has."""
    row = partner_row(patient, cleared)
    if patient.name:
        return (await erp.partner_values(row)).values
    values = (await erp.partner_values(replace(row, family=_UNNAMED))).values
    del values["name"]
    return values


def account_for(erp: Odoo, patient: Patient) -> str:
    """The external id of a patient's contact: of the number by which the person was first known, so that a contact that
    was there before the person index was asked stays the person's."""
    return account_of(erp, patient.identifier) if patient.person is None else external_of(erp, patient.person.number)


def external_of(erp: Odoo, number: Identifier) -> str:
    return erp.external_id("patient", number.assigner or "", number.value)


def account_of(erp: Odoo, identifiers: tuple[Identifier, ...]) -> str:
    """The external id of a patient's contact: the number by which the source knows the patient best."""
    known = best(identifiers)
    if known is None:
        raise MappingError("no number that could name the patient's account", "PID-3")
    return external_of(erp, known)


def partner_row(patient: Patient, cleared: tuple[str, ...] = ()) -> PartnerRow:
    """What Odoo keeps of a patient. A field the source deleted is cleared; one it did not mention stays."""
    name = _first_of(patient.name, "official") or HumanName()
    address = _first_of(patient.address, "home")
    known = best(patient.identifier)
    unreachable = "patient.telecom.home" in cleared
    return PartnerRow(
        given=" ".join(name.given) if name.given else (name.text or ""),
        family=name.family or "",
        ref=known.value if known else None,
        phone=_contact(patient.telecom, "phone", ("home", "work", None), unreachable),
        mobile=_contact(patient.telecom, "phone", ("mobile",), unreachable),
        email=_contact(patient.telecom, "email", ("home", "work", "mobile", None), unreachable),
        **_address(address, "patient.address" in cleared),
    )


def _address(address: Address | None, cleared: bool) -> dict[str, str | None]:
    names = ("street", "street2", "city", "state", "zip", "country")
    if address is None:
        return dict.fromkeys(names, "" if cleared else None)
    lines = [*address.line, "", ""]
    # An address is stated whole: a part that is missing now must not stay behind from the old one.
    return {
        "street": lines[0],
        "street2": ", ".join(line for line in lines[1:] if line),
        "city": address.city or "",
        "state": address.state or "",
        "zip": address.postal_code or "",
        "country": address.country or "",
    }


def _contact(telecom: tuple[ContactPoint, ...], system: str, uses: tuple[str | None, ...], cleared: bool) -> str | None:
    for use in uses:
        for point in telecom:
            if point.system == system and point.use == use:
                return point.value
    return "" if cleared else None


def _first_of(values: tuple[N, ...], use: str) -> N | None:
    return next((value for value in values if value.use == use), values[0] if values else None)
