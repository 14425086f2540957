"""Figures and the rows behind them: they agree, whoever cuts them how, and what they say is exact."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.hub.hospital import Hospital
from tests.telemetry.seeding import seed
from tests.telemetry.test_business_numbers import NOW, event, parked, run

from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.telemetry.figures import (
    FIGURES,
    Figure,
    Line,
    Measure,
    Narrowed,
    Summed,
    Window,
    day_before,
    kept,
    rows,
    statement,
    summed,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL = Narrowed()
WINDOWS = (Window(NOW - DAY, NOW), Window(NOW - 7 * DAY, NOW), Window(NOW - 3 * DAY, NOW - 9 * HOUR))


async def listed(connection: Any, figure: Figure, window: Window, wanted: Narrowed = ALL) -> list[Any]:
    """All rows, in pages of seven."""
    found: list[Any] = []
    place: tuple[datetime, UUID] | None = None
    while True:
        page = await rows(connection, figure, window, wanted, place, 7)
        found += page
        if len(page) < 7:
            return found
        place = page[-1]["at"], page[-1]["id"]


@pytest.fixture
async def seeded(database: Database) -> AsyncIterator[Any]:
    async with database.acquire() as connection:
        await seed(connection, NOW)
        yield connection


async def test_each_number_is_that_of_its_rows_however_it_is_cut(seeded: Any) -> None:
    counted: dict[str, int] = {}
    for figure in FIGURES.values():
        for window in WINDOWS:
            one = await summed(seeded, figure, window)
            every = await listed(seeded, figure, window)
            assert len({row["id"] for row in every}) == len(every) == one.total.rows, figure.name
            assert [row["at"] for row in every] == sorted((row["at"] for row in every), reverse=True)
            assert sum(line.rows for line in one.parts) == one.total.rows
            for line in one.parts:
                narrowed = Narrowed(parts=(str(line.part),))
                assert len(await listed(seeded, figure, window, narrowed)) == line.rows, (figure.name, line.part)
            await _good(seeded, one, every)
            await _bars(seeded, one)
            if figure.measure is Measure.LENGTH:
                assert one.total.longest == max((row["seconds"] for row in every), default=None)
            counted[figure.name] = max(counted.get(figure.name, 0), one.total.rows)
    assert min(counted.values()) > 3, f"too few rows to tell anything: {counted}"


async def _good(connection: Any, one: Summed, every: Sequence[Any]) -> None:
    if one.figure.good:
        well = await listed(connection, one.figure, one.window, Narrowed(good=True))
        unwell = await listed(connection, one.figure, one.window, Narrowed(good=False))
        assert (len(well), len(well) + len(unwell)) == (one.total.good, one.total.rows)
        assert {row["good"] for row in unwell} <= {False}
    else:
        assert one.total.good is None and {row["good"] for row in every} <= {None}


async def _bars(connection: Any, one: Summed) -> None:
    """Each leads to as many rows as it is high."""
    for bar in one.bars:
        if isinstance(bar.begin, datetime) and isinstance(bar.end, datetime):
            behind = await listed(connection, one.figure, Window(bar.begin, bar.end))
        else:
            assert not isinstance(bar.begin, datetime) and not isinstance(bar.end, datetime)
            behind = await listed(connection, one.figure, one.window, Narrowed(least=bar.begin, most=bar.end))
        assert len(behind) == bar.rows, (one.figure.name, bar)
    assert not one.bars or sum(bar.rows for bar in one.bars) == one.total.rows


async def test_the_ageing_chart_is_that_of_a_direct_query(seeded: Any) -> None:
    found = await summed(seeded, FIGURES["waiting"], day_before(NOW))
    ages = ("0", "1 hour", "4 hours", "1 day", "3 days", "7 days")
    for bar, (begin, end) in zip(found.bars, pairwise((*ages, "100 years")), strict=True):
        counted = await seeded.fetchval(
            "select count(*) from work_case where state in ('open', 'claimed', 'waiting')"
            " and $1::timestamptz - opened >= $2::text::interval and $1 - opened < $3::text::interval",
            NOW, begin, end,
        )  # fmt: skip
        assert bar.rows == counted, (begin, end)
    assert len({bar.rows for bar in found.bars}) > 2


async def test_stretches_beside_each_other_count_everything_once(seeded: Any) -> None:
    edges = [NOW - 8 * DAY + number * 16 * HOUR for number in range(13)]
    assert edges[-1] == NOW
    for edge in edges:
        for at in (edge, edge - timedelta(microseconds=1), edge + timedelta(microseconds=1)):
            since = at - timedelta(minutes=5)
            await run(seeded, "service-completed.bill", since, "running", "completed", at=at, step="issue")
    for figure in (one for one in FIGURES.values() if one.stretch):
        parts = [(await summed(seeded, figure, Window(*pair))).total.rows for pair in pairwise(edges)]
        whole = await summed(seeded, figure, Window(edges[0], edges[-1]))
        assert sum(parts) == whole.total.rows, figure.name


async def test_delays_are_exact_to_the_second(database: Database) -> None:
    async with database.acquire() as connection:
        for minutes in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11):
            since = NOW - HOUR
            await run(connection, "service-completed.bill", since, at=since + timedelta(minutes=minutes), step="issue")
        await run(connection, "payment-confirmation.confirm", NOW - 2 * HOUR, at=NOW, step="post")
        await run(connection, "service-completed.bill", NOW - 9 * DAY, at=NOW - 2 * DAY, step="issue")
        await run(connection, "intake.admit", NOW - DAY, at=NOW, step="issue")
        lag = await summed(connection, FIGURES["invoicing"], day_before(NOW))
        delay = await summed(connection, FIGURES["posting"], day_before(NOW))
        week = await summed(connection, FIGURES["invoicing"], Window(NOW - 7 * DAY, NOW))
    assert lag.total == Line(None, 10, None, 330.0, pytest.approx(606.0), 660.0)
    assert [bar.rows for bar in lag.bars] == [0, 4, 6, 0, 0, 0, 0], "a minute belongs to those from a minute on"
    assert (delay.total.rows, delay.total.median, delay.total.longest) == (1, 7200.0, 7200.0)
    assert (week.total.rows, week.total.longest) == (11, 7 * 86400.0)


async def test_seven_appointments_are_seven_rows_however_many_events_each_has(database: Database) -> None:
    async with database.acquire() as connection:
        for _ in range(6):
            await parked(connection, *await event(connection, "appointment.booked.v1"))
        about = uuid4()
        for state in ("case", "behind"):
            await parked(connection, *await event(connection, "appointment.updated.v1", token=about), state)
        await parked(connection, *await event(connection, "registration.created.v1"))
        await event(connection, "appointment.booked.v1")
        found = await summed(connection, FIGURES["unsynchronised"], day_before(NOW))
        behind = await listed(connection, FIGURES["unsynchronised"], day_before(NOW))
    assert (found.total.rows, len(behind)) == (7, 7)


async def test_who_had_to_decide_and_where_it_came_from(database: Database) -> None:
    """What a person resolved or did for a run counts as by hand; a look, a beginning and what solved itself do not."""
    async with database.acquire() as connection:
        for _ in range(6):
            await run(connection, "intake.admit", NOW - HOUR, "running", "completed")
        ids = [row["id"] for row in await connection.fetch("select id from run order by id")]
        for place, by in ((0, "Robin"), (1, "careloom")):
            await connection.execute(
                "insert into work_case (id, kind, system, run, reason, opened)"
                " values ($1, 'mapping', 'x', $2, 'r', $3)",
                uuid4(), f"{ids[place]}/1", NOW - HOUR,
            )  # fmt: skip
            await connection.execute(
                "update work_case set state = 'resolved', resolved = $1, resolved_by = $2 where run = $3",
                NOW, by, f"{ids[place]}/1",
            )  # fmt: skip
        for place, what in ((2, "retried"), (3, "looked"), (4, "began")):
            await connection.execute(
                "insert into run_act values ($1, $2, $3, 'Kim', $4, 'why')", uuid4(), ids[place], NOW, what
            )
        _, came = await event(connection, "registration.created.v1")
        await connection.execute("update run set correlation = $2 where id = $1", ids[5], came)
        unaided = await listed(connection, FIGURES["unaided"], day_before(NOW), Narrowed(good=False))
        sourced = await listed(connection, FIGURES["sourced"], day_before(NOW), Narrowed(good=True))
    assert {row["about"] for row in unaided} == {ids[0], ids[2]}
    assert {row["about"] for row in sourced} == {ids[4], ids[5]}, "of the others nothing says where they came from"


async def test_the_report_says_the_same_as_often_as_it_is_asked(database: Database, hospital: Hospital) -> None:
    """It is made of what is on record alone: of a stretch that is over it comes out the same, and as the sums say."""
    week = Window(NOW - 7 * DAY, NOW)
    async with database.acquire() as connection:
        await seed(connection, NOW)
        expected = {one.name: (await summed(connection, one, week)).total for one in FIGURES.values()}
    asked = ("telemetry", "figures", "--from", week.begin.isoformat(), "--to", week.end.isoformat(), "--json")
    said = await hospital.careloom(*asked)
    assert said.code == 0, said.errors
    for one in (row for row in said.objects if row["part"] is None):
        line = expected.pop(one["figure"])
        assert (one["rows"], one["good"], one["p95_seconds"]) == (line.rows, line.good, line.most)
    assert not expected
    async with database.acquire() as connection:
        await run(connection, "intake.admit", NOW, "running", "completed", at=NOW + HOUR)
    assert (await hospital.careloom(*asked)).output == said.output
    for wrong in (("--to", "yesterday"), ("--from", "2026-03-01T08:00:00"), ("--from", "2999-01-01T00:00:00+00:00")):
        assert (await hospital.careloom("telemetry", "figures", *wrong)).code != 0, wrong


def test_whoever_may_see_parts_sees_no_others() -> None:
    waiting, rejected = FIGURES["waiting"], FIGURES["rejected"]
    assert kept(waiting, None) is None and kept(waiting, ["a"]) == ("a",) and kept(waiting, ()) == ()
    assert kept(rejected, None) == ("rejected-posting",)
    assert kept(rejected, ["mapping"]) == () and kept(rejected, ["mapping", "rejected-posting"]) == (
        "rejected-posting",
    )


def test_what_is_no_other_statement_is_refused() -> None:
    assert statement("select 1 from {cases_waiting} c").count("work_case") == 1
    with pytest.raises(KeyError):
        statement("select 1 from {nothing}")


async def test_every_step_that_ends_a_delay_is_in_its_index(database: Database) -> None:
    """The names stand in the index, in the statement and in the list of what is measured: all three are the same."""
    async with database.acquire() as connection:
        listed_ = {row["step"] for row in await connection.fetch(statement(queries("figures").measured_steps))}
        index = await connection.fetchval("select pg_get_indexdef('run_step_measured'::regclass)")
    assert {name for name in listed_ if f"'{name}'" in index} == listed_
    assert all(f"'{name}'" in queries("figures").delays for name in listed_)
    assert index.count("::text") - 1 == len(listed_), "and no other"


_MORE_EVENTS = """
insert into event
select 2, n, gen_random_uuid(), 'e', 'payment.received.v1', 'ehr', gen_random_uuid(), 1, now(), now(), '',
       gen_random_uuid(), null, 0, decode(repeat('00', 600), 'hex'), '\\x00' from generate_series(1, 20000) n
"""


async def test_large_tables_are_read_by_their_indexes(database: Database) -> None:
    async with database.acquire() as connection:
        await seed(connection, NOW, 20_000)
        await connection.execute(_MORE_EVENTS)
        await connection.execute("analyze")
        for name, scanned in (("completion", "run"), ("invoicing", "run_step"), ("opened", "work_case"),
                              ("resolution", "work_case"), ("unsynchronised", "event")):  # fmt: skip
            one = FIGURES[name]
            sql = statement(
                queries("figures").summed, rows=statement(queries("figures")[one.rows]), good=one.good or "true"
            )
            text = await connection.fetchval(f"explain (format json) {sql}", NOW, NOW - HOUR, None)
            [plan] = json.loads(text)
            assert scanned not in set(_scanned(plan["Plan"])), f"{name} reads all of {scanned}"


def _scanned(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for one in plan.get("Plans", ()):
        yield from _scanned(one)
