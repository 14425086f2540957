"""Patient intake: from a registration to a visit that can be billed, with its papers and supplies.

Identity, eligibility, prior authorisation where the payer asks for it, the account in Odoo; then side by side the
billing file, which waits while a denial holds it back, and papers and supplies, which do not; a message at the end. A
run that fails, or whose registration is cancelled before its end, undoes it: the account that it opened is archived,
the billing file is out of use, the form is gone, the supplies are free. What stays: the payer's account (master data),
questions that payers were asked, and an account that was there before.

Not on by itself: name it in `[hub] flows`. With it on, leave `careloom.flows.registration` on for updates and merges,
and `careloom.flows.authorizations` for denials.
"""

from __future__ import annotations

from typing import Final

import msgspec

from careloom.cases.kinds import Action
from careloom.flows import Flow
from careloom.flows.steps.accounts import (
    Account,
    Known,
    close_account,
    look_again,
    look_up,
    look_up_number,
    open_account,
)
from careloom.flows.steps.billing import file_form, prepare_billing, take_back_billing, withdraw_form
from careloom.flows.steps.coverage import Covered, Question, verify
from careloom.flows.steps.leave import FINANCIAL, Leave, Wanted, ask_leave, settled
from careloom.flows.steps.numbers import plain, trace, visit_of
from careloom.flows.steps.provision import Need, provide
from careloom.mapping.identifiers import best
from careloom.model import (
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationGranted,
    AuthorizationPended,
    CanonicalEvent,
    CodeableConcept,
    Coding,
    Communication,
    EligibilityAnswered,
    Identifier,
    MessageSent,
    Reference,
    RegistrationCancelled,
    RegistrationCreated,
)
from careloom.model.catalogue.coverage import AuthorizationEvent
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

intake = Flow(
    "intake",
    owner="patient-access",
    sla="10d",
    criticality="high",
    business_owner="head of patient access",
    latency="real-time",
    bound="1h",
    recovery_time="4h",
    pattern="transaction",
    system_of_record="the EHR for the registration, the payer for the coverage, Odoo for account and stock",
    runbook="flow-intake",
)
TRIGGER: Final = "careloom intake"
ELIGIBILITY: Final = "ELG"
AUTHORIZATION: Final = "AUT"


def number_of(event: RegistrationCreated | RegistrationCancelled) -> str | None:
    """The number of the visit: an intake is done once for each."""
    visit = visit_of(event)
    return plain(visit) if visit else None


def _key(event: CanonicalEvent, about: str) -> str | None:
    if isinstance(event, EligibilityAnswered):
        return event.response.request[0].value
    if isinstance(event, AuthorizationEvent):
        return event.authorization.request[0].value
    number = number_of(event) if isinstance(event, RegistrationCancelled) else None
    return trace(about, number) if number else None


answered = intake.awaits(
    EligibilityAnswered, RegistrationCancelled, by=lambda event: _key(event, ELIGIBILITY), name="answered"
)
decided = intake.awaits(
    AuthorizationGranted, AuthorizationDenied, AuthorizationPended, AuthorizationCancelled, RegistrationCancelled,
    by=lambda event: _key(event, AUTHORIZATION), name="decided",
)  # fmt: skip
cancelled = intake.awaits(RegistrationCancelled, by=number_of, name="cancelled")


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an intake: records of Odoo, and who pays; nothing where a person is only made known."""

    account: int | None = None
    file: int | None = None
    payer: bool = False
    authorization: str | None = None


@intake.workflow(RegistrationCreated, once=number_of, about=lambda event: filter(None, [number_of(event)]))
async def admit(run: Run, registration: RegistrationCreated) -> Admitted:
    """See the module."""
    if not (registration.encounter or registration.coverage or visit_of(registration)):
        return Admitted()
    visit = visit_of(registration) or Identifier(value=run.id.hex[:16])
    number = plain(visit)
    known = await _identified(run, registration)
    asked = Question(trace(ELIGIBILITY, number), TRIGGER, registration.patient, _day(registration))
    covered = await verify(run, asked, next(iter(registration.coverage), None), answered)
    leave = await _leave(run, registration, covered, visit)
    if known.record is None:  # the payer may have taken days: the account was opened, corrected or merged meanwhile
        known = await run.step(look_again, known)
    account = await run.step(open_account, registration, known, undo=close_account, undo_by=(known,), on_failure="case")
    prepared, _ = await run.parallel(
        _bill(run, covered, leave, visit), _furnish(run, registration, covered, leave, account, visit)
    )
    file, leave = prepared
    await run.emit(_message(registration, visit))
    return Admitted(
        account=account.record if account else None,
        file=file,
        payer=covered.coverage is not None and leave.payer,
        authorization=leave.number,
    )


async def _identified(run: Run, registration: RegistrationCreated) -> Known:
    """The account in Odoo that is the patient's, or that none is there yet."""
    if best(registration.patient.identifier) is None:
        answer = await run.case(
            "unmatched-record", "no number says who the patient is", field="patient.identifier",
            actions=(Action.SUPPLY, Action.DISCARD),
        )  # fmt: skip
        if answer is None or answer.action is not Action.SUPPLY:
            raise StepFailed("identity", "no number says who the patient is, and it was given up")
        number = Identifier(value=answer.data.number, assigner=answer.data.assigner)
        return await run.step(look_up_number, number)
    known = await run.step(look_up, registration)
    while known.alike:
        answer = await run.case("duplicate-person", "another account has the same name and e-mail", field="patient")
        if answer is None or answer.action is Action.DISCARD:
            raise StepFailed("identity", "it was given up whether two accounts are one person")
        if answer.action is Action.APPROVE:
            number = Identifier(value=answer.data.survivor, assigner=answer.data.assigner)
            return await run.step(look_up_number, number)
        if answer.action in (Action.REJECT, Action.WAIVE):
            break
        known = await run.step(look_up, registration)
    return known


