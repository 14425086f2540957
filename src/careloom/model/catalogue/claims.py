"""Events of claims and what is paid for them."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.amounts import Money
from careloom.model.claims import Claim, ClaimResponse
from careloom.model.contract import Contract, Terms
from careloom.model.datatypes import Identifier, Period
from careloom.model.entities import Coverage, Organization, Patient, RelatedPerson
from careloom.model.events import CanonicalEvent
from careloom.model.remittance import ExplanationOfBenefit, Remittance
from careloom.model.subject import About


class ClaimSubmitted(CanonicalEvent, frozen=True, kw_only=True):
    """A claim was sent to a payer, or is ready to be."""

    type: ClassVar[str] = "claim.submitted.v1"
    about: ClassVar[tuple[About, ...]] = (About("Claim", "claim.identifier", by_number=True),)

    claim: Claim
    patient: Patient | None = None
    subscriber: RelatedPerson | None = None
    coverage: tuple[Coverage, ...] = ()


class ClaimResponseEvent(CanonicalEvent, frozen=True, kw_only=True):
    """What a payer or a clearinghouse says of a claim before it pays."""

    about: ClassVar[tuple[About, ...]] = (About("Claim", "response.claim", by_number=True),)

    response: ClaimResponse
    patient: Patient | None = None


class ClaimAcknowledged(ClaimResponseEvent, frozen=True, kw_only=True):
    """A clearinghouse or a payer took a claim and will process it."""

    type: ClassVar[str] = "claim.acknowledged.v1"


class ClaimRejected(ClaimResponseEvent, frozen=True, kw_only=True):
    """A clearinghouse or a payer did not take a claim: it must be corrected and sent again."""

    type: ClassVar[str] = "claim.rejected.v1"


class ClaimStatusChanged(ClaimResponseEvent, frozen=True, kw_only=True):
    """A payer said where a claim stands."""

    type: ClassVar[str] = "claim.status_changed.v1"


class ClaimStatusRequested(CanonicalEvent, frozen=True, kw_only=True):
    """A payer was asked where a claim stands, or is to be asked.

    `request` is the number of the inquiry, which the answer repeats.
    """

    type: ClassVar[str] = "claim.status_requested.v1"
    about: ClassVar[tuple[About, ...]] = (About("Claim", "claim", by_number=True),)

    claim: Identifier
    request: Identifier | None = None
    payer_claim: Identifier | None = None
    payor: Organization | None = None
    provider: Organization | None = None
    serviced: Period | None = None
    charged: Money | None = None
    patient: Patient | None = None


class ClaimAdjudicated(CanonicalEvent, frozen=True, kw_only=True):
    """A payer decided what it pays for a claim, as part of a remittance."""

    type: ClassVar[str] = "claim.adjudicated.v1"
    about: ClassVar[tuple[About, ...]] = (About("Claim", "explanation.claim", by_number=True),)

    explanation: ExplanationOfBenefit
    patient: Patient | None = None
    subscriber: RelatedPerson | None = None


class RemittanceReceived(CanonicalEvent, frozen=True, kw_only=True):
    """A payer paid for claims, or took money back.

    It comes before the `claim.adjudicated.v1` of the claims in it, which have the same correlation id.
    """

    type: ClassVar[str] = "remittance.received.v1"
    about: ClassVar[tuple[About, ...]] = (About("Remittance", "remittance.identifier", by_number=True),)

    remittance: Remittance


_CLAIMS = Terms(
    owner="revenue-cycle",
    source_of_truth="the system that makes the claim",
    publishers=("ehr", "clearinghouse", "careloom"),
    data_classes=("phi", "financial"),
    retention_years=7,
)
_ANSWERS = Terms(
    owner="revenue-cycle",
    source_of_truth="the payer",
    publishers=("payer", "clearinghouse"),
    data_classes=("phi", "financial"),
    retention_years=7,
)

CONTRACTS: tuple[Contract, ...] = (
    _CLAIMS.contract(ClaimSubmitted),
    _CLAIMS.contract(ClaimStatusRequested),
    _ANSWERS.contract(ClaimAcknowledged),
    _ANSWERS.contract(ClaimRejected),
    _ANSWERS.contract(ClaimStatusChanged),
    _ANSWERS.contract(ClaimAdjudicated),
    _ANSWERS.contract(RemittanceReceived),
)
