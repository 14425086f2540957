"""Events go to a target as they are, and again as the target says."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Done, Outcome, Retry
from careloom.flows.forwarding import forwarding
from careloom.log.handling import Handled, RetryPolicy, Subscription
from careloom.log.lanes import Bank
from careloom.systems.seam import Retried, Target
from careloom.systems.trial import event

OWN = RetryPolicy(attempts=3, first_seconds=60.0, longest_seconds=7200.0)


class Plain:
    """A target that says nothing of when it is tried again."""

    retry_after = 0.0

    def __init__(self, outcome: Outcome | None = None) -> None:
        self.outcome = outcome or Done()
        self.taken: list[Recorded] = []

    async def post(self, event: Recorded) -> Outcome:
        self.taken.append(event)
        return self.outcome


class Patient(Plain):
    """One that does."""

    retry = OWN


def subscription(target: Target) -> Subscription:
    return forwarding("lake", ["patient.updated.v1"], target, concurrency=3)


async def delivered(subscription: Subscription, recorded: Recorded) -> Handled:
    made = subscription.handler(recorded)
    assert isinstance(made, Awaitable)
    found = await made
    assert isinstance(found, Handled)
    return found


@pytest.mark.parametrize("outcome", [Done(), Retry("busy", after=5.0)])
async def test_an_event_is_posted_and_what_came_of_it_is_told(outcome: Outcome) -> None:
    target = Plain(outcome)
    recorded = event(1)
    assert await delivered(subscription(target), recorded) == Handled(outcome)
    assert target.taken == [recorded]


def test_the_subscription_is_for_its_events_alone_and_waits_while_the_target_does() -> None:
    target = Plain()
    made = subscription(target)
    assert (made.name, made.bank, made.concurrency) == ("deliver.lake", Bank.EVENTS, 3)
    assert made.wants("patient.updated.v1") and not made.wants("claim.submitted.v1")
    assert made.gate() == 0.0
    target.retry_after = 7.5
    assert made.gate() == 7.5


def test_a_target_is_tried_again_as_it_says_itself() -> None:
    assert isinstance(Patient(), Target) and isinstance(Patient(), Retried)
    assert subscription(Patient()).retry == OWN


def test_one_that_says_nothing_is_tried_as_all_are() -> None:
    assert isinstance(Plain(), Target) and not isinstance(Plain(), Retried)
    assert subscription(Plain()).retry == RetryPolicy()
