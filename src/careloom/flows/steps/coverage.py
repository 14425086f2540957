"""Is the service covered: ask the payer, and people where the payer gives no answer or says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import PayerData
from careloom.flows.steps.stopping import Stopped
from careloom.model import (
    Coverage,
    CoverageClass,
    CoverageEligibilityRequest,
    EligibilityAnswered,
    EligibilityRequested,
    Identifier,
    Organization,
    Patient,
    Period,
)
from careloom.workflow.answers import Answer
from careloom.workflow.declaration import Signal
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

CASE: Final = "missing-payer-data"
_AGAIN: Final = (Action.RETRY, Action.EDIT)


@dataclass(frozen=True)
class Question:
    """What the payer is asked about. `number` is the trace number, which the answer repeats."""

    number: str
    trigger: str
    patient: Patient
    day: str | None = None
    service_type: tuple[str, ...] = ("30",)


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Without a coverage the patient pays; `leave` says that the payer wants to be asked first."""

    coverage: Coverage | None = None
    leave: bool = False


async def verify(
    run: Run, asked: Question, coverage: Coverage | None, answered: Signal[Any], within: str = "1h"
) -> Covered:
    """Until the payer says that the coverage holds, or a person how to go on. `answered` brings the answers to
    `asked.number`, and what else ends the wait: that raises Stopped.

    Raises StepFailed when a person gives it up.
    """
    while True:
        lack = _lacks(coverage)
        if lack is None:
            assert coverage is not None, "nothing lacks"
            await run.emit(_request(asked, coverage))
            came = await _answer(run, asked, answered, within)
            if came is not None and came.response.active:
                leave = any(one.authorization_required for one in came.response.benefit)
                return Covered(coverage=coverage, leave=leave)
            lack = "the payer gave no answer" if came is None else "the payer says that the coverage does not hold"
        decided = await run.case_unless(CASE, lack, answered, asked.number, field="coverage")
        if isinstance(decided, Answer):
            if decided.action is Action.WAIVE:
                return Covered()
            coverage = _supplied(decided, coverage, lack)
        elif isinstance(decided, EligibilityAnswered):
            if decided.response.active and coverage is not None:
                return Covered(
                    coverage=coverage, leave=any(one.authorization_required for one in decided.response.benefit)
                )
        else:
            raise Stopped(decided)


async def _answer(run: Run, asked: Question, answered: Signal[Any], within: str) -> EligibilityAnswered | None:
    """The payer's last word; that it was queued is none."""
    while True:
        came = await run.wait_for(answered, asked.number, within=within)
        if came is not None and not isinstance(came, EligibilityAnswered):
            raise Stopped(came)
        if came is None or came.response.outcome != "queued":
            return came


def _lacks(coverage: Coverage | None) -> str | None:
    if coverage is None:
        return "the registration names no coverage"
    if coverage.payor is None or not coverage.payor.identifier:
        return "the coverage names no payer by a number"
    if coverage.subscriber_id is None and coverage.member_number is None:
        return "the coverage has no number of a member"
    return None


def _supplied(decided: Answer, before: Coverage | None, lack: str) -> Coverage | None:
    if decided.action is Action.SUPPLY:
        return _coverage(decided.data)
    if decided.action in _AGAIN:
        return before
    raise StepFailed("coverage", f"{lack}, and it was given up", field="coverage")


def _coverage(data: PayerData) -> Coverage:
    return Coverage(
        order=1,
        payor=Organization(identifier=(Identifier(value=data.payer, type="PI"),), type="payer"),
        subscriber_id=data.member,
        relationship="self",
        group=CoverageClass(value=data.group) if data.group else None,
        plan=CoverageClass(name=data.plan) if data.plan else None,
        period=Period(
            start=data.valid_from.isoformat() if data.valid_from else None,
            end=data.valid_until.isoformat() if data.valid_until else None,
        )
        if data.valid_from or data.valid_until
        else None,
    )


def _request(asked: Question, coverage: Coverage) -> EligibilityRequested:
    return EligibilityRequested(
        trigger=asked.trigger,
        request=CoverageEligibilityRequest(
            identifier=(Identifier(value=asked.number),),
            serviced=Period(start=asked.day) if asked.day else None,
            service_type=asked.service_type,
            insurer=coverage.payor,
            coverage=coverage,
        ),
        patient=asked.patient,
    )
