"""Cases that were there before the queue: they stay as they are, wait with a due time, and can be worked."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from careloom.store.database import Database, connect
from careloom.store.migrate import load, migrate

OLD = """
insert into work_case (id, kind, state, system, reason, opened, resolved, resolution, resolved_by) values
    ('00000000-0000-0000-0000-000000000001', 'mapping', 'open', 'ehr', 'x', '2026-03-01Z', null, null, null),
    ('00000000-0000-0000-0000-000000000002', 'mapping', 'resolved', 'ehr', 'x', '2026-03-01Z', '2026-03-02Z', 'y', 'z');
"""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The migrations up to the queue."""
    from importlib.resources import files

    for step in load(files("careloom.store").joinpath("migrations")):
        if step.version < 4:
            (tmp_path / f"{step.name}.sql").write_text(step.script)
    return tmp_path


@pytest.fixture
async def old(database: Database, dsn: str, before: Path) -> Database:
    """A database of the release before, with cases in it, brought up to date."""
    async with database.acquire() as connection:
        await connection.execute("drop schema public cascade; create schema public")
    connection = await connect(dsn)
    await migrate(connection, before)
    await connection.execute(OLD)
    assert "0004_cases" in await migrate(connection)
    await connection.close()
    return database


async def test_old_cases_are_part_of_the_queue(old: Database) -> None:
    async with old.acquire() as connection:
        rows = await connection.fetch("select * from work_case order by id")
        assert [(row["state"], row["resumes"], row["priority"]) for row in rows] == [
            ("open", "nothing", 3),
            ("resolved", "nothing", 3),
        ]
        assert [(row["due"] - row["opened"]).days for row in rows] == [1, 1]
        assert rows[0]["cause"] != rows[1]["cause"] and rows[0]["escalate_at"] is None
        await connection.execute(f"update work_case set state = 'claimed', assignee = 'x' where id = '{rows[0]['id']}'")
        with pytest.raises(asyncpg.CheckViolationError, match="stays as it is"):
            await connection.execute(f"update work_case set reason = 'y' where id = '{rows[1]['id']}'")


async def test_the_release_before_still_opens_and_closes_cases(old: Database) -> None:
    """Its statements, on the schema of this one: a rolling upgrade has both."""
    async with old.acquire() as connection:
        await connection.execute(
            "insert into work_case (id, kind, system, subscription, lane, seq, event, message, field, reason, opened,"
            " owner)"
            " values (gen_random_uuid(), 'delivery', 'ehr', 'deliver', 0, 1, null, null, null, 'x', now(), '')"
            " on conflict do nothing"
        )
        row = await connection.fetchrow(
            "update work_case set state = 'resolved', resolved = now(), resolution = 'retried', resolved_by = 'x'"
            " where subscription = 'deliver' and lane = 0 and seq = 1 and state = 'open' returning state, resumes"
        )
        assert row is not None and tuple(row) == ("resolved", "subscription")
        assert await connection.fetchval("select count(*) from case_history") == 2
