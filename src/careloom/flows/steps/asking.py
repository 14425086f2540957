"""What a flow must know before it may post anything, asked of a person where no event says it."""

from __future__ import annotations

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import PayerData, RecordMatch
from careloom.flows.steps.codes import Asked, meanings
from careloom.flows.steps.meanwhile import arrived
from careloom.flows.steps.parties import Debtor, Entity, entity_of, payer_of
from careloom.identity.crosswalk.codes import Entity as Thing
from careloom.mapping.subject import record_key
from careloom.model import Identifier, PatientEvent, PatientUpdated
from careloom.workflow.declaration import Signal
from careloom.workflow.run import Run


def coverage_key(event: PatientUpdated) -> str | None:
    """The patient of an update that names a payer; for `Flow.awaits`."""
    return record_key(event.patient) if payer_of(event.coverage) else None


async def entity_for(run: Run, facility: str | None) -> Entity | None:
    """The books that it belongs in; a person names the facility where none is known, or leaves it."""
    while True:
        found = await run.step(entity_of, facility, run.begun.date(), on_failure="case")
        if found is not None:
            return found
        answer = await run.case("unmatched-record", "no company of Odoo is this facility", field="facility")
        if answer is None or answer.action not in (Action.RETRY, Action.RESOLVE, Action.SUPPLY):
            return None
        facility = answer.data.number if isinstance(answer.data, RecordMatch) else facility


async def debtor_for(run: Run, event: PatientEvent, covered: Signal[PatientUpdated]) -> Debtor | None:
    """Who pays: by the coverage that is known, or that came, or that a person supplies; the patient where it is
    waived. None when it is to be left. A payer that the crosswalk maps is the one that it says."""
    debtor = await _debtor(run, event, covered)
    if debtor is None or debtor.payer is None:
        return debtor
    number = Identifier(value=debtor.payer)
    day = (event.occurred or run.begun).date()
    asked = Asked(field="coverage.payor", entity=Thing.PAYER, numbers=(number,), day=day)
    known = await meanings(run, [asked])
    if known is None:
        return None
    return msgspec.structs.replace(debtor, payer=known.get((asked.field, asked.entity), debtor.payer))


async def _debtor(run: Run, event: PatientEvent, covered: Signal[PatientUpdated]) -> Debtor | None:
    debtor = payer_of(event.coverage)
    while debtor is None:
        answer = await run.case("missing-payer-data", "it is to be billed, and no payer is known", field="coverage")
        if answer is None or answer.given_up:
            return None
        if isinstance(answer.data, PayerData):
            return Debtor(payer=answer.data.payer)
        if answer.action is Action.WAIVE:
            return Debtor()
        for update in await arrived(run, covered, record_key(event.patient)):
            debtor = payer_of(update.coverage)
    return debtor
