"""837 professional, institutional and dental (005010X222A1, X223A2, X224A2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

import msgspec

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.codes import DIAGNOSIS_QUALIFIER, ICD_9_CM
from careloom.mapping.x12.sending.claim_lines import line
from careloom.mapping.x12.sending.drafts import (
    chosen,
    clinician,
    contacted,
    dated,
    day,
    moment,
    named,
    need,
    need_address,
    opened,
    own_number,
    specialty,
    tax,
)
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.mapping.x12.sending.insurance import insured_level, other_payers
from careloom.model import Claim, ClaimSubmitted, Coding, Diagnosis, Organization, Period, Practitioner

VERSIONS: Final[Mapping[str, str]] = {
    "professional": "005010X222A1", "institutional": "005010X223A2", "dental": "005010X224A2",
}  # fmt: skip
_UNKNOWN_ADMISSION: Final = "9"
_AT_ONCE: Final = 12


class Consents(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider declares with each claim (CLM06 to CLM09): that its signature is on file, that it accepts
    assignment, that the patient assigned the benefits and allowed the release. The event does not say it: whoever
    sends claims answers for it."""

    signature: str = "Y"
    assignment: str = "A"
    benefits: str = "Y"
    release: str = "Y"


_USUAL = Consents()


def to_837(
    events: Sequence[ClaimSubmitted], envelope: Envelope, *, batch: str = "", consents: Consents = _USUAL
) -> bytes:
    """The claims as one interchange: a set for each type of claim. `batch` is BHT03, which the acknowledgement repeats.

    Raises MappingError for what a claim lacks, and for pharmacy claims, which no 837 carries; FormatError for values
    the guide does not take.
    """
    ordered = sorted(events, key=lambda event: event.claim.type)
    sets = [
        claim_set(list(group), envelope, batch=batch, consents=consents)
        for _, group in groupby(ordered, key=lambda event: event.claim.type)
    ]
    return written(sets, envelope)


def claim_set(
    events: Sequence[ClaimSubmitted], envelope: Envelope, *, batch: str = "", consents: Consents = _USUAL
) -> BuiltSet:
    """The set of claims of one type."""
    first = events[0]
    version = VERSIONS.get(first.claim.type)
    if version is None:
        raise MappingError("claims of pharmacies are sent by another standard (NCPDP)", "claim.type")
    providers = groupby(events, key=lambda event: event.claim.provider)
    content: list[Draft | DraftLoop] = [
        opened("0019", "00", batch or str(envelope.control), first.occurred or envelope.time, "CH"),
        _submitter(envelope.submitter or first.claim.provider, envelope),
        _destination(first, envelope),
        *[_provider(provider, [_insured(one, consents) for one in group]) for provider, group in providers],
    ]
    return build("837", version, content)


def _submitter(party: Organization | None, envelope: Envelope) -> DraftLoop:
    contact = contacted("IC", party.name if party else None, party.telecom if party else ())
    if party is None or contact is None:
        raise MappingError(
            "whom to call about the claims is missing; give the submitter a telephone", "submitter.telecom"
        )
    number = chosen(party.identifier, "ETIN")
    return loop("1000A", _electronic("41", party, number.value if number else envelope.sender), contact)


def _destination(event: ClaimSubmitted, envelope: Envelope) -> DraftLoop:
    payer = event.coverage[0].payor if event.coverage else None
    party = envelope.destination or payer
    if party is None:
        raise MappingError("the payer is missing; give it", "coverage[0].payor")
    number = own_number(party.identifier)
    return loop("1000B", _electronic("40", party, number.value if number else envelope.receiver))


def _electronic(code: str, party: Organization, number: str) -> Draft:
    name = need(party.name, "the name of the organization", "submitter.name" if code == "41" else "destination.name")
    return segment("NM1", code, 2, name, *[None] * 4, "46", number)


def _provider(provider: Organization | None, levels: Sequence[DraftLoop]) -> DraftLoop:
    billing = loop(
        "2010AA",
        named("85", provider, "claim.provider"),
        *need_address(provider, "claim.provider"),
        tax(provider, "EI"),
        contacted("IC", None, provider.telecom) if provider is not None else None,
    )
    return loop("2000A", segment("HL", None, None, "20"), billing, *levels)


def _insured(event: ClaimSubmitted, consents: Consents) -> DraftLoop:
    return insured_level(event, _claim(event, consents))


def _claim(event: ClaimSubmitted, consents: Consents) -> DraftLoop:
    claim = event.claim
    return loop(
        "2300",
        _clm(claim, consents),
        *_dates(claim),
        _admission(claim),
        *_references(event),
        _paid(claim),
        *_diagnoses(claim),
        *_procedures(claim),
        *_providers(claim),
        *other_payers(event),
        *[line(claim, item) for item in claim.item],
    )


def _clm(claim: Claim, consents: Consents) -> Draft:
    facility = claim.type == "institutional"
    place = (need(claim.facility_type, "the place of service", "claim.facilityType"), "A" if facility else "B")
    accident = (*claim.accident[:3],) or None
    return segment(
        "CLM",
        claim.identifier[0].value,
        claim.total.value,
        None,
        None,
        (*place, claim.frequency or "1"),
        None if facility else consents.signature,
        consents.assignment,
        consents.benefits,
        consents.release,
        None,
        None if facility else accident,
    )


