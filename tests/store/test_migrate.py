"""Migrations: once each, in order, raced, refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from careloom.core.errors import ConfigurationError, PermanentError, Unavailable
from careloom.store.database import Database, connect
from careloom.store.migrate import load, migrate

FIRST = "CREATE TABLE fresh (id integer); INSERT INTO fresh VALUES (1);"
SECOND = "ALTER TABLE fresh ADD COLUMN word text;"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text(FIRST)
    (tmp_path / "0002_second.sql").write_text(SECOND)
    return tmp_path


@pytest.fixture
async def empty(database: Database) -> Database:
    """A database that knows of no migration yet."""
    async with database.acquire() as connection:
        await connection.execute("DROP TABLE migration")
    return database


async def test_they_are_applied_once_and_in_order(empty: Database, folder: Path) -> None:
    async with empty.acquire() as connection:
        assert await migrate(connection, folder) == ["0001_first", "0002_second"]
        assert await migrate(connection, folder) == []
        (folder / "0003_third.sql").write_text("DROP TABLE fresh")
        assert await migrate(connection, folder) == ["0003_third"]
        assert await connection.fetchval("SELECT count(*) FROM migration") == 3


async def test_eight_nodes_that_start_at_once_apply_each_once(empty: Database, folder: Path, dsn: str) -> None:
    connections = [await connect(dsn) for _ in range(8)]
    applied = await asyncio.gather(*(migrate(connection, folder) for connection in connections))
    assert sorted(applied) == [[]] * 7 + [["0001_first", "0002_second"]]
    assert await connections[0].fetchval("SELECT count(*) FROM fresh") == 1
    for connection in connections:
        await connection.close()


async def test_a_failing_one_leaves_nothing_and_the_former_stand(empty: Database, folder: Path) -> None:
    (folder / "0003_broken.sql").write_text("CREATE TABLE half (id integer); SELECT no_such_function()")
    async with empty.acquire() as connection:
        with pytest.raises(PermanentError, match="42883"):
            await migrate(connection, folder)
        assert await connection.fetchval("SELECT to_regclass('half')") is None
        assert await connection.fetchval("SELECT max(version) FROM migration") == 2
        (folder / "0003_broken.sql").write_text("CREATE TABLE half (id integer)")
        assert await migrate(connection, folder) == ["0003_broken"]


async def test_a_node_that_dies_frees_the_others(empty: Database, folder: Path, dsn: str) -> None:
    dying, living = await connect(dsn), await connect(dsn)
    (folder / "0003_endless.sql").write_text("SELECT pg_sleep(600)")
    first = asyncio.ensure_future(migrate(dying, folder))
    async with empty.acquire() as watcher:
        while not await watcher.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
            pass
        (folder / "0003_endless.sql").write_text("SELECT 1")
        second = asyncio.ensure_future(migrate(living, folder))
        await watcher.execute("SELECT pg_terminate_backend($1)", dying.get_server_pid())
    assert await second == ["0003_endless"]
    with pytest.raises(Unavailable):
        await first
    await living.close()


async def test_a_changed_file_is_refused(empty: Database, folder: Path) -> None:
    async with empty.acquire() as connection:
        await migrate(connection, folder)
        (folder / "0001_first.sql").write_text(FIRST + " ")
        (folder / "0003_third.sql").write_text("DROP TABLE fresh")
        with pytest.raises(ConfigurationError, match="0001_first was changed after it was applied"):
            await migrate(connection, folder)
        assert await connection.fetchval("SELECT count(*) FROM fresh") == 1


async def test_other_line_ends_are_no_change(empty: Database, folder: Path) -> None:
    (folder / "0001_first.sql").write_bytes(b"CREATE TABLE fresh\n(id integer);\n")
    async with empty.acquire() as connection:
        await migrate(connection, folder)
        (folder / "0001_first.sql").write_bytes(b"CREATE TABLE fresh\r\n(id integer);\r\n")
        assert await migrate(connection, folder) == []


async def test_a_database_newer_than_the_code_is_refused(empty: Database, folder: Path) -> None:
    async with empty.acquire() as connection:
        await migrate(connection, folder)
        (folder / "0002_second.sql").unlink()
        with pytest.raises(ConfigurationError, match="0002_second, which this Careloom does not know"):
            await migrate(connection, folder)


async def test_one_that_comes_too_late_is_refused(empty: Database, folder: Path) -> None:
    (folder / "0002_second.sql").rename(folder / "0005_second.sql")
    async with empty.acquire() as connection:
        await migrate(connection, folder)
        (folder / "0003_late.sql").write_text("DROP TABLE fresh")
        with pytest.raises(ConfigurationError, match="0003_late is older"):
            await migrate(connection, folder)


async def test_one_that_commits_by_itself_is_refused(empty: Database, folder: Path) -> None:
    (folder / "0003_own.sql").write_text("COMMIT")
    async with empty.acquire() as connection:
        with pytest.raises(ConfigurationError, match="take its COMMIT out"):
            await migrate(connection, folder)


def test_bad_names_are_refused(folder: Path) -> None:
    (folder / "0002_twice.sql").write_text("SELECT 1")
    with pytest.raises(ConfigurationError, match="have one number"):
        load(folder)
    (folder / "0002_twice.sql").rename(folder / "3-third.sql")
    with pytest.raises(ConfigurationError, match="3-third"):
        load(folder)


def test_an_installation_without_them_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing from this installation"):
        load(tmp_path / "absent")


async def test_the_error_of_a_lost_connection_is_ours(empty: Database, folder: Path, dsn: str) -> None:
    connection = await connect(dsn)
    (folder / "0003_self.sql").write_text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(Unavailable):
        await migrate(connection, folder)
