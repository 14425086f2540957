"""`/metrics` of a running hub: what it counts is what happened, who may read it, and that labels are bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.hub.hospital import Hospital, Running, adt
from tests.telemetry.scraping import Samples, fetch, samples, value

from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import load
from careloom.hub.node import running_node
from careloom.sim.odoo import SimulatedOdoo
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.telemetry.catalogue import COUNTERS, GAUGES, HISTOGRAMS
from careloom.telemetry.exposition import exposed
from careloom.telemetry.reading import Reader, read, statement_of
from careloom.telemetry.tally import MOST, OTHER, Tally, hand_on
from careloom.testing.clock import VirtualClock

OPEN = '[telemetry]\nmetrics = "open"\n'


async def scraped(hub: Running) -> Samples:
    """A page that is not older than the call."""
    hub.node.telemetry.reader._next = 0.0
    status, page = await fetch(hub.node.ports["api"])
    assert status == 200
    return samples(page)


async def test_what_happened_is_what_is_counted(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(OPEN, odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"), adt("A04", "C1"), adt("A08", "C2", pid={5: ""}, at="20260301090000"))
        assert (await hub.ehr.send(b"no message at all")).code != "AA"
        assert (await hub.ehr.send(adt("A04", "C1", pid={8: "M"}))).code == "AE"
        await hub.settled(2)
        await hub.node.status.refresh()
        found = await scraped(hub)
    for outcome, many in {"acknowledged": 2, "repeated": 1, "refused": 1, "conflicting": 1}.items():
        assert value(found, "intake_total", system="ehr", outcome=outcome) == many, outcome
    assert value(found, "messages_received_total") == 2
    assert value(found, "deliveries_total", subscription="translate", outcome="done") == 2
    assert value(found, "cases", kind="delivery", state="open") == 1
    assert value(found, "subscription_behind", subscription="translate") == 0
    assert value(found, "breaker_state", system="erp", state="closed") == 1
    assert value(found, "events_in_time_total", flow="translate", result="good") == 2
    assert value(found, "handling_seconds_count", subscription="translate") == 2


async def test_latency_and_errors_of_the_api_are_seen_within_one_scrape(hospital: Hospital) -> None:
    hospital.configure(OPEN)
    async with hospital.running() as hub:
        assert (await fetch(hub.node.ports["api"], path="/v1/status"))[0] == 401
        found = await scraped(hub)
    assert value(found, "api_seconds_count", route="/v1/status", status="4xx") == 1


async def test_counters_go_on_after_a_restart(hospital: Hospital) -> None:
    hospital.configure(OPEN)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C2"))
        await hub.settled(2)
        assert value(await scraped(hub), "intake_total", system="ehr", outcome="acknowledged") == 2


async def test_the_page_asks_for_a_key_with_its_own_scope(hospital: Hospital) -> None:
    usual = (await hospital.careloom("key", "create", "lab")).output.strip()
    own = (await hospital.careloom("key", "create", "prometheus", "--scope", "metrics:read")).output.strip()
    async with hospital.running() as hub:
        port = hub.node.ports["api"]
        statuses = [(await fetch(port, key))[0] for key in ("", usual, own)]
        other = (await fetch(port, own, "/v1/status"))[0]
    assert (statuses, other) == ([401, 403, 200], 403)


async def test_an_open_page_is_for_loopback_only(hospital: Hospital) -> None:
    text = hospital.config.read_text().replace("[api]\nport = 0", '[api]\nhost = "0.0.0.0"\nport = 0')
    hospital.config.write_text(f"{text}\n{OPEN}")
    with pytest.raises(ConfigurationError, match="on loopback"):
        async with running_node(load(hospital.config)):
            pass


async def test_a_page_that_is_off_is_not_there(hospital: Hospital) -> None:
    hospital.configure('[telemetry]\nmetrics = "off"\n')
    async with hospital.running() as hub:
        assert (await fetch(hub.node.ports["api"]))[0] == 404


async def test_in_a_load_run_each_number_is_that_of_the_sql_twenty_times(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    """In one snapshot, while messages come in and are worked: whatever moves meanwhile cannot hide a difference."""
    hospital.configure(OPEN, odoo=erp)
    seen: set[float] = set()
    async with hospital.running() as hub:
        load_ = asyncio.ensure_future(_load(hub))
        for _ in range(20):
            async with (
                hub.database.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                reading = await read(connection, hub.node.telemetry.clock.now())
                found = samples(exposed(reading, {}, reading.at))
                for gauge in GAUGES:
                    sql = statement_of(gauge.statement)
                    rows = await connection.fetch(sql, *([reading.at] if "$1" in sql else []))
                    for row in rows:
                        labels = {label: str(row[label]) for label in gauge.labels}
                        shown = value(found, gauge.name + ("_total" if gauge.grows else ""), **labels)
                        assert shown == pytest.approx(float(row[gauge.value])), (gauge.name, labels)
                independent = await connection.fetchval("select count(*) from event where kind = 'm'")
                assert value(found, "messages_received_total") == independent
                assert value(found, "messages_in_flight") == await connection.fetchval(IN_FLIGHT)
                seen.add(independent)
        load_.cancel()
        await asyncio.gather(load_, return_exceptions=True)
    assert len(seen) > 3, "nothing moved while it was read"


IN_FLIGHT = """
select (select count(*) from event e join cursor c on c.lane = e.lane and c.subscription = 'translate'
        where e.kind = 'm' and e.seq > c.seq)
     + (select count(*) from parked where subscription = 'translate' and state <> 'join')
     + (select count(*) from flight)
