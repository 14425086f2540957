"""The EHR's lines against the real listener over an intake in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from careloom.core.clock import SystemClock
from careloom.core.errors import AmbiguousError, FormatError, Unavailable
from careloom.sim.lines import EhrLine, read_answer
from careloom.sim.morning import Morning, morning
from careloom.sim.playing import Player
from careloom.sim.stories import TAKEN, Fate
from careloom.systems.mllp.listener import Endpoint, MllpListener
from careloom.systems.mllp.recognise import Recogniser
from careloom.testing.clock import VirtualClock
from careloom.testing.intake import MemoryIntake

GOOD = b"MSH|^~\\&|A|B|C|D|20260302||ADT^A04|ID1|P|2.5.1\rPID|1||CLM1^^^L^MR\r"


@pytest.fixture
def intake() -> MemoryIntake:
    return MemoryIntake()


@pytest.fixture
async def listener(intake: MemoryIntake) -> AsyncIterator[MllpListener]:
    made = MllpListener(Endpoint(), Recogniser("ehr"), intake)
    await made.start()
    yield made
    await made.close()


@pytest.fixture(scope="module")
def script() -> Morning:
    return morning(20, 3)


def _player(script: Morning, port: int, told: list[str]) -> Player:
    return Player(script, port, 0.0, SystemClock(), told.append)


async def test_a_line_reads_the_answer_to_what_it_sent(listener: MllpListener) -> None:
    line = await EhrLine.open("127.0.0.1", listener.port)
    answer = await line.send(GOOD)
    refused = await line.send(GOOD.replace(b"ID1", b""))
    await line.close()
    assert (answer.code, answer.control_id, answer.accepted) == ("AA", "ID1", True)
    assert not refused.accepted


async def test_nobody_listening_is_told_as_such(listener: MllpListener) -> None:
    port = listener.port
    await listener.close()
    with pytest.raises(Unavailable, match="cannot connect"):
        await EhrLine.open("127.0.0.1", port)


async def test_a_line_that_is_hung_up_leaves_the_outcome_open(listener: MllpListener, intake: MemoryIntake) -> None:
    intake.hold()
    line = await EhrLine.open("127.0.0.1", listener.port)
    sending = asyncio.create_task(line.send(GOOD))
    await intake.until(lambda held: held.waiting == 1)
    await listener.close(timeout=0)
    with pytest.raises(AmbiguousError):
        await sending
    await line.close()


@pytest.mark.parametrize("data", [b"MSH|^~\\&|A\rPID|1\r", b"hello"])
def test_what_is_no_acknowledgement_is_not_taken_for_one(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_answer(data)


async def test_a_whole_morning_is_answered_as_it_must_be(
    listener: MllpListener, intake: MemoryIntake, script: Morning
) -> None:
    told: list[str] = []
    player = _player(script, listener.port, told)
    await player.play()
    fates = script.fates()
    assert player.tally.surprises == []
    assert player.tally.sent == len(script.messages)
    assert len(intake.messages) == sum(fates[fate] for fate in TAKEN)
    assert player.tally.acknowledged == len(intake.messages) + fates[Fate.REPEATED]
    assert player.tally.refused == fates[Fate.REFUSED] + fates[Fate.CONFLICTING] == len(told)
    assert listener.counts.repeated == fates[Fate.REPEATED]
    assert listener.counts.conflicting == fates[Fate.CONFLICTING]
    assert player.tally.moment == 1.0


async def test_messages_of_a_line_arrive_in_their_order(
    listener: MllpListener, intake: MemoryIntake, script: Morning
) -> None:
    await _player(script, listener.port, []).play()
    arrived = {received.body: place for place, received in enumerate(intake.messages)}
    for line in {one.line for one in script.messages}:
        places = [arrived[one.sent.body] for one in script.on_line(line) if one.sent.fate in TAKEN]
        assert places == sorted(places)


async def test_answers_that_the_morning_does_not_expect_are_told(listener: MllpListener, intake: MemoryIntake) -> None:
    intake.fail()
    script = morning(10, 3)
    player = _player(script, listener.port, [])
    await player.play()
    fates = script.fates()
    assert player.tally.acknowledged == 0
    assert len(player.tally.surprises) == sum(fates[fate] for fate in (*TAKEN, Fate.REPEATED))
    assert "was answered AR" in player.tally.surprises[0]


async def test_what_is_acknowledged_during_an_outage_is_counted_apart(listener: MllpListener, script: Morning) -> None:
    player = _player(script, listener.port, [])
    player.outage = True
    await player.play()
    assert player.tally.during_outage == player.tally.acknowledged > 0


async def test_messages_leave_at_their_moment(listener: MllpListener, script: Morning) -> None:
    alone = replace(script, messages=tuple(script.on_line(1)))
    clock = VirtualClock()
    playing = asyncio.create_task(Player(alone, listener.port, 100.0, clock, lambda _: None).play())
    for one in alone.messages:
        if one.moment > 0:
            await clock.advance_to_next()
            assert clock.monotonic() == pytest.approx(one.moment * 100)
    await playing
