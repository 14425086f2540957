"""Kafka by aiokafka. Needs the extra `careloom[brokers]`."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from careloom.core.errors import AccessRefused, CareloomError, ConfigurationError, ContractBroken, Rejected
from careloom.core.secrets import Resolver
from careloom.systems.broker import Record
from careloom.systems.kafka.consumer import Bounds, Placed
from careloom.systems.kafka.outlet import Outlet, let_go
from careloom.systems.kafka.telling import Telling

_PORT: Final = 9092
_METADATA_SECONDS: Final = 30.0  # how long a partition that was added may stay unknown


def servers(address: str) -> list[str]:
    """The brokers of an address, each with its port."""
    hosts = [one for one in urlsplit(address).netloc.split(",") if one]
    return [one if one.rpartition(":")[2].isdigit() else f"{one}:{_PORT}" for one in hosts]


def open_kafka(address: str, options: Mapping[str, Any]) -> KafkaWire:
    """A wire, not connected yet. Raises ConfigurationError when the extra is not installed."""
    try:
        library = import_module("aiokafka")
        errors, line = import_module("aiokafka.errors"), import_module("aiokafka.conn")
    except ImportError:
        raise ConfigurationError("Kafka needs a library: pip install 'careloom[brokers]'") from None
    # Its debug lines hold payloads; what went wrong is told by our errors.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)
    return KafkaWire(library, line.create_conn, Telling(errors), address, options)


class KafkaWire:
    """A producer and a consumer, each started when it is needed. `dial` opens one connection by itself."""

    def __init__(self, library: Any, dial: Any, telling: Telling, address: str, options: Mapping[str, Any]) -> None:
        self._kafka = library
        self._dial = dial
        self._told = telling
        self._servers = servers(address)
        self._settings: Any = options["settings"]
        self._name: str = options["name"]
        self._secrets: Resolver = options["secrets"]
        self._tls: ssl.SSLContext | None = options["tls"]
        self._outlet = Outlet(self._producer, telling, self._settings.answer_timeout)
        self._consumer: Any = None
        self._ends: Mapping[Any, int] = {}

    async def publish(self, topic: str, record: Record) -> None:
        """See `Wire.publish`."""
        if len(record.body) > self._settings.largest:
            raise Rejected(f"the event has more than {self._settings.largest} octets; see `largest`")
        await self._outlet.publish(topic, record)

    async def bounds(self, topic: str) -> Mapping[int, Bounds]:
        """See `Topic.bounds`."""
        async with self._look() as consumer:
            async with asyncio.timeout(self._settings.answer_timeout):
                places = await self._partitions(consumer, topic)
                first = await consumer.beginning_offsets(places)
                end = self._ends = await consumer.end_offsets(places)
        return {place.partition: Bounds(first[place], end[place]) for place in places}

    async def begin(self, topic: str, offsets: Mapping[int, int]) -> None:
        """See `Topic.begin`. Between `assign` and `seek` nothing waits, so nothing is fetched from elsewhere."""
        async with self._look() as consumer:
            places = {self._kafka.TopicPartition(topic, partition): offset for partition, offset in offsets.items()}
            if consumer.assignment() != set(places):
                consumer.assign(list(places))
            for place, offset in places.items():
                consumer.seek(place, offset)

    async def fetch(self, count: int) -> Sequence[Placed]:
        """See `Topic.fetch`."""
        async with self._look() as consumer:
            found = await consumer.getmany(timeout_ms=round(self._settings.wait * 1000), max_records=count)
            if not found and await self._behind(consumer):  # slow brokers are not an empty topic
                found = await consumer.getmany(
                    timeout_ms=round(self._settings.answer_timeout * 1000), max_records=count
                )
        return [_placed(one) for records in found.values() for one in records]

    async def close(self) -> None:
        """See `Wire.close`."""
        await self._outlet.close()
        await self._leave()

    @asynccontextmanager
    async def _look(self) -> AsyncIterator[Any]:
        """The consumer. One that has failed is not asked again: the next look starts another."""
        if self._consumer is None:
            self._consumer = await self._reader()
        try:
            with self._told.asked():
                yield self._consumer
        except CareloomError:
            await self._leave()
            raise

    async def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await let_go(consumer, self._settings.answer_timeout)

    async def _behind(self, consumer: Any) -> bool:
        """Whether something was there when the look began that has not come yet."""
        async with asyncio.timeout(self._settings.answer_timeout):
            positions = {place: await consumer.position(place) for place in consumer.assignment()}
        return any(position < self._ends.get(place, 0) for place, position in positions.items())

    async def _partitions(self, consumer: Any, topic: str) -> list[Any]:
        """Asks for this topic only: the public way asks for all of the cluster's."""
        client = consumer._client
        await client.set_topics([topic])
        numbers = consumer.partitions_for_topic(topic)
        if topic in client.cluster.unauthorized_topics:
            raise AccessRefused("our account may not read this topic; give it the right")
        if not numbers:
            await client.force_metadata_update()
            numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise ContractBroken("there is no such topic; make it, or correct `topic`")
        return [self._kafka.TopicPartition(topic, number) for number in sorted(numbers)]

    async def _reader(self) -> Any:
        made = self._kafka.AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            metadata_max_age_ms=round(_METADATA_SECONDS * 1000),
            **self._common(),
            **self._who(),
        )
        return await self._running(made)

    async def _producer(self) -> Any:
        room = 64 * 1024  # for the key, the headers and the frame
        made = self._kafka.AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            max_request_size=self._settings.largest + room,
            metadata_max_age_ms=round(_METADATA_SECONDS * 1000),
            **self._common(),
            **self._who(),
        )
        return await self._running(made)

    async def _running(self, client: Any) -> Any:
        """Started, or stopped with the reason."""
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                await client.start()
        except BaseException as error:
            await let_go(client, self._settings.connect_timeout)
            if not isinstance(error, Exception):
                raise
            raise self._told.unsent(await self._reason(error)) from None
        return client

    async def _reason(self, error: Exception) -> Exception:
        """The library says of every failed start that no broker was reached; one connection by hand tells why."""
        for one in self._servers:
            host, _, port = one.rpartition(":")
            timeout = round(self._settings.connect_timeout * 1000)
            try:
                async with asyncio.timeout(self._settings.connect_timeout):
                    line = await self._dial(host.strip("[]"), int(port), request_timeout_ms=timeout, **self._who())
            except (OSError, TimeoutError, RuntimeError) as why:  # the library's errors are RuntimeErrors
                error = why
            else:
                line.close()
        return error

    def _common(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": self._servers,
            "client_id": self._name,
            "request_timeout_ms": round(self._settings.answer_timeout * 1000),
        }

    def _who(self) -> dict[str, Any]:
        settings = self._settings
        protocol = "SSL" if self._tls else "PLAINTEXT"
        given: dict[str, Any] = {"ssl_context": self._tls} if self._tls else {}
        if settings.user is None:
            return {"security_protocol": protocol, **given}
        return {
            "security_protocol": f"SASL_{protocol}",
            "sasl_mechanism": settings.mechanism,
            "sasl_plain_username": settings.user,
            "sasl_plain_password": self._secrets(settings.password),
            **given,
        }


def _placed(one: Any) -> Placed:
    headers = {str(name): bytes(value or b"").decode("utf-8", "replace") for name, value in one.headers}
    key = bytes(one.key or b"").decode("utf-8", "replace")
    record = Record(body=bytes(one.value or b""), key=key, id=headers.get("ce_id", ""), headers=headers)
    return Placed(record, int(one.partition), int(one.offset))
