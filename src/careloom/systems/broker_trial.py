"""A broker in memory and the other side of broker kinds: what their fakes share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol, Self, cast

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ConfigurationError,
    Rejected,
    Throttled,
    Unavailable,
)
from careloom.core.outcomes import Outcome
from careloom.systems import broker
from careloom.systems.broker import Record
from careloom.systems.folder.fake import DOCUMENTS, order
from careloom.systems.seam import Connection, Polled, Target
from careloom.systems.trial import Answer, Behaviour, event, number_of


class Broker(Protocol):
    """What a trial needs of a broker, in memory or real."""

    @property
    def address(self) -> str:
        """Where it is."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *error: object) -> None: ...

    async def behave(self, behaviour: Behaviour) -> None:
        """From now on."""

    async def bring(self, record: Record) -> None:
        """Put a record where the kind reads it."""

    async def taken(self) -> Sequence[bytes]:
        """The bodies of the records that the kind published, in order, without the repeats that it dropped."""

    async def until(self, count: int) -> None:
        """Return once so many were published."""


class _Refused(AccessRefused):
    stops = True


class MemoryBroker:
    """Topics as lists; drops a repeat by its id. Opened by `trial-<kind>://<name>`, while it is entered."""

    def __init__(self, kind: str, name: str = "memory") -> None:
        self.records: list[Record] = []
        self.published: dict[str, Record] = {}
        self.behaviour = Behaviour.WILLING
        self._kind = kind
        self._name = name
        self._changed = asyncio.Event()

    @property
    def address(self) -> str:
        return f"trial-{self._kind}://{self._name}"

    async def __aenter__(self) -> Self:
        assert self.address not in _RUNNING, "another broker in memory has this name: give one of them a name"
        _RUNNING[self.address] = self
        broker.opens(self._kind, f"trial-{self._kind}", _running)
        return self

    async def __aexit__(self, *error: object) -> None:
        del _RUNNING[self.address]

    async def behave(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour

    async def bring(self, record: Record) -> None:
        self.records.append(record)

    async def taken(self) -> Sequence[bytes]:
        return [record.body for record in self.published.values()]

    async def until(self, count: int) -> None:
        while len(self.published) < count:
            self._changed.clear()
            await self._changed.wait()

    async def publish(self, topic: str, record: Record) -> None:  # noqa: ARG002
        """As `Wire.publish`, with the behaviour it was told."""
        refusals: dict[Behaviour, CareloomError] = {
            Behaviour.DOWN: Unavailable("told to be down"),
            Behaviour.FAILING: Unavailable("told to fail"),
            Behaviour.DEAF: AmbiguousError("told to be deaf"),
            Behaviour.BUSY: Throttled("told to be busy", retry_after=1.0),
            Behaviour.STRICT: Rejected("told to be strict"),
            Behaviour.CLOSED: _Refused("told to be closed"),
        }
        if (refusal := refusals.get(self.behaviour)) is not None:
            raise refusal
        self.published.setdefault(record.id, record)
        self._changed.set()
        if self.behaviour is Behaviour.MUTE:
            raise AmbiguousError("told to be mute")

    async def close(self) -> None:
        """Nothing is open."""


_RUNNING: Final[dict[str, MemoryBroker]] = {}


def _running(address: str, _options: Mapping[str, Any]) -> MemoryBroker:
    if address not in _RUNNING:
        raise ConfigurationError("no broker in memory has this address")
    return _RUNNING[address]


class Publishing:
    """The outbound side: whoever reads the broker."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}

    def __init__(self, made: Callable[[], Broker], settings: Callable[[Broker], Mapping[str, Any]]) -> None:
        self._broker = made()
        self._settings = settings

    @property
    def settings(self) -> Mapping[str, Any]:
        return self._settings(self._broker)

    async def __aenter__(self) -> Self:
        await self._broker.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._broker.__aexit__(*error)

    async def behave(self, behaviour: Behaviour) -> None:
        await self._broker.behave(behaviour)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(event(number))

    async def effects(self) -> Sequence[int]:
        return [number_of(json.loads(body)["id"]) for body in await self._broker.taken()]

    async def until(self, count: int) -> None:
        await self._broker.until(count)


class World(Protocol):
    """The part of the suite's world that tells what became of a record: a broker's sender is told nothing."""

    @property
    def intake(self) -> Any: ...
    @property
    def troubles(self) -> Any: ...


class Bringing:
    """The inbound side: somebody publishes, the kind polls."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {"stranger": "the broker says who may publish; we are its guest"}
    source: ClassVar[Mapping[str, Any]] = DOCUMENTS
    secrets: ClassVar[Mapping[str, str]] = {}

    def __init__(self, made: Callable[[], Broker], settings: Callable[[Broker], Mapping[str, Any]]) -> None:
        self._broker = made()
        self._settings = settings
        self._brought: dict[int, bytes] = {}

    @property
    def settings(self) -> Mapping[str, Any]:
        return self._settings(self._broker)

    async def __aenter__(self) -> Self:
        await self._broker.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._broker.__aexit__(*error)

    def surround(self, world: World) -> None:
        self._world = world

    async def meet(self, connection: Connection) -> None:
        self._connection = cast(Polled, connection)

    async def send(
        self,
        number: int,
        *,
        other: bool = False,
        spoiled: bool = False,
        stranger: bool = False,  # noqa: ARG002
    ) -> Answer:
        body = b"{spoiled" if spoiled else order(number, other=other)
        if self._brought.get(number) != body:  # what was not taken lies in the broker still
            await self._broker.bring(Record(body=body, key=str(number // 3)))
            self._brought[number] = body
        refused = self._refusals()
        try:
            await self._connection.poll()
        except CareloomError:
            return Answer.LATER
        return Answer.REFUSED if self._refusals() > refused else Answer.TAKEN

    def _refusals(self) -> int:
        return len(self._world.intake.refusals) + len(self._world.troubles.told)
