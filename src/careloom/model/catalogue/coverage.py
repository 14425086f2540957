"""Events of eligibility, authorization, enrollment and premiums."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.contract import Contract, Terms
from careloom.model.eligibility import (
    Authorization,
    AuthorizationRequest,
    CoverageEligibilityRequest,
    CoverageEligibilityResponse,
    Enrollment,
    PremiumPayment,
)
from careloom.model.entities import Coverage, Patient
from careloom.model.events import CanonicalEvent
from careloom.model.subject import About


class EligibilityRequested(CanonicalEvent, frozen=True, kw_only=True):
    """A payer was asked whether it covers a patient, or is to be asked."""

    type: ClassVar[str] = "eligibility.requested.v1"
    about: ClassVar[tuple[About, ...]] = (About("Eligibility", "request.identifier", by_number=True),)

    request: CoverageEligibilityRequest
    patient: Patient | None = None


class EligibilityAnswered(CanonicalEvent, frozen=True, kw_only=True):
    """A payer said whether and how it covers a patient, or that it cannot say."""

    type: ClassVar[str] = "eligibility.answered.v1"
    about: ClassVar[tuple[About, ...]] = (About("Eligibility", "response.request", by_number=True),)

    response: CoverageEligibilityResponse
    patient: Patient | None = None


class AuthorizationRequested(CanonicalEvent, frozen=True, kw_only=True):
    """A payer was asked for leave to give a service, or is to be asked."""

    type: ClassVar[str] = "authorization.requested.v1"
    about: ClassVar[tuple[About, ...]] = (About("Authorization", "request.identifier", by_number=True),)

    request: AuthorizationRequest
    patient: Patient | None = None
    coverage: tuple[Coverage, ...] = ()


class AuthorizationEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A payer's decision on a request for authorization."""

    about: ClassVar[tuple[About, ...]] = (About("Authorization", "authorization.request", by_number=True),)

    authorization: Authorization
    patient: Patient | None = None
    coverage: tuple[Coverage, ...] = ()


class AuthorizationGranted(AuthorizationEvent, frozen=True, kw_only=True):
    """A payer allows a service, all of it or a part.

    `authorization.decision` is `granted`, `modified` or `not-required`.
    """

    type: ClassVar[str] = "authorization.granted.v1"


class AuthorizationDenied(AuthorizationEvent, frozen=True, kw_only=True):
    """A payer refuses to pay for a service."""

    type: ClassVar[str] = "authorization.denied.v1"


class AuthorizationPended(AuthorizationEvent, frozen=True, kw_only=True):
    """A payer has not decided yet, and looks further or asks for more."""

    type: ClassVar[str] = "authorization.pended.v1"


class AuthorizationCancelled(AuthorizationEvent, frozen=True, kw_only=True):
    """An authorization, or the request for it, no longer holds."""

    type: ClassVar[str] = "authorization.cancelled.v1"


class EnrollmentChanged(CanonicalEvent, frozen=True, kw_only=True):
    """A member joined or left a health plan, or what the plan knows of a member changed."""

    type: ClassVar[str] = "enrollment.changed.v1"
    about: ClassVar[tuple[About, ...]] = (About("Enrollment", "enrollment.identifier", by_number=True),)

    enrollment: Enrollment
    member: Patient


class PremiumPaid(CanonicalEvent, frozen=True, kw_only=True):
    """An employer or a member paid premiums to an insurer."""

    type: ClassVar[str] = "premium.paid.v1"
    about: ClassVar[tuple[About, ...]] = (About("Payment", "premium.identifier", by_number=True),)

    premium: PremiumPayment


_QUESTIONS = Terms(
    owner="patient-access",
    source_of_truth="the flow that asks",
    publishers=("ehr", "clearinghouse", "careloom"),
    data_classes=("phi",),
    retention_years=6,
    retry="urgent",
)
_ANSWERS = Terms(
    owner="payer-relations",
    source_of_truth="the payer",
    publishers=("payer", "clearinghouse", "careloom"),
    data_classes=("phi", "financial"),
    retention_years=6,
    retry="urgent",
)
_PLANS = Terms(
    owner="payer-relations",
    source_of_truth="the sponsor of the plan",
    publishers=("payer", "clearinghouse", "hr"),
    data_classes=("phi", "financial"),
    retention_years=7,
)

CONTRACTS: tuple[Contract, ...] = (
    _QUESTIONS.contract(EligibilityRequested),
    _QUESTIONS.contract(AuthorizationRequested),
    _ANSWERS.contract(EligibilityAnswered),
    _ANSWERS.contract(AuthorizationGranted),
    _ANSWERS.contract(AuthorizationDenied),
    _ANSWERS.contract(AuthorizationPended),
    _ANSWERS.contract(AuthorizationCancelled),
    _PLANS.contract(EnrollmentChanged),
    _PLANS.contract(PremiumPaid),
)
