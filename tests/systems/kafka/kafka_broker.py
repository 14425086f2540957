"""One broker that speaks enough of Kafka's protocol for a producer and a consumer, on a socket of its own.

It is no Kafka: one node, no replicas, no transactions, records in memory. What it does is what KIP-98 and the protocol
guide say of these requests: it numbers record batches, drops those that an idempotent producer repeats, refuses those
that leave a gap in its numbering, and answers with the codes of the protocol. Requests and answers are coded by the
client library's own structures, in the versions that stand in `_APIS`.
"""

from __future__ import annotations

import asyncio
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final, Self

from aiokafka.protocol import admin, fetch, metadata, offset, produce, transaction
from aiokafka.protocol.api import RequestHeader_v1, ResponseHeader_v0
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from careloom.systems.broker import Record
from careloom.systems.trial import Behaviour

_APIS: Final[Mapping[int, Any]] = {
    0: produce.ProduceRequest_v3,
    1: fetch.FetchRequest_v4,
    2: offset.OffsetRequest_v2,
    3: metadata.MetadataRequest_v1,
    17: admin.SaslHandShakeRequest_v1,
    18: admin.ApiVersionRequest_v0,
    22: transaction.InitProducerIdRequest_v0,
    36: admin.SaslAuthenticateRequest_v0,
}
_OUT_OF_RANGE, _UNKNOWN_TOPIC, _TOO_LARGE, _FEW_REPLICAS, _GAP, _REFUSED = 1, 3, 10, 19, 45, 58
_REPEATED = 46


@dataclass
class Log:
    """One partition: batches by the offset of their first record. `first` is the oldest that is still there."""

    batches: dict[int, bytes] = field(default_factory=dict)
    first: int = 0
    end: int = 0
    numbering: dict[int, int] = field(default_factory=dict)

    def append(self, batch: bytes) -> tuple[int, int]:
        """An error code and the offset that it has. KIP-98: a producer's batches are numbered without a gap."""
        producer, _, number, count = struct.unpack_from(">qhii", batch, 43)
        if producer >= 0:
            expected = self.numbering.get(producer, 0)
            if number < expected:
                return _REPEATED, -1
            if number > expected:
                return _GAP, -1
            self.numbering[producer] = number + count
        base = self.end
        self.batches[base] = struct.pack(">q", base) + batch[8:]
        self.end += struct.unpack_from(">i", batch, 23)[0] + 1
        return 0, base

    def since(self, place: int) -> bytes:
        """The batches that hold this offset and what follows."""
        ends = [*list(self.batches)[1:], self.end]
        return b"".join(batch for batch, end in zip(self.batches.values(), ends, strict=False) if end > place)


