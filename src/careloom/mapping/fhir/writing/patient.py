"""Patient, Coverage and Encounter as resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.mapping.fhir.codes import (
    ACT_CODE,
    COVERAGE_CLASS,
    LANGUAGE,
    MARITAL,
    PARTICIPATION,
    RELATIONSHIP,
)
from careloom.mapping.fhir.writing.datatypes import (
    Json,
    address,
    coded,
    contact,
    human_name,
    identifiers,
    period,
    without_blanks,
)
from careloom.mapping.fhir.writing.draft import Draft, Written, number
from careloom.model import Coverage, CoverageClass, Encounter, Identifier, Patient, PatientEvent, PatientMerged

US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
_CLASS: Final[Mapping[str, str]] = {"IMP": "inpatient encounter", "AMB": "ambulatory", "EMER": "emergency",
                                    "PRENC": "pre-admission"}  # fmt: skip


def patient(one: Patient) -> Written:
    """A Patient; of US Core where it has what that asks for: a name, a number with its system, a gender."""
    numbers = identifiers(one.identifier)
    core = bool(numbers and one.name and one.gender and all("system" in each for each in numbers))
    language = coded(one.language, LANGUAGE)
    return Written(
        {
            "resourceType": "Patient",
            "meta": {"profile": [US_CORE]} if core else None,
            "identifier": numbers,
            "active": one.active,
            "name": [human_name(each) for each in one.name],
            "telecom": [contact(each) for each in one.telecom],
            "gender": one.gender,
            "birthDate": one.birth_date,
            "deceasedBoolean": one.deceased_boolean,
            "deceasedDateTime": one.deceased_date_time,
            "address": [address(each) for each in one.address],
            "maritalStatus": coded(one.marital_status, MARITAL),
            "communication": [{"language": language, "preferred": True}] if language else [],
        }
    )


def put_patient(draft: Draft, one: Patient | None, *, keep: bool = True) -> Json | None:
    """Write the patient, or with `keep` see that there is one; gives the Reference."""
    if one is None:
        return None
    if number(one.identifier) is None:
        return draft.reference("Patient", one.identifier[0])
    return draft.put(patient(one), one.identifier, keep=keep)


def updated(event: PatientEvent, draft: Draft) -> None:
    """The patient, with the insurances and the visit of the event."""
    about = put_patient(draft, event.patient, keep=not event.patient.name)
    for one in event.coverage:
        put_coverage(draft, one, event.patient, about)
    if event.encounter is not None:
        put_encounter(draft, event.encounter, about)


def merged(event: PatientMerged, draft: Draft) -> None:
    """The survivor; and the record that ends, inactive and pointing at it."""
    survivor = put_patient(draft, event.survivor, keep=not event.survivor.name)
    ended = patient(Patient(identifier=event.retired, active=False))
    ended.resource["link"] = [{"other": survivor, "type": "replaced-by"}]
    draft.put(ended, event.retired)


def put_coverage(draft: Draft, one: Coverage, who: Patient, about: Json | None) -> Json | None:
    """Write an insurance. It is known by its policy or member number, else as the patient's at its place in order."""
    written = coverage(one, about)
    own = coverage_numbers(one)
    if not own:
        known = number(who.identifier)
        if known is None:
            return None
        own = (Identifier(value=f"{known.value}/{one.order or 1}", assigner=f"{known.assigner or '-'}/coverage"),)
        written.resource["identifier"] = identifiers(own)
    return draft.put(written, own)


def coverage_numbers(one: Coverage) -> tuple[Identifier, ...]:
    """The numbers of an insurance, as far as it has them; the policy's before the member's."""
    payer = number(one.payor.identifier) if one.payor is not None else None
    name = payer.value if payer is not None else one.payor.name if one.payor is not None else None
    found = []
    if one.policy_number:
        found.append(Identifier(value=one.policy_number, assigner=name))
    if one.member_number:
        found.append(Identifier(value=one.member_number, type="MB", assigner=name))
    return tuple(found)


def coverage(one: Coverage, about: Json | None) -> Written:
    """A Coverage. Its payor is required: where none is known, the patient pays."""
    written = Written({"resourceType": "Coverage"})
    holder = written.person(one.policy_holder, about)
    payor = written.organization(one.payor) or about
    written.resource |= {
        "identifier": identifiers(coverage_numbers(one)),
        "status": "active",
        "type": coded(one.type),
        "policyHolder": holder,
        "subscriberId": one.subscriber_id,
        "beneficiary": about,
        "relationship": coded(one.relationship, RELATIONSHIP),
        "period": period(one.period),
        "payor": [payor] if payor else [],
        "class": [made for kind, each in (("group", one.group), ("plan", one.plan)) if (made := _class(kind, each))],
        "order": one.order,
    }
    return written


def _class(kind: str, one: CoverageClass | None) -> Json | None:
    """A class needs a value; one that is only called something is known by that."""
    if one is None:
        return None
    value = one.value or one.name
    return without_blanks({"type": coded(kind, COVERAGE_CLASS), "value": value, "name": one.name})


def put_encounter(draft: Draft, one: Encounter, about: Json | None) -> Json | None:
    """Write a visit; one without a number cannot be found again and is left out."""
    if number(one.identifier) is None:
        return draft.reference("Encounter", next(iter(one.identifier), None))
    return draft.put(encounter(one, about), one.identifier)


def encounter(one: Encounter, about: Json | None) -> Written:
    """An Encounter."""
    written = Written({"resourceType": "Encounter"})
    roles = (("ATND", one.attending), ("REF", one.referring), ("ADM", one.admitting))
    people = [
        {"type": [coded(role, PARTICIPATION)], "individual": who}
        for role, person in roles
        if (who := written.practitioner(person)) is not None
    ]
    where = written.place(one.location)
    kind = one.class_ or "AMB"
    accounts = [{"type": "Account", "identifier": identifiers([each])[0]} for each in one.account if each.type != "RI"]
    written.resource |= {
        "identifier": identifiers(one.identifier),
        "status": one.status,
        "class": {"system": ACT_CODE, "code": kind, "display": _CLASS[kind]},
        "serviceType": coded(one.service_type),
        "subject": about,
        "participant": people,
        "period": period(one.period),
        "account": accounts,
        "location": [{"location": where}] if where else [],
    }
    return written
