"""Counts what passes: at the doors, in the subscriptions, at the API. A few additions of numbers for each."""

from __future__ import annotations

from asyncio import Future
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.receipts import Accepted, Conflicting, Receipt, Repeated
from careloom.log.handling import Subscription
from careloom.log.steps import Ended, Held, Step
from careloom.telemetry.categories import category_of
from careloom.telemetry.following import received
from careloom.telemetry.tally import Tally
from careloom.telemetry.tracing import Tracer

_TOLD: Final[Mapping[type, str]] = {
    Accepted: "acknowledged",
    Repeated: "repeated",
    Conflicting: "conflicting",
    type(None): "unavailable",
}


class WatchedIntake:
    """An `IntakeWatch` that counts, and follows where there is a tracer."""

    def __init__(self, tally: Tally, tracer: Tracer | None = None) -> None:
        self._tally = tally
        self._tracer = tracer

    def told(self, answers: Sequence[tuple[str, Receipt | None]]) -> None:
        """See `IntakeWatch.told`."""
        for (system, kind), many in Counter([(system, type(answer)) for system, answer in answers]).items():
            self._tally.count("intake_total", system, _TOLD[kind], by=many)

    def refused(self, system: str) -> None:
        """See `IntakeWatch.refused`."""
        self._tally.count("intake_total", system, "refused")

    def follow(self, message: UUID, system: str) -> Callable[[Future[Receipt]], object] | None:
        """See `IntakeWatch.follow`."""
        tracer = self._tracer
        return None if tracer is None or not tracer.keeps(message) else received(tracer, system)


class CountedSteps:
    """A `Watch` of the log. `flows` gives the flow of each subscription, `bounds` how fast each flow must be."""

    def __init__(self, tally: Tally, clock: Clock, flow_of: Callable[[str], str], bounds: Mapping[str, float]) -> None:
        self._tally = tally
        self._clock = clock
        self._flow_of = flow_of
        self._bounds = bounds

    def __call__(self, subscription: Subscription, steps: Sequence[Step]) -> None:
        """See `Watch`."""
        now = self._clock.now().timestamp()
        name = subscription.name
        flow = self._flow_of(name)
        bound = self._bounds.get(flow)
        for step in steps:
            if isinstance(step, Ended):
                if step.outcome is not None:
                    self._ended(name, flow, bound, step, now)
            elif step.tried or step.category is not None:
                self._held(name, flow, bound, step)

    def _ended(self, name: str, flow: str, bound: float | None, step: Ended, now: float) -> None:
        tally = self._tally
        tally.count("deliveries_total", name, step.outcome or "")
        if step.item.state == "replay":
            return
        age = max(0.0, now - step.item.row["recorded"].timestamp())
        tally.observe("handling_seconds", age, name)
        if bound is not None:
            tally.count("events_in_time_total", flow, "good" if age <= bound else "bad")

    def _held(self, name: str, flow: str, bound: float | None, step: Held) -> None:
        outcome = "retry"
        if step.case:
            outcome = "exhausted" if step.error == "transient" else "case"
            if bound is not None:
                self._tally.count("events_in_time_total", flow, "bad")
        self._tally.count("deliveries_total", name, outcome)
        self._tally.count("failures_total", name, category_of(step).value)
