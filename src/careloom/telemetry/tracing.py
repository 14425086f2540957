"""Traces (OpenTelemetry) that outlive processes: ids that spans of two processes share follow from what is durable.

    trace id            the id of the message that all came from, which every event and run of it carries
    span of a message   from the door to the commit; its id follows from the message's
    span of an event    where it was made; its id follows from the event's, so that who handles it can name its parent
    span of a run       where it was begun; its id follows from the run's, so that each step can, days later too

So a trace goes on after a restart, on another node, after a wait. What is done for many at once is one span, linked
with those of the others. Whether a trace is kept follows from its id too, so all processes agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from careloom.core.clock import Clock
from careloom.core.tracing import ACTIVE, Active
from careloom.telemetry.categories import of_error

Attributes = Mapping[str, str | int | float | bool]
MOST_LINKS: Final = 128
_RANDOM_BITS: Final = (1 << 56) - 1
_SPAN_BITS: Final = (1 << 64) - 1
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)


class _Ids(RandomIdGenerator):
    """Gives the ids that were asked for, else random ones. Spans are started without a break, so nobody interferes."""

    def __init__(self) -> None:
        self.trace: int | None = None
        self.span: int | None = None

    def generate_trace_id(self) -> int:
        return super().generate_trace_id() if self.trace is None else self.trace

    def generate_span_id(self) -> int:
        return super().generate_span_id() if self.span is None else self.span


def span_id(of: UUID) -> int:
    """The id of the span of a message, an event or a run: the half of its id that is random."""
    return (of.int & _SPAN_BITS) or 1


class Tracer:
    """Makes the spans of one process. `share` of the traces are kept, from 0 to 1."""

    def __init__(self, service: str, processor: SpanProcessor, clock: Clock, share: float = 1.0) -> None:
        self._ids = _Ids()
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            id_generator=self._ids,
            resource=Resource({"service.name": service, "service.namespace": "careloom"}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("careloom")
        self._clock = clock
        self._bound = int(share * (_RANDOM_BITS + 1))

    def keeps(self, trace: UUID) -> bool:
        """Whether spans of this trace are made: the same answer in every process."""
        return (trace.int & _RANDOM_BITS) < self._bound

    def close(self) -> None:
        """Hand out what is left; it may wait for the collector."""
        self._provider.shutdown()

    def now(self) -> int:
        """Nanoseconds of the clock."""
        return nanoseconds(self._clock.now())

    def start(
        self,
        name: str,
        trace: UUID,
        parent: int | None,
        *,
        own: UUID | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes | None = None,
        links: Sequence[SpanContext] = (),
        began: int | None = None,
    ) -> Span:
        """A span in this trace, below the span with the id `parent`; its own id follows from `own`, if given."""
        context = (
            Context()
            if parent is None
            else _below(SpanContext(trace.int, parent, is_remote=True, trace_flags=_SAMPLED))
        )
        self._ids.trace, self._ids.span = trace.int, None if own is None else span_id(own)
        try:
            return self._tracer.start_span(
                name,
                context,
                kind,
                attributes,
                [Link(one) for one in links[:MOST_LINKS]],
                start_time=self.now() if began is None else began,
            )
        finally:
            self._ids.trace = self._ids.span = None

    def note(
        self, name: str, trace: UUID, parent: int | None, own: UUID, kind: SpanKind, attributes: Attributes
    ) -> None:
        """A span that takes no time: something was made, whose id the span has."""
        span = self.start(name, trace, parent, own=own, kind=kind, attributes=attributes)
        span.end(self.now())

    @contextmanager
    def opened(self, span: Span, trace: UUID) -> Iterator[OpenSpan]:
        """Around what goes on in a span; what is raised ends it with the sort of failure."""
        active = OpenSpan(self, span, trace)
        token = ACTIVE.set(active)
        try:
            yield active
        except BaseException as error:
            fail(span, of_error(error).value)
            raise
        finally:
            ACTIVE.reset(token)
            span.end(self.now())


class OpenSpan:
    """An `Active` of OpenTelemetry."""

    __slots__ = ("_tracer", "span", "trace")

    def __init__(self, tracer: Tracer, span: Span, trace: UUID) -> None:
        self._tracer = tracer
        self.span = span
        self.trace = trace

    @property
    def context(self) -> SpanContext:
        """Its ids."""
        found: SpanContext = self.span.get_span_context()
        return found

    @property
    def traceparent(self) -> str:
        """See `Active.traceparent`."""
        return f"00-{self.context.trace_id:032x}-{self.context.span_id:016x}-01"

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """See `Active.call`."""
        system = name.rpartition(" ")[2]  # a breaker may be named `Odoo system erp`
        with self._tracer.opened(self._below(f"call {system}", {"careloom.system": system}), self.trace):
            yield

    @contextmanager
    def batch(self, others: Sequence[Active]) -> Iterator[None]:
        """See `Active.batch`: one span below the first of them, to which a span in each other trace is linked."""
        theirs = [one for one in others if isinstance(one, OpenSpan)]
        contexts = [one.context for one in theirs]
        span = self._below("batch", {"careloom.batch": len(theirs) + 1}, contexts, SpanKind.INTERNAL)
        shared = [one._below("in batch", {}, [span.get_span_context()], SpanKind.INTERNAL) for one in theirs]
        try:
            with self._tracer.opened(span, self.trace):
                yield
        finally:
            for one in shared:
                one.end(self._tracer.now())

    def _below(
        self,
        name: str,
        attributes: Attributes,
        links: Sequence[SpanContext] = (),
        kind: SpanKind = SpanKind.CLIENT,
    ) -> Span:
        return self._tracer.start(name, self.trace, self.context.span_id, kind=kind, attributes=attributes, links=links)


def fail(span: Span, category: str) -> None:
    """Mark it as failed, by the sort of failure; what was said about it is nowhere in a trace."""
    span.set_attribute("error.type", category)
    span.set_status(Status(StatusCode.ERROR, category))


def context_of(traceparent: str) -> SpanContext | None:
    """The span that a caller of ours was in; None where there was none."""
    if not traceparent:
        return None
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def nanoseconds(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.timestamp() * 1_000_000) * 1000


def _below(parent: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(parent), Context())
