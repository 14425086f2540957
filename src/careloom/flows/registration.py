"""Registration: a hospital's admissions become patient accounts in Odoo.

Whoever registers, updates or merges patients in the EHR, billing finds one contact per patient, current, with the
record number staff search by. Odoo gets what an invoice needs and nothing clinical.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from careloom.core.envelope import Recorded
from careloom.core.errors import AmbiguousError, MappingError
from careloom.core.outcomes import Done, ErrorKind, Outcome, Retry, Skip
from careloom.flows import Flow, Translated
from careloom.flows.steps.authority import allowed
from careloom.flows.stores import Stores
from careloom.formats import hl7v2
from careloom.mapping import adt
from careloom.mapping.identifiers import best
from careloom.mapping.source import Settings
from careloom.model import (
    Address,
    ContactPoint,
    HumanName,
    Identifier,
    Patient,
    PatientMerged,
    PatientUpdated,
    RegistrationCreated,
)
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.merge import Merged
from careloom.systems.odoo.partner import PartnerRow

registration = Flow(
    "registration",
    owner="patient-access",
    business_owner="patient-access-director",
    sla="2h",
    criticality="high",
    latency="real-time",
    bound="1m",
    recovery_time="4h",
    recovery_point="0s",
    pattern="master data",
    system_of_record="the EHR",
    runbook="flow-registration",
)

_PARTNER = "res.partner"
_UNNAMED = "-"
N = TypeVar("N", HumanName, Address)


@registration.translates("hl7v2", "ADT")
def admissions(message: hl7v2.Message, sender: Settings) -> Translated:
    """ADT messages as registrations, updates, merges, discharges and cancellations."""
    made = adt.translate(message, sender)
    return Skip(made.filtered) if made.filtered else made.events


@registration.on(RegistrationCreated, PatientUpdated, PatientMerged)
async def keep_account(
    event: RegistrationCreated | PatientUpdated | PatientMerged, envelope: Recorded, erp: Odoo, stores: Stores
) -> Outcome:
    """One contact per patient, as the newest message describes it.

    Merges are handled here too and not beside: only within one subscription does a merge wait for what came before it.
    """
    if isinstance(event, PatientMerged):
        return await _merge(event, envelope, erp, stores)
    may = allowed(event.patient, event.cleared, event.facility, envelope, stores.authority)
    if may.kept_back and not may.says:
        return Skip(may.kept_back)
    external = account_of(erp, event.patient.identifier)
    known = await stores.newness(erp.system, external, envelope.time)
    if not known.news:
        return Skip("a newer update of this patient was taken before")
    if known.merged_by is not None:
        raise MappingError("this record number was merged into another; its source still uses it", "PID-3")
    if not may.patient.name and await erp.find(external) is None:
        if "name" in may.refused or "name" in may.proposed:
            return Skip(f"the patient is not in Odoo yet; {may.kept_back}")
        raise MappingError("an update of a patient who is not in Odoo yet, without a name", "PID-5")
    values = await contact_values(erp, may.patient, may.cleared)
    try:
        kept = await erp.upsert(_PARTNER, external, values)
    except AmbiguousError:
        # The connector has asked Odoo and got no answer either. The external id makes one more time harmless.
        return Retry("Odoo gave no answer, nor when asked what became of it", kind=ErrorKind.AMBIGUOUS)
    return Done(f"{_PARTNER}/{kept.record_id}{f' ({may.kept_back})' if may.kept_back else ''}")


async def _merge(event: PatientMerged, envelope: Recorded, erp: Odoo, stores: Stores) -> Outcome:
    """The survivor's contact stays; the retired one is archived, and both say so."""
    survivor = account_of(erp, event.survivor.identifier)
    retired = account_of(erp, event.retired)
    newest = (await stores.newness(erp.system, survivor, envelope.time)).news
    # A merge that comes late still merges, but must not bring back what the survivor was like before.
    stays = not newest and await erp.find(survivor) is not None
    may = allowed(event.survivor, (), event.facility, envelope, stores.authority)
    values: dict[str, Value] = {"is_company": False} if stays else await contact_values(erp, may.patient)
    try:
        merged = await erp.merge_partners(survivor, retired, values, str(envelope.correlation))
    except AmbiguousError:
        return Retry("Odoo gave no answer during a merge, each step of which may be repeated", kind=ErrorKind.AMBIGUOUS)
    await stores.mark_merged(erp.system, retired, envelope.time, envelope.id)
    return Done(_merged(merged))


def _merged(merged: Merged) -> str:
    """What an operator reads: the survivor, and what is left to a person."""
    survivor = f"{_PARTNER}/{merged.survivor_id}"
    if merged.retired_id is None:
        return survivor
    left = "" if merged.moved else "; its external id stays with it, the API user may not move it"
    return f"{survivor} (archived {_PARTNER}/{merged.retired_id}{left})"


async def contact_values(erp: Odoo, patient: Patient, cleared: tuple[str, ...] = ()) -> dict[str, Value]:
    """Columns of the contact; without a name in the message, Odoo keeps the one it has."""
    row = partner_row(patient, cleared)
    if patient.name:
        return (await erp.partner_values(row)).values
    values = (await erp.partner_values(replace(row, family=_UNNAMED))).values
    del values["name"]
    return values


def account_of(erp: Odoo, identifiers: tuple[Identifier, ...]) -> str:
    """The external id of a patient's contact: the number by which the source knows the patient best."""
    known = best(identifiers)
    if known is None:
        raise MappingError("no number that could name the patient's account", "PID-3")
    return erp.external_id("patient", known.assigner or "", known.value)


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
