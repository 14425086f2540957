"""837: claims as they are sent to payers (guides X222, X223, X224)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.claim_lines import items
from careloom.mapping.x12.codes import DIAGNOSIS, PROCEDURE
from careloom.mapping.x12.insurance import coverages, prior_payments, subscriber
from careloom.mapping.x12.parties import family_number, organization, patient, practitioner
from careloom.mapping.x12.source import Row, Source, child, present
from careloom.model import (
    Claim,
    ClaimProcedure,
    ClaimSubmitted,
    Coding,
    Diagnosis,
    Identifier,
    Organization,
    Patient,
    Period,
    Practitioner,
)

_DEFAULTS = Settings()
ClaimType: TypeAlias = Literal["professional", "institutional", "dental"]
_GUIDES: Final[Mapping[str, ClaimType]] = {
    "X222": "professional", "X223": "institutional", "X224": "dental",
    "X098": "professional", "X096": "institutional", "X097": "dental",
}  # fmt: skip
_LINES: Final[Mapping[str, ClaimType]] = {"SV1": "professional", "SV2": "institutional", "SV3": "dental"}
# Which of the loops 2310 names whom (NM101), and in what part of a claim.
_RENDERING, _REFERRING, _ATTENDING, _FACILITY = ("82",), ("DN", "P3"), ("71",), ("77", "FA", "LI", "TL")

DROPPED: Mapping[str, str] = {
    "1000A": "who sends the file: the submitter is a matter of the connection",
    "1000B": "who receives the file: the receiver is a matter of the connection",
    "2010AB": "where to pay, if not to the billing provider: agreed with the payer",
    "2010AC": "the plan that pays the provider: agreed with the payer",
    "2000A/PRV": "the specialty of the billing provider is known of it",
    "2010BA/REF": "a casualty claim's number, and the subscriber's social security number",
    "2010BB/REF": "numbers that the payer knows the provider by",
    "2300/CLM06": "signatures and consents to assignment and release are kept where they were given",
    "2300/CLM07": "signatures and consents to assignment and release are kept where they were given",
    "2300/CLM08": "signatures and consents to assignment and release are kept where they were given",
    "2300/CLM09": "signatures and consents to assignment and release are kept where they were given",
    "2300/DTP": "dates of the illness are clinical; those of the stay and the service are carried",
    "2300/PWK": "attachments are sent and told as documents",
    "2300/CN1": "terms of the payer's contract",
    "2300/CR1": "ambulance certification: the payer's form",
    "2300/CR2": "spinal manipulation certification: clinical",
    "2300/CRC": "the patient's condition is clinical",
    "2300/K3": "free text of a state's own rules",
    "2300/NTE": "notes may be clinical",
    "2300/HI": "occurrences, values and conditions of a facility claim: the billing system has them",
    "2300/HCP": "a repricer's figures",
    "2300/DN1": "months of orthodontic treatment are clinical",
    "2300/DN2": "the state of the teeth is clinical",
    "2310D": "further providers (supervising, operating, ambulance): they bear on no posting",
    "2310E": "further providers (supervising, operating, ambulance): they bear on no posting",
    "2310F": "further providers (supervising, operating, ambulance): they bear on no posting",
    "2320/OI": "signatures and consents to assignment and release are kept where they were given",
    "2320/MIA": "another payer's pricing details",
    "2320/MOA": "another payer's pricing details",
    "2330C": "providers as another payer knows them",
    "2330D": "providers as another payer knows them",
    "2400/SV5": "rental of equipment: its price is the line's",
    "2400/CRC": "the patient's condition is clinical",
    "2400/MEA": "test results are clinical",
    "2400/PWK": "attachments are sent and told as documents",
    "2400/NTE": "notes may be clinical",
    "2440": "forms of the payer",
}  # fmt: skip


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """A `claim.submitted` for each claim. Raises MappingError for a claim without its number (`CLM01`), total
    (`CLM02`) or lines, or with amounts that are none."""
    source = Source(transaction, settings)
    type = _type(source)
    events = [_submitted(source, claim, type) for claim in source.root.loops("2300")]
    return source.translation([*events], "a slice or a file without claims")


def _type(source: Source) -> ClaimType:
    for guide, type in _GUIDES.items():
        if guide in source.transaction.version:
            return type
    for segment in source.transaction.segments:
        if segment.id in _LINES:
            return _LINES[segment.id]
    return "professional"


def _submitted(source: Source, claim: Loop, type: ClaimType) -> ClaimSubmitted:
    return source.event(
        ClaimSubmitted,
        claim=_claim(source, claim, type),
        patient=_patient(source, claim),
        subscriber=subscriber(source, claim),
        coverage=coverages(source, claim),
    )


def _claim(source: Source, claim: Loop, type: ClaimType) -> Claim:
    clm = source.row(claim, "CLM")
    number = Identifier(value=clm.need(1, "the provider's number of the claim"))
    clearing = source.ref(claim, "D9")
    bht = source.row(source.root, "BHT")
    return Claim(
        identifier=present(number, _clearing(clearing)),
        type=type,
        frequency=clm.text(5, 3),
        replaces=source.first(claim, "REF", "F8").identifier(2),
        created=bht.day(4),
        billable_period=_days(source, claim),
        admission=_admission(source, claim),
        facility_type=clm.text(5, 1),
        discharge_status=source.row(claim, "CL1").text(3),
        provider=organization(source, _around(claim, "2000A", "2010AA"), "provider"),
        rendering=_person(source, claim, _RENDERING),
        referring=_person(source, claim, _REFERRING),
        attending=_person(source, claim, _ATTENDING),
        facility=_facility(source, claim),
        authorization=tuple([one for ref in source.rows(claim, "REF", "G1") if (one := ref.identifier(2))]),
        referral=source.first(claim, "REF", "9F").identifier(2),
        diagnosis=_diagnoses(source, claim),
        procedure=_procedures(source, claim),
        drg=_drg(source, claim),
        item=items(source, claim),
        total=clm.need_money(2, "the total of the claim"),
        patient_paid=source.first(claim, "AMT", "F5", "F3").money(2),
        prior_payment=prior_payments(source, claim),
        accident=tuple([code for one in (1, 2, 3) if (code := clm.text(11, one))]),
    )


def _clearing(number: str | None) -> Identifier | None:
    return Identifier(value=number, assigner="clearinghouse", use="secondary") if number else None


def _around(claim: Loop, outer: str, inner: str) -> Loop | None:
    return child(claim.around(outer), inner)


def _patient(source: Source, claim: Loop) -> Patient | None:
    """The dependent of 2010CA, else the subscriber; known by the record number (REF EA), the member number, else by
    the number of the claim as that of an account."""
    record = source.first(claim, "REF", "EA").identifier(2, "MR")
    account = Identifier(value=source.row(claim, "CLM").need(1, "the provider's number of the claim"), type="AN")
    insured = _around(claim, "2000B", "2010BA")
    dependent = _around(claim, "2000C", "2010CA")
    if dependent is not None:
        return _first(record, patient(source, dependent, account, family_number(insured, source)))
    return _first(record, patient(source, insured, account)) if insured is not None else None


def _first(record: Identifier | None, found: Patient | None) -> Patient | None:
    if record is None or found is None:
        return found
    return Patient(
        identifier=present(record, *found.identifier), name=found.name, birth_date=found.birth_date,
        gender=found.gender, address=found.address, telecom=found.telecom,
    )  # fmt: skip


def _days(source: Source, claim: Loop) -> Period | None:
    """When the services were given: of the claim (434, 472), as the sender states it."""
    return source.first(claim, "DTP", "434", "472").period()


def _admission(source: Source, claim: Loop) -> Period | None:
    """From the admission (435) to the discharge: 096 names a day, or the hour of the statement's last day."""
    start = source.first(claim, "DTP", "435").period()
    leaving = source.first(claim, "DTP", "096")
    end = leaving.period() if leaving.text(2) != "TM" else _discharged(source, claim, leaving)
    if start is None and end is None:
        return None
    return Period(start=start.start if start else None, end=end.end if end else None)