"""
"""The same by looking at each message, where nothing waits for a person."""


async def test_messages_that_wait_are_counted_without_reading_them(hospital: Hospital) -> None:
    """Those of several subjects stand in the lanes of all of them, and are one message each."""
    hospital.configure(OPEN, hub="work = false")
    async with hospital.running() as hub:
        await hub.send(*(adt("A04", f"C{number}", f"N-{number}") for number in range(20)))
        await hub.send(*(adt("A40", f"M{n}", f"N-{n}", mrg=f"N-{n + 10}^^^NORTH^MR", evn=True) for n in range(5)))
        found = await scraped(hub)
        [counted] = await hub.rows("select count(*) filter (where kind = 'm') as m, count(*) as n from event"
                                   " join lane l using (lane) where l.bank = 'm'")  # fmt: skip
        assert counted["n"] > counted["m"] == 25, "some stand in several lanes"
        assert value(found, "messages_in_flight") == 25
        async with hub.database.acquire() as connection, connection.transaction():
            await connection.execute("set local enable_seqscan = off")
            plan = [row[0] for row in await connection.fetch(f"explain {statement_of('conservation')}")]
    assert [line for line in plan if "on event e" in line] and not [line for line in plan if "event_pkey" in line]


async def _load(hub: Running) -> None:
    for number in range(100_000):
        await hub.send(adt("A04" if number % 3 else "A08", f"L{number}", f"N-{number % 50}"))


async def test_a_label_has_so_many_values_and_no_more(database: Database) -> None:
    tally = Tally()
    for number in range(MOST + 500):
        tally.count("intake_total", f"system-{number}", "acknowledged")
    await hand_on(tally, database)
    for _ in range(2):  # another process, which met others first
        await hand_on(_with(tally, range(MOST + 500, MOST + 900)), database)
    reading = await Reader(database, VirtualClock()).reading()
    found = samples(exposed(reading, {}, VirtualClock().now()))
    systems = {dict(labels)["system"] for name, labels in found if name == "careloom_intake_total"}
    assert len(systems) == MOST + 1
    assert sum(one for (name, _), one in found.items() if name == "careloom_intake_total") == MOST + 500 + 800
    assert (value(found, "intake_total", system=OTHER, outcome="acknowledged") or 0) >= 500


def _with(tally: Tally, numbers: range) -> Tally:
    other = Tally()
    for number in numbers:
        other.count("intake_total", f"system-{number}", "acknowledged")
    return other


def test_a_long_value_is_never_a_label() -> None:
    tally = Tally()
    tally.count("intake_total", "x" * 101, "refused")
    assert tally.take() == {("intake_total", (OTHER, "refused")): 1}


def test_a_metric_that_is_not_in_the_catalogue_cannot_be_counted() -> None:
    with pytest.raises(KeyError):
        Tally().count("invented_total", "ehr")
    with pytest.raises(KeyError):
        Tally().count("intake_total", "ehr")


async def test_what_cannot_be_handed_on_is_counted_later(database: Database) -> None:
    tally = Tally()
    tally.count("intake_total", "ehr", "refused", by=3)
    await database.close()
    with pytest.raises(Exception, match=r"."):
        await hand_on(tally, database)
    assert tally.take() == {("intake_total", ("ehr", "refused")): 3}


async def test_the_store_is_read_once_for_many_and_rests_in_between(database: Database) -> None:
    clock = VirtualClock()
    reader = Reader(database, clock)
    first = await asyncio.gather(*(reader.reading() for _ in range(10)))
    assert len({id(one) for one in first}) == 1
    await clock.advance(4.9)
    assert await reader.reading() is first[0]
    await clock.advance(0.2)
    assert await reader.reading() is not first[0]


async def test_while_the_store_is_away_the_last_reading_is_shown(database: Database) -> None:
    clock = VirtualClock()
    reader = Reader(database, clock)
    first = await reader.reading()
    await database.close()
    await clock.advance(60)
    assert await reader.reading() is first
    assert value(samples(exposed(first, {}, clock.now())), "scrape_age_seconds") == 60


def test_every_gauge_has_its_statement_and_its_name_once() -> None:
    known = {*queries("telemetry"), "conservation"}
    assert {one.statement for one in GAUGES} <= known
    names = [one.name for one in (*GAUGES, *COUNTERS, *HISTOGRAMS)]
    assert len(names) == len(set(names))


def test_no_label_of_a_metric_is_about_a_person() -> None:
    allowed = {
        "system", "kind", "flow", "subscription", "state", "category", "outcome", "result", "workflow", "role", "route",
        "status", "channel", "delay",
    }  # fmt: skip
    assert {label for one in (*GAUGES, *COUNTERS, *HISTOGRAMS) for label in one.labels} <= allowed


def test_the_statements_are_read_by_nothing_else_than_what_is_here() -> None:
    """Every statement of telemetry.sql is used."""
    root = Path(__file__).parents[2] / "src" / "careloom"
    used = "".join(
        one.read_text("utf-8") for folder in ("telemetry", "hub", "cli") for one in (root / folder).rglob("*.py")
    )
    assert [name for name in queries("telemetry") if name not in used] == []
