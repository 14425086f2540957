"""Reconciliation: what gateways settle and banks book is compared with what Odoo has, to the cent.

A settlement names the payments that it is made of, and its lines must make its sum; a statement's entries that came in
with a trace or a check number are payments too. Each must be posted in Odoo with that amount. What is missing may still
be on its way, so it is looked for once more after a day; then every difference is an `unmatched-record` that names the
line. That the payout itself came to the bank is what `careloom.flows.settlement` watches.

It only reads: there is nothing to undo.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import RecordMatch
from careloom.flows import Flow
from careloom.flows.steps.ledger import amounts_of_payments
from careloom.model import BankStatement, Settlement, SettlementReceived, StatementReceived
from careloom.systems.odoo.connector import Odoo
from careloom.workflow.run import Run

reconciliation = Flow(
    "reconciliation",
    owner="treasury",
    sla="5d",
    business_owner="controller",
    latency="batch",
    bound="1d",
    recovery_time="1d",
    pattern="document",
    money=True,
    system_of_record="the bank",
    runbook="flow-reconciliation",
)

_MORE_TIME: Final = "1d"
_TOLD: Final = {
    "missing": "has no posted payment in Odoo",
    "amount": "has another amount in Odoo",
    "sum": "the lines do not make what was paid out",
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line that must be in Odoo: where it stands in its document, and the number and amount of its payment."""

    place: str
    number: str
    amount: Decimal


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One line that differs, and how."""

    line: Line
    how: str


@reconciliation.workflow(SettlementReceived)
async def settled(run: Run, event: SettlementReceived) -> int:
    """A gateway's settlement; gives how many lines were compared."""
    found = event.settlement
    lines = [
        Line(place=f"settlement.line[{number}]", number=line.identifier.value, amount=line.amount.value)
        for number, line in enumerate(found.line)
        if line.kind == "payment" and line.identifier is not None
    ]
    if not _adds_up(found):
        offered = (Action.RESOLVE, Action.WAIVE, Action.DISCARD)  # a settlement stays as it was written
        await run.case("unmatched-record", _TOLD["sum"], field="settlement.net", actions=offered)
    await _reconciled(run, lines)
    return len(lines)


@reconciliation.workflow(StatementReceived)
async def booked(run: Run, event: StatementReceived) -> int:
    """A bank's statement; gives how many entries were compared."""
    lines = _entries(event.statement)
    await _reconciled(run, lines)
    return len(lines)


def _entries(statement: BankStatement) -> list[Line]:
    return [
        Line(place=f"statement.entry[{place}]", number=number, amount=entry.amount.value)
        for place, entry in enumerate(statement.entry)
        if (number := entry.trace or entry.check_number) is not None and entry.amount.value > 0 and not entry.reversal
    ]


def _adds_up(found: Settlement) -> bool:
    """A payout without lines says nothing of them, and a line without `net` nothing of its fee."""
    parts = [line.net.value for line in found.line if line.net is not None]
    return len(parts) < len(found.line) or not parts or sum(parts) == found.net.value


async def _reconciled(run: Run, lines: Sequence[Line]) -> None:
    if not lines:
        return
    differences = await run.step(compare, _by_payment(lines))
    if any(one.how == "missing" for one in differences):
        await run.sleep(_MORE_TIME)
        differences = await run.step(compare, [one.line for one in differences])
    for one in differences:
        await _looked_into(run, one)


async def _looked_into(run: Run, one: Difference) -> None:
    """Ask a person, and compare again as long as that is asked for."""
    left: list[Difference] = [one]
    while left:
        [difference] = left
        answer = await run.case("unmatched-record", _TOLD[difference.how], field=difference.line.place)
        assert answer is not None, "it waits until somebody decides"
        if answer.action not in (Action.SUPPLY, Action.RETRY):
            return
        line = difference.line
        if isinstance(answer.data, RecordMatch) and answer.data.record == "payment":
            line = msgspec.structs.replace(line, number=answer.data.number)
        left = await run.step(compare, [line])


async def compare(lines: list[Line], erp: Odoo) -> list[Difference]:
    """Those that Odoo has otherwise, or not at all."""
    held = await amounts_of_payments(erp, [line.number for line in lines])
    return [
        Difference(line=line, how="amount" if line.number in held else "missing")
        for line in lines
        if held.get(line.number) != line.amount
    ]


def _by_payment(lines: Sequence[Line]) -> list[Line]:
    """Lines of one number are parts of one payment; it is known by the place of the first."""
    found: dict[str, Line] = {}
    for line in lines:
        known = found.get(line.number)
        amount = line.amount + (known.amount if known is not None else Decimal(0))
        found[line.number] = msgspec.structs.replace(known or line, amount=amount)
    return list(found.values())
