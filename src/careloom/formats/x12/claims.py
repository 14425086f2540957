"""Professional claims (837P) from plain values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec

from careloom.formats.x12.building import BuiltSet, build
from careloom.formats.x12.drafting import Draft, DraftLoop, loop, segment
from careloom.formats.x12.parties import Organization, Person, addressed, contact, period

PROFESSIONAL = "005010X222A1"


class ServiceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One SV1: what was done when, `pointers` to the diagnoses (from 1), `control` the line's own number (REF 6R)."""

    procedure: str
    charge: Decimal
    units: Decimal | int
    first: date
    last: date | None = None
    modifiers: tuple[str, ...] = ()
    pointers: tuple[int, ...] = (1,)
    unit: str = "UN"
    control: str = ""


class ProfessionalClaim(msgspec.Struct, frozen=True, kw_only=True):
    """One CLM with its subscriber and patient. `patient` is None where the subscriber is the patient.

    `diagnoses` are ICD-10-CM codes, the principal first. CLM02 is the sum of the lines. `filing` is SBR09, `frequency`
    CLM05-3; a replaced or void claim (7, 8) names the payer's number of the first in `original`.
    """

    claim: str
    subscriber: Person
    payer: Organization
    lines: tuple[ServiceLine, ...]
    diagnoses: tuple[str, ...]
    patient: Person | None = None
    relationship: str = "19"
    group_number: str = ""
    filing: str = "CI"
    priority: str = "P"
    place: str = "11"
    frequency: str = "1"
    original: str = ""
    authorisation: str = ""
    rendering: Person | None = None

    @property
    def total(self) -> Decimal:
        """CLM02."""
        return sum((line.charge for line in self.lines), Decimal(0))


class ClaimBatch(msgspec.Struct, frozen=True, kw_only=True):
    """One 837P: the claims of one billing provider. `reference` is BHT03, which a 277CA repeats."""

    reference: str
    created: datetime
    submitter: Organization
    receiver: Organization
    provider: Organization
    claims: tuple[ProfessionalClaim, ...]


def professional(batch: ClaimBatch) -> BuiltSet:
    """The 837P (005010X222A1) of a batch. FormatError, naming the place, for what the guide does not take."""
    provider = batch.provider
    billing = loop(
        "2010AA", provider.named("85"), *addressed(provider),
        segment("REF", "EI", provider.tax_identifier) if provider.tax_identifier else None, contact(provider),
    )  # fmt: skip
    created = batch.created
    content: list[Draft | DraftLoop] = [
        segment("BHT", "0019", "00", batch.reference, created.date(), created.time(), "CH"),
        loop("1000A", batch.submitter.named("41"), contact(batch.submitter)),
        loop("1000B", batch.receiver.named("40")),
        loop("2000A", segment("HL", None, None, "20"), billing, *(_subscriber(claim) for claim in batch.claims)),
    ]
    return build("837", PROFESSIONAL, content)


def _subscriber(claim: ProfessionalClaim) -> DraftLoop:
    """2000B, with the claim in it where the subscriber is the patient, else with the patient's level."""
    same = claim.patient is None
    subscriber = claim.subscriber
    own = (*addressed(subscriber), subscriber.demographics()) if same else ()
    return loop(
        "2000B", segment("HL", None, None, "22"),
        segment(
            "SBR", claim.priority, "18" if same else None, claim.group_number, *[None] * 5, claim.filing
        ),
        loop("2010BA", subscriber.named("IL"), *own),
        loop("2010BB", claim.payer.named("PR"), *addressed(claim.payer)),
        _claim(claim) if same else _patient(claim),
    )  # fmt: skip


def _patient(claim: ProfessionalClaim) -> DraftLoop:
    assert claim.patient is not None
    patient = msgspec.structs.replace(claim.patient, identifier="")
    return loop(
        "2000C", segment("HL", None, None, "23"), segment("PAT", claim.relationship),
        loop("2010CA", patient.named("QC"), *addressed(patient), patient.demographics()), _claim(claim),
    )  # fmt: skip


def _claim(claim: ProfessionalClaim) -> DraftLoop:
    diagnoses = [
        ("ABK" if number == 0 else "ABF", code.replace(".", "")) for number, code in enumerate(claim.diagnoses)
    ]
    rendering = claim.rendering
    return loop(
        "2300",
        segment("CLM", claim.claim, claim.total, None, None, (claim.place, "B", claim.frequency), "Y", "A", "Y", "Y"),
        _reference("F8", claim.original), _reference("G1", claim.authorisation), segment("HI", *diagnoses),
        loop("2310B", rendering.named("82")) if rendering else None, *_lines(claim.lines),
    )  # fmt: skip


def _lines(lines: Sequence[ServiceLine]) -> list[DraftLoop]:
    return [
        loop(
            "2400", segment("LX"),
            segment(
                "SV1", ("HC", line.procedure, *line.modifiers), line.charge, line.unit, line.units, None, None,
                line.pointers,
            ),
            segment("DTP", "472", *period(line.first, line.last)), _reference("6R", line.control),
        )
        for line in lines
    ]  # fmt: skip


def _reference(qualifier: str, value: str) -> Draft | None:
    return segment("REF", qualifier, value) if value else None
