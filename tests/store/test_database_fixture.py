"""The fixtures themselves: fresh, migrated, and apart from each other."""

from __future__ import annotations

import pytest

from careloom.store.database import Database


@pytest.mark.parametrize("turn", range(3))
async def test_each_test_gets_a_fresh_database(database: Database, turn: int) -> None:
    async with database.acquire() as connection:
        await connection.execute("CREATE TABLE left_behind (turn integer)")
        await connection.execute("INSERT INTO left_behind VALUES ($1)", turn)
        assert await connection.fetchval("SELECT count(*) FROM left_behind") == 1


async def test_it_is_migrated(database: Database) -> None:
    async with database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM migration") > 0
