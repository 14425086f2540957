"""The numbers of the business, from rows that are seeded: exact, and each with the rows behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.hub.hospital import Hospital
from tests.telemetry.scraping import Samples, samples, value

from careloom.store.database import Database
from careloom.telemetry.exposition import exposed
from careloom.telemetry.reading import read
from careloom.testing.clock import START

NOW = START + timedelta(days=3)


async def shown(database: Database, now: datetime = NOW) -> Samples:
    async with database.acquire() as connection:
        return samples(exposed(await read(connection, now), {}, now))


async def event(connection: Any, type_: str, *, token: Any = None) -> Any:
    id_ = uuid4()
    await connection.execute(
        "insert into lane values (1, 'e', 0, 0, '\\x00') on conflict do nothing",
    )
    seq = await connection.fetchval("update lane set head = head + 1 where lane = 1 returning head")
    await connection.execute(
        "insert into event values (1, $1, $2, 'e', $3, 'ehr', $4, 1, $5, $5, '', $2, null, 0, '\\x00', '\\x00')",
        seq, id_, type_, token or uuid4(), NOW,
    )  # fmt: skip
    return seq, id_


async def parked(connection: Any, seq: int, id_: Any, state: str = "case") -> None:
    await connection.execute("insert into subscription (name, bank) values ('a.b', 'e') on conflict do nothing")
    await connection.execute(
        "insert into parked (subscription, lane, seq, token, event, message, state, due, since)"
        " select 'a.b', 1, $1, e.token, $2, $2, $3::text, case when $3::text = 'case' then null else e.time end, e.time"
        " from event e where e.id = $2",
        seq, id_, state,
    )  # fmt: skip


async def run(connection: Any, workflow: str, since: datetime, *states: str, late_at: datetime | None = None,
              due: datetime | None = None, at: datetime = NOW, step: str = "") -> None:  # fmt: skip
    id_ = uuid4()
    await connection.execute(
        "insert into run (id, lane, workflow, version, code, key, token, input, correlation, since, begun, changed,"
        " late_at, due) values ($1, 0, $2, 1, 'c', 1, $1, '\\x00', $1, $3, $3, $3, $4, $5)",
        id_, workflow, since, late_at, due,
    )  # fmt: skip
    for state in states:
        ended = at if state in ("completed", "failed") else None
        await connection.execute(
            "update run set state = $2, ended = $3, due = case when $3::timestamptz is null then due end where id = $1",
            id_, state, ended,
        )  # fmt: skip
    if step:
        await connection.execute(
            "insert into run_step (run, path, name, sort, state, began, ended)"
            " values ($1, '1', $2, 'step', 'done', $3, $4)",
            id_, step, since, at,
        )  # fmt: skip


async def test_seven_appointments_that_odoo_does_not_know_are_seven(database: Database, hospital: Hospital) -> None:
    async with database.acquire() as connection:
        for _ in range(6):
            await parked(connection, *await event(connection, "appointment.booked.v1"))
        about = uuid4()
        for state in ("case", "behind"):  # two events of one appointment are one appointment
            await parked(connection, *await event(connection, "appointment.updated.v1", token=about), state)
        await parked(connection, *await event(connection, "registration.created.v1"))
        await event(connection, "appointment.booked.v1")
    assert value(await shown(database), "unsynchronised_appointments") == 7
    said = await hospital.careloom("telemetry", "unsynchronised", "--json")
    assert said.code == 0, said.errors
    assert [one["type"].partition(".")[0] for one in said.objects] == ["appointment"] * 8


async def test_delays_are_exact(database: Database) -> None:
    async with database.acquire() as connection:
        for minutes in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11):
            since = NOW - timedelta(hours=1)
            await run(connection, "service-completed.bill", since, at=since + timedelta(minutes=minutes), step="issue")
        await run(connection, "payment-confirmation.confirm", NOW - timedelta(hours=2), at=NOW, step="post")
        await run(
            connection, "service-completed.bill", NOW - timedelta(days=9), at=NOW - timedelta(days=2), step="issue"
        )
        await run(connection, "intake.admit", NOW - timedelta(days=1), at=NOW, step="issue")
    found = await shown(database)
    assert value(found, "delay_median_seconds", delay="invoice-generation") == 5.5 * 60
    assert value(found, "delay_p95_seconds", delay="invoice-generation") == pytest.approx(10.1 * 60)
    assert value(found, "delay_longest_seconds", delay="invoice-generation") == 11 * 60
    assert value(found, "delay_median_seconds", delay="payment-posting") == 7200
    assert value(found, "delay_median_seconds", delay="other") is None


async def test_completion_and_adherence_are_shares_of_what_ended_today(database: Database) -> None:
    async with database.acquire() as connection:
        for _ in range(3):
            await run(connection, "intake.admit", NOW - timedelta(hours=3), "running", "completed")
        await run(connection, "intake.admit", NOW - timedelta(hours=3), "running", "failed")
        await run(connection, "intake.admit", START, "running", "failed", at=START)
        await connection.execute("update run set late = $1 where state = 'failed'", NOW)
    found = await shown(database)
    assert value(found, "completion_ratio", workflow="intake.admit") == 0.75
    assert value(found, "sla_adherence_ratio", workflow="intake.admit") == 0.75
    assert value(found, "runs_ended_of_day", workflow="intake.admit") == 4
    assert value(found, "runs_bad_total", flow="intake") == 2


async def test_a_run_that_stands_still_without_an_error_is_shown(database: Database) -> None:
    async with database.acquire() as connection:
        await run(connection, "intake.admit", START, "running", "waiting", late_at=NOW + timedelta(minutes=1))
        await run(connection, "intake.admit", START, due=NOW - timedelta(minutes=4))
    before = await shown(database)
    after = await shown(database, NOW + timedelta(minutes=2))
    assert [value(before, name, workflow="intake.admit") for name in ("runs_late", "runs_undriven")] == [0, 0]
    assert [value(after, name, workflow="intake.admit") for name in ("runs_late", "runs_undriven")] == [1, 1]
    oldest = value(after, "runs_oldest_seconds", workflow="intake.admit", state="waiting")
    assert oldest == (NOW + timedelta(minutes=2) - START).total_seconds()
