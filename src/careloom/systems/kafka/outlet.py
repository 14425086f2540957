"""Writes records, each once as long as this process lives."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec

from careloom.systems.broker import CONTENT, Record
from careloom.systems.kafka.telling import Telling


class _Attributes(msgspec.Struct):
    """Those of a CloudEvent that readers choose by."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    specversion: str


_decode: Final = msgspec.json.Decoder(_Attributes).decode


class Outlet:
    """An idempotent producer. One that the brokers refused a record of is replaced: its numbering has a gap then, by
    which they refuse what follows. `make` gives a producer that is not started; `patience` is in seconds."""

    def __init__(self, make: Callable[[], Awaitable[Any]], telling: Telling, patience: float) -> None:
        self._make = make
        self._told = telling
        self._patience = patience
        self._producer: Any = None
        self._turn = asyncio.Lock()
        self._under_way: dict[tuple[str, str], Future[Any]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def publish(self, topic: str, record: Record) -> None:
        """Return once all replicas that are in sync have it.

        An event that is under way still, from an earlier try whose answer was not waited for, is not sent again: the
        producer goes on trying it, in its place.
        """
        answer = self._under_way.get((topic, record.id)) or await self._sent(topic, record)
        with self._told.published():
            async with asyncio.timeout(self._patience):
                await asyncio.shield(answer)

    async def close(self) -> None:
        """Give what is under way its time, and no more."""
        self._retire(self._producer)
        await asyncio.gather(*self._leaving)

    async def _sent(self, topic: str, record: Record) -> Future[Any]:
        producer = await self._started()
        with self._told.asked():
            async with asyncio.timeout(self._patience * 2):  # the library gives up on an unknown topic before that
                answer: Future[Any] = await producer.send(
                    topic, record.body, key=record.key.encode() or None, headers=headers(record)
                )
        self._under_way[topic, record.id] = answer
        answer.add_done_callback(lambda done: self._answered(producer, (topic, record.id), done))
        return answer

    def _answered(self, producer: Any, place: tuple[str, str], answer: Future[Any]) -> None:
        self._under_way.pop(place, None)
        if answer.cancelled() or answer.exception() is not None:
            self._retire(producer)

    async def _started(self) -> Any:
        async with self._turn:
            if self._producer is None:
                self._producer = await self._make()
            return self._producer

    def _retire(self, producer: Any) -> None:
        if producer is not None and producer is self._producer:
            self._producer = None
            task = asyncio.get_running_loop().create_task(let_go(producer, self._patience))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


async def let_go(client: Any, patience: float) -> None:
    """Stop a producer or consumer. One that waits for brokers that are away is cut off after `patience` seconds."""
    if await _ended(client.stop(), patience):
        return
    for part in ("_sender", "_fetcher", "client", "_client"):  # `stop` has nothing for a caller who cannot wait
        if (one := getattr(client, part, None)) is not None:
            await _ended(one.close(), patience)


async def _ended(work: Coroutine[Any, Any, None], patience: float) -> bool:
    """Whether it came to a good end. In a task of its own: the library lets out the cancellation of its own tasks,
    which would be taken for ours."""
    task = asyncio.get_running_loop().create_task(work)
    await asyncio.wait([task], timeout=patience)
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=patience)
    return task.done() and not task.cancelled() and task.exception() is None


def headers(record: Record) -> list[tuple[str, bytes]]:
    """The Kafka binding of CloudEvents 1.0.2, section 3.3: structured, with the attributes beside it."""
    about = _decode(record.body)
    attributes = {f"ce_{name}": getattr(about, name) for name in _Attributes.__struct_fields__}
    given = {"content-type": CONTENT, **attributes, **record.headers}
    return [(name, value.encode()) for name, value in given.items()]
