"""Troubles of the store that were met while PostgreSQL was killed under a working hub."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from tests.hub.hospital import Hospital

from careloom.core.errors import PermanentError, TransientError, Unavailable
from careloom.log.worker import POLL_SECONDS, Worker
from careloom.store.translation import translate


def test_a_connection_that_broke_under_a_call_is_made_again_and_parks_nothing() -> None:
    """It once counted as a bug, and with it the event in hand was given to a person."""
    broke = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert isinstance(translate(broke), TransientError)
    assert isinstance(translate(asyncpg.InternalClientError("got result for unknown protocol state 9")), PermanentError)


async def test_while_the_store_is_away_it_is_not_asked_without_a_pause(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each subscription asked, and logged, fifty times a second for as long as an outage lasted."""
    asked: list[float] = []
    often = asyncio.Event()

    async def away(_: Worker) -> bool:
        asked.append(asyncio.get_running_loop().time())
        if len(asked) == 4:
            often.set()
        raise Unavailable("the store is away")

    monkeypatch.setattr(Worker, "_round", away)
    async with hospital.running(), asyncio.timeout(30):
        await often.wait()
    assert asked[3] - asked[0] > 2 * POLL_SECONDS
