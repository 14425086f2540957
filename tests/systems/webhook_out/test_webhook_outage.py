"""An endpoint that is away through a real hub on PostgreSQL: all arrives in order afterwards, and is on record."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import ModuleType

import pytest
import typer
from standardwebhooks import Webhook as Reference
from tests.hub.hospital import Hospital, Running, Sender, adt, line

from careloom.cli import deliveries, webhook
from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import load
from careloom.hub.node import running_node
from careloom.systems.http.fake import FakeTarget, Request, answering
from careloom.systems.trial import Behaviour
from careloom.systems.webhook_out.fake import SECRET, Endpoint
from careloom.testing.clock import VirtualClock

EVENTS = '["registration.created.v1", "patient.updated.v1"]'
SUBJECTS, EACH = 6, 5


def configure(hospital: Hospital, port: int, more: str = "") -> None:
    (hospital.folder / "hook").write_text(SECRET)
    hospital.configure(
        f'[systems.billing]\nkind = "webhook_out"\nurl = "http://127.0.0.1:{port}/hooks"\nsecret = "file:hook"\n'
        f'allow = ["127.0.0.0/8"]\nports = [{port}]\nconnections = 4\n{more}\n'
        f'[deliveries.billing]\nsystem = "billing"\nevents = {EVENTS}\n'
    )


@asynccontextmanager
async def running(hospital: Hospital, clock: VirtualClock | None = None) -> AsyncIterator[Running]:
    async with running_node(load(hospital.config), clock=clock) as node, line(node.ports["ehr"]) as sender:
        yield Running(node, sender)


async def send(sender: Sender, first: int, count: int) -> None:
    """So many messages about each of SUBJECTS patients, in turn."""
    for number in range(first, first + count * SUBJECTS):
        at = f"20260301{8 + number // 60:02}{number % 60:02}00"
        answer = await sender.send(adt("A08", f"C{number}", f"N-{number % SUBJECTS}", at=at))
        assert answer.code == "AA", answer.text


def said(module: ModuleType, *arguments: str) -> tuple[int, str]:
    """What a command prints, and its exit code; to be called in a thread."""
    app, output = typer.Typer(), io.StringIO()
    module.register(app)
    with contextlib.redirect_stdout(output):
        try:
            app(arguments, standalone_mode=False)
            return 0, output.getvalue()
        except ConfigurationError as error:
            return 3, str(error)


async def command(hospital: Hospital, module: ModuleType, *arguments: str) -> tuple[int, str]:
    return await asyncio.to_thread(said, module, *arguments, "--config", str(hospital.config))


async def passes(hub: Running, clock: VirtualClock, sql: str, least: int) -> None:
    """Let time pass until the database counts so many; each second is a round trip, so that others get their turn."""
    async with asyncio.timeout(60):
        while (await hub.rows(sql))[0][0] < least:
            await clock.advance(1.0)


def in_order(requests: Sequence[Request]) -> dict[str, list[tuple[int, int]]]:
    """The positions in the log of what arrived, by subject."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for request in requests:
        event = json.loads(request.body)
        lane, _, sequence = event["position"].partition(":")
        found[event["subject"]].append((int(lane), int(sequence)))
    return found


ATTEMPTS = "select count(*) from delivery_attempt"
DELIVERED = "select count(*) from delivery_attempt where result = 'delivered'"


