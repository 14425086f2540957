"""The drawn table of states: the code and the database have the same, and the database refuses every other move."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from careloom.store.database import Connection, Database
from careloom.workflow.states import ENDED, MOVES, State

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def put(connection: Connection, state: State) -> Any:
    """A run in this state, whatever the way there."""
    run = uuid4()
    await connection.execute(
        "insert into run (id, lane, workflow, version, code, key, token, input, correlation, since, begun, changed,"
        " due) values ($1, 0, 'x', 1, '', 1, $1, '', $1, $2, $2, $2, $2)",
        run, NOW,
    )  # fmt: skip
    await connection.execute("alter table run disable trigger run_moves")
    await move(connection, run, state)
    await connection.execute("alter table run enable trigger run_moves")
    return run


async def move(connection: Connection, run: Any, state: State) -> None:
    ended = NOW if state in ENDED else None
    await connection.execute(
        "update run set state = $2, ended = $3, due = case when $3::timestamptz is null then due end where id = $1",
        run, state.value, ended,
    )  # fmt: skip


async def test_code_and_database_draw_the_same_table(database: Database) -> None:
    async with database.acquire() as connection:
        rows = await connection.fetch("select before, after from run_move")
    drawn = {(before.value, after.value) for before, others in MOVES.items() for after in others}
    assert {(row["before"], row["after"]) for row in rows} == drawn


@pytest.mark.parametrize("before", State)
async def test_each_pair_of_states(database: Database, before: State) -> None:
    async with database.acquire() as connection:
        for after in State:
            run = await put(connection, before)
            if after is before or after in MOVES[before]:
                await move(connection, run, after)
                continue
            with pytest.raises(asyncpg.CheckViolationError, match=f"does not go from {before} to {after}"):
                async with connection.transaction():
                    await move(connection, run, after)


async def test_a_run_begins_pending(database: Database) -> None:
    async with database.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError, match="begins pending"):
            await connection.execute(
                "insert into run (id, lane, workflow, version, code, state, key, token, input, correlation, since,"
                " begun, changed) values ($1, 0, 'x', 1, '', 'running', 1, $1, '', $1, $2, $2, $2)",
                uuid4(), NOW,
            )  # fmt: skip


def test_every_state_is_reached_and_every_one_but_the_ends_is_left() -> None:
    reached = {after for others in MOVES.values() for after in others} | {State.PENDING}
    assert reached == set(State)
    assert {state for state, others in MOVES.items() if not others} == ENDED
    assert len(list(product(State, State))) == 64


def test_the_page_draws_the_same_table() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "explanation", "runs.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", page, flags=re.MULTILINE))
    assert drawn == {(before.value, after.value) for before, others in MOVES.items() for after in others}
