"""Registration: a hospital's admissions become patient accounts in Odoo.

Whoever registers, updates or merges patients in the EHR, billing finds one contact per patient, current, with the
record number staff search by. Odoo gets what an invoice needs and nothing clinical.
"""

from __future__ import annotations

from typing import TypeAlias

from careloom.core.envelope import Recorded
from careloom.core.errors import AmbiguousError, MappingError
from careloom.core.outcomes import Done, ErrorKind, Outcome, Retry, Skip
from careloom.flows import Flow, Translated
from careloom.flows.steps.authority import ENTITY, Allowed, allowed, source_of
from careloom.flows.steps.contacts import account_for, account_of, contact_values, external_of
from careloom.flows.stores import Stores
from careloom.formats import hl7v2
from careloom.mapping import adt
from careloom.mapping.identifiers import best
from careloom.mapping.source import Settings
from careloom.model import (
    Identifier,
    Patient,
    PatientMerged,
    PatientUpdated,
    PersonMerged,
    PersonSplit,
    RegistrationCreated,
)
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.merge import Merged

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
Registered: TypeAlias = RegistrationCreated | PatientUpdated | PatientMerged | PersonMerged | PersonSplit


@registration.translates("hl7v2", "ADT")
def admissions(message: hl7v2.Message, sender: Settings) -> Translated:
    """ADT messages as registrations, updates, merges, discharges and cancellations."""
    made = adt.translate(message, sender)
    return Skip(made.filtered) if made.filtered else made.events


@registration.on(RegistrationCreated, PatientUpdated, PatientMerged, PersonMerged, PersonSplit)
async def keep_account(event: Registered, envelope: Recorded, erp: Odoo, stores: Stores) -> Outcome:
    """One contact per patient, as the newest message describes it; with the person index one per person, as all
    sources together describe it.

    Merges are handled here too and not beside: only within one subscription does a merge wait for what came before it.
    """
    try:
        if isinstance(event, PersonSplit):
            return await _split(event, erp)
        if isinstance(event, PersonMerged):
            return await _merge_persons(event.survivor, event.retired.number, envelope, erp)
        if isinstance(event, PatientMerged):
            return await _merge(event, envelope, erp, stores)
        may = allowed(event.patient, event.cleared, event.facility, envelope, stores.authority)
        await stores.refused(source_of(envelope.source), ENTITY, may.refused)
        if may.kept_back and not may.says:
            return Skip(may.kept_back)
        if event.patient.person is not None:
            known = await stores.known_of(event.patient)
            return await _keep(account_for(erp, known), may._replace(patient=known), erp)
        return await _keep_newest(event.patient, may, envelope, erp, stores)
    except AmbiguousError:
        # The connector has asked Odoo and got no answer either. The external id makes one more time harmless.
        return Retry("Odoo gave no answer, nor when asked what became of it", kind=ErrorKind.AMBIGUOUS)


async def _keep_newest(patient: Patient, may: Allowed, envelope: Recorded, erp: Odoo, stores: Stores) -> Outcome:
    """Without the person index: of a patient's messages the newest by the source's clock."""
    external = account_of(erp, patient.identifier)
    known = await stores.newness(erp.system, external, envelope.time)
    if not known.news:
        return Skip("a newer update of this patient was taken before")
    if known.merged_by is not None:
        raise MappingError("this record number was merged into another; its source still uses it", "PID-3")
    return await _keep(external, may, erp)


async def _keep(external: str, may: Allowed, erp: Odoo) -> Outcome:
    if not may.patient.name and await erp.find(external) is None:
        if "name" in may.refused or "name" in may.proposed:
            return Skip(f"the patient is not in Odoo yet; {may.kept_back}")
        raise MappingError("an update of a patient who is not in Odoo yet, without a name", "PID-5")
    kept = await erp.upsert(_PARTNER, external, await contact_values(erp, may.patient, may.cleared))
    return Done(f"{_PARTNER}/{kept.record_id}{f' ({may.kept_back})' if may.kept_back else ''}")


async def _merge(event: PatientMerged, envelope: Recorded, erp: Odoo, stores: Stores) -> Outcome:
    """The survivor's contact stays; the retired one is archived, and both say so."""
    if event.survivor.person is not None:  # the index tells the same; what it never heard of may yet be in Odoo
        number = best(event.retired)
        return await _merge_persons(await stores.known_of(event.survivor), number, envelope, erp)
    survivor = account_of(erp, event.survivor.identifier)
    retired = account_of(erp, event.retired)
    newest = (await stores.newness(erp.system, survivor, envelope.time)).news
    # A merge that comes late still merges, but must not bring back what the survivor was like before.
    stays = not newest and await erp.find(survivor) is not None
    may = allowed(event.survivor, (), event.facility, envelope, stores.authority)
    await stores.refused(source_of(envelope.source), ENTITY, may.refused)
    values: dict[str, Value] = {"is_company": False} if stays else await contact_values(erp, may.patient)
    merged = await erp.merge_partners(survivor, retired, values, str(envelope.correlation))
    await stores.mark_merged(erp.system, retired, envelope.time, envelope.id)
    return Done(_merged(merged))


async def _merge_persons(survivor: Patient, retired: Identifier | None, envelope: Recorded, erp: Odoo) -> Outcome:
    """As `_merge`, but the retired contact keeps its external id: a split takes it out of the archive by that."""
    kept, ended = account_for(erp, survivor), None if retired is None else external_of(erp, retired)
    if ended is None or ended == kept:
        return Skip("both are one account already: the older record's")
    values = await contact_values(erp, survivor)
    return Done(_merged(await erp.merge_partners(kept, ended, values, str(envelope.correlation), moves=False)))


async def _split(event: PersonSplit, erp: Odoo) -> Outcome:
    """Each part has a contact of its own again, with what is known of it; an archived one leaves the archive."""
    parts = [
        await erp.upsert(_PARTNER, account_for(erp, part), {**await contact_values(erp, part), "active": True})
        for part in event.parts
    ]
    return Done(f"{_PARTNER}/{','.join(str(part.record_id) for part in parts)}")


def _merged(merged: Merged) -> str:
    """What an operator reads: the survivor, and what is left to a person."""
    survivor = f"{_PARTNER}/{merged.survivor_id}"
    if merged.retired_id is None:
        return survivor
    left = "" if merged.moved else "; its external id stays with it"
    return f"{survivor} (archived {_PARTNER}/{merged.retired_id}{left})"
