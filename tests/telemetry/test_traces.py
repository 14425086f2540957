"""Traces of a running hub: whole from the socket to Odoo, across a restart, in batches, over HTTP both ways."""

from __future__ import annotations

import asyncio
import sys
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.hub.hospital import Hospital, Running, adt, line

from careloom.core.errors import ConfigurationError
from careloom.core.ids import Uuid7
from careloom.core.tracing import ACTIVE, INCOMING, note_incoming, together
from careloom.hub.configuration import load
from careloom.hub.node import running_node
from careloom.sim.odoo import SimulatedOdoo
from careloom.systems.odoo.gathering import Gathering
from careloom.telemetry.tracing import Tracer
from careloom.testing.clock import VirtualClock

ALL = "[telemetry]\ntraces = 1.0\n"
SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@asynccontextmanager
async def followed(hospital: Hospital, spans: InMemorySpanExporter) -> AsyncIterator[Running]:
    async with (
        running_node(load(hospital.config), spans=SimpleSpanProcessor(spans)) as node,
        line(node.ports["ehr"]) as sender,
    ):
        yield Running(node, sender)


def of_trace(spans: Sequence[ReadableSpan], trace: UUID) -> list[ReadableSpan]:
    return [one for one in spans if one.context is not None and one.context.trace_id == trace.int]


def orphans(spans: Sequence[ReadableSpan]) -> list[str]:
    """Spans whose parent is not among them, but for the first."""
    known = {one.context.span_id for one in spans if one.context}
    return [one.name for one in spans if one.parent is not None and one.parent.span_id not in known]


def path_to_root(spans: Sequence[ReadableSpan], last: ReadableSpan) -> list[str]:
    by_id = {one.context.span_id: one for one in spans if one.context}
    found, at = [last.name], last
    while at.parent is not None:
        at = by_id[at.parent.span_id]
        found.append(at.name)
    return found[::-1]


async def message_of(hub: Running) -> UUID:
    rows = await hub.rows("select id from event where kind = 'm' order by recorded desc limit 1")
    return UUID(str(rows[0]["id"]))


async def test_one_trace_leads_from_the_socket_to_odoo(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(ALL, odoo=erp)
    spans = InMemorySpanExporter()
    async with followed(hospital, spans) as hub:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
        message = await message_of(hub)
    found = of_trace(spans.get_finished_spans(), message)
    assert orphans(found) == []
    [root] = [one for one in found if one.parent is None]
    assert root.name == "receive ehr"
    called = [one for one in found if one.name == "call erp"]
    assert called, [one.name for one in found]
    path = path_to_root(found, called[-1])
    assert path[:2] == ["receive ehr", "process translate"]
    assert "create registration.created.v1" in path
    assert path[-2:] == ["batch", "call erp"] or path[-1] == "call erp"


async def test_the_trace_is_whole_across_a_restart_of_the_hub(hospital: Hospital, erp: SimulatedOdoo) -> None:
    """The first hub only takes the message in; another process translates it and calls Odoo."""
    spans = InMemorySpanExporter()
    hospital.configure(ALL, odoo=erp, hub="work = false")
    async with followed(hospital, spans) as hub:
        await hub.send(adt("A04", "C1"))
        message = await message_of(hub)
    first = {one.name for one in spans.get_finished_spans()}
    assert first == {"receive ehr"}
    hospital.configure(ALL, odoo=erp)
    later = InMemorySpanExporter()
    async with followed(hospital, later) as hub:
        await hub.settled(1)
    found = of_trace([*spans.get_finished_spans(), *later.get_finished_spans()], message)
    assert orphans(found) == []
    assert [one.name for one in found if one.parent is None] == ["receive ehr"]
    assert "call erp" in {one.name for one in found}


async def test_a_repeat_is_seen_in_the_trace_of_the_first(hospital: Hospital) -> None:
    hospital.configure(ALL)
    spans = InMemorySpanExporter()
    async with followed(hospital, spans) as hub:
        await hub.send(adt("A04", "C1"), adt("A04", "C1"))
        message = await message_of(hub)
        names = [one.name for one in of_trace(spans.get_finished_spans(), message)]
    assert names.count("receive ehr") == 1
    assert names.count("receive ehr again") == 1


async def test_a_callers_trace_is_linked_and_ours_goes_on_outside(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(ALL, odoo=erp)
    key = (await hospital.careloom("key", "create", "lab")).output.strip()
    spans = InMemorySpanExporter()
    async with followed(hospital, spans) as hub:
        request = urllib.request.Request(
            f"http://127.0.0.1:{hub.node.ports['api']}/v1/systems/ehr/messages", adt("A04", "C1"),
            {"Authorization": f"Bearer {key}", "Content-Type": "application/hl7-v2", "traceparent": SENDER},
        )  # fmt: skip
        await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=30).close())
        await hub.settled(1)
    [received] = [one for one in spans.get_finished_spans() if one.name == "receive ehr"]
    assert [f"{link.context.trace_id:032x}" for link in received.links] == [SENDER.split("-")[1]]


async def test_what_goes_out_carries_the_span_that_it_is_part_of() -> None:
    from careloom.core.tracing import outgoing

    tracer, spans = _tracer()
    trace = Uuid7()()
    assert outgoing() == {}
    with tracer.opened(tracer.start("handle", trace, None, own=trace), trace) as active, active.call("sink"):
        header = outgoing()["traceparent"]
    [called] = [one for one in spans.get_finished_spans() if one.name == "call sink"]
    assert called.context is not None
    assert header == f"00-{trace.hex}-{called.context.span_id:016x}-01"
    assert outgoing() == {}


