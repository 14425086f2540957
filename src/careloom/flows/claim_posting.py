"""What a payer decides about claims becomes entries in Odoo that balance to the cent.

    claim adjudicated   -> payment, write-off and the patient's share on the claim's invoice; a denial is for a person
                        -> a reversal: the money goes back, the claim is owed anew, and a person is told
    remittance received -> does it add up? what belongs to no claim (interest, withheld money) is booked by itself

So the payments of one remittance sum to what the bank shows. What cannot be undone: a payment is a fact, and no run
takes one back; the account of a patient who owes a share stays too. Money that a payer withholds for no claim of ours
stays open on its account until somebody settles it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import structs

from careloom.cases.kinds import Action
from careloom.cases.supplies import RecordMatch
from careloom.flows import Flow
from careloom.flows.steps.codes import Asked, meanings
from careloom.flows.steps.parties import payer_number
from careloom.flows.steps.receivables import (
    Decided,
    Receivable,
    add,
    decided_of,
    pay,
    receivables,
    settle,
    take_back,
    write_off,
)
from careloom.identity.crosswalk.codes import Entity
from careloom.model import ClaimAdjudicated, ExplanationOfBenefit, Identifier, RemittanceReceived
from careloom.model.remittance import ProviderAdjustment, Remittance
from careloom.workflow.run import Run

posting = Flow(
    "claim-posting",
    owner="revenue-cycle",
    business_owner="patient-accounting",
    sla="1d",
    criticality="high",
    latency="batch",
    bound="1h",
    recovery_time="8h",
    recovery_point="0s",
    pattern="transaction",
    money=True,
    system_of_record="the payer, for what it paid; Odoo, for what is owed",
    runbook="flow-claim-posting",
)

_PAID: Final = frozenset({"primary", "secondary", "tertiary", "forwarded"})
_GO_ON: Final = frozenset({Action.APPROVE, Action.WAIVE})
_BOOKED_OR_LEFT: Final = (Action.APPROVE, Action.REJECT, Action.WAIVE, Action.DISCARD)
_TOLD: Final = (Action.APPROVE, Action.RESOLVE)
"""Money that was withheld is booked already."""


@posting.workflow(ClaimAdjudicated, about=lambda event: (f"claim {event.explanation.claim.value}",))
async def post(run: Run, adjudicated: ClaimAdjudicated) -> str:
    """Book one decision. Gives what came of it."""
    explanation = adjudicated.explanation
    decided = decided_of(explanation)
    if explanation.decision not in _PAID | {"denied", "reversal"}:
        return f"nothing is booked for a decision that is {explanation.decision}"
    parties = _parties(explanation, (adjudicated.occurred or run.begun).date())
    if parties and await meanings(run, parties) is None:
        return "left unbooked: a person had a party of it left"
    back = explanation.decision == "reversal"
    owed = await _owed(run, decided.claim, open_=not back)
    checked = None if owed is None else await _checked(run, decided, owed, back=back)
    if owed is None or checked is None:
        return "left unbooked: a person had it left"
    today = (await run.now()).date()
    if back:
        return await _take_back(run, checked, owed)
    if _is_denial(explanation, checked):
        answer = await run.case("claim-denied", f"the payer pays nothing: {_reasons(explanation)}", field="claim")
        if answer is None or answer.action in (Action.RETRY, Action.DISCARD):
            return "left open: it is appealed, or left"
        if answer.action is Action.WAIVE:
            await run.step(write_off, decided.number, owed, today, on_failure="case")
            return "written off"
    await run.step(settle, checked, owed, adjudicated.patient, today, on_failure="case")
    return "booked"


@posting.workflow(RemittanceReceived, about=lambda event: (f"remittance {event.remittance.identifier[0].value}",))
async def remitted(run: Run, received: RemittanceReceived) -> str:
    """Book what a remittance says beside its claims."""
    found = received.remittance
    paid = sum((one.paid.value for one in found.claim), Decimal(0))
    beside = sum((one.amount.value for one in found.adjustment), Decimal(0))
    signed = found.amount.value if found.direction == "credit" else -found.amount.value
    if signed != paid - beside:
        reason = f"the remittance differs by {signed - paid + beside} from its claims and adjustments"
        answer = await run.case("invoice-mismatch", reason, field="remittance.amount", actions=_BOOKED_OR_LEFT)
        if answer is None or answer.action not in _GO_ON:
            return "left unbooked: a person had it left"
    withheld = [one for number, one in enumerate(found.adjustment, 1) if await _beside(run, found, one, number)]
    if withheld:
        told = ", ".join(f"{one.amount.value} ({one.reason})" for one in withheld)
        reason = f"the payer withheld {told} for no claim of the remittance"
        await run.case("take-back", reason, field="remittance", actions=_TOLD)
    return f"{len(found.claim)} claims, {len(found.adjustment)} adjustments"


async def _beside(run: Run, found: Remittance, one: ProviderAdjustment, number: int) -> bool:
    """Interest and the like is income that is paid; what is withheld goes off the payer's account. Whether it was
    withheld."""
    trace = found.identifier[0]
    owed = await _owed(run, found.claim[0].claim.value if found.claim else (one.reference or "-"), open_=False)
    if owed is None or not one.amount.value:
        return False
    today = (await run.now()).date()
    key = f"{trace.assigner or '-'}/{trace.value}/beside/{number}"
    if one.amount.value < 0:
        text = f"{one.reason} beside claims"
        await run.step(add, key, trace.value, text, -one.amount.value, owed, today, on_failure="case")
        return False
    await run.step(pay, key, trace.value, "refunded", one.amount.value, owed, [], today, on_failure="case")
    return True


async def _take_back(run: Run, decided: Decided, owed: Receivable) -> str:
    today = (await run.now()).date()
    await run.step(take_back, decided, owed, today, on_failure="case")
    answer = await run.case("take-back", f"the payer took {decided.paid} back", field="claim")
    if answer is None or answer.action is not Action.WAIVE:
        return "taken back, and owed anew"
    anew = await run.step(receivables, decided.claim)
    for one in (found for found in anew if found.residual):
        await run.step(write_off, decided.number, one, today, on_failure="case")
    return "taken back, and written off"


async def _owed(run: Run, claim: str, *, open_: bool) -> Receivable | None:
    """The newest invoice of the claim. Where nothing is open a reversal of the same remittance may be on its way, so
    it looks twice before it asks a person."""
    looked = 0
    while True:
        found = await run.step(receivables, claim)
        fitting = [one for one in found if one.residual or not open_]
        if fitting:
            return fitting[0]
        looked += 1
        if found and looked == 1:
            await run.sleep("10m")
            continue
        answer = await run.case("unmatched-record", "no invoice in Odoo is open for this claim", field="claim")
        if answer is None or answer.action not in (Action.RETRY, Action.SUPPLY):
            return None
        claim = answer.data.number if isinstance(answer.data, RecordMatch) else claim


async def _checked(run: Run, decided: Decided, owed: Receivable, *, back: bool) -> Decided | None:
    """The decision as it is booked: about what was billed, to the cent, and no more than is open; else as far as a
    person has it booked. A second payer repeats what the first wrote off: of that only what is open is."""
    off = decided.charged - decided.paid - decided.written_off - decided.patient
    other = decided.charged - owed.total
    over = Decimal(0) if back else decided.paid + decided.written_off + decided.patient - owed.residual
    if not off and not other and over <= 0:
        return decided
    reason = (
        f"the decision is {off} off in itself, charged {other} more than was billed, books {over} more than is open"
    )
    answer = await run.case("invoice-mismatch", reason, field="claim", actions=_BOOKED_OR_LEFT)
    if answer is None or answer.action not in _GO_ON:
        return None
    return decided if over <= 0 else structs.replace(decided, written_off=max(Decimal(0), decided.written_off - over))


def _parties(explanation: ExplanationOfBenefit, day: date) -> list[Asked]:
    """Who decided, and whose service it was: where the crosswalk maps them, nothing is booked for others."""
    asked: list[Asked] = []
    payer = payer_number(explanation.payor)
    if payer is not None:
        asked.append(Asked(field="payor", entity=Entity.PAYER, numbers=(Identifier(value=payer),), day=day))
    rendering = explanation.rendering.identifier if explanation.rendering is not None else ()
    npi = tuple(one for one in rendering if one.type == "NPI")
    if npi:
        asked.append(Asked(field="rendering", entity=Entity.PROVIDER, numbers=npi, day=day))
    return asked


def _is_denial(explanation: ExplanationOfBenefit, decided: Decided) -> bool:
    """Nothing is paid, and not because the patient owes all of it."""
    return explanation.decision == "denied" or (not decided.paid and decided.written_off > 0 and not decided.patient)


def _reasons(explanation: ExplanationOfBenefit) -> str:
    """The payer's reasons, which are codes."""
    adjustments = [*explanation.adjustment, *(one for item in explanation.item for one in item.adjustment)]
    return ", ".join(sorted({f"{one.group}-{one.reason}" for one in adjustments})) or "no reason"
