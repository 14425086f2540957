"""The RabbitMQ kind without a server: its settings, its consumer, and what errors of the library mean."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aio_pika
import aiormq
import pytest
from aio_pika.exceptions import AMQPConnectionError
from pamqp.commands import Basic

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ConfigurationError,
    ContractBroken,
    Rejected,
    Throttled,
    Unavailable,
)
from careloom.hub.sections import SourceSection
from careloom.systems import rabbitmq
from careloom.systems.broker import Publisher, Record
from careloom.systems.folder.fake import DOCUMENTS, order
from careloom.systems.rabbitmq.connector import Settings, connect
from careloom.systems.rabbitmq.consumer import Consumer
from careloom.systems.rabbitmq.fake import FakeQueue
from careloom.systems.rabbitmq.telling import Telling
from careloom.testing.surroundings import World

SOURCE = SourceSection.model_validate(DOCUMENTS).for_mapping()
SAMPLE = Path(rabbitmq.__file__).parent / "fixtures" / "order.json"


def consumer(world: World, **settings: object) -> Consumer:
    given = {"url": "trial-rabbitmq://memory", "direction": "in", "queue": "trial.in", **settings}
    made = connect(Settings.model_validate(given), world.around(source=SOURCE))
    assert isinstance(made, Consumer)
    return made


async def test_a_message_is_acknowledged_when_it_is_in_the_log_and_not_before(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeQueue() as queue:
        queue.records = [Record(SAMPLE.read_bytes(), id="sample")]
        world.intake.hold()
        reading = asyncio.ensure_future(consumer(world).poll())
        await world.intake.until(lambda intake: intake.waiting == 1)
        assert not queue.acknowledged
        world.intake.release()
        await reading
    assert [record.id for record in queue.acknowledged] == ["sample"]
    assert [message.key for message in world.intake.messages] == ["sample"]


async def test_what_the_store_did_not_take_is_in_the_queue_again_in_order(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeQueue() as queue:
        queue.records = [Record(order(number), id=f"m{number}") for number in (1, 2, 3)]
        world.intake.fail()
        with pytest.raises(Unavailable):
            await consumer(world).poll()
        assert [record.id for record in queue.records] == ["m1", "m2", "m3"]
        world.intake.recover()
        await consumer(world).poll()
    assert [message.key for message in world.intake.messages] == ["m1", "m2", "m3"]


async def test_more_than_the_prefetch_is_read_in_one_look(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeQueue() as queue:
        queue.records = [Record(order(number)) for number in range(1, 8)]
        await consumer(world, prefetch=2).poll()
    assert [message.key for message in world.intake.messages] == [f"D{number}" for number in range(1, 8)]


async def test_a_message_that_is_lost_on_the_way_is_noticed_and_read_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeQueue() as queue:
        queue.records = [Record(order(number)) for number in (1, 2, 3)]
        queue.lose()
        with pytest.raises(Unavailable, match="left out"):
            await consumer(world).poll()
        await consumer(world).poll()
    assert [message.key for message in world.intake.messages] == ["D1", "D2", "D3"]


async def test_a_message_that_cannot_be_read_becomes_a_dead_letter_and_a_case(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeQueue() as queue:
        queue.records = [Record(b"{Quillfeather"), Record(order(2))]
        await consumer(world).poll()
    assert [record.body for record in queue.dead] == [b"{Quillfeather"]
    [trouble] = world.troubles.told
    assert trouble.kind == "record-refused"
    assert "Quillfeather" not in f"{trouble.reason} {trouble.place}"
    assert [message.key for message in world.intake.messages] == ["D2"]


async def test_other_content_under_a_known_id_is_kept_before_the_queue_forgets_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeQueue() as queue:
        queue.records = [Record(order(1), id="m1"), Record(order(2), id="m1")]
        await consumer(world).poll()
    assert [(one.location, one.body) for one in world.intake.refusals] == [("message_id", order(2))]
    assert [one.reason for one in world.troubles.told] == [
        "a record was put aside: its id was used before for other content"
    ]
    assert [record.body for record in queue.dead] == [order(2)]


async def test_known_by_content_a_senders_ids_count_for_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with FakeQueue() as queue:
        queue.records = [Record(order(1), id="m1"), Record(order(2), id="m1"), Record(order(1), id="m2")]
        await consumer(world, known_by="content").poll()
    assert [message.key for message in world.intake.messages] == ["D1", "D2"]
    assert len(queue.acknowledged) == 3


def _delivered() -> aiormq.abc.DeliveredMessage:
    header = aiormq.spec.Basic.Properties()
    returned = Basic.Return(reply_text="NO_ROUTE", exchange="", routing_key="k")
    return aiormq.abc.DeliveredMessage(delivery=returned, header=header, body=b"", channel=None)  # type: ignore[arg-type]


_ERRORS = aio_pika.exceptions
_PUBLISHED: list[tuple[BaseException, type[CareloomError]]] = [
    (_ERRORS.PublishError(_delivered(), Basic.Return()), ContractBroken),
    (_ERRORS.DeliveryError(None, Basic.Nack()), Throttled),
    (_ERRORS.ChannelPreconditionFailed("too large"), Rejected),
    (_ERRORS.ChannelNotFoundEntity("gone"), ContractBroken),
    (aiormq.exceptions.ChannelAccessRefused("no"), AccessRefused),
    (_ERRORS.ChannelInvalidStateError("closed"), Unavailable),
    (AMQPConnectionError("lost"), AmbiguousError),
    (TimeoutError(), AmbiguousError),
    (asyncio.CancelledError(), AmbiguousError),
]


@pytest.mark.parametrize(("raised", "meant"), _PUBLISHED, ids=lambda one: type(one).__name__)
async def test_what_an_error_means_once_an_event_was_sent(raised: BaseException, meant: type[CareloomError]) -> None:
    with pytest.raises(meant), Telling(aiormq.exceptions).published(alone=lambda: True):
        raise raised


async def test_a_channel_that_is_closed_with_several_events_on_it_accuses_none_of_them() -> None:
    with pytest.raises(AmbiguousError), Telling(aiormq.exceptions).published(alone=lambda: False):
        raise _ERRORS.ChannelPreconditionFailed("too large")


_ASKED: list[tuple[BaseException, type[CareloomError], str]] = [
    (_ERRORS.ProbableAuthenticationError("no"), AccessRefused, "account"),
    (
        _ERRORS.InvalidFrameError("Expected one of ['Connection.OpenOk'], got <Connection.Close>"),
        ContractBroken,
        "virtual",
    ),
    (_ERRORS.ConnectionClosed(320, "shutdown"), Unavailable, "cannot be used"),
    (_ERRORS.ChannelPreconditionFailed("durable"), ContractBroken, "other properties"),
    (aiormq.exceptions.ChannelLockedResource("exclusive"), Unavailable, "for itself"),
    (ConnectionRefusedError(), Unavailable, "cannot be used"),
    (TimeoutError(), Unavailable, "cannot be used"),
]


@pytest.mark.parametrize(("raised", "meant", "words"), _ASKED)
async def test_what_an_error_means_before(raised: BaseException, meant: type[CareloomError], words: str) -> None:
    with pytest.raises(meant, match=words), Telling(aiormq.exceptions).asked():
        raise raised


async def test_our_own_cancellation_is_no_error_of_the_server() -> None:
    begun = asyncio.Event()

    async def working() -> None:
        with Telling(aiormq.exceptions).published(alone=lambda: True):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(working())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_event_that_is_too_large_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    settings = Settings.model_validate({"url": "amqp://127.0.0.1:1", "largest": 1024})
    publisher = connect(settings, World(tmp_path).around())
    assert isinstance(publisher, Publisher)
    with pytest.raises(Rejected, match="1024 octets"):
        await publisher._wire.publish("t", Record(b"x" * 1025))
    with pytest.raises(Unavailable):
        await publisher._wire.publish("t", Record(b"x"))
    await publisher.close()


@pytest.mark.parametrize("library", ["aio_pika", "aiormq"])
def test_without_the_library_the_settings_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=r"careloom\[brokers\]"):
        consumer(World(tmp_path), url="amqp://127.0.0.1")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "morse://x"}, "addresses begin with"),
        ({"url": "nats://127.0.0.1:4222"}, "addresses begin with amqp:// or amqps://"),
        ({"url": "amqp://x", "direction": "in"}, "needs the queue"),
        ({"url": "amqps://x", "user": "u"}, "go together"),
        ({"url": "amqp://x", "format": "morse"}, "there are hl7v2"),
        ({"url": "amqp://u:p@x"}, "holds no account"),
        ({"url": "amqp://x?heartbeat=1"}, "no options"),
        ({"url": "amqp://rabbit.example.org", "user": "u", "password": "env:P"}, "amqps:// only"),
        ({"url": "amqp://x", "tls": {}}, "not amqps"),
        ({"url": "amqps://x", "user": "u", "password": "plain"}, "by reference"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    with pytest.raises((ValueError, ConfigurationError), match=words):
        connect(Settings.model_validate(settings), World(tmp_path).around())
