"""The subscriptions that begin runs and bring them the events that they wait for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import uuid5

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Done, Skip
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.model import decode
from careloom.workflow.declaration import Registry, Signal, Workflow
from careloom.workflow.surroundings import Surroundings

SIGNALS: Final = "runs.signals"


def feeding(registry: Registry, around: Surroundings | None) -> Iterable[Subscription]:
    """One subscription for each workflow that events begin, and one for all signals. Those made without `around` can
    be named and counted, not worked."""
    for workflow in registry.starting():
        yield _starting(workflow, around)
    if registry.signals:
        yield _signals(registry.signals, around)


def _starting(workflow: Workflow, around: Surroundings | None) -> Subscription:
    async def begin(event: Recorded) -> Handled:
        assert around is not None, "made to be named only"
        fact = decode(event.type, event.data)
        number = None if workflow.once is None else workflow.once(fact)
        # Another workflow may begin by the same event, so only the first of them can have its id.
        run = uuid5(event.id, workflow.name) if number is None else around.run_for(workflow, number)
        given = fact if workflow.given is None else workflow.given(fact)
        await around.begin(
            run, workflow, given, event.subject,
            since=event.recorded, correlation=event.correlation, causation=event.id,
        )  # fmt: skip
        return Handled(Done(f"run/{run}"))

    return Subscription(
        f"runs.{workflow.name}",
        Bank.EVENTS,
        begin,
        types=tuple(event.type for event in workflow.start),
        owner=workflow.owner,
        criticality=workflow.criticality,
        from_now=True,
    )


def _signals(signals: Sequence[Signal[Any]], around: Surroundings | None) -> Subscription:
    by_type: dict[str, list[Signal[Any]]] = {}
    for signal in signals:
        for taken in signal.events:
            by_type.setdefault(taken.type, []).append(signal)

    async def bring(event: Recorded) -> Handled:
        assert around is not None, "made to be named only"
        fact = decode(event.type, event.data)
        keyed = [(one.name, key) for one in by_type[event.type] if (key := one.by(fact)) is not None]
        if not keyed:
            return Handled(Skip("no run can wait for it: it carries none of the keys"))
        await around.arrived(keyed, event.id, event.recorded)
        return Handled(Done())

    return Subscription(SIGNALS, Bank.EVENTS, bring, types=tuple(by_type), from_now=True)
