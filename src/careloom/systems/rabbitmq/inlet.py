"""One look into a queue: a channel with one consumer on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from careloom.core.errors import Unavailable
from careloom.systems.broker import Record
from careloom.systems.rabbitmq.consumer import Delivered
from careloom.systems.rabbitmq.telling import Telling


class Inlet:
    """What comes stands in line here until it is fetched. `patience`: seconds for an answer of the server."""

    def __init__(self, channel: Any, telling: Telling, patience: float) -> None:
        self._channel = channel
        self._told = telling
        self._patience = patience
        self._line: asyncio.Queue[Delivered | None] = asyncio.Queue()
        self._queue: Any = None
        self._consumer: str | None = None
        self._due = 0

    async def open(self, queue: str, prefetch: int, *, declare: bool) -> None:
        """Begin. A queue that is made here is durable and has one active consumer."""
        self._channel.close_callbacks.add(self._lost)
        await self._channel.set_qos(prefetch_count=prefetch)
        if declare:
            only = {"x-single-active-consumer": True}
            self._queue = await self._channel.declare_queue(queue, durable=True, arguments=only)
        else:
            self._queue = await self._channel.get_queue(queue)
        self._due = self._queue.declaration_result.message_count or 0
        self._consumer = await self._queue.consume(self._came)

    async def fetch(self, wait: float) -> Sequence[Delivered]:
        """Those that have come. What lay there when we began is waited for longer: a slow server is not an empty one.

        Raises Unavailable once the channel is lost, since none of them could be settled.
        """
        patience = max(wait, self._patience) if self._due > 0 else wait
        try:
            async with asyncio.timeout(patience):
                found = [await self._line.get()]
        except TimeoutError:
            self._due = 0
            return []
        while not self._line.empty():
            found.append(self._line.get_nowait())
        if None in found:
            raise Unavailable("the connection to the RabbitMQ server was lost")
        self._due -= len(found)
        return [one for one in found if one is not None]

    async def acknowledge(self, tag: int) -> None:
        """Settle one as taken."""
        with self._told.asked():
            await (await self._channel.get_underlay_channel()).basic_ack(tag)

    async def reject(self, tag: int) -> None:
        """Settle one as never to be taken."""
        with self._told.asked():
            await (await self._channel.get_underlay_channel()).basic_reject(tag, requeue=False)

    async def close(self) -> None:
        """Cancel first, so that what is given back does not come at once again; tag 0 stands for all that came."""
        with suppress(Exception):
            async with asyncio.timeout(self._patience):
                if self._consumer is not None and not self._channel.is_closed:
                    await self._queue.cancel(self._consumer)
                    await (await self._channel.get_underlay_channel()).basic_nack(0, multiple=True, requeue=True)
        with suppress(Exception):
            async with asyncio.timeout(self._patience):
                await self._channel.close()

    async def _came(self, message: Any) -> None:
        headers = {str(name): str(value) for name, value in (message.headers or {}).items()}
        record = Record(
            body=message.body, key=headers.get("careloom-key", ""), id=message.message_id or "", headers=headers
        )
        self._line.put_nowait(Delivered(record, int(message.delivery_tag)))

    def _lost(self, *_: object) -> None:
        self._line.put_nowait(None)
