"""Supplies for a service, until they are there: reserved, asked for, and a person where they are short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from careloom.cases.kinds import Action
from careloom.flows.steps.packages import Supply, packages
from careloom.flows.steps.stopping import Stopped
from careloom.flows.steps.supplies import Reserved, release, reserve
from careloom.model import Identifier
from careloom.workflow.answers import Answer
from careloom.workflow.declaration import Signal
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

CASE: Final = "stock-shortage"


@dataclass(frozen=True)
class Need:
    """What a visit or an appointment takes: services by their codes, and when. `part` tells one plan from the next."""

    number: Identifier
    services: tuple[str, ...]
    when: datetime | None = None
    part: str = "1"


async def supplies_for(services: tuple[str, ...]) -> tuple[Supply, ...]:
    """By the packages of this deployment. A step, since they may change while a run waits."""
    return packages.of(services)


async def provide(run: Run, need: Need, stopped: Signal[Any], key: str) -> list[Reserved]:
    """Reservations that together hold what is needed, or what a person was content with. `stopped` ends the wait for a
    person: that raises Stopped. Raises StepFailed when a person gives it up."""
    supplies = await run.step(supplies_for, need.services)
    if not supplies:
        return []
    part, place = need.part, ""
    made = [await hold(run, need, part, supplies)]
    while made[-1].missing:
        short = ", ".join(f"{one.quantity} of {one.product}" for one in made[-1].missing)
        came = await run.case_unless(CASE, f"{short} short", stopped, key, field="supplies")
        if not isinstance(came, Answer):
            raise Stopped(came)
        if came.action in (Action.DISCARD, Action.REJECT):
            raise StepFailed("supplies", f"{short} short, and it was given up", field="supplies")
        if came.action is Action.WAIVE:
            break
        if came.action is not Action.SUPPLY:
            made[-1] = await hold(run, need, part, supplies, place)
        elif came.data.purchase_order:
            break
        else:
            supplies = (Supply(came.data.product, came.data.quantity),)
            part, place = f"{need.part}.{len(made)}", came.data.location or ""
            made.append(await hold(run, need, part, supplies, place))
    return made


async def hold(run: Run, need: Need, part: str, supplies: tuple[Supply, ...], place: str = "") -> Reserved:
    """One reservation; a repeat tries again for what was short."""
    made = await run.step(
        reserve, need.number, part, supplies, need.when, place, undo=release, on_failure="case"
    )  # fmt: skip
    return made or Reserved()