async def _leave(run: Run, registration: RegistrationCreated, covered: Covered, visit: Identifier) -> Leave:
    if covered.coverage is None or not covered.leave:
        return Leave(payer=covered.coverage is not None)
    wanted = Wanted(
        number=trace(AUTHORIZATION, plain(visit)),
        trigger=TRIGGER,
        patient=registration.patient,
        coverage=covered.coverage,
        order=visit,
        service=tuple(CodeableConcept(coding=(Coding(code=one),)) for one in _services(registration)),
        day=_day(registration),
    )
    return await ask_leave(run, wanted, decided)


async def _bill(run: Run, covered: Covered, leave: Leave, visit: Identifier) -> tuple[int | None, Leave]:
    """What is about money: not before the payer's word stands, nor while the order is held back."""
    leave = await settled(run, leave, trace(AUTHORIZATION, plain(visit)), decided)
    coverage = covered.coverage if leave.payer else None
    prepared = await run.step(
        prepare_billing, visit, coverage,
        undo=take_back_billing, undo_by=(visit,), on_failure="case", held_by=(FINANCIAL, visit.value),
    )  # fmt: skip
    return prepared.file if prepared else None, leave


async def _furnish(
    run: Run, registration: RegistrationCreated, covered: Covered, leave: Leave, account: Account | None,
    visit: Identifier,
) -> None:  # fmt: skip
    """Papers and supplies."""
    if account is not None:
        lines = _form(covered, leave)
        await run.step(file_form, visit, account.record, lines, undo=withdraw_form, undo_by=(visit,), on_failure="case")
    need = Need(visit, _services(registration), registration.occurred)
    await provide(run, need, cancelled, plain(visit))


def _form(covered: Covered, leave: Leave) -> tuple[str, ...]:
    payer = covered.coverage.payor if covered.coverage else None
    known = best(payer.identifier) if payer else None
    return (
        f"Payer: {known.value if known else 'the patient'}",
        f"Authorization: {leave.number or ('denied' if leave.denied else 'none')}",
    )


def _message(registration: RegistrationCreated, visit: Identifier) -> MessageSent:
    patient = registration.patient
    systems = {point.system for point in patient.telecom}
    return MessageSent(
        trigger=TRIGGER,
        message=Communication(
            identifier=(Identifier(value=trace("MSG", plain(visit))),),
            status="queued",
            medium="email" if "email" in systems else "sms" if systems & {"phone", "sms"} else "mail",
            category="intake",
            template="intake-complete",
            recipient=best(patient.identifier),
            regarding=Reference(type="Encounter", identifier=visit),
        ),
        patient=patient,
    )


def _services(registration: RegistrationCreated) -> tuple[str, ...]:
    found = registration.encounter.service_type if registration.encounter else None
    return (found,) if found else ()


def _day(registration: RegistrationCreated) -> str | None:
    period = registration.encounter.period if registration.encounter else None
    return period.start[:10] if period and period.start else None
