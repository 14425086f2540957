"""A feed that stops: it ages and is silent at the bounds that are declared, to the second."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import time, timedelta

import pytest
from tests.telemetry.test_silence import House, feed, house

from careloom.console.boards import BOARDS, freshness
from careloom.telemetry.cadence import Rest
from careloom.telemetry.silence import Silences

__all__ = ["house"]

OPERATIONS = BOARDS[0]


async def words(house: House, watch: Silences) -> dict[str, tuple[str, str]]:
    await watch.look()
    now = house.clock.now()
    shown = [freshness(OPERATIONS, one, now) for one in await watch.standings()]
    return {one.feed.system: (one.word, one.tone) for one in shown}


@pytest.fixture
async def watch(house: House) -> AsyncIterator[Silences]:
    night = Rest(hours=((time(8, 10), time(8, 20)),))
    yield house.watching(feed("ehr"), feed("lab", rest=night), feed("fax", watched=False), feed("pacs"), held=["pacs"])


async def test_amber_at_half_and_red_at_the_end_of_what_is_declared(house: House, watch: Silences) -> None:
    for system in ("ehr", "lab", "fax", "pacs"):
        await house.send(system)
    seen = []
    for seconds in (449, 1, 449, 1):  # it may be quiet for 15 minutes
        await house.clock.advance(seconds)
        seen.append((await words(house, watch))["ehr"])
    assert seen == [("fresh", "good"), ("ageing", "warn"), ("ageing", "warn"), ("silent", "bad")]
    others = await words(house, watch)
    assert others["lab"] == ("may be quiet", "quiet"), "its ten quiet minutes began"
    assert others["fax"] == ("not watched", "quiet") and others["pacs"] == ("may be quiet", "quiet")
    await house.clock.advance(10 * 60 - 1)
    assert (await words(house, watch))["lab"] == ("ageing", "warn"), "and did not count"
    await house.clock.advance(1)
    assert (await words(house, watch))["lab"] == ("silent", "bad")
    await house.send("ehr")
    assert (await words(house, watch))["ehr"] == ("fresh", "good")


async def test_a_node_that_does_not_look_itself_says_the_same(house: House, watch: Silences) -> None:
    await house.send("ehr")
    await house.clock.advance(500)
    await watch.look()
    other = house.watching(feed("ehr"))
    mine, theirs = (await watch.standings())[0], (await other.standings())[0]
    assert (
        (mine.last, mine.system) == (theirs.last, theirs.system) == (house.clock.now() - timedelta(seconds=500), "ehr")
    )
    assert mine.aging_at == mine.last + timedelta(minutes=7.5) and mine.due == mine.last + timedelta(minutes=15)
    assert theirs.due == house.clock.now() + timedelta(minutes=15), (
        "its own time began just now: nobody could send before"
    )
