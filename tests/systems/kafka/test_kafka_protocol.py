"""The Kafka kind with its real client library, against a broker that speaks the protocol and is no Kafka."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.systems.kafka.kafka_broker import ProtocolBroker
from tests.systems.kafka.tls_front import certificate, front

from careloom.core.errors import AccessRefused, ContractBroken, Unavailable
from careloom.core.outcomes import Done, ErrorKind, Park, Retry
from careloom.hub.sections import SourceSection
from careloom.systems.broker import Publisher
from careloom.systems.broker_trial import Bringing, Publishing
from careloom.systems.folder.fake import DOCUMENTS, order
from careloom.systems.kafka.connector import Settings, connect
from careloom.systems.kafka.consumer import Consumer
from careloom.systems.kafka.fake import reading
from careloom.systems.trial import Behaviour, event
from careloom.testing.conformance import Check, checks
from careloom.testing.surroundings import World

SOURCE = SourceSection.model_validate(DOCUMENTS).for_mapping()


def writing(broker: ProtocolBroker) -> dict[str, object]:
    return {"url": broker.address, "topic": "trial.out", "connect_timeout": 1.0, "answer_timeout": 0.5}


class OnTheWire(Publishing):
    foreign = {"busy": "Kafka slows a client down by answering late", "closed": "in a test of its own"}


_TRIALS = {
    "wire-in": lambda: Bringing(ProtocolBroker, reading),
    "wire-out": lambda: OnTheWire(ProtocolBroker, writing),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("check", checks("kafka", trials=_TRIALS), ids=str)
async def test_on_the_wire_we_keep_our_promises(check: Check, tmp_path: Path) -> None:
    await check.run(tmp_path)


@pytest.fixture
async def broker() -> AsyncIterator[ProtocolBroker]:
    async with ProtocolBroker() as running:
        yield running


def consumer(broker: ProtocolBroker, world: World, **settings: object) -> Consumer:
    made = connect(Settings.model_validate({**reading(broker), **settings}), world.around(source=SOURCE))
    assert isinstance(made, Consumer)
    return made


def publisher(broker: ProtocolBroker, world: World, **settings: object) -> Publisher:
    made = connect(Settings.model_validate({**writing(broker), **settings}), world.around())
    assert isinstance(made, Publisher)
    return made


async def test_an_event_carries_its_id_and_its_subjects_token_and_no_name(
    broker: ProtocolBroker, tmp_path: Path
) -> None:
    writer = publisher(broker, World(tmp_path))
    assert isinstance(await writer.post(event(1)), Done)
    await writer.close()
    [record] = broker.records("trial.out")
    headers, document = dict(record.headers), json.loads(bytes(record.value))
    assert headers["ce_id"].decode() == document["id"] == str(event(1).id)
    assert headers["ce_type"].decode() == document["type"] == "patient.updated.v1"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["content-type"] == b"application/cloudevents+json"
    assert bytes(record.key).decode() == headers["ce_subject"].decode() == str(event(1).token)
    assert "MRN" not in str(headers)


async def test_events_of_one_subject_stand_in_one_partition_in_order(broker: ProtocolBroker, tmp_path: Path) -> None:
    writer = publisher(broker, World(tmp_path))
    for number in range(1, 31):
        assert isinstance(await writer.post(event(number)), Done)
    await writer.close()
    places: dict[str, set[int]] = {}
    for partition, log in broker.logs["trial.out"].items():
        assert log.end > 0
        alone = ProtocolBroker()
        alone.logs["trial.out"] = {partition: log}
        ids = [dict(record.headers)["ce_id"] for record in alone.records("trial.out")]
        assert ids == sorted(ids)
        for record in alone.records("trial.out"):
            places.setdefault(bytes(record.key).decode(), set()).add(partition)
    assert len(places) == 10
    assert all(len(partitions) == 1 for partitions in places.values())


async def test_a_record_whose_answer_was_lost_is_not_doubled(broker: ProtocolBroker, tmp_path: Path) -> None:
    writer = publisher(broker, World(tmp_path), answer_timeout=5.0)
    assert isinstance(await writer.post(event(1)), Done)
    broker.lose_answers = 1
    assert isinstance(await writer.post(event(2)), Done)
    await writer.close()
    assert len(broker.records("trial.out")) == 2


async def test_an_event_that_was_not_confirmed_in_time_is_not_sent_a_second_time(
    broker: ProtocolBroker, tmp_path: Path
) -> None:
    writer = publisher(broker, World(tmp_path))
    assert isinstance(await writer.post(event(1)), Done)
    await broker.behave(Behaviour.DOWN)
    outcome = await writer.post(event(2))
    assert isinstance(outcome, Retry)
    assert outcome.kind is ErrorKind.AMBIGUOUS
    await broker.behave(Behaviour.WILLING)
    await _until_done(writer, 2)
    await writer.close()
    assert len(broker.records("trial.out")) == 2


async def test_after_a_refused_record_the_next_one_goes_through(broker: ProtocolBroker, tmp_path: Path) -> None:
    writer = publisher(broker, World(tmp_path))
    assert isinstance(await writer.post(event(1)), Done)
    await broker.behave(Behaviour.STRICT)
    assert isinstance(await writer.post(event(2)), Park)
    await broker.behave(Behaviour.WILLING)
    assert isinstance(await writer.post(event(3)), Done)
    await writer.close()
    assert broker.producers == 2


async def _until_done(writer: Publisher, number: int) -> None:
    async with asyncio.timeout(20):
        while not isinstance(await writer.post(event(number)), Done):
            await asyncio.sleep(0)


async def test_nothing_is_lost_or_doubled_when_the_broker_is_killed_while_we_read(
    broker: ProtocolBroker, tmp_path: Path
) -> None:
    world = World(tmp_path)
    for start in range(1, 601, 10):
        broker.put("trial.in", start % 2, [order(number) for number in range(start, start + 10)])
    reader = consumer(broker, world, batch=20, answer_timeout=1.0)
    for taken in (100, 300):
        under_way = asyncio.ensure_future(reader.poll())
        await world.intake.until(lambda intake, taken=taken: len(intake.messages) >= taken)
        await broker.behave(Behaviour.DOWN)
        await asyncio.gather(under_way, return_exceptions=True)
        await broker.behave(Behaviour.WILLING)
    async with asyncio.timeout(20):
        while len(world.intake.messages) < 600:
            try:
                await reader.poll()
            except Unavailable:
                await asyncio.sleep(0)
    await reader.close()
    assert sorted(int(message.key[1:]) for message in world.intake.messages) == list(range(1, 601))


async def test_another_node_goes_on_where_the_first_one_ended(broker: ProtocolBroker, tmp_path: Path) -> None:
    world = World(tmp_path)
    first, second = consumer(broker, world), consumer(broker, world)
    for node, number in ((first, 1), (second, 2), (first, 3)):
        broker.put("trial.in", 0, [order(number)])
        await node.poll()
    await first.close()
    await second.close()
    assert [message.key for message in world.intake.messages] == ["D1", "D2", "D3"]
    assert world.memory.values["offset/trial.in/0"] == b"3"


async def test_records_that_the_topic_dropped_are_a_case_with_their_numbers(
    broker: ProtocolBroker, tmp_path: Path
) -> None:
    world = World(tmp_path)
    reader = consumer(broker, world)
    broker.put("trial.in", 0, [order(1)])
    await reader.poll()
    for number in range(2, 8):
        broker.put("trial.in", 0, [order(number)])
    broker.drop("trial.in", 0, 5)
    await reader.poll()
    await reader.close()
    assert [(trouble.kind, trouble.place) for trouble in world.troubles.told] == [("stream-gap", "trial.in/0/1-4")]
    assert [message.key for message in world.intake.messages] == ["D1", "D6", "D7"]


async def test_a_record_is_known_by_the_id_in_its_headers_and_a_tombstone_is_no_message(
    broker: ProtocolBroker, tmp_path: Path
) -> None:
    world = World(tmp_path)
    reader = consumer(broker, world)
    broker.put("trial.in", 1, [order(1), None], {"ce_id": "e1"})
    await reader.poll()
    await reader.close()
    assert [message.key for message in world.intake.messages] == ["e1"]
    assert not world.troubles.told
    assert world.memory.values["offset/trial.in/1"] == b"2"


async def test_a_topic_that_is_not_there_is_a_broken_contract(broker: ProtocolBroker, tmp_path: Path) -> None:
    reader = consumer(broker, World(tmp_path), topic="nowhere")
    with pytest.raises(ContractBroken, match="no such topic"):
        await reader.poll()
    await reader.close()
    writer = publisher(broker, World(tmp_path), topic="nowhere")
    outcome = await writer.post(event(1))
    assert isinstance(outcome, Park)
    assert "no such topic" in outcome.reason
    await writer.close()


async def test_without_a_broker_reading_is_unavailable(tmp_path: Path) -> None:
    async with ProtocolBroker() as gone:
        pass
    reader = consumer(gone, World(tmp_path), connect_timeout=1.0)
    with pytest.raises(Unavailable):
        await reader.poll()
    await reader.close()


async def test_an_account_is_tried_and_a_refused_one_stops_the_connection(
    broker: ProtocolBroker, tmp_path: Path
) -> None:
    broker.accounts["loom"] = "right"
    account = {"user": "loom", "password": "env:PASSWORD", "mechanism": "PLAIN"}
    world = World(tmp_path, secrets={"PASSWORD": "wrong"})
    writer = publisher(broker, world, **account)
    outcome = await writer.post(event(1))
    assert isinstance(outcome, Park)
    assert "account" in outcome.reason
    assert writer.retry_after > 60
    with pytest.raises(AccessRefused):
        await consumer(broker, world, **account).poll()
    world.learn({"PASSWORD": "right"})
    again = publisher(broker, world, **account)
    assert isinstance(await again.post(event(1)), Done)
    await writer.close()
    await again.close()


async def test_over_tls_the_broker_is_checked(broker: ProtocolBroker, tmp_path: Path) -> None:
    file = certificate(tmp_path)
    async with front(broker.port, file) as port:
        broker.advertised = port
        secured = {"url": f"kafkas://127.0.0.1:{port}"}
        writer = publisher(broker, World(tmp_path), tls={"ca": file}, **secured)
        assert isinstance(await writer.post(event(1)), Done)
        await writer.close()
        stranger = publisher(broker, World(tmp_path), **secured)
        outcome = await stranger.post(event(2))
        await stranger.close()
    assert isinstance(outcome, Park)
    assert "not trusted" in outcome.reason
    assert len(broker.records("trial.out")) == 1
