"""Stewardship: what a system says of a patient that another system keeps is put to a steward, side by side.

By the table of authority (`[authority.NAME]`, `otherwise = "propose"`) registration leaves such a field as it is. Here
it becomes a case of the kind `proposed-write`: approved, it is written; rejected, it is dropped. The values are sealed
with the run: `careloom workflow show ID --reveal` shows them, on record. Not on by itself: name it in `[hub] flows`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.flows import Flow
from careloom.flows.steps.authority import FIELDS, allowed_to, source_of, without
from careloom.flows.steps.contacts import account_for, contact_values
from careloom.flows.stores import Stores
from careloom.model import Patient, PatientEvent, PatientUpdated, RegistrationCreated
from careloom.systems.odoo.connector import Odoo
from careloom.workflow.calling import Attempt
from careloom.workflow.run import Run

stewardship = Flow(
    "stewardship",
    owner="master-data",
    business_owner="director of health information",
    sla="3d",
    criticality="normal",
    latency="batch",
    bound="3d",
    recovery_time="1d",
    recovery_point="0s",
    pattern="master data",
    system_of_record="the system that the table of authority names",
    runbook="flow-stewardship",
)

_PARTNER: Final = "res.partner"
_COLUMNS: Final = {
    "name": ("name",),
    "address": ("street", "street2", "city", "zip", "state_id", "country_id"),
    "telecom": ("phone", "email"),
}
"""The columns of a contact in Odoo that a steward compares, by field."""


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What is proposed for some fields of a patient, beside what Odoo has."""

    fields: tuple[str, ...] = ()
    reason: str = ""
    now: dict[str, str] = {}
    proposed: Patient | None = None
    cleared: tuple[str, ...] = ()


@stewardship.workflow(RegistrationCreated, PatientUpdated)
async def decide(run: Run, event: PatientEvent) -> str:
    """Ask a steward about what the sender may only propose; gives what came of it."""
    beside = await run.step(side_by_side, event)
    if not beside.fields:
        return "nothing is proposed"
    where = ", ".join(f"patient.{field}" for field in beside.fields)
    answer = await run.case("proposed-write", beside.reason, field=where)
    if answer is None or answer.action is not Action.APPROVE:
        return "dropped"
    await run.step(write, beside, on_failure="case")
    return "written"


async def side_by_side(event: PatientEvent, erp: Odoo, stores: Stores, attempt: Attempt) -> Beside:
    """What the sender proposes, and what Odoo has now."""
    source = source_of(await stores.source_of_run(attempt.run))
    found = allowed_to(source, event.patient, event.cleared, event.facility, stores.authority)
    if not found.proposed:
        return Beside()
    others = [field for field in FIELDS if field not in found.proposed]
    patient, cleared = without(event.patient, event.cleared, others)
    known = await erp.find(account_for(erp, event.patient))
    columns = [column for field in found.proposed for column in _COLUMNS[field]]
    rows = await erp.read(_PARTNER, [known.record_id], columns) if known is not None else []
    return Beside(
        fields=tuple(found.proposed),
        reason="; ".join(found.proposed.values()),
        now={column: _text(row[column]) for row in rows for column in columns},
        proposed=patient,
        cleared=cleared,
    )


async def write(beside: Beside, erp: Odoo) -> str:
    """What a steward approved, and nothing else. Raises Rejected for a patient whom Odoo does not have."""
    assert beside.proposed is not None, "it was proposed"
    external = account_for(erp, beside.proposed)
    if await erp.find(external) is None:
        raise Rejected("res.partner: the patient has no account in Odoo yet; the system of record makes it", "patient")
    values = await contact_values(erp, beside.proposed, beside.cleared)
    return f"{_PARTNER}/{(await erp.upsert(_PARTNER, external, values)).record_id}"


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return str(value[1]) if len(value) > 1 else ""
    return "" if value in (False, None) else str(value)
