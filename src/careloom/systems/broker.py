"""What brokers have in common: records in from a cursor or until acknowledged, events out with a key of their own.

A broker is worked through a `Wire`, opened by the scheme of its address: the real client for `nats://`, a wire in
memory for the fakes. Whatever a wire raises is one of our errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import AmbiguousError, CareloomError, ConfigurationError
from careloom.core.outcomes import Done, ErrorKind, Outcome, Retry
from careloom.systems.resilience import Gate
from careloom.systems.seam import Trouble, Troubles

CONTENT: Final = "application/cloudevents+json"
REFUSED: Final = "record-refused"


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `key` is the partition key; `id` is what the sender knows it by, "" where it says none."""

    body: bytes
    key: str = ""
    id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Wire(Protocol):
    """A broker, connected when it is first used."""

    async def publish(self, topic: str, record: Record) -> None:
        """Return once the broker has it durably. Raises Unavailable (not taken), AmbiguousError (perhaps), Rejected,
        AccessRefused, Throttled."""

    async def close(self) -> None:
        """Let go of it."""


Opener = Callable[[str, Mapping[str, Any]], Any]
_OPENERS: Final[dict[str, Opener]] = {}


def opens(scheme: str, opener: Opener) -> None:
    """Addresses of this scheme are opened so. The fakes add theirs."""
    _OPENERS[scheme] = opener


def open_wire(address: str, options: Mapping[str, Any]) -> Any:
    """The wire to an address. Raises ConfigurationError for a scheme that nobody opens."""
    scheme = urlsplit(address).scheme
    if scheme not in _OPENERS:
        raise ConfigurationError(f"addresses begin with {' or '.join(f'{one}://' for one in sorted(_OPENERS))}")
    return _OPENERS[scheme](address, options)


class Publisher:
    """Events go to one topic: CloudEvents, with the event's id to drop repeats by, and its subject's token as the key,
    so that what is about one subject stays in one partition, in order."""

    def __init__(self, wire: Wire, topic: str, gate: Gate) -> None:
        self._wire = wire
        self._topic = topic
        self._gate = gate

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._gate.breaker.retry_after

    async def post(self, event: Recorded) -> Outcome:
        """Deliver one event. `{type}` in the topic stands for the event's type."""
        topic = self._topic.replace("{type}", event.type)
        record = Record(body=msgspec.json.encode(cloud_event(event)), key=str(event.token), id=str(event.id))
        try:
            await self._gate.run(lambda: self._wire.publish(topic, record))
        except AmbiguousError as error:
            # The broker, or whoever reads it, drops a repeat by its id.
            return Retry(str(error), kind=ErrorKind.AMBIGUOUS)
        except CareloomError as error:
            return error.outcome()
        return Done(f"{topic}/{event.id}")

    async def close(self) -> None:
        """Close the wire."""
        await self._wire.close()


def cloud_event(event: Recorded) -> dict[str, object]:
    """An event as a structured CloudEvent; its subject is the token, which tells nobody who it is about."""
    return {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": event.type,
        "subject": str(event.token),
        "time": event.time.isoformat(),
        "datacontenttype": event.datacontenttype,
        "correlation": str(event.correlation),
        "data": msgspec.Raw(event.data),
    }


async def put_aside(troubles: Troubles, place: str, problems: Sequence[CareloomError]) -> None:
    """A record that can never be stored becomes a case; it is kept with the refusals, and the next one goes on."""
    if problems:
        await troubles.report(Trouble(REFUSED, f"a record was put aside: {problems[0]}", place))
