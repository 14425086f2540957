"""The JetStream kind against a real server, and against what a server does when it is killed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.systems.nats.server import RealNats

from careloom.core.errors import ConfigurationError, ContractBroken, Unavailable
from careloom.hub.configuration import SourceSection
from careloom.systems.broker_trial import Bringing, Publishing
from careloom.systems.folder.fake import DOCUMENTS, order
from careloom.systems.nats.connector import Settings, connect
from careloom.systems.nats.consumer import Consumer
from careloom.systems.nats.fake import SCHEME, FakeStream, reading, writing
from careloom.systems.trial import Behaviour, event
from careloom.testing.conformance import Check, checks
from careloom.testing.surroundings import World

SOURCE = SourceSection.model_validate(DOCUMENTS).for_mapping()
_NEVER = {one.value: "a real server does not do this on command" for one in Behaviour} | Bringing.foreign


class RealPublishing(Publishing):
    foreign = {name: why for name, why in _NEVER.items() if name not in ("willing", "down")}


_TRIALS = {
    "real-in": lambda: Bringing(RealNats, reading),
    "real-out": lambda: RealPublishing(RealNats, writing),
}


@pytest.mark.parametrize("check", checks("nats", trials=_TRIALS), ids=str)
async def test_a_real_server_keeps_us_to_our_promises(check: Check, tmp_path: Path) -> None:
    await check.run(tmp_path)


@pytest.fixture
async def server() -> AsyncIterator[RealNats]:
    async with RealNats() as running:
        yield running


def consumer(address: str, world: World, **settings: object) -> Consumer:
    given = {"url": address, "direction": "in", "stream": "TRIAL", "subject": "trial.in", "batch": 50, **settings}
    made = connect(Settings.model_validate(given), world.around(source=SOURCE))
    assert isinstance(made, Consumer)
    return made


async def test_nothing_is_lost_or_doubled_when_the_server_is_killed_while_we_read(
    server: RealNats, tmp_path: Path
) -> None:
    world = World(tmp_path)
    await server.publish([order(number) for number in range(1, 601)])
    reader = consumer(server.address, world)
    for taken in (150, 350, 500):
        reading = asyncio.ensure_future(reader.poll())
        await world.intake.until(lambda intake, taken=taken: len(intake.messages) >= taken)
        server.kill()
        await asyncio.gather(reading, return_exceptions=True)
        await server.start()
    await _until_done(reader, world, 600)
    await reader.close()
    assert [message.key for message in world.intake.messages] == [f"D{number}" for number in range(1, 601)]


async def _until_done(reader: Consumer, world: World, count: int) -> None:
    async with asyncio.timeout(60):
        while len(world.intake.messages) < count:
            try:
                await reader.poll()
            except Unavailable:
                await asyncio.sleep(0)


async def test_a_record_that_is_lost_on_the_way_is_noticed_and_read_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeStream() as stream:
        stream.records = [_record(number) for number in (1, 2, 3)]
        reader = consumer(f"{SCHEME}://memory", world, batch=1)
        stream.lose()
        with pytest.raises(Unavailable, match="left out"):
            await reader.poll()
        await reader.poll()
    assert [message.key for message in world.intake.messages] == ["D1", "D2", "D3"]


async def test_records_that_the_stream_dropped_become_a_case_with_their_numbers(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeStream() as stream:
        stream.records = [_record(number) for number in range(1, 11)]
        reader = consumer(f"{SCHEME}://memory", world)
        stream.records, later = stream.records[:2], stream.records
        await reader.poll()
        stream.records = later
        stream.drop(6)
        await reader.poll()
    assert [trouble.place for trouble in world.troubles.told] == ["TRIAL/3-6"]
    assert [message.key for message in world.intake.messages] == ["D1", "D2", "D7", "D8", "D9", "D10"]


async def test_an_event_carries_its_id_and_its_subjects_token_and_no_name(server: RealNats, tmp_path: Path) -> None:
    given = {**writing(server), "subject": "trial.out"}
    publisher = connect(Settings.model_validate(given), World(tmp_path).around())
    await publisher.post(event(1))  # type: ignore[union-attr]
    await publisher.close()
    [stored] = await server.stored()
    headers, document = stored.headers, json.loads(stored.data)
    assert headers["Nats-Msg-Id"] == document["id"] == str(event(1).id)
    assert headers["Careloom-Key"] == document["subject"] == str(event(1).token)
    assert "MRN" not in str(headers)


async def test_a_stream_that_is_not_there_is_a_broken_contract(server: RealNats, tmp_path: Path) -> None:
    reader = consumer(server.address, World(tmp_path), stream="NOWHERE")
    with pytest.raises(ContractBroken, match="no such stream"):
        await reader.poll()
    await reader.close()


def test_without_the_library_the_settings_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(ConfigurationError, match=r"careloom\[brokers\]"):
        consumer("nats://127.0.0.1:4222", World(tmp_path))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "amqp://x", "direction": "out"}, "addresses begin with"),
        ({"url": "nats://x", "direction": "in"}, "needs the stream"),
        ({"url": "nats://x", "user": "u"}, "go together"),
        ({"url": "nats://x", "format": "morse"}, "there are hl7v2"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    with pytest.raises((ValueError, ConfigurationError), match=words):
        connect(Settings.model_validate(settings), World(tmp_path).around())


def _record(number: int):  # type: ignore[no-untyped-def]
    from careloom.systems.broker import Record

    return Record(body=order(number))
