"""Events of the house's own doings."""

from __future__ import annotations

from typing import ClassVar, Literal

from careloom.model.contract import Contract, Terms
from careloom.model.events import CanonicalEvent
from careloom.model.operations import Case, TransmissionAcknowledgement
from careloom.model.subject import About


class ExceptionEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A fact about one exception: work for a person, that no rule could settle."""

    about: ClassVar[tuple[About, ...]] = (About("Case", "case.identifier"),)

    case: Case


class ExceptionRaised(ExceptionEvent, frozen=True, kw_only=True):
    """Something could not be handled by rule and needs a person."""

    type: ClassVar[str] = "exception.raised.v1"


class ExceptionEscalated(ExceptionEvent, frozen=True, kw_only=True):
    """An exception has waited for half of its time, or for all of it; each is told once."""

    type: ClassVar[str] = "exception.escalated.v1"

    level: Literal["half-time", "overdue"]


class ExceptionResolved(ExceptionEvent, frozen=True, kw_only=True):
    """A person or a later event settled an exception."""

    type: ClassVar[str] = "exception.resolved.v1"


class TransmissionAcknowledged(CanonicalEvent, frozen=True, kw_only=True):
    """A partner took a file or an interchange, or refused it, before looking at the business in it."""

    type: ClassVar[str] = "transmission.acknowledged.v1"
    about: ClassVar[tuple[About, ...]] = (About("Transmission", "acknowledgement.transmission", by_number=True),)

    acknowledgement: TransmissionAcknowledgement


_CASES = Terms(
    owner="integration",
    source_of_truth="Careloom",
    publishers=("careloom",),
    data_classes=("operational",),
    retention_years=7,
    retry="urgent",
)
_TRANSMISSIONS = Terms(
    owner="integration",
    source_of_truth="the partner that received it",
    publishers=("payer", "clearinghouse", "supplier", "bank"),
    data_classes=("operational",),
    retention_years=7,
)

CONTRACTS: tuple[Contract, ...] = (
    _CASES.contract(ExceptionRaised),
    _CASES.contract(ExceptionEscalated),
    _CASES.contract(ExceptionResolved),
    _TRANSMISSIONS.contract(TransmissionAcknowledged),
)
