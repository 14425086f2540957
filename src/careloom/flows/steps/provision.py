"""Supplies for a service, until they are there: reserved, asked for, and a person where they are short."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from careloom.cases.kinds import Action
from careloom.flows.steps.packages import Supply, packages
from careloom.flows.steps.stopping import Stopped
from careloom.flows.steps.supplies import Reserved, Short, reserve, unreserve
from careloom.model import Identifier
from careloom.workflow.answers import Answer
from careloom.workflow.declaration import Signal
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

CASE: Final = "stock-shortage"
_AGAIN: Final = (Action.RETRY, Action.EDIT)
WhenShort = Callable[[tuple[Short, ...]], Awaitable[None]]


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


async def provide(
    run: Run,
    need: Need,
    stopped: Signal[Any],
    key: str,
    made: list[Reserved] | None = None,
    when_short: WhenShort | None = None,
) -> list[Reserved]:
    """Reservations that together hold what is needed, or what a person was content with; `made` gets each as it is
    made. `stopped` ends the wait for a person: that raises Stopped. Raises StepFailed when a person gives it up."""
    made = [] if made is None else made
    supplies = await run.step(supplies_for, need.services)
    if not supplies:
        return made
    part, place = need.part, ""
    made.append(await hold(run, need, part, supplies))
    while made[-1].missing:
        if when_short is not None:
            await when_short(made[-1].missing)
        answer = await _asked(run, made[-1], stopped, key)
        if answer.action is Action.SUPPLY and not answer.data.purchase_order:
            supplies = (Supply(answer.data.product, answer.data.quantity),)
            part, place = f"{need.part}.{len(made)}", answer.data.location or ""
            made.append(await hold(run, need, part, supplies, place))
        elif answer.action in _AGAIN:
            made[-1] = await hold(run, need, part, supplies, place)
        else:
            break
    return made


async def _asked(run: Run, reserved: Reserved, stopped: Signal[Any], key: str) -> Answer:
    short = ", ".join(f"{one.quantity} of {one.product}" for one in reserved.missing)
    came = await run.case_unless(CASE, f"{short} short", stopped, key, field="supplies")
    if not isinstance(came, Answer):
        raise Stopped(came)
    if came.action in (Action.DISCARD, Action.REJECT):
        raise StepFailed("supplies", f"{short} short, and it was given up", field="supplies")
    return came


async def hold(run: Run, need: Need, part: str, supplies: tuple[Supply, ...], place: str = "") -> Reserved:
    """One reservation; a repeat tries again for what was short."""
    made = await run.step(
        reserve, need.number, part, supplies, need.when, place, undo=unreserve, undo_by=(need.number, part),
        on_failure="case",
    )  # fmt: skip
    return made or Reserved()