def _discharged(source: Source, claim: Loop, leaving: Row) -> Period | None:
    days = _days(source, claim)
    if days is None or days.end is None:
        return None
    return Period(end=source.at(days.end, leaving.clock(3)))


def _named(claim: Loop, codes: tuple[str, ...]) -> Loop | None:
    inner = [one for one in claim.content if isinstance(one, Loop) and one.id.startswith("2310")]
    return next((one for one in inner if one.segments()[0][1] in codes), None)


def _person(source: Source, claim: Loop, codes: tuple[str, ...]) -> Practitioner | None:
    return practitioner(source, _named(claim, codes))


def _facility(source: Source, claim: Loop) -> Organization | None:
    return organization(source, _named(claim, _FACILITY))


def _composites(source: Source, claim: Loop) -> list[list[str | None]]:
    """The composites of all HI segments of a claim, each at least ten components long."""
    rows = source.rows(claim, "HI")
    return [hi.parts(element, 10) for hi in rows for element in range(1, 13) if hi.text(element)]


def _diagnoses(source: Source, claim: Loop) -> tuple[Diagnosis, ...]:
    found = [one for one in _composites(source, claim) if one[0] in DIAGNOSIS and one[1]]
    return tuple([_diagnosis(sequence, one) for sequence, one in enumerate(found, 1)])


def _diagnosis(sequence: int, parts: list[str | None]) -> Diagnosis:
    type, system = DIAGNOSIS[parts[0] or ""]
    return Diagnosis(
        sequence=sequence, code=Coding(code=parts[1] or "", system=system), type=type, on_admission=parts[8]
    )


def _procedures(source: Source, claim: Loop) -> tuple[ClaimProcedure, ...]:
    found = [one for one in _composites(source, claim) if one[0] in PROCEDURE and one[1]]
    return tuple(
        [
            ClaimProcedure(
                sequence=sequence,
                code=Coding(code=one[1] or "", system=PROCEDURE[one[0] or ""]),
                date=source.day(one[3]),
            )
            for sequence, one in enumerate(found, 1)
        ]
    )


def _drg(source: Source, claim: Loop) -> str | None:
    return next((one[1] for one in _composites(source, claim) if one[0] == "DR"), None)


MAPPINGS = (SetMapping("x12", ("837",), translate),)
