"""Counts what passes: at the doors, in the subscriptions, at the API. A few additions of numbers for each."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from careloom.core.clock import Clock
from careloom.core.receipts import Accepted, Conflicting, Intake, Receipt, Received, Refusal, Repeated
from careloom.log.handling import Subscription
from careloom.log.steps import Ended, Held, Step
from careloom.telemetry.categories import category_of
from careloom.telemetry.tally import Tally

_TOLD: Final[Mapping[type, str]] = {Accepted: "acknowledged", Repeated: "repeated", Conflicting: "conflicting"}


class CountedIntake:
    """An `Intake` that counts what its callers were told."""

    def __init__(self, inner: Intake, tally: Tally) -> None:
        self._inner = inner
        self._tally = tally

    def accept(self, received: Received) -> Future[Receipt]:
        """See `Intake.accept`."""
        answer = self._inner.accept(received)
        answer.add_done_callback(partial(self._told, received.system))
        return answer

    def refuse(self, refusal: Refusal) -> None:
        """See `Intake.refuse`."""
        self._tally.count("intake_total", refusal.system, "refused")
        self._inner.refuse(refusal)

    def _told(self, system: str, answer: Future[Receipt]) -> None:
        failed = answer.cancelled() or answer.exception() is not None
        self._tally.count("intake_total", system, "unavailable" if failed else _TOLD[type(answer.result())])


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