def _dates(claim: Claim) -> list[Draft | None]:
    """Of the statement, the admission and the discharge: to the hour in a facility's claim."""
    stay = claim.admission or Period()
    if claim.type != "institutional":
        service = dated("472", claim.billable_period) if claim.type == "dental" else None
        return [service, dated("435", _only(stay.start)), dated("096", _only(stay.end))]
    came, left = moment(stay.start), moment(stay.end)
    return [
        dated("434", claim.billable_period or _span(claim)),
        segment("DTP", "435", "DT", came) if came is not None else dated("435", _only(stay.start)),
        segment("DTP", "096", "TM", f"{left:%H%M}") if left is not None else None,
    ]


def _only(text: str | None) -> Period | None:
    return Period(start=text, end=text) if text else None


def _span(claim: Claim) -> Period | None:
    """From the first to the last day of its lines."""
    days = [text for item in claim.item if item.serviced for text in (item.serviced.start, item.serviced.end) if text]
    return Period(start=min(days), end=max(days)) if days else None


def _admission(claim: Claim) -> Draft | None:
    """CL1. How urgent the admission was is not known here, and said so."""
    if claim.type != "institutional":
        return None
    return segment(
        "CL1", _UNKNOWN_ADMISSION, None, need(claim.discharge_status, "the discharge status", "claim.dischargeStatus")
    )


def _references(event: ClaimSubmitted) -> list[Draft]:
    claim = event.claim
    numbers = event.patient.identifier if event.patient is not None else ()
    record = chosen(numbers, "MR") if claim.type != "dental" else None
    clearing = next((one for one in claim.identifier[1:] if one.assigner == "clearinghouse"), None)
    pairs = [("9F", claim.referral), *[("G1", one) for one in claim.authorization], ("F8", claim.replaces)]
    pairs += [("D9", clearing), ("EA", record)]
    return [segment("REF", qualifier, number.value) for qualifier, number in pairs if number is not None]


def _paid(claim: Claim) -> Draft | None:
    paid = claim.patient_paid
    code = "F3" if claim.type == "institutional" else "F5"
    return segment("AMT", code, paid.value) if paid is not None else None


def _diagnoses(claim: Claim) -> list[Draft]:
    """HI: one segment where pointers count through them, one for each kind in a facility's claim."""
    composites = [_diagnosis(one, leads=number == 0) for number, one in enumerate(claim.diagnosis)]
    if claim.type != "institutional":
        return [segment("HI", *composites[:_AT_ONCE])] if composites else []
    found = []
    for qualifier, group in groupby(sorted(composites, key=lambda one: one[0]), key=lambda one: one[0]):
        own = list(group)
        size = 1 if qualifier in ("ABK", "BK", "ABJ", "BJ") else _AT_ONCE
        found += [segment("HI", *own[at : at + size]) for at in range(0, len(own), size)]
    return [*found, segment("HI", ("DR", claim.drg))] if claim.drg else found


def _diagnosis(one: Diagnosis, *, leads: bool) -> tuple[str, ...]:
    system = ICD_9_CM if one.code.system == ICD_9_CM else _CURRENT
    type = one.type or ("principal" if leads else "other")
    flagged = [*[""] * 6, one.on_admission] if one.on_admission else []
    return (DIAGNOSIS_QUALIFIER[(type, system)], one.code.code, *flagged)


_CURRENT: Final = next(system for type, system in DIAGNOSIS_QUALIFIER if system != ICD_9_CM)


def _procedures(claim: Claim) -> list[Draft]:
    """HI of an inpatient claim: the principal one by itself, then the others."""
    if claim.type != "institutional" or not claim.procedure:
        return []
    composites = [
        (_procedure(one.code, number == 0), one.code.code, *(("D8", f"{on:%Y%m%d}") if (on := day(one.date)) else ()))
        for number, one in enumerate(claim.procedure)
    ]
    others = composites[1:]
    return [
        segment("HI", composites[0]),
        *[segment("HI", *others[at : at + _AT_ONCE]) for at in range(0, len(others), _AT_ONCE)],
    ]


def _procedure(code: Coding, leads: bool) -> str:
    revision = "" if code.system == ICD_9_CM else "B"
    return revision + ("BR" if leads else "BQ")


def _providers(claim: Claim) -> list[DraftLoop]:
    """The loops 2310, which are numbered otherwise in a facility's claim."""
    facility = claim.type == "institutional"
    found = [
        _clinician("2310F" if facility else "2310A", "DN", claim.referring, "claim.referring"),
        _clinician(
            "2310D" if facility else "2310B", "82", claim.rendering, "claim.rendering", "" if facility else "PE"
        ),
        _clinician("2310A", "71", claim.attending, "claim.attending", "AT") if facility else None,
        _facility("2310E" if facility else "2310C", claim.facility, called=claim.type == "professional"),
    ]
    return [one for one in found if one is not None]


def _clinician(id: str, code: str, who: Practitioner | None, field: str, role: str = "") -> DraftLoop | None:
    if who is None:
        return None
    return loop(id, clinician(code, who, field), specialty(role, who) if role else None)


def _facility(id: str, where: Organization | None, *, called: bool) -> DraftLoop | None:
    if where is None:
        return None
    contact = contacted("IC", None, where.telecom) if called else None
    return loop(id, named("77", where, "claim.facility"), *need_address(where, "claim.facility"), contact)
