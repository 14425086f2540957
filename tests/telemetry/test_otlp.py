"""One trace from the socket to Odoo's commit, as a collector of others' making gets it, across a restart of the hub."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import aiohttp
from tests.hub.hospital import Hospital, Running, adt
from tests.telemetry.collector import Collector, collector, missing_parents, path_to_root

from careloom.sim.odoo import SimulatedOdoo
from careloom.systems.http.fake import FakeTarget
from careloom.systems.webhook.fake import SECRET, Signer, document

SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def telling(to: Collector, hospital: Hospital) -> str:
    (hospital.folder / "collector-key").write_text("the-key-of-the-collector")
    return f'[telemetry]\ntraces = 1.0\ncollector = "{to.url}"\ncollector_key = "file:collector-key"\n'


async def newest_message(hub: Running) -> UUID:
    rows = await hub.rows("select id from event where kind = 'm' order by recorded desc, seq desc limit 1")
    return UUID(str(rows[0]["id"]))


async def test_a_collector_gets_the_whole_trace_though_the_hub_was_restarted_in_between(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    async with collector() as kept:
        hospital.configure(telling(kept, hospital), odoo=erp, hub="work = false")
        async with hospital.running() as hub:
            await hub.send(adt("A04", "C1"))
            message = await newest_message(hub)
        assert [one.name for one in kept.of(message)] == ["receive ehr"], "it was handed out before the hub was gone"
        hospital.configure(telling(kept, hospital), odoo=erp)
        async with hospital.running() as hub:
            numbers = await hub.settled(1)
            assert numbers.delivered == 1
        found = kept.of(message)
    assert missing_parents(found) == []
    assert [one.name for one in found if not one.parent] == ["receive ehr"]
    assert len({one.id for one in found}) == len(found), "no span came twice, nor two under one id"
    called = [one for one in found if one.name == "call erp"]
    path = path_to_root(found, called[-1])
    assert path[:3] == ["receive ehr", "process translate", "create registration.created.v1"]
    assert "process registration.keep_account" in path and path[-1] == "call erp"
    assert {one.service for one in found} == {"north"}
    assert set(kept.tokens) == {"Bearer the-key-of-the-collector"}


async def test_many_at_once_are_whole_traces_linked_where_they_shared_a_call(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    async with collector() as kept:
        hospital.configure(telling(kept, hospital), odoo=erp)
        async with hospital.running() as hub:
            await hub.send(*(adt("A04", f"C{number}", f"N-{number}") for number in range(30)))
            await hub.settled(30)
            rows = await hub.rows("select id from event where kind = 'm'")
        messages = [UUID(str(row["id"])) for row in rows]
        for message in messages:
            found = kept.of(message)
            assert missing_parents(found) == []
            assert {"call erp", "in batch"} & {one.name for one in found}, (
                "Odoo was called for it, alone or with others"
            )
        shared = [one for one in kept.spans if one.name == "batch" and one.links]
        assert {trace for one in shared for trace in one.links} <= {message.int for message in messages}


async def test_a_webhooks_trace_is_linked_and_what_goes_out_goes_on_with_ours(hospital: Hospital) -> None:
    """In by a signed webhook with a `traceparent`, out by an HTTP delivery with one: that of the call's own span."""
    (hospital.folder / "hook").write_text(SECRET)
    async with collector() as kept, FakeTarget() as target:
        systems = (
            '[systems.shop]\nkind = "webhook"\nscheme = "standard"\nsecret = "file:hook"\n'
            '[sources.shop.json]\ndialect = "shop"\ntype = "/type"\nkey = "/id"\n'
            'subject = "/order/number"\nnoun = "Order"\n'
            f'[systems.sink]\nkind = "http"\nurl = "http://127.0.0.1:{target.port}/events"\n'
            '[deliveries.sink]\nsystem = "sink"\nevents = ["registration.created.v1"]\n'
        )
        hospital.configure(telling(kept, hospital) + systems)
        async with hospital.running() as hub, aiohttp.ClientSession() as http:
            body = json.dumps(document(1)).encode()
            now = int(hub.node.telemetry.clock.now().timestamp())
            signed = Signer().request(body, id="msg-1", timestamp=now)
            url = f"http://127.0.0.1:{hub.node.ports['api']}/v1/systems/shop/hook"
            async with http.post(url, data=body, headers={**signed.headers, "traceparent": SENDER}) as answer:
                assert answer.status == 200, await answer.text()
            webhook = await newest_message(hub)
            await hub.send(adt("A04", "C1"))
            async with asyncio.timeout(60):
                await target.until(1)
            registration = await newest_message(hub)
            await hub.settled(2)
        [received] = [one for one in kept.of(webhook) if one.name == "receive shop"]
        assert received.links == (int(SENDER.split("-")[1], 16),)
        [request] = target.requests
        version, trace, span, flags = request.headers["traceparent"].split("-")
        assert (version, flags, UUID(trace)) == ("00", "01", registration)
        [called] = [one for one in kept.of(registration) if one.name == "call sink"]
        assert int(span, 16) == called.id
        assert missing_parents(kept.of(registration)) == []


async def test_a_collector_that_is_away_holds_nothing_up(hospital: Hospital, erp: SimulatedOdoo) -> None:
    async with collector() as kept:
        more = telling(kept, hospital)
    hospital.configure(more, odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        assert (await hub.settled(1)).delivered == 1
