"""270 (005010X279A1)."""

from __future__ import annotations

from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.sending.drafts import (
    addressed,
    dated,
    demographics,
    dependent,
    insured,
    level,
    named,
    opened,
    procedure,
    relation,
    repeated,
    tax,
    trace,
)
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.model import Coverage, CoverageEligibilityRequest, EligibilityRequested, Patient, RelatedPerson

VERSION: Final = "005010X279A1"
_PLAN_WIDE: Final = ("30",)


def to_270(event: EligibilityRequested, envelope: Envelope, *, by_number: bool = False) -> bytes:
    """The question as an interchange with one set. `by_number`: a subscriber may be known by the member number
    alone, without a name.

    Raises MappingError without the patient, the payer or the provider; FormatError for values the guide does not take.
    """
    return written([eligibility_set(event, envelope, by_number=by_number)], envelope)


def eligibility_set(event: EligibilityRequested, envelope: Envelope, *, by_number: bool = False) -> BuiltSet:
    """The set alone."""
    request = event.request
    traced, reference = trace(request.identifier, envelope.company)
    made = event.occurred or envelope.time
    provider = loop("2100B", named("1P", request.provider, "request.provider"), tax(request.provider, "TJ"))
    content: list[Draft | DraftLoop] = [
        opened("0022", "13", reference, made),
        loop(
            "2000A",
            level("20"),
            loop("2100A", named("PR", request.insurer, "request.insurer")),
            loop("2000B", level("21"), provider, _insured(event, traced, by_number=by_number)),
        ),
    ]
    return build("270", VERSION, content, purpose="13")


def _insured(event: EligibilityRequested, traced: Draft | None, *, by_number: bool) -> DraftLoop:
    request, patient = event.request, event.patient
    if patient is None:
        raise MappingError("the question is about nobody; give the patient", "patient")
    coverage = request.coverage or Coverage()
    holder = coverage.policy_holder
    if holder is None:
        known = by_number and bool(coverage.subscriber_id)
        name = insured("IL", patient, coverage.subscriber_id, "patient", required=not known)
        person = loop("2100C", name, *_known(patient, coverage), *_asked(request, "2110C"))
        return loop("2000C", level("22"), traced, person)
    subscriber = loop(
        "2100C",
        insured("IL", holder, coverage.subscriber_id, "request.coverage.policyHolder", required=False),
        *_known(holder, coverage),
    )
    code = relation(coverage)
    person = loop(
        "2100D",
        dependent("03", patient, "patient"),
        *_described(patient),
        segment("INS", "N", code) if code else None,
        _plan(coverage),
        *_asked(request, "2110D"),
    )
    return loop("2000C", level("22"), subscriber, loop("2000D", level("23"), traced, person))


def _known(who: Patient | RelatedPerson, coverage: Coverage) -> list[Draft | None]:
    group = coverage.group
    number = segment("REF", "6P", group.value, group.name) if group is not None and group.value else None
    plan = _plan(coverage) if coverage.policy_holder is None else None
    return [*_described(who), number, plan]


def _plan(coverage: Coverage) -> Draft | None:
    plan = coverage.plan
    return segment("REF", "18", plan.value, plan.name) if plan is not None and plan.value else None


def _described(who: Patient | RelatedPerson) -> list[Draft | None]:
    return [*addressed(who.address), demographics(who)]


def _asked(request: CoverageEligibilityRequest, id: str) -> list[Draft | DraftLoop | None]:
    """The day, then what is asked: the plan as a whole where nothing is named."""
    types = request.service_type or (() if request.service else _PLAN_WIDE)
    asked: list[Draft | DraftLoop | None] = [dated("291", request.serviced)]
    if types:
        asked.append(loop(id, segment("EQ", repeated(types))))
    return asked + [loop(id, segment("EQ", None, procedure(one))) for one in request.service]