@pytest.mark.timeout(180)
async def test_an_endpoint_is_away_for_an_hour(hospital: Hospital, clock: VirtualClock) -> None:
    total = SUBJECTS * EACH
    async with Endpoint() as endpoint:
        configure(hospital, endpoint.target.port)
        await endpoint.behave(Behaviour.DOWN)
        async with running(hospital, clock) as hub:
            await send(hub.ehr, 0, EACH)
            began = clock.monotonic()
            while clock.monotonic() - began < 3600:
                before = (await hub.rows(ATTEMPTS))[0][0]
                await clock.advance(50)
                await passes(hub, clock, ATTEMPTS, before + 1)  # it is asked again and again
            assert (await hub.rows(DELIVERED))[0][0] == 0
            await endpoint.behave(Behaviour.WILLING)
            await passes(hub, clock, DELIVERED, total)
            assert (await hub.settled(total)).delivered == total
            # One case for the hour, and none for what waited.
            assert [row["kind"] for row in await hub.rows("select kind from work_case")] == ["system-away"]
    arrived = in_order(endpoint.target.requests)
    assert len(await endpoint.effects()) == len(endpoint.target.requests) == total
    assert {subject: sorted(positions) for subject, positions in arrived.items()} == arrived
    assert [len(positions) for positions in arrived.values()] == [EACH] * SUBJECTS
    code, text = await command(hospital, deliveries, "billing", "--limit", "10000", "--json")
    rows = [json.loads(one) for one in text.splitlines()]
    assert (code, sum(row["result"] == "delivered" for row in rows)) == (0, total)
    assert sum(row["result"] == "failed" for row in rows) >= 60
    one = rows[-1]["event"]
    code, text = await command(hospital, deliveries, "--event", one)
    assert code == 0 and "cannot connect to 127.0.0.1" in text and "1 delivered" in text


@pytest.mark.timeout(180)
async def test_a_disabled_endpoint_keeps_its_events_over_a_restart_until_it_is_enabled(hospital: Hospital) -> None:
    total = SUBJECTS * 4
    async with Endpoint() as endpoint:
        configure(hospital, endpoint.target.port)
        endpoint.target.reply = answering(410)
        async with running(hospital) as hub:
            await send(hub.ehr, 0, 2)
            case = "select reason from work_case where kind = 'endpoint-disabled' and state = 'open'"
            [found] = await hub.eventually(lambda: hub.rows(case))
            assert "careloom webhook enable billing" in found["reason"]
            tried = len(endpoint.target.requests)
        endpoint.target.reply = endpoint._answer
        async with running(hospital) as hub:
            await send(hub.ehr, 2 * SUBJECTS, 2)
            await hub.eventually(lambda: hub.rows("select 1 from parked"))
            assert (len(endpoint.target.requests), await endpoint.effects()) == (tried, [])
            code, text = await command(hospital, webhook, "list", "--json")
            assert (code, json.loads(text)["state"]) == (0, "disabled")
            assert (await command(hospital, webhook, "enable", "ehr"))[0] == 3
            code, text = await command(hospital, webhook, "enable", "billing", "--reason", "moved back")
            assert (code, "is sent to again" in text) == (0, True)
            assert "was not disabled" in (await command(hospital, webhook, "enable", "billing"))[1]
            assert (await hub.settled(total)).delivered == total
            [resolved] = await hub.rows("select state, resolution from work_case where kind = 'endpoint-disabled'")
            assert tuple(resolved) == ("resolved", "enabled by cli: moved back")
    arrived = in_order(endpoint.target.requests[tried:])
    assert {subject: sorted(positions) for subject, positions in arrived.items()} == arrived
    assert sum(map(len, arrived.values())) == total
    headers = endpoint.target.requests[-1].headers

    assert Reference(SECRET).verify(endpoint.target.requests[-1].body, headers)


async def test_one_endpoint_that_is_away_delays_no_other(hospital: Hospital) -> None:
    """EVT-02: each subscriber has its own cursor."""
    async with Endpoint() as away, FakeTarget() as other:
        configure(
            hospital,
            away.target.port,
            f'[systems.other]\nkind = "http"\nurl = "http://127.0.0.1:{other.port}/"\nidempotent = true\n'
            f'[deliveries.other]\nsystem = "other"\nevents = {EVENTS}',
        )
        await away.behave(Behaviour.DOWN)
        async with running(hospital) as hub:
            await send(hub.ehr, 0, 3)
            async with asyncio.timeout(20):
                await other.until(3 * SUBJECTS)
            await away.behave(Behaviour.WILLING)
            assert await away.effects() == []


async def test_commands_say_what_is_wrong(hospital: Hospital) -> None:
    configure(hospital, 8443)
    code, text = await command(hospital, deliveries, "nobody")
    assert (code, "there is no system 'nobody'" in text) == (3, True)
    with pytest.raises(typer.BadParameter):
        await command(hospital, deliveries)
    code, text = await command(hospital, webhook, "list")
    assert (code, "billing" in text and "enabled" in text) == (0, True)
    assert (await command(hospital, deliveries, "billing"))[1].strip() == "0 attempts, 0 delivered"
