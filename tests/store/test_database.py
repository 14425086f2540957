"""The pool: session settings, the servers it refuses, the errors it gives."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from careloom.core.errors import AccessRefused, ConfigurationError, Contention, PermanentError, Unavailable
from careloom.store import database as module
from careloom.store.database import Database, connect

NAME = "Quillfeather-Vantongeren"


async def test_every_connection_has_our_settings(database: Database) -> None:
    wanted = {"plan_cache_mode": "force_custom_plan", "application_name": "careloom", "TimeZone": "UTC"}
    wanted |= {"synchronous_commit": "on", "jit": "off"}
    dedicated = await database.connect()
    async with database.acquire() as pooled:
        for connection in (dedicated, pooled):
            found = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in wanted}
            assert found == wanted
    await dedicated.close()


async def test_a_locks_connection_outlives_pooled_ones(database: Database) -> None:
    keeper = await database.connect()
    await keeper.execute("SELECT pg_advisory_lock(7)")
    async with database.acquire() as connection:
        assert not await connection.fetchval("SELECT pg_try_advisory_lock(7)")
    await keeper.close()
    other = await database.connect()
    assert await other.fetchval("SELECT pg_try_advisory_lock(7) FROM pg_advisory_lock(7)")
    await other.close()


async def test_a_failed_block_leaves_no_transaction_to_the_next(dsn: str) -> None:
    database = await Database.open(dsn, size=1)
    with pytest.raises(PermanentError):
        async with database.acquire() as connection, connection.transaction():
            await connection.execute("CREATE TABLE gone (id integer)")
            await connection.execute("SELECT 1/0")
    async with database.acquire() as connection:
        assert not connection.is_in_transaction()
        assert await connection.fetchval("SELECT to_regclass('gone')") is None
    await database.close()


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("id text PRIMARY KEY", "INSERT INTO person VALUES ($1), ($1)"),
        ("id text CHECK (id = 'x')", "INSERT INTO person VALUES ($1)"),
        ("id text, born integer", "INSERT INTO person (born) VALUES ($1::text::integer)"),
        ("id varchar(3)", "INSERT INTO person VALUES ($1::text)"),
        ("id integer", "INSERT INTO person VALUES ($1)"),
        ("id text, name text NOT NULL", "INSERT INTO person (id) VALUES ($1)"),
    ],
    ids=["unique", "check", "cast", "too long", "refused by the driver", "not null"],
)
async def test_an_error_never_quotes_a_row(database: Database, table: str, statement: str) -> None:
    with pytest.raises(PermanentError) as raised:
        async with database.acquire() as connection:
            await connection.execute(f"CREATE TABLE person ({table})")
            await connection.execute(statement, NAME)
    assert NAME not in repr(raised.value)
    assert raised.value.__suppress_context__
    assert "SQLSTATE" in str(raised.value) or "DataError" in str(raised.value)


async def test_a_constraint_is_named(database: Database) -> None:
    with pytest.raises(PermanentError, match="SQLSTATE 23505, schema public, table person, constraint person_pkey"):
        async with database.acquire() as connection:
            await connection.execute("CREATE TABLE person (id text PRIMARY KEY)")
            await connection.execute("INSERT INTO person VALUES ($1), ($1)", NAME)


async def test_a_deadlock_is_contention(database: Database) -> None:
    async with database.acquire() as setup:
        await setup.execute(
            "CREATE TABLE pair (id integer PRIMARY KEY, n integer); INSERT INTO pair VALUES (1,0),(2,0)"
        )
    both_hold_one = asyncio.Barrier(2)

    async def cross(first: int, second: int) -> None:
        async with database.acquire() as connection, connection.transaction():
            await connection.execute("UPDATE pair SET n = n + 1 WHERE id = $1", first)
            await both_hold_one.wait()
            await connection.execute("UPDATE pair SET n = n + 1 WHERE id = $1", second)

    outcomes = await asyncio.gather(cross(1, 2), cross(2, 1), return_exceptions=True)
    assert sorted(type(outcome) for outcome in outcomes if outcome is not None) == [Contention]


async def test_a_connection_ended_by_an_operator_is_unavailable_and_replaced(dsn: str) -> None:
    database = await Database.open(dsn, size=1)
    with pytest.raises(Unavailable):
        async with database.acquire() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    async with database.acquire() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await database.close()


async def test_an_error_that_is_not_the_databases_passes_as_it_is(database: Database) -> None:
    with pytest.raises(FileNotFoundError):
        async with database.acquire():
            raise FileNotFoundError("a file of the caller's")
    with pytest.raises(TimeoutError):
        async with database.acquire() as connection, asyncio.timeout(0):
            await connection.execute("SELECT pg_sleep(60)")


async def test_no_free_connection_is_unavailable(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = await Database.open(dsn, size=1)
    async with database.acquire():
        monkeypatch.setattr(module, "ACQUIRE_SECONDS", 0.01)
        with pytest.raises(Unavailable, match="became free"):
            async with database.acquire():
                pass
    await database.close()


async def test_a_closed_pool_is_unavailable(dsn: str) -> None:
    database = await Database.open(dsn)
    await database.close()
    with pytest.raises(Unavailable):
        async with database.acquire():
            pass


async def test_a_server_that_is_not_there_is_unavailable(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable, match="is PostgreSQL running"):
        await Database.open(f"postgresql://user:secret@127.0.0.1:{unused_tcp_port}/careloom")


async def test_wrong_names_are_told_apart_from_a_dead_server(dsn: str) -> None:
    absent = dsn.replace("/careloom_test_", "/absent_")
    with pytest.raises(ConfigurationError, match="does not exist"):
        await Database.open(absent)


async def test_missing_rights_are_access_refused(database: Database, dsn: str) -> None:
    role = "role_" + dsn.rpartition("careloom_test_")[2][:16]
    async with database.acquire() as connection:
        await connection.execute(f"CREATE ROLE {role}; CREATE TABLE closed (id integer)")
    connection = await connect(dsn)
    try:
        await connection.execute(f"SET ROLE {role}")
        with pytest.raises(AccessRefused), module.translated():
            await connection.execute("SELECT * FROM closed")
    finally:
        await connection.execute(f"RESET ROLE; DROP ROLE {role}")
        await connection.close()


@pytest.mark.parametrize("address", ["postgresql://u:hunter2@h:port/d", "mysql://u:hunter2@h/d"])
async def test_a_malformed_address_is_not_repeated(address: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        await Database.open(address)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("fsync", "off", "fsync off"), ("full_page_writes", "off", "full_page_writes off")],
)
def test_a_server_that_may_lose_data_is_refused(name: str, value: str, told: str) -> None:
    settings = {"fsync": "on", "full_page_writes": "on", name: value}
    with pytest.raises(ConfigurationError, match=told):
        module._check_durable(settings)


def test_an_old_server_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="PostgreSQL 14"):
        module._check_version(14)
    module._check_version(15)


async def test_a_database_of_another_encoding_is_refused(dsn: str) -> None:
    name = dsn.rpartition("careloom_test_")[2].partition("?")[0]
    admin = await asyncpg.connect(dsn)
    await admin.execute(
        f"CREATE DATABASE ascii_{name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc"
    )
    try:
        with pytest.raises(ConfigurationError, match="SQL_ASCII"):
            await Database.open(dsn.replace("careloom_test_", "ascii_"))
    finally:
        await admin.execute(f"DROP DATABASE ascii_{name} WITH (FORCE)")
        await admin.close()
