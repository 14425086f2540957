"""A Kafka in memory, for the conformance suite and for tests of flows without brokers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from careloom.core.errors import ContractBroken
from careloom.systems.broker import Record
from careloom.systems.broker_trial import Bringing, Broker, MemoryBroker, Publishing
from careloom.systems.kafka.consumer import Bounds, Placed
from careloom.systems.trial import Trial


class FakeTopic(MemoryBroker):
    """The topic trial.in: `logs` by partition, where None is an offset that compaction has left empty."""

    def __init__(self, partitions: int = 2, name: str = "memory") -> None:
        super().__init__("kafka", name)
        self.logs: dict[int, list[Record | None]] = {number: [] for number in range(partitions)}
        self.dropped = dict.fromkeys(self.logs, 0)
        self._next: dict[int, int] = {}

    def drop(self, partition: int, count: int) -> None:
        """The topic's limits took this partition's oldest records."""
        self.dropped[partition] = count

    async def bring(self, record: Record) -> None:
        number = int(record.key) % len(self.logs) if record.key.isdigit() else 0
        self.logs[number].append(record)

    async def bounds(self, topic: str) -> Mapping[int, Bounds]:
        if topic != "trial.in":
            raise ContractBroken("there is no such topic; make it, or correct `topic`")
        return {number: Bounds(self.dropped.get(number, 0), len(log)) for number, log in self.logs.items()}

    async def begin(self, topic: str, offsets: Mapping[int, int]) -> None:  # noqa: ARG002
        self._next = dict(offsets)

    async def fetch(self, count: int) -> Sequence[Placed]:
        found: list[Placed] = []
        for number, offset in self._next.items():
            for place in range(offset, len(self.logs[number])):
                record = self.logs[number][place]
                if len(found) < count and record is not None:
                    found.append(Placed(record, number, place))
        self._next |= {one.partition: one.offset + 1 for one in found}
        return found


def reading(broker: Broker) -> Mapping[str, Any]:
    """Settings that read the trial's topic."""
    return {"url": broker.address, "direction": "in", "topic": "trial.in", "wait": 0.05}


def writing(broker: Broker) -> Mapping[str, Any]:
    """Settings that write to it."""
    return {"url": broker.address, "topic": "trial.out", "connect_timeout": 1.0, "answer_timeout": 0.3}


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": lambda: Bringing(FakeTopic, reading), "out": lambda: Publishing(FakeTopic, writing)}
