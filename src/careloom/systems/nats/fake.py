"""A JetStream in memory, for the conformance suite and for tests of flows without a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from careloom.systems.broker_trial import Bringing, Broker, MemoryBroker, Publishing
from careloom.systems.nats.consumer import Bounds, Numbered
from careloom.systems.trial import Trial


class FakeStream(MemoryBroker):
    """One stream. `lose` leaves out the record that would be delivered next, as a connection that breaks does."""

    def __init__(self, name: str = "memory") -> None:
        super().__init__("nats", name)
        self.dropped = 0
        self._next = 0
        self._delivered = 0
        self._losing = False

    def lose(self) -> None:
        """The next record that is fetched is lost on the way."""
        self._losing = True

    def drop(self, count: int) -> None:
        """The stream's limits took its oldest records."""
        self.dropped = count

    async def bounds(self, stream: str) -> Bounds:  # noqa: ARG002
        return Bounds(self.dropped + 1, len(self.records))

    async def begin(self, stream: str, subject: str, sequence: int) -> None:  # noqa: ARG002
        self._next = max(sequence, self.dropped + 1)
        self._delivered = 0

    async def fetch(self, count: int) -> Sequence[Numbered]:
        found: list[Numbered] = []
        while len(found) < count and self._next <= len(self.records):
            self._delivered += 1
            if not self._losing:
                found.append(Numbered(self.records[self._next - 1], self._next, self._delivered))
            self._losing = False
            self._next += 1
        return found


def reading(broker: Broker) -> Mapping[str, Any]:
    """Settings that read the trial's stream."""
    return {"url": broker.address, "direction": "in", "stream": "TRIAL", "subject": "trial.in"}


def writing(broker: Broker) -> Mapping[str, Any]:
    """Settings that write to it."""
    return {"url": broker.address, "subject": "trial.out", "connect_timeout": 1.0, "answer_timeout": 0.3}


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": lambda: Bringing(FakeStream, reading), "out": lambda: Publishing(FakeStream, writing)}
