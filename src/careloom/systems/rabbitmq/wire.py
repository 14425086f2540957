"""RabbitMQ by aio-pika: connections, publishing and what its errors mean. Needs the extra `careloom[brokers]`."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from careloom.core.errors import ConfigurationError, Rejected, Throttled
from careloom.core.secrets import Resolver
from careloom.systems.broker import CONTENT, Record
from careloom.systems.rabbitmq.consumer import Delivered
from careloom.systems.rabbitmq.inlet import Inlet
from careloom.systems.rabbitmq.telling import Telling

KEY: Final = "careloom-key"
_BLOCKED: Final = "the server holds publishers back, being short of memory or disk; free some, or have its queues read"


def open_rabbitmq(address: str, options: Mapping[str, Any]) -> RabbitWire:
    """A wire, not connected yet. Raises ConfigurationError when the extra is not installed."""
    try:
        library = import_module("aio_pika")
        plain = import_module("aiormq")
    except ImportError:
        raise ConfigurationError("RabbitMQ needs a library: pip install 'careloom[brokers]'") from None
    for name in ("aio_pika", "aiormq"):  # their debug lines hold payloads; what went wrong is told by our errors
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return RabbitWire(library, Telling(plain.exceptions), address, options)


class RabbitWire:
    """One connection, opened when it is needed. The library does not reconnect by itself: our breaker decides."""

    def __init__(self, library: Any, telling: Telling, address: str, options: Mapping[str, Any]) -> None:
        self._pika = library
        self._told = telling
        self._address = urlsplit(address)
        self._settings: Any = options["settings"]
        self._name: str = options["name"]
        self._secrets: Resolver = options["secrets"]
        self._tls: ssl.SSLContext | None = options["tls"]
        self._connection: Any = None
        self._exchange: Any = None
        self._inlet: Inlet | None = None
        self._turn = asyncio.Lock()
        self._under_way = 0

    async def publish(self, topic: str, record: Record) -> None:
        """See `Wire.publish`. The server has confirmed it, and at least one queue has it."""
        if len(record.body) > self._settings.largest:
            raise Rejected(f"the event has more than {self._settings.largest} octets; see `largest`")
        exchange = await self._outlet()
        await self._unblocked()
        self._under_way += 1
        try:
            with self._told.published(alone=lambda: self._under_way == 1):
                async with asyncio.timeout(self._settings.answer_timeout):
                    await exchange.publish(self._message(record), topic.replace("{token}", record.key), mandatory=True)
        finally:
            self._under_way -= 1

    async def begin(self, queue: str, prefetch: int) -> None:
        """See `Queue.begin`."""
        connection = await self._connected()
        with self._told.asked():
            async with asyncio.timeout(self._settings.answer_timeout):
                channel = await connection.channel(publisher_confirms=False)
                self._inlet = Inlet(channel, self._told, self._settings.answer_timeout)
                await self._inlet.open(queue, prefetch, declare=self._settings.declare_it)

    async def fetch(self, wait: float) -> Sequence[Delivered]:
        """See `Queue.fetch`."""
        return await self._reading().fetch(wait)

    async def acknowledge(self, tag: int) -> None:
        """See `Queue.acknowledge`."""
        await self._reading().acknowledge(tag)

    async def reject(self, tag: int) -> None:
        """See `Queue.reject`."""
        await self._reading().reject(tag)

    async def end(self) -> None:
        """See `Queue.end`."""
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            await inlet.close()

    async def close(self) -> None:
        """See `Wire.close`."""
        await self.end()
        await self._drop()

    def _reading(self) -> Inlet:
        assert self._inlet is not None, "begin comes first"
        return self._inlet

    def _message(self, record: Record) -> Any:
        return self._pika.Message(
            record.body,
            headers={KEY: record.key, **record.headers},
            content_type=CONTENT,
            message_id=record.id,
            delivery_mode=self._pika.DeliveryMode.PERSISTENT,
            app_id="careloom",
        )

    async def _outlet(self) -> Any:
        """The exchange, on a channel with confirms that is open."""
        connection = await self._connected()
        async with self._turn:
            if self._exchange is None or self._exchange.channel.is_closed:
                with self._told.asked():
                    async with asyncio.timeout(self._settings.answer_timeout):
                        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
                        self._exchange = await self._found(channel)
            return self._exchange

    async def _found(self, channel: Any) -> Any:
        name = self._settings.exchange
        if not name:
            return channel.default_exchange
        if self._settings.declare_it:
            return await channel.declare_exchange(name, "topic", durable=True)
        return await channel.get_exchange(name)

    async def _unblocked(self) -> None:
        """Raises Throttled while the server has an alarm (`connection.blocked`): nothing is sent then."""
        transport = self._connection.transport
        if transport is None:
            return
        try:
            async with asyncio.timeout(0):
                await transport.connection.ready()
        except TimeoutError:
            raise Throttled(_BLOCKED, retry_after=5.0) from None

    async def _connected(self) -> Any:
        async with self._turn:
            if self._connection is None or not self._connection.connected.is_set():
                await self._drop()
                with self._told.asked():
                    async with asyncio.timeout(self._settings.connect_timeout):
                        self._connection = await self._pika.connect(**self._where(), **self._who())
            return self._connection

    def _where(self) -> dict[str, Any]:
        secure = self._address.scheme == "amqps"
        return {
            "host": self._address.hostname or "localhost",
            "port": self._address.port or (5671 if secure else 5672),
            "virtualhost": unquote(self._address.path[1:]) or "/",
            "ssl": secure,
            "ssl_context": self._tls,
        }

    def _who(self) -> dict[str, Any]:
        settings = self._settings
        account = {"login": settings.user, "password": self._secrets(settings.password)} if settings.user else {}
        named = {"client_properties": {"connection_name": self._name}, "heartbeat": settings.heartbeat}
        return {**account, **named}

    async def _drop(self) -> None:
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None:
            with suppress(Exception):
                async with asyncio.timeout(self._settings.connect_timeout):
                    await connection.close()
