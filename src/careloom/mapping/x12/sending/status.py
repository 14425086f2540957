"""276 (005010X212)."""

from __future__ import annotations

from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.sending.drafts import dated, demographics, dependent, insured, level, named, opened
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.model import ClaimStatusRequested, Identifier, RelatedPerson

VERSION: Final = "005010X212"


def to_276(event: ClaimStatusRequested, envelope: Envelope, subscriber: RelatedPerson | None = None) -> bytes:
    """The question as an interchange with one set. `subscriber` is the policy holder where the patient is a dependent:
    the event names the patient alone.

    Raises MappingError without the patient, the payer or the provider; FormatError for values the guide does not take.
    """
    return written([status_set(event, envelope, subscriber)], envelope)


def status_set(event: ClaimStatusRequested, envelope: Envelope, subscriber: RelatedPerson | None = None) -> BuiltSet:
    """The set alone."""
    number = event.request or Identifier(value=f"{envelope.control}")
    provider = loop(
        "2000C",
        level("19"),
        loop("2100C", named("1P", event.provider, "provider")),
        _patient(event, number, subscriber),
    )
    receiver = loop("2000B", level("21"), loop("2100B", _asker(event, envelope)), provider)
    content: list[Draft | DraftLoop] = [
        opened("0010", "13", number.value, event.occurred or envelope.time),
        loop("2000A", level("20"), loop("2100A", named("PR", event.payor, "payor")), receiver),
    ]
    return build("276", VERSION, content, purpose="13")


def _asker(event: ClaimStatusRequested, envelope: Envelope) -> Draft:
    """NM1 41: who asks, known by its electronic number."""
    asker = envelope.submitter or event.provider
    name = asker.name if asker is not None else None
    number = asker.identifier[0].value if asker is not None and asker.identifier else envelope.sender
    return segment("NM1", "41", 2, name, *[None] * 4, "46", number)


def _patient(event: ClaimStatusRequested, number: Identifier, subscriber: RelatedPerson | None) -> DraftLoop:
    patient = event.patient
    if patient is None:
        raise MappingError("the question is about nobody; give the patient", "patient")
    own = number if event.request is not None else None
    asked = _asked(event, own or number)
    family = next((one.value for one in patient.identifier if one.type == "SN"), None)
    if subscriber is None and family is None:
        return loop(
            "2000D",
            level("22"),
            demographics(patient),
            loop("2100D", insured("IL", patient, None, "patient")),
            loop("2200D", *asked),
        )
    holder = subscriber or RelatedPerson(name=patient.name)
    return loop(
        "2000D",
        level("22"),
        loop("2100D", insured("IL", holder, family, "subscriber")),
        loop(
            "2000E",
            level("23"),
            demographics(patient),
            loop("2100E", dependent("QC", patient, "patient", numbered=False)),
            loop("2200E", *asked),
        ),
    )


def _asked(event: ClaimStatusRequested, number: Identifier) -> list[Draft | None]:
    by_own = event.claim.use != "secondary"
    payers = event.payer_claim
    return [
        segment("TRN", 1, number.value),
        segment("REF", "1K", payers.value) if payers is not None else None,
        segment("REF", "EJ", event.claim.value) if by_own else None,
        segment("AMT", "T3", event.charged.value) if event.charged is not None else None,
        dated("472", event.serviced),
    ]
