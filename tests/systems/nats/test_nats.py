"""The JetStream kind against a real server, and against what a server does when it is killed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.systems.nats.server import RealNats

from careloom.core.errors import ConfigurationError, ContractBroken, Unavailable
from careloom.hub.sections import SourceSection
from careloom.systems import nats
from careloom.systems.broker import Record, open_wire
from careloom.systems.broker_trial import Bringing, Broker, Publishing
from careloom.systems.folder.fake import DOCUMENTS, order
from careloom.systems.nats.connector import Settings, connect
from careloom.systems.nats.consumer import Consumer
from careloom.systems.nats.fake import FakeStream, reading, writing
from careloom.systems.trial import Behaviour, event
from careloom.testing.conformance import Check, checks
from careloom.testing.surroundings import World

SOURCE = SourceSection.model_validate(DOCUMENTS).for_mapping()
FIXTURES = Path(nats.__file__).parent / "fixtures"
_NEVER = {one.value: "a real server does not do this on command" for one in Behaviour} | Bringing.foreign


class RealPublishing(Publishing):
    foreign = {name: why for name, why in _NEVER.items() if name not in ("willing", "down")}


def patient(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """A real server on a busy machine is slow, not gone: only one that never answers runs into these."""
    return {**settings, "connect_timeout": 60.0, "answer_timeout": 60.0}


def reading_patiently(broker: Broker) -> Mapping[str, Any]:
    return patient(reading(broker))


def writing_patiently(broker: Broker) -> Mapping[str, Any]:
    return patient(writing(broker))


_TRIALS = {
    "real-in": lambda: Bringing(RealNats, reading_patiently),
    "real-out": lambda: RealPublishing(RealNats, writing_patiently),
}


@pytest.mark.parametrize("check", checks("nats", trials=_TRIALS), ids=str)
async def test_a_real_server_keeps_us_to_our_promises(check: Check, tmp_path: Path) -> None:
    await check.run(tmp_path)


@pytest.fixture
async def server() -> AsyncIterator[RealNats]:
    async with RealNats() as running:
        yield running


def consumer(address: str, world: World, **settings: object) -> Consumer:
    own = {"url": address, "direction": "in", "stream": "TRIAL", "subject": "trial.in", "batch": 50}
    given = {**patient(own), **settings}
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
        reader = consumer("trial-nats://memory", world, batch=1)
        stream.lose()
        with pytest.raises(Unavailable, match="left out"):
            await reader.poll()
        await reader.poll()
    assert [message.key for message in world.intake.messages] == ["D1", "D2", "D3"]


async def test_records_that_the_stream_dropped_become_a_case_with_their_numbers(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeStream() as stream:
        stream.records = [_record(number) for number in range(1, 11)]
        reader = consumer("trial-nats://memory", world)
        stream.records, later = stream.records[:2], stream.records
        await reader.poll()
        stream.records = later
        stream.drop(6)
        await reader.poll()
    assert [trouble.place for trouble in world.troubles.told] == ["TRIAL/3-6"]
    assert [message.key for message in world.intake.messages] == ["D1", "D2", "D7", "D8", "D9", "D10"]


async def test_a_stream_that_was_made_anew_is_a_case_and_is_read_from_its_beginning(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeStream() as stream:
        stream.records = [_record(number) for number in (1, 2, 3)]
        await consumer("trial-nats://memory", world).poll()
        stream.records = [_record(9)]
        await consumer("trial-nats://memory", world).poll()
    [trouble] = world.troubles.told
    assert (trouble.kind, trouble.place) == ("stream-gap", "TRIAL/2-3")
    assert "made anew" in trouble.reason
    assert keys(world) == ["D1", "D2", "D3", "D9"]


async def test_each_stream_of_a_system_has_a_cursor_of_its_own(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeStream() as stream:
        stream.records = [_record(1), _record(2)]
        await consumer("trial-nats://memory", world).poll()
        stream.records = [_record(3), _record(4)]
        await consumer("trial-nats://memory", world, stream="OTHER").poll()
    assert keys(world) == ["D1", "D2", "D3", "D4"]
    assert world.memory.values == {"cursor/TRIAL": b"2", "cursor/OTHER": b"2"}
    assert not world.troubles.told


async def test_other_content_under_a_known_id_is_kept_with_the_refusals(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeStream() as stream:
        stream.records = [Record(order(1), id="m1"), Record(order(2), id="m1"), Record(order(3), id="m3")]
        await consumer("trial-nats://memory", world).poll()
    [refusal] = world.intake.refusals
    assert (refusal.location, refusal.body, refusal.peer) == ("Nats-Msg-Id", order(2), "TRIAL/2")
    assert [(one.kind, one.place) for one in world.troubles.told] == [("record-refused", "TRIAL/2")]
    assert keys(world) == ["m1", "m3"]


async def test_known_by_content_a_batch_in_one_message_does_not_conflict_with_itself(
    server: RealNats, tmp_path: Path
) -> None:
    world = World(tmp_path)
    batch = (FIXTURES / "batch.hl7").read_bytes()
    await server.publish([batch], headers={"Nats-Msg-Id": "B-0009"})
    by_id = consumer(server.address, world, format="hl7v2")
    await by_id.poll()
    assert [refusal.body for refusal in world.intake.refusals] == [batch], "two messages have one id"
    world = World(tmp_path)
    by_content = consumer(server.address, world, format="hl7v2", known_by="content")
    await by_content.poll()
    await by_content.close()
    await by_id.close()
    assert keys(world) == ["B-0009-1", "B-0009-2"]
    assert not world.intake.refusals


async def test_a_sample_goes_into_the_log_as_its_sender_numbers_it(server: RealNats, tmp_path: Path) -> None:
    world = World(tmp_path)
    await server.publish([(FIXTURES / "order.json").read_bytes()])
    reader = consumer(server.address, world)
    await reader.poll()
    await reader.close()
    assert keys(world) == ["ORD-20260302-0009"]


async def test_two_systems_of_one_kind_have_nothing_in_common(tmp_path: Path) -> None:
    worlds = World(tmp_path), World(tmp_path)
    async with FakeStream("one") as one, FakeStream("two") as two:
        one.records, two.records = [_record(1), _record(2)], [_record(3)]
        readers = [consumer(f"trial-nats://{name}", world) for name, world in zip(("one", "two"), worlds, strict=True)]
        for reader in readers:
            await reader.poll()
    assert [keys(world) for world in worlds] == [["D1", "D2"], ["D3"]]
    options = {"settings": None, "secrets": None, "tls": None}
    assert open_wire("nats", "nats://127.0.0.1", options) is not open_wire("nats", "nats://127.0.0.1", options)


async def test_an_event_carries_its_id_and_its_subjects_token_and_no_name(server: RealNats, tmp_path: Path) -> None:
    given = {**writing_patiently(server), "subject": "trial.out"}
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
        ({"url": "amqp://x", "direction": "out"}, "addresses begin with nats:// or tls://"),
        ({"url": "nats://x", "direction": "in"}, "needs the stream"),
        ({"url": "nats://x", "user": "u"}, "go together"),
        ({"url": "nats://x", "format": "morse"}, "there are hl7v2"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    with pytest.raises((ValueError, ConfigurationError), match=words):
        connect(Settings.model_validate(settings), World(tmp_path).around())


def _record(number: int) -> Record:
    return Record(body=order(number))


def keys(world: World) -> list[str]:
    return [message.key for message in world.intake.messages]
