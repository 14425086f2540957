"""The Kafka kind without brokers: its settings, its consumer, and what errors of the library mean."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import pytest
from aiokafka import errors

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ConfigurationError,
    ContractBroken,
    Rejected,
    Unavailable,
)
from careloom.hub.sections import SourceSection
from careloom.systems import kafka
from careloom.systems.broker import Publisher, Record
from careloom.systems.folder.fake import DOCUMENTS, order
from careloom.systems.kafka.connector import Settings, connect
from careloom.systems.kafka.consumer import Consumer
from careloom.systems.kafka.fake import FakeTopic
from careloom.systems.kafka.telling import Telling
from careloom.systems.kafka.wire import servers
from careloom.testing.surroundings import World

SOURCE = SourceSection.model_validate(DOCUMENTS).for_mapping()
SAMPLE = Path(kafka.__file__).parent / "fixtures" / "order.json"


def consumer(world: World, **settings: object) -> Consumer:
    given = {"url": "trial-kafka://memory", "direction": "in", "topic": "trial.in", **settings}
    made = connect(Settings.model_validate(given), world.around(source=SOURCE))
    assert isinstance(made, Consumer)
    return made


def keys(world: World) -> list[str]:
    return [message.key for message in world.intake.messages]


async def test_an_offset_moves_when_its_record_is_in_the_log_and_not_before(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        await topic.bring(Record(SAMPLE.read_bytes()))
        world.intake.hold()
        reading = asyncio.ensure_future(consumer(world).poll())
        await world.intake.until(lambda intake: intake.waiting == 1)
        assert world.memory.values["offset/trial.in/0"] == b"0"
        world.intake.release()
        await reading
    assert world.memory.values["offset/trial.in/0"] == b"1"
    assert keys(world) == ["ORD-20260302-0008"]


async def test_what_the_store_did_not_take_is_read_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        topic.logs[1] = [Record(order(number)) for number in (1, 2, 3)]
        world.intake.fail()
        with pytest.raises(Unavailable):
            await consumer(world).poll()
        world.intake.recover()
        await consumer(world).poll()
    assert keys(world) == ["D1", "D2", "D3"]


async def test_a_topic_that_was_never_read_begins_at_its_end_where_that_is_wished(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        topic.logs[0] = [Record(order(1))]
        reader = consumer(world, auto_offset_reset="latest")
        await reader.poll()
        topic.logs[0].append(Record(order(2)))
        topic.logs[7], topic.dropped[7] = [Record(order(3))], 0  # a partition that was added since
        await reader.poll()
    assert keys(world) == ["D2", "D3"]


async def test_offsets_that_compaction_left_empty_are_no_gap(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        topic.logs[0] = [None, Record(order(1)), None, None, Record(order(2)), None]
        for _ in range(2):
            await consumer(world).poll()
    assert keys(world) == ["D1", "D2"]
    assert not world.troubles.told


async def test_records_that_were_dropped_become_a_case_with_their_numbers_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        topic.logs[0] = [Record(order(1)), Record(order(2))]
        await consumer(world).poll()
        topic.logs[0] += [Record(order(number)) for number in range(3, 11)]
        topic.drop(0, 6)
        for _ in range(2):
            await consumer(world).poll()
    assert [trouble.place for trouble in world.troubles.told] == ["trial.in/0/2-5"]
    assert keys(world) == ["D1", "D2", "D7", "D8", "D9", "D10"]


async def test_a_topic_that_was_made_anew_is_a_case_and_is_read_from_its_beginning(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        topic.logs[0] = [Record(order(number)) for number in (1, 2, 3)]
        await consumer(world).poll()
        topic.logs[0] = [Record(order(9))]
        await consumer(world).poll()
    [trouble] = world.troubles.told
    assert trouble.kind == "stream-gap"
    assert "made anew" in trouble.reason
    assert keys(world) == ["D1", "D2", "D3", "D9"]


async def test_a_record_that_cannot_be_read_is_put_aside_and_the_next_goes_on(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        topic.logs[0] = [Record(order(1)), Record(b"{Quillfeather"), Record(order(2))]
        await consumer(world).poll()
    [trouble] = world.troubles.told
    assert (trouble.kind, trouble.place) == ("record-refused", "trial.in/0/1")
    assert "Quillfeather" not in trouble.reason
    assert [refusal.body for refusal in world.intake.refusals] == [b"{Quillfeather"]
    assert keys(world) == ["D1", "D2"]


async def test_other_content_under_a_known_id_is_kept_with_the_refusals(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        topic.logs[0] = [Record(order(1), id="e1"), Record(order(2), id="e1"), Record(order(3), id="e3")]
        await consumer(world).poll()
    [refusal] = world.intake.refusals
    assert (refusal.location, refusal.body, refusal.peer) == ("ce_id", order(2), "trial.in/0/1")
    assert [(one.kind, one.place) for one in world.troubles.told] == [("record-refused", "trial.in/0/1")]
    assert keys(world) == ["e1", "e3"]


async def test_known_by_content_a_senders_ids_count_for_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeTopic() as topic:
        topic.logs[0] = [Record(order(1), id="e1"), Record(order(2), id="e1"), Record(order(1), id="e2")]
        await consumer(world, known_by="content").poll()
    assert keys(world) == ["D1", "D2"]


_UNTRUSTED = ssl.SSLCertVerificationError(1, "self-signed")
_UNTRUSTED.verify_message = "self-signed certificate"
_BOTH: list[tuple[Exception, type[CareloomError]]] = [
    (errors.AuthenticationFailedError("no"), AccessRefused),
    (errors.UnsupportedSaslMechanismError("no"), AccessRefused),
    (errors.TopicAuthorizationFailedError("t"), AccessRefused),
    (errors.ClusterAuthorizationFailedError("no"), AccessRefused),
    (errors.MessageSizeTooLargeError("large"), Rejected),
    (errors.RecordListTooLargeError("large"), Rejected),
    (errors.UnknownTopicOrPartitionError("t"), ContractBroken),
    (errors.InvalidTopicError("t"), ContractBroken),
    (errors.UnsupportedCodecError("zstd"), ContractBroken),
    (_UNTRUSTED, AccessRefused),
]
_DOUBTFUL = [
    errors.KafkaTimeoutError("late"),
    errors.KafkaConnectionError("lost"),
    errors.NotEnoughReplicasAfterAppendError("few"),
    errors.OutOfOrderSequenceNumber("gap"),
    errors.OffsetOutOfRangeError("gone"),
    TimeoutError(),
]


@pytest.mark.parametrize(("raised", "meant"), _BOTH, ids=lambda one: type(one).__name__)
def test_what_a_refusal_means_before_and_after_sending(raised: Exception, meant: type[CareloomError]) -> None:
    telling = Telling(errors)
    with pytest.raises(meant), telling.asked():
        raise raised
    with pytest.raises(meant), telling.published():
        raise raised


@pytest.mark.parametrize("raised", _DOUBTFUL, ids=lambda one: type(one).__name__)
def test_what_is_no_refusal_is_doubt_after_sending_and_absence_before(raised: Exception) -> None:
    telling = Telling(errors)
    with pytest.raises(Unavailable), telling.asked():
        raise raised
    with pytest.raises(AmbiguousError, match="the id tells a repeat"), telling.published():
        raise raised


async def test_an_event_that_is_too_large_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    settings = Settings.model_validate({"url": "kafka://127.0.0.1:1", "topic": "t", "largest": 1024})
    publisher = connect(settings, World(tmp_path).around())
    assert isinstance(publisher, Publisher)
    with pytest.raises(Rejected, match="1024 octets"):
        await publisher._wire.publish("t", Record(b"x" * 1025))
    await publisher.close()
    await publisher.close()


def test_an_address_names_several_brokers() -> None:
    assert servers("kafka://one,two:9093,[::1]:9094") == ["one:9092", "two:9093", "[::1]:9094"]


@pytest.mark.parametrize("library", ["aiokafka", "aiokafka.errors"])
def test_without_the_library_the_settings_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=r"careloom\[brokers\]"):
        consumer(World(tmp_path), url="kafka://127.0.0.1:9092")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "morse://x"}, "addresses begin with"),
        ({"url": "kafkas://x", "user": "u"}, "go together"),
        ({"url": "kafka://x", "format": "morse"}, "there are hl7v2"),
        ({"url": "kafka://u:p@x"}, "brokers only"),
        ({"url": "kafka://x/topic"}, "brokers only"),
        ({"url": "kafka://kafka.example.org", "user": "u", "password": "env:P"}, "kafkas:// only"),
        ({"url": "kafka://127.0.0.1,kafka.example.org", "user": "u", "password": "env:P"}, "kafkas:// only"),
        ({"url": "kafka://x", "tls": {}}, "not kafkas"),
        ({"url": "kafkas://x", "user": "u", "password": "plain"}, "by reference"),
        ({"url": "kafka://x", "direction": "in", "topic": "careloom.{type}"}, "one topic"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    with pytest.raises((ValueError, ConfigurationError), match=words):
        connect(Settings.model_validate({"topic": "trial.in", **settings}), World(tmp_path).around())
