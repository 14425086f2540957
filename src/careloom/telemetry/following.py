"""Follows a message with spans: at the door, through translation and handlers, into runs and their steps."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from opentelemetry.trace import SpanKind

from careloom.cases.telling import SOURCE
from careloom.core.envelope import Kind, Recorded
from careloom.core.outcomes import Park, Retry
from careloom.core.receipts import Accepted, Conflicting, Receipt
from careloom.core.tracing import ACTIVE, CORRELATION, INCOMING
from careloom.log.handling import Handled, Subscription
from careloom.log.ports import Connection
from careloom.log.subjects import is_async
from careloom.telemetry.tracing import OpenSpan, Tracer, context_of, fail, span_id
from careloom.workflow.calling import Attempt, Calls
from careloom.workflow.declaration import Workflow
from careloom.workflow.surroundings import Beginning, Surroundings
from careloom.workflow.values import name_of

_TRIED: Final = (Retry, Park)


def received(tracer: Tracer, system: str) -> Callable[[Future[Receipt]], None]:
    """Begins to follow a message that came to the door; what it gives is called with the answer."""
    began, incoming = tracer.now(), INCOMING.get()

    def told(answer: Future[Receipt]) -> None:
        if answer.cancelled() or answer.exception() is not None or not tracer.keeps(answer.result().id):
            return
        receipt = answer.result()
        caller = context_of(incoming)
        fresh = isinstance(receipt, Accepted)
        span = tracer.start(
            f"receive {system}" if fresh else f"receive {system} again",
            receipt.id,
            None if fresh else span_id(receipt.id),
            own=receipt.id if fresh else None,
            kind=SpanKind.CONSUMER,
            attributes={"careloom.system": system, "careloom.conflicting": isinstance(receipt, Conflicting)},
            links=[] if caller is None else [caller],
            began=began,
        )
        if isinstance(receipt, Accepted):
            span.add_event("committed", {"careloom.position": str(receipt.position)}, tracer.now())
        span.end(tracer.now())

    return told


def followed(subscription: Subscription, tracer: Tracer) -> Subscription:
    """The same subscription, whose handling is in spans."""
    inner, follow = subscription.handler, _Following(subscription.name, tracer)

    def plain(event: Recorded) -> Handled:
        if not tracer.keeps(event.correlation):
            return inner(event)  # type: ignore[return-value]
        with tracer.opened(follow.begun(event), event.correlation) as active:
            handled = inner(event)
            assert isinstance(handled, Handled), "a plain handler does not wait"
            return follow.ended(event, active, handled)

    async def waiting(event: Recorded) -> Handled:
        if not tracer.keeps(event.correlation):
            return await inner(event)  # type: ignore[misc, no-any-return]
        with tracer.opened(follow.begun(event), event.correlation) as active:
            return follow.ended(event, active, await inner(event))  # type: ignore[misc]

    return replace(subscription, handler=waiting if is_async(inner) else plain)


class _Following:
    def __init__(self, name: str, tracer: Tracer) -> None:
        self._name = name
        self._tracer = tracer

    def begun(self, event: Recorded) -> Any:
        attributes = {"careloom.subscription": self._name, "careloom.position": str(event.position)}
        if event.kind is Kind.EVENT:
            attributes["careloom.event"] = event.type
        # What tells of a case begins the trace of the case; an edited body stands in for what caused it.
        told = event.source == SOURCE and event.type.startswith("exception.")
        at = event.causation if event.kind is Kind.MESSAGE and event.causation else event.id
        return self._tracer.start(
            f"process {self._name}",
            event.correlation,
            None if told else span_id(at),
            kind=SpanKind.CONSUMER,
            attributes=attributes,
        )

    def ended(self, event: Recorded, active: OpenSpan, handled: Handled) -> Handled:
        active.span.set_attribute("careloom.outcome", type(handled.outcome).__name__.lower())
        if isinstance(handled.outcome, _TRIED):
            fail(active.span, (handled.outcome.category or "unknown"))
        for made in handled.events:
            if made.correlation == event.correlation:
                self._tracer.note(
                    f"create {made.type}",
                    made.correlation,
                    active.context.span_id,
                    made.id,
                    SpanKind.PRODUCER,
                    {"careloom.event": made.type},
                )
        return handled


class FollowedCalls(Calls):
    """Calls of steps, in spans below that of their run."""

    def __init__(self, binder: Any, tracer: Tracer | None) -> None:
        super().__init__(binder)
        self._tracer = tracer

    async def __call__(
        self,
        function: Callable[..., Awaitable[Any]],
        arguments: tuple[Any, ...],
        attempt: Attempt,
        workflow: Workflow,
        seconds: float | None = None,
    ) -> Any:
        """See `Calls`."""
        token = CORRELATION.set(attempt.correlation)
        try:
            # The code of a run is called again after each wait: what it does are its steps.
            step = function is not workflow.function
            if self._tracer is None or not step or not self._tracer.keeps(attempt.correlation):
                return await super().__call__(function, arguments, attempt, workflow, seconds)
            span = self._tracer.start(
                f"step {name_of(function)}",
                attempt.correlation,
                span_id(attempt.run),
                attributes={"careloom.workflow": workflow.name, "careloom.attempt": attempt.number},
            )
            with self._tracer.opened(span, attempt.correlation):
                return await super().__call__(function, arguments, attempt, workflow, seconds)
        finally:
            CORRELATION.reset(token)


class FollowedSurroundings(Surroundings):
    """Surroundings of runs, whose beginnings are spans."""

    tracer: Tracer

    async def write(self, connection: Connection, one: Beginning) -> bool:
        """See `Surroundings.write`."""
        fresh = await super().write(connection, one)
        trace = one.correlation or one.run
        if fresh and self.tracer.keeps(trace):
            self.tracer.note(
                f"begin {one.workflow.name}",
                trace,
                _cause(one, trace),
                one.run,
                SpanKind.PRODUCER,
                {"careloom.workflow": one.workflow.name, "careloom.run": str(one.run)},
            )
        return fresh


def _cause(one: Beginning, trace: UUID) -> int | None:
    active = ACTIVE.get()
    if isinstance(active, OpenSpan) and active.trace == trace:
        return active.context.span_id
    cause = one.parent or one.causation
    return None if cause is None else span_id(cause)