async def test_a_batch_is_one_span_that_is_linked_with_the_others() -> None:
    tracer, spans = _tracer()
    seen: list[int] = []
    go = asyncio.Event()

    async def work(_: str, items: Sequence[int]) -> Sequence[int]:
        seen.append(len(items))
        await go.wait()
        return items

    gathering: Gathering[str, int, int] = Gathering(work, workers=1, most=10)

    async def one(number: int) -> UUID:
        trace = Uuid7()()
        with tracer.opened(tracer.start("handle", trace, None, own=trace), trace):
            await gathering.ask("lane", number, number)
        return trace

    asked = [asyncio.ensure_future(one(number)) for number in range(4)]
    while not seen:
        await asyncio.sleep(0)
    go.set()
    traces = await asyncio.gather(*asked)
    await gathering.close()
    finished = spans.get_finished_spans()
    batches = [one for one in finished if one.name == "batch"]
    assert sum(seen) == 4
    assert sum(len(one.links) + 1 for one in batches) == 4
    for trace in traces:
        assert {one.name for one in of_trace(finished, trace)} & {"batch", "in batch"}, "each trace knows of its batch"
    assert ACTIVE.get() is None


def _tracer(share: float = 1.0) -> tuple[Tracer, InMemorySpanExporter]:
    spans = InMemorySpanExporter()
    return Tracer("north", SimpleSpanProcessor(spans), VirtualClock(), share), spans


def test_a_task_of_nobody_is_followed_by_nobody() -> None:
    with together([None, None]):
        assert ACTIVE.get() is None


def test_what_is_kept_follows_from_the_id_in_every_process() -> None:
    """UUIDv7 begins with the time and a fixed variant: a share of the usual half of it would be all or none."""
    new_id = Uuid7()
    ids = [new_id() for _ in range(4000)]
    one, other = _tracer(0.25)[0], _tracer(0.25)[0]
    assert [one.keeps(id_) for id_ in ids] == [other.keeps(id_) for id_ in ids]
    assert 800 < sum(one.keeps(id_) for id_ in ids) < 1200
    assert not any(_tracer(0.0)[0].keeps(id_) for id_ in ids)
    assert all(_tracer(1.0)[0].keeps(id_) for id_ in ids)


@pytest.mark.parametrize("header", ["", "00-00", SENDER.upper(), f"00-{'0' * 32}-b7ad6b7169203331-01"])
def test_what_is_no_traceparent_is_left_out(header: str) -> None:
    note_incoming(header)
    assert INCOMING.get() == ""


def test_a_failure_says_its_sort_and_nothing_of_what_it_was_about() -> None:
    tracer, spans = _tracer()
    trace = Uuid7()()
    with pytest.raises(ValueError), tracer.opened(tracer.start("handle", trace, None), trace):
        raise ValueError("Quillfeather, Zyxwina")
    [span] = spans.get_finished_spans()
    assert span.attributes is not None and span.attributes["error.type"] == "unknown"
    assert "Quillfeather" not in span.to_json()


async def test_nothing_is_traced_where_the_settings_do_not_say_so(hospital: Hospital) -> None:
    spans = InMemorySpanExporter()
    async with followed(hospital, spans) as hub:
        await hub.send(adt("A04", "C1"))
        assert hub.node.telemetry.tracer is None
    assert spans.get_finished_spans() == ()


async def test_traces_without_a_collector_are_refused_at_the_start(hospital: Hospital) -> None:
    hospital.configure(ALL)
    with pytest.raises(ConfigurationError, match="say where traces go"):
        async with running_node(load(hospital.config)):
            pass


async def test_a_missing_library_names_its_extra(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    hospital.configure(f'{ALL}collector = "http://127.0.0.1:4318/v1/traces"\n')
    with pytest.raises(ConfigurationError, match=r"careloom\[otlp\]"):
        async with running_node(load(hospital.config)):
            pass


FLOW = """
from careloom.flows import Flow
from careloom.model import RegistrationCreated
from careloom.workflow.run import Run

traced = Flow(
    "traced", owner="x", business_owner="y", sla="1h", bound="1m", recovery_time="4h", pattern="event",
    system_of_record="z", runbook="flow-registration",
)


async def greet(number: int) -> int:
    return number + 1


@traced.workflow(RegistrationCreated)
async def welcome(run: Run, registration: RegistrationCreated) -> None:
    first = await run.step(greet, 1)
    await run.sleep("1s")
    await run.step(greet, first, name="again")
"""


async def test_a_run_and_its_steps_are_in_the_trace_also_after_a_wait(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hospital.folder / "traced_flow.py").write_text(FLOW)
    monkeypatch.setattr(sys, "path", [str(hospital.folder), *sys.path])
    flows = 'flows = ["careloom.flows.registration", "careloom.flows.standards", "traced_flow"]'
    hospital.configure(f"{ALL}[flows.traced]\n", hub=flows)
    spans = InMemorySpanExporter()
    async with followed(hospital, spans) as hub:
        await hub.send(adt("A04", "C1"))
        await hub.eventually(lambda: hub.rows("select 1 from run where state = 'completed'"))
        message = await message_of(hub)
    found = of_trace(spans.get_finished_spans(), message)
    assert orphans(found) == []
    names = [one.name for one in found]
    assert names.count("begin traced.welcome") == 1
    steps = [one for one in found if one.name.startswith("step ")]
    assert len(steps) == 2
    assert path_to_root(found, steps[-1])[-2] == "begin traced.welcome"
