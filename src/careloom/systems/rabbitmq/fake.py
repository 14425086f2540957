"""A RabbitMQ in memory, for the conformance suite and for tests of flows without a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from careloom.systems.broker import Record
from careloom.systems.broker_trial import Bringing, Broker, MemoryBroker, Publishing
from careloom.systems.rabbitmq.consumer import Delivered
from careloom.systems.trial import Trial


class FakeQueue(MemoryBroker):
    """One queue, `records`, whose dead letters go to `dead`. What is delivered and not settled comes back in place."""

    def __init__(self, name: str = "memory") -> None:
        super().__init__("rabbitmq", name)
        self.dead: list[Record] = []
        self.acknowledged: list[Record] = []
        self._out: dict[int, Record] = {}
        self._delivered = 0
        self._prefetch = 0
        self._losing = False

    def lose(self) -> None:
        """The next record that is delivered is lost on the way."""
        self._losing = True

    async def begin(self, queue: str, prefetch: int) -> None:  # noqa: ARG002
        self._delivered, self._prefetch = 0, prefetch

    async def fetch(self, wait: float) -> Sequence[Delivered]:  # noqa: ARG002
        found: list[Delivered] = []
        while self.records and len(self._out) < self._prefetch:
            self._delivered += 1
            self._out[self._delivered] = record = self.records.pop(0)
            if not self._losing:
                found.append(Delivered(record, self._delivered))
            self._losing = False
        return found

    async def acknowledge(self, tag: int) -> None:
        self.acknowledged.append(self._out.pop(tag))

    async def reject(self, tag: int) -> None:
        self.dead.append(self._out.pop(tag))

    async def end(self) -> None:
        self.records[:0] = self._out.values()
        self._out.clear()


def reading(broker: Broker) -> Mapping[str, Any]:
    """Settings that read the trial's queue."""
    return {"url": broker.address, "direction": "in", "queue": "trial.in", "wait": 0.05}


def writing(broker: Broker) -> Mapping[str, Any]:
    """Settings that write to its exchange."""
    return {"url": broker.address, "exchange": "trial", "connect_timeout": 2.0, "answer_timeout": 1.0}


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": lambda: Bringing(FakeQueue, reading), "out": lambda: Publishing(FakeQueue, writing)}
