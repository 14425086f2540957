"""PID as a Patient, and GT1 as the guarantor (HL7 v2.5.1 chapters 3.4.2 and 6.5.5)."""

from __future__ import annotations

from datetime import timedelta

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.contacts import contacts
from careloom.mapping.identifiers import numbers, patient_identifiers
from careloom.mapping.names import human_name
from careloom.mapping.places import address
from careloom.mapping.source import Fields, Source
from careloom.mapping.tables import LANGUAGE, MARITAL, RELATIONSHIP, SEX, Gender
from careloom.mapping.times import date_of
from careloom.model import HumanName, Identifier, Patient, RelatedPerson

_OLDEST = "1850"


def patient(source: Source, pid: Fields, *, registered: bool = True) -> Patient:
    """The patient of a PID. Raises MappingError without a usable number (`PID-3`), or with an impossible date of
    birth (`PID-7`); all else that is wrong is dropped with an issue, and so is the date where the message does not
    register the patient."""
    identifiers = patient_identifiers(source, pid)
    if not identifiers:
        raise MappingError("no number that identifies the patient; the sender must give one", "PID-3")
    if source.settings.social_security:
        identifiers = (*identifiers, *_social_security(source, pid))
    died, dead = _death(source, pid)
    return Patient(
        identifier=identifiers,
        name=source.each(pid, 5, human_name),
        birth_date=_birth_date(source, pid) if registered else _stated_birth_date(source, pid),
        gender=gender(source, pid, 8),
        deceased_boolean=dead,
        deceased_date_time=died,
        address=source.each(pid, 11, address),
        telecom=(*contacts(source, pid, 13, "home"), *contacts(source, pid, 14, "work")),
        marital_status=_marital_status(source, pid),
        language=_language(source, pid),
        account=numbers(source, pid, 18, "AN"),
    )


def _social_security(source: Source, pid: Fields) -> tuple[Identifier, ...]:
    number = source.first(pid, 19)
    return (Identifier(value=number, type="SS", system="http://hl7.org/fhir/sid/us-ssn"),) if number else ()


def _birth_date(source: Source, pid: Fields) -> str | None:
    text = source.first(pid, 7)
    if text is None:
        return None
    try:
        born = date_of(text)
    except FormatError:
        raise MappingError("the date of birth is no date; correct it at the sender", "PID-7") from None
    if born is not None and (born < _OLDEST or _after(source, born)):
        raise MappingError("nobody was born then: too long ago, or after the message was sent", "PID-7")
    return born


def _stated_birth_date(source: Source, pid: Fields) -> str | None:
    try:
        return _birth_date(source, pid)
    except MappingError as error:
        source.drop(error.field, f"{error.reason}; dropped")
        return None


def _after(source: Source, born: str) -> bool:
    """Whether a day lies after the message was sent; a newborn's clock may run a day ahead of the sender's."""
    if source.sent is None or born <= source.sent.date().isoformat():
        return False
    return born > (source.sent + timedelta(days=1)).date().isoformat()


def gender(source: Source, fields: Fields, field: int) -> Gender | None:
    """FHIR's administrative gender. Absent stays absent; a code that is none of table 0001 is `unknown`, with an
    issue: the sender did state something."""
    code = source.first(fields, field)
    if code is None:
        return None
    found = SEX.get(code.upper())
    if found is None:
        source.drop(f"{fields.place}-{field}", "is no code of table 0001 (administrative sex); taken as unknown")
        return "unknown"
    return found


def _marital_status(source: Source, pid: Fields) -> str | None:
    code = source.first(pid, 16)
    return MARITAL.get(code.upper()) if code else None


def _language(source: Source, pid: Fields) -> str | None:
    code = source.first(pid, 15)
    return LANGUAGE.get(code.lower(), code) if code else None


def _death(source: Source, pid: Fields) -> tuple[str | None, bool | None]:
    """PID-29, which says when and so that; else PID-30."""
    died = source.moment(pid, 29)
    if died is not None:
        return died, None
    code = source.first(pid, 30)
    return None, {"Y": True, "N": False}.get(code.upper()) if code else None


def guarantor(source: Source, gt1: Fields | None) -> RelatedPerson | None:
    """Who pays what insurance does not: the person of GT1-3, else the organization of GT1-21."""
    if gt1 is None:
        return None
    names = source.each(gt1, 3, human_name)
    organization = source.first(gt1, 21) if not names else None
    if organization:
        names = (HumanName(text=organization),)
    if not names:
        return None
    return RelatedPerson(
        identifier=numbers(source, gt1, 2),
        name=names,
        birth_date=source.day(gt1, 8),
        gender=gender(source, gt1, 9),
        address=source.each(gt1, 5, address),
        telecom=(*contacts(source, gt1, 6, "home"), *contacts(source, gt1, 7, "work")),
        relationship=relationship(source, gt1, 11),
    )


def relationship(source: Source, fields: Fields, field: int) -> str | None:
    """FHIR's subscriber-relationship code; a code of neither table is dropped with an issue."""
    code = source.first(fields, field)
    if code is None or code.upper() in ("UNK", "U"):
        return None
    found = RELATIONSHIP.get(code.upper())
    if found is None:
        source.drop(f"{fields.place}-{field}", "is no code of table 0063 (relationship); dropped")
    return found
