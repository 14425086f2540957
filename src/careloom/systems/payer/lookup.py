"""Whether a payer covers somebody, asked at a desk: the question becomes a 270, and the 271 what a clerk must know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, Protocol

from careloom.core.errors import ContractBroken, Rejected, Unavailable
from careloom.mapping.x12.codes import REJECT
from careloom.model import (
    Benefit,
    Coverage,
    CoverageEligibilityRequest,
    CoverageEligibilityResponse,
    EligibilityRequested,
    Identifier,
    Organization,
    Patient,
    Period,
)
from careloom.systems.payer.asking import asker
from careloom.systems.payer.settings import Desk

ELIGIBILITY: Final = "eligibility"
_COPAY: Final = "B"
_WHERE: Final = ("98", "30")
"""Service types of a visit at an office and of the plan as a whole (data element 1365), the nearer first."""
_NOBODY: Final = frozenset({"67", "68", "71", "72", "75", "76", "78"})
"""Reject reasons (data element 901) by which the payer knows no such member, or more than one."""
_LATER: Final = frozenset({"42", "80"})
"""Those by which it cannot say now."""


class Question(Protocol):
    """The gateway's parameters of the shape `eligibility`."""

    @property
    def payer(self) -> str: ...
    @property
    def member(self) -> str: ...
    @property
    def birth_date(self) -> date | None: ...
    @property
    def service_date(self) -> date | None: ...


def requested(asked: Question, desk: Desk, number: str, today: date) -> EligibilityRequested | None:
    """The question as an event makes one, with `number` as its trace; None for a payer that is not asked here."""
    name = desk.payers.get(asked.payer)
    if name is None:
        return None
    insurer = Organization(name=name, identifier=(Identifier(value=asked.payer, type="NIIP"),))
    serviced = (asked.service_date or today).isoformat()
    member = Identifier(value=asked.member, type="MB")
    return EligibilityRequested(
        trigger="look-up",
        request=CoverageEligibilityRequest(
            identifier=(Identifier(value=number),),
            serviced=Period(start=serviced, end=serviced),
            insurer=insurer,
            provider=asker(desk),
            coverage=Coverage(payor=insurer, subscriber_id=asked.member, relationship="self"),
        ),
        patient=Patient(
            identifier=(member,), birth_date=asked.birth_date.isoformat() if asked.birth_date is not None else None
        ),
    )


def told(response: CoverageEligibilityResponse) -> Mapping[str, Any] | None:
    """The answer by the words of the shape; None where the payer does not know the member.

    Raises Unavailable where the payer cannot say now, Rejected for another reason not to look, ContractBroken when the
    answer does not say whether the coverage is in force.
    """
    if response.active is None:
        _look_at({one.code for one in response.error if one.system == REJECT and one.code})
        return None
    copay = _copay(response.benefit)
    plan = response.coverage.plan if response.coverage is not None else None
    return {
        "active": response.active,
        "plan": plan.name if plan is not None else None,
        "copay": f"{copay.value:f}" if copay is not None else None,
        "currency": copay.currency if copay is not None else None,
        "reference": next((one.value for one in response.identifier), None),
    }


def _look_at(reasons: set[str]) -> None:
    """Raises what the reasons mean, unless it is that nobody is known by that number."""
    if not reasons:
        raise ContractBroken("the payer's answer does not say whether the coverage is in force; ask the payer")
    if reasons & _LATER:
        raise Unavailable("the payer says that it cannot answer now; ask again")
    if not reasons <= _NOBODY:
        raise Rejected("the payer does not look into the question; the 271 in the log says why (AAA03)")


def _copay(benefits: Iterable[Benefit]) -> Any:
    """What the patient pays at a visit: of the service nearest to one, and only where the payer names one amount."""
    lines = [one for one in benefits if one.kind == _COPAY and one.amount is not None and one.in_network is not False]
    for about in _nearest(lines):
        amounts = {one.amount for one in about}
        if amounts:
            return amounts.pop() if len(amounts) == 1 else None
    return None


def _nearest(lines: list[Benefit]) -> Iterator[list[Benefit]]:
    for service in _WHERE:
        yield [one for one in lines if service in one.service_type]
    yield [one for one in lines if not one.service_type and one.service is None]