class ProtocolBroker:
    """Topics trial.in and trial.out, of two partitions each. `lose_answers` closes connections after a record was taken
    and before that is said; `advertised` is a port of somebody who stands in front."""

    def __init__(self) -> None:
        self.logs = {topic: {0: Log(), 1: Log()} for topic in ("trial.in", "trial.out")}
        self.behaviour = Behaviour.WILLING
        self.accounts: dict[str, str] = {}
        self.lose_answers = 0
        self.producers = 0
        self.port = 0
        self.advertised = 0
        self._server: asyncio.Server | None = None
        self._lines: set[StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._forever = asyncio.Event()

    @property
    def address(self) -> str:
        return f"kafka://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """As a broker that is killed: its connections break, its records stay."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for line in self._lines:
            line.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def behave(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        if behaviour is Behaviour.DOWN:
            await self.stop()
        elif self._server is None:
            await self.start()

    async def bring(self, record: Record) -> None:
        self.put("trial.in", 0, [record.body])

    def put(self, topic: str, partition: int, bodies: Sequence[bytes | None], headers: Mapping[str, str] = {}) -> None:
        """Append records of somebody who is not idempotent, in one batch."""
        builder = DefaultRecordBatchBuilder(
            magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
            batch_size=1_000_000,
        )  # fmt: skip
        given = [(name, value.encode()) for name, value in headers.items()]
        for number, body in enumerate(bodies):
            builder.append(number, timestamp=1_772_438_400_000, key=b"k", value=body, headers=given)
        self.logs[topic][partition].append(bytes(builder.build()))

    def drop(self, topic: str, partition: int, before: int) -> None:
        """The topic's limits took what is older than this offset."""
        log = self.logs[topic][partition]
        log.first = before
        log.batches = {base: batch for base, batch in log.batches.items() if base >= before}

    def records(self, topic: str) -> list[Any]:
        """What stands in a topic, partition by partition."""
        found: list[Any] = []
        for log in self.logs[topic].values():
            for batch in log.batches.values():
                found += list(MemoryRecords(batch).next_batch())
        return found

    async def taken(self) -> Sequence[bytes]:
        """As a reader sees it who drops repeats by the id; by time, as partitions have no order between them."""
        seen = {dict(record.headers)["ce_id"]: bytes(record.value) for record in self.records("trial.out")}
        return [seen[name] for name in sorted(seen)]

    async def until(self, count: int) -> None:
        while len(self.records("trial.out")) < count:
            self._changed.clear()
            await self._changed.wait()

    # the protocol

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._lines.add(writer)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while True:
                    (size,) = struct.unpack(">i", await reader.readexactly(4))
                    await self._answer(BytesIO(await reader.readexactly(size)), writer)
        finally:
            self._lines.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _answer(self, request: BytesIO, writer: StreamWriter) -> None:
        key, version, correlation, _ = (one.decode(request) for one in RequestHeader_v1.SCHEMA.fields)
        kind = _APIS[key]
        assert version == kind.API_VERSION
        response = await self._handlers[key](self, kind.decode(request))
        message = ResponseHeader_v0(correlation).encode() + response.encode()
        writer.write(struct.pack(">i", len(message)) + message)

    async def _versions(self, request: Any) -> Any:
        versions = [(key, kind.API_VERSION, kind.API_VERSION) for key, kind in _APIS.items()]
        return admin.ApiVersionResponse_v0(0, versions)

    async def _metadata(self, request: Any) -> Any:
        names = self.logs if request.topics is None else request.topics
        topics: list[Any] = []
        for name in names:
            places = [(0, number, 1, [1], [1]) for number in self.logs.get(name, ())]
            topics.append((0 if name in self.logs else _UNKNOWN_TOPIC, name, False, places))
        return metadata.MetadataResponse_v1([(1, "127.0.0.1", self.advertised or self.port, None)], 1, topics)

    async def _producer_id(self, request: Any) -> Any:
        self.producers += 1
        return transaction.InitProducerIdResponse_v0(0, 0, self.producers, 0)

    async def _produce(self, request: Any) -> Any:
        if self.behaviour is Behaviour.DEAF:
            await self._forever.wait()
        answers = [(topic, [self._taken_in(topic, *one) for one in places]) for topic, places in request.topics]
        self._changed.set()
        if self.lose_answers:
            self.lose_answers -= 1
            raise ConnectionResetError
        if self.behaviour is Behaviour.MUTE:
            await self._forever.wait()
        return produce.ProduceResponse_v3(answers, 0)

    def _taken_in(self, topic: str, partition: int, batch: bytes) -> tuple[int, int, int, int]:
        codes = {Behaviour.STRICT: _TOO_LARGE, Behaviour.FAILING: _FEW_REPLICAS}
        if (code := codes.get(self.behaviour)) is not None:
            return partition, code, -1, -1
        code, base = self.logs[topic][partition].append(batch)
        return partition, code, base, -1

    async def _fetch(self, request: Any) -> Any:
        answers = [(topic, [self._given(topic, *one) for one in places]) for topic, places in request.topics]
        if not any(place[-1] for _, places in answers for place in places):
            await asyncio.sleep(request.max_wait_time / 10_000)  # the client asks again and again
        return fetch.FetchResponse_v4(0, answers)

    def _given(self, topic: str, partition: int, place: int, most: int) -> tuple[Any, ...]:
        log = self.logs[topic][partition]
        if not log.first <= place <= log.end:
            return partition, _OUT_OF_RANGE, log.end, log.end, [], b""
        return partition, 0, log.end, log.end, [], log.since(place)

    async def _offsets(self, request: Any) -> Any:
        answers: list[Any] = []
        for topic, places in request.topics:
            logs = self.logs[topic]
            found = [(number, 0, -1, logs[number].first if when == -2 else logs[number].end) for number, when in places]
            answers.append((topic, found))
        return offset.OffsetResponse_v2(0, answers)

    async def _handshake(self, request: Any) -> Any:
        return admin.SaslHandShakeResponse_v1(0, ["PLAIN"])

    async def _authenticate(self, request: Any) -> Any:
        _, user, password = request.sasl_auth_bytes.split(b"\0")
        good = self.accounts.get(user.decode()) == password.decode()
        return admin.SaslAuthenticateResponse_v0(0 if good else _REFUSED, None if good else "no", b"")

    _handlers: Final[Mapping[int, Callable[..., Any]]] = {
        0: _produce, 1: _fetch, 2: _offsets, 3: _metadata, 17: _handshake, 18: _versions, 22: _producer_id,
        36: _authenticate,
    }  # fmt: skip
