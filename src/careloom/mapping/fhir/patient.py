"""Patient (FHIR R4 8.1), and the people around one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from careloom.mapping.fhir.codes import LANGUAGE, MARITAL, RELATIONSHIP
from careloom.mapping.fhir.coverages import coverages
from careloom.mapping.fhir.datatypes import (
    address,
    code,
    contact,
    day,
    each,
    human_name,
    moment,
    social_security,
)
from careloom.mapping.fhir.elements import Node, child, flag, text
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization
from careloom.mapping.fhir.source import Source
from careloom.mapping.identifiers import best
from careloom.model import HumanName, Identifier, Patient, PatientMerged, PatientUpdated

_ALIVE: Final = frozenset(("planned", "arrived", "triaged", "in-progress", "onleave"))
_OLDEST: Final = "1850"

DROPPED: Mapping[str, str] = {
    "Patient.text": "what it says stands in the elements",
    "Patient.extension": "race, ethnicity and the like are not needed for billing",
    "Patient.photo": "a picture is not needed for billing",
    "Patient.multipleBirthBoolean": "the order of multiple births is clinical",
    "Patient.multipleBirthInteger": "the order of multiple births is clinical",
    "Patient.contact": "kin are not needed for billing; who pays is told by Coverage and Account",
    "Patient.generalPractitioner": "who usually treats the patient is not needed for billing",
    "Patient.communication.preferred": "the preferred language is carried",
    "Patient.name.period": "old names are marked as such",
    "Patient.address.period": "old addresses are marked as such",
    "Patient.telecom.rank": "the order of the list is kept",
}


def patient(source: Source) -> Patient:
    """A Patient. Raises MappingError without any number, not even its server's, or with an impossible date of birth."""
    numbers = source.numbers()
    if not numbers:
        raise source.error("identifier", "no number that identifies the patient; the sender must give one")
    if source.settings.social_security:
        numbers = (*numbers, *social_security(source.children("identifier")))
    died = moment(source.text("deceasedDateTime"))
    return Patient(
        identifier=numbers,
        name=each(source.children("name"), human_name),
        birth_date=_birth_date(source),
        gender=gender(source.resource),
        deceased_boolean=None if died else flag(source.resource, "deceasedBoolean"),
        deceased_date_time=died,
        address=each(source.children("address"), address),
        telecom=each(source.children("telecom"), contact),
        marital_status=code(source.child("maritalStatus"), MARITAL, "http://hl7.org/fhir/v3/MaritalStatus"),
        language=_language(source),
        account=tuple(_accounts(source)),
        active=flag(source.resource, "active") is not False,
    )


def patient_at(source: Source, path: str) -> Patient:
    """The patient that a Reference names: all that is known where it leads somewhere, else the number and the name in
    it. Raises MappingError without a number."""
    return patient_of(source, source.child(path), path)


def patient_of(source: Source, reference: Node, path: str) -> Patient:
    """As `patient_at`, of a Reference at hand."""
    there = source.at(reference)
    if there is not None and there.type == "Patient" and there.numbers():
        return patient(there)
    numbers = source.numbers_at(reference)
    if not numbers:
        raise source.error(path, "says no number of the patient; the sender must name one")
    shown = text(reference, "display")
    return Patient(identifier=numbers, name=(HumanName(text=shown),) if shown else ())


def some_patient(source: Source, path: str) -> Patient | None:
    """The patient that a Reference names, None where it names none."""
    reference = source.child(path)
    return patient_of(source, reference, path) if source.numbers_at(reference) else None


def gender(node: Node) -> Any:
    """FHIR's administrative gender."""
    found = text(node, "gender")
    return cast(Any, found if found in ("male", "female", "other", "unknown") else None)


def relationship(concept: Node) -> str | None:
    """FHIR's subscriber-relationship code."""
    return code(concept, RELATIONSHIP)


def _birth_date(source: Source) -> str | None:
    said = source.text("birthDate")
    if said is None:
        return None
    born = day(said)
    if born is None or born < _OLDEST:
        raise source.error("birthDate", "the date of birth is no date on which anybody alive was born; correct it")
    return born


def _language(source: Source) -> str | None:
    spoken = source.children("communication")
    best_ = next((one for one in spoken if flag(one, "preferred")), spoken[0] if spoken else {})
    language = child(best_, "language")
    return code(language, LANGUAGE) or code(language)


def _accounts(source: Source) -> Iterator[Identifier]:
    for account in source.around.of_type("Account"):
        other = Source(account[1], source.around, full_url=text(account[0], "fullUrl") or "")
        for reference in other.children("subject"):
            there = other.at(reference)
            if there is not None and there.resource is source.resource:
                yield from other.numbers()[:1]


def _read(source: Source) -> Made:
    """A merge where it says by what it was replaced, else an update; nothing where a visit in the same Bundle tells
    all of it."""
    replaced = next((one for one in source.children("link") if text(one, "type") == "replaced-by"), None)
    if replaced is not None:
        return _merged(source, child(replaced, "other"))
    if any(text(visit.resource, "status") in _ALIVE for visit in source.beside("Encounter", "subject")):
        return "the patient of a visit in the same Bundle, whose event tells all of it"
    house = organization(source, source.child("managingOrganization"))
    facility = house.name if house is not None else None
    return [source.event(PatientUpdated, facility=facility, patient=patient(source), coverage=coverages(source))]


def _merged(source: Source, survivor: Node) -> Made:
    numbers, own = source.numbers_at(survivor), source.numbers()
    if not numbers or not own:
        raise source.error("link.other", "a patient that was replaced names the one it was replaced by")
    retired = best(own)
    ordered = dict.fromkeys((retired, *own)) if retired is not None else dict.fromkeys(own)
    return [source.event(PatientMerged, survivor=patient_of(source, survivor, "link.other"),
                         retired=tuple([one for one in ordered if one is not None]))]  # fmt: skip


def _related(source: Source) -> Made:  # noqa: ARG001
    return "people around a patient are told with the coverage that names them"


READERS: Final[Mapping[str, Reader]] = {"Patient": _read, "RelatedPerson": _related}
MAPPINGS = mappings(READERS)
