"""The RabbitMQ kind against a real server. One server for all of them; it takes seconds to start."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.systems.kafka.tls_front import certificate, front
from tests.systems.rabbitmq.rabbit_server import ERL_CALL, INSTALLED, MISSING, RealRabbit, Server

from careloom.core.errors import ContractBroken, Unavailable
from careloom.core.outcomes import Done, ErrorKind, Outcome, Park, Retry
from careloom.hub.sections import SourceSection
from careloom.systems.broker import Publisher
from careloom.systems.broker_trial import Bringing, Publishing
from careloom.systems.folder.fake import DOCUMENTS, order
from careloom.systems.rabbitmq.connector import Settings, connect
from careloom.systems.rabbitmq.consumer import Consumer
from careloom.systems.rabbitmq.fake import reading, writing
from careloom.systems.trial import Behaviour, event
from careloom.testing.conformance import Check, checks
from careloom.testing.surroundings import World

pytestmark = pytest.mark.skipif(not INSTALLED, reason=MISSING)
SOURCE = SourceSection.model_validate(DOCUMENTS).for_mapping()
_NEVER = {one.value: "a real server does this in a test of its own, or never" for one in Behaviour}
_SERVER: list[Server] = []


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[Server]:
    server = Server()
    _SERVER.append(server)
    yield server
    _SERVER.clear()
    server.close()


@pytest.fixture
async def rabbit(running: Server) -> AsyncIterator[RealRabbit]:
    async with RealRabbit(lambda: running) as entered:
        yield entered


class RealPublishing(Publishing):
    foreign = {name: why for name, why in _NEVER.items() if name != "willing"}


_TRIALS = {
    "real-in": lambda: Bringing(lambda: RealRabbit(lambda: _SERVER[0]), reading),
    "real-out": lambda: RealPublishing(lambda: RealRabbit(lambda: _SERVER[0]), writing),
}


@pytest.mark.parametrize("check", checks("rabbitmq", trials=_TRIALS), ids=str)
async def test_a_real_server_keeps_us_to_our_promises(check: Check, tmp_path: Path) -> None:
    await check.run(tmp_path)


def consumer(rabbit: RealRabbit, world: World, **settings: object) -> Consumer:
    made = connect(Settings.model_validate({**reading(rabbit), **settings}), world.around(source=SOURCE))
    assert isinstance(made, Consumer)
    return made


def publisher(rabbit: RealRabbit, world: World, **settings: object) -> Publisher:
    made = connect(Settings.model_validate({**writing(rabbit), **settings}), world.around())
    assert isinstance(made, Publisher)
    return made


async def test_nothing_is_lost_or_doubled_when_the_server_is_killed_while_we_read(
    rabbit: RealRabbit, tmp_path: Path
) -> None:
    world = World(tmp_path)
    await rabbit.publish([order(number) for number in range(1, 401)])
    reader = consumer(rabbit, world, known_by="content", prefetch=50)
    under_way = asyncio.ensure_future(reader.poll())
    await world.intake.until(lambda intake: len(intake.messages) >= 150)
    rabbit.server.kill()
    with pytest.raises(Unavailable):
        await under_way
    assert len(world.intake.messages) < 400
    rabbit.server.start()
    await reader.poll()
    await reader.close()
    assert [message.key for message in world.intake.messages] == [f"D{number}" for number in range(1, 401)]
    assert await rabbit.count("trial.in") == 0


async def test_nothing_is_lost_when_the_server_is_killed_while_we_write(rabbit: RealRabbit, tmp_path: Path) -> None:
    writer = publisher(rabbit, World(tmp_path))
    posts = [asyncio.ensure_future(writer.post(event(number))) for number in range(1, 301)]
    await _done(posts, 100)
    rabbit.server.kill()
    outcomes = await asyncio.gather(*posts)
    confirmed = {number for number, outcome in enumerate(outcomes, 1) if isinstance(outcome, Done)}
    assert 0 < len(confirmed) < 300
    assert all(isinstance(outcome, Retry) for outcome in outcomes if not isinstance(outcome, Done))
    await writer.close()
    rabbit.server.start()
    stored = {event_number(body) for body in await rabbit.taken()}
    assert confirmed <= stored
    again = publisher(rabbit, World(tmp_path))
    for number in sorted(set(range(1, 301)) - confirmed):
        assert isinstance(await again.post(event(number)), Done)
    await again.close()
    assert sorted(event_number(body) for body in await rabbit.taken()) == list(range(1, 301))


async def _done(posts: list[asyncio.Future[Outcome]], count: int) -> None:
    waiting = set(posts)
    while len(posts) - len(waiting) < count:
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


def event_number(body: bytes) -> int:
    return int(json.loads(body)["id"].replace("-", ""), 16)


async def test_a_hub_that_is_killed_while_it_reads_leaves_the_rest_in_order(rabbit: RealRabbit, tmp_path: Path) -> None:
    world = World(tmp_path)
    await rabbit.publish([order(number) for number in range(1, 101)])
    first, second = (consumer(rabbit, world, known_by="content") for _ in range(2))
    under_way = asyncio.ensure_future(first.poll())
    await world.intake.until(lambda intake: len(intake.messages) >= 30)
    under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)
    await first.close()
    await second.poll()
    await second.close()
    assert [message.key for message in world.intake.messages] == [f"D{number}" for number in range(1, 101)]


async def test_what_cannot_be_read_lies_with_the_dead_letters(rabbit: RealRabbit, tmp_path: Path) -> None:
    world = World(tmp_path)
    await rabbit.publish([b"{spoiled", order(1)])
    reader = consumer(rabbit, world)
    await reader.poll()
    await reader.close()
    [dead] = await rabbit.stored("trial.dead")
    assert dead.body == b"{spoiled"
    assert [trouble.kind for trouble in world.troubles.told] == ["record-refused"]
    assert len(world.intake.messages) == 1


async def test_an_event_carries_its_id_and_its_subjects_token_and_no_name(rabbit: RealRabbit, tmp_path: Path) -> None:
    writer = publisher(rabbit, World(tmp_path), routing_key="patient.{token}")
    assert isinstance(await writer.post(event(1)), Done)
    await writer.close()
    [stored] = await rabbit.stored("trial.out")
    document = json.loads(stored.body)
    assert stored.message_id == document["id"] == str(event(1).id)
    assert stored.headers["careloom-key"] == document["subject"] == str(event(1).token)
    assert stored.routing_key == f"patient.{event(1).token}"
    assert stored.delivery_mode == 2
    assert "MRN" not in str(stored.headers) + stored.routing_key


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"routing_key": "nobody.{type}"}, "no queue takes"),
        ({"exchange": "nowhere"}, "no such exchange"),
        ({"url": "/nowhere"}, "virtual host"),
    ],
)
async def test_what_is_not_there_is_a_broken_contract(
    rabbit: RealRabbit, tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    given = {**settings, "url": rabbit.address + settings.get("url", "")}
    writer = publisher(rabbit, World(tmp_path), **given)
    outcome = await writer.post(event(1))
    assert isinstance(outcome, Park)
    assert words in outcome.reason
    await writer.close()


async def test_a_queue_that_is_not_there_is_a_broken_contract_and_is_not_made(
    rabbit: RealRabbit, tmp_path: Path
) -> None:
    reader = consumer(rabbit, World(tmp_path), queue="nowhere")
    for _ in range(2):
        with pytest.raises(ContractBroken, match="no such exchange or queue"):
            await reader.poll()
    await reader.close()


async def test_declared_it_is_made(rabbit: RealRabbit, tmp_path: Path) -> None:
    world = World(tmp_path)
    reader = consumer(rabbit, world, queue="trial.made", declare=True)
    await reader.poll()
    writer = publisher(rabbit, World(tmp_path), exchange="", routing_key="trial.made", declare=True)
    assert isinstance(await writer.post(event(1)), Done)
    await reader.poll()
    await reader.close()
    await writer.close()
    assert len(world.intake.messages) + len(world.intake.refusals) == 1


async def test_a_refused_account_stops_the_connection(rabbit: RealRabbit, tmp_path: Path) -> None:
    world = World(tmp_path, secrets={"WRONG": "wrong"})
    writer = publisher(rabbit, world, user="guest", password="env:WRONG")
    outcome = await writer.post(event(1))
    assert isinstance(outcome, Park)
    assert "account" in outcome.reason
    assert writer.retry_after > 60
    await writer.close()


@pytest.mark.skipif(ERL_CALL is None, reason="erl_call of Erlang is not on this machine")
async def test_while_the_server_is_short_of_memory_events_wait(rabbit: RealRabbit, tmp_path: Path) -> None:
    writer = publisher(rabbit, World(tmp_path), answer_timeout=0.5)
    assert isinstance(await writer.post(event(1)), Done)
    rabbit.server.alarm(True)
    try:
        # The server says that it is blocked when the first event comes: nobody knows about that one.
        outcomes = [await writer.post(event(2)), await writer.post(event(3))]
    finally:
        rabbit.server.alarm(False)
    blocked = outcomes[-1]
    assert isinstance(blocked, Retry)
    assert blocked.kind is ErrorKind.TRANSIENT
    assert "short of memory" in blocked.reason
    await writer.close()


async def test_over_tls_the_server_is_checked(rabbit: RealRabbit, tmp_path: Path) -> None:
    file = certificate(tmp_path)
    world = World(tmp_path, secrets={"PASSWORD": "guest"})
    async with front(rabbit.server.port, file) as port:
        secured = {"url": f"amqps://127.0.0.1:{port}", "user": "guest", "password": "env:PASSWORD"}
        writer = publisher(rabbit, world, tls={"ca": file}, **secured)
        assert isinstance(await writer.post(event(1)), Done)
        await writer.close()
        stranger = publisher(rabbit, world, **secured)
        outcome = await stranger.post(event(2))
        await stranger.close()
    assert isinstance(outcome, Park)
    assert "not trusted" in outcome.reason
    assert await rabbit.count("trial.out") == 1
