"""What is injected at the API and at an endpoint is in the metrics by the next scrape, under its own labels."""

from __future__ import annotations

import asyncio
import statistics
import urllib.error
import urllib.request

from tests.hub.hospital import Hospital, Running, adt
from tests.telemetry.scraping import value
from tests.telemetry.test_metrics_page import OPEN, scraped

from careloom.sim.odoo import SimulatedOdoo
from careloom.systems.http.fake import answering
from careloom.systems.webhook_out.fake import SECRET, Endpoint
from careloom.testing.clock import VirtualClock

ROUTE = "/v1/lookups/supplier"
LOOKUP = (
    '[api.lookups.supplier]\nshape = "supplier"\nsystem = "erp"\nowner = "desk"\nbudget_seconds = 10\n'
    'reason = "somebody stands at the counter and waits for it"\nstale_seconds = 0\n'
)


def ask(hub: Running, key: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{hub.node.ports['api']}{ROUTE}?supplier=SUP-1", headers={"Authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


async def test_injected_latency_and_errors_of_a_route_are_in_the_next_scrape(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    hospital.configure(OPEN + LOOKUP, odoo=erp)
    said = await hospital.careloom("key", "create", "desk", "--scope", "read:operational", "--scope", "read:financial")
    key, clock, go_on = said.output.strip(), VirtualClock(), asyncio.Event()
    async with hospital.running(clock=clock) as hub:
        assert value(await scraped(hub), "api_seconds_count", route=ROUTE, status="4xx") is None
        erp.faults.hang(until=go_on, model="res.partner")
        asked = asyncio.create_task(asyncio.to_thread(ask, hub, key))
        await erp.wait_until(lambda: erp.hanging == 1)
        await clock.advance(3.0)
        go_on.set()
        assert await asked == 404, "there is no such supplier"
        found = await scraped(hub)
        within = [value(found, "api_seconds_bucket", route=ROUTE, status="4xx", le=one) for one in ("2.5", "5", "+Inf")]
        assert within == [0, 1, 1]
        assert value(found, "api_seconds_sum", route=ROUTE, status="4xx") == 3.0

        erp.faults.outage(503)
        failed = [await asyncio.to_thread(ask, hub, key) for _ in range(3)]
        assert all(status >= 500 for status in failed), failed
        assert value(await scraped(hub), "api_seconds_count", route=ROUTE, status="5xx") == 3
        assert value(await scraped(hub), "api_seconds_count", route=ROUTE, status="4xx") == 1


async def test_what_an_endpoint_did_equals_the_table_of_attempts_and_that_it_is_disabled_is_seen(
    hospital: Hospital,
) -> None:
    (hospital.folder / "hook").write_text(SECRET)
    async with Endpoint() as desk:
        desk.target.reply = answering(204)
        port = desk.target.port
        hospital.configure(
            f'{OPEN}[systems.desk]\nkind = "webhook_out"\nurl = "http://127.0.0.1:{port}/hooks"\nsecret = "file:hook"\n'
            f'allow = ["127.0.0.0/8"]\nports = [{port}]\n'
            '[deliveries.desk]\nsystem = "desk"\nevents = ["registration.created.v1"]\n'
        )
        async with hospital.running() as hub:
            await hub.send(*(adt("A04", f"C{number}", f"N-{number}") for number in range(12)))
            await hub.settled(12)
            desk.target.reply = answering(503)
            await hub.send(adt("A04", "C20", "N-20"))
            await hub.eventually(lambda: hub.rows("select 1 from delivery_attempt where result <> 'done'"))
            assert value(await scraped(hub), "breaker_state", system="desk", state="disabled") == 0
            desk.target.reply = answering(410)
            await hub.send(adt("A04", "C21", "N-21"))
            await hub.eventually(lambda: hub.rows("select 1 from work_case where kind = 'endpoint-disabled'"))
            await hub.node.status.refresh()
            found = await scraped(hub)
            rows = await hub.rows("select result, seconds from delivery_attempt where system = 'desk'")
    assert value(found, "breaker_state", system="desk", state="disabled") == 1
    results = {row["result"] for row in rows}
    assert len(results) >= 2, "some went well and some did not"
    for result in results:
        took = [row["seconds"] for row in rows if row["result"] == result]
        assert value(found, "endpoint_attempts_of_hour", system="desk", result=result) == len(took)
        most = statistics.quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]
        shown = value(found, "endpoint_p95_seconds", system="desk", result=result)
        assert shown is not None and abs(shown - most) < 1e-6, result
