"""What brokers have in common: records in from a cursor or until acknowledged, events out with a key of their own.

A broker is worked through a `Wire`, opened by its kind and the scheme of its address: the real client for `nats://`, a
wire in memory for the fakes. Each system has a wire of its own. Whatever a wire raises is one of our errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias
from urllib.parse import urlsplit

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import AmbiguousError, CareloomError, ConfigurationError, Rejected
from careloom.core.outcomes import Done, ErrorKind, Outcome, Retry
from careloom.core.receipts import Refusal
from careloom.systems.reception import EXCERPT, Reception
from careloom.systems.resilience import Gate
from careloom.systems.seam import Surroundings, Trouble

CONTENT: Final = "application/cloudevents+json"
REFUSED: Final = "record-refused"
CONFLICT: Final = "its id was used before for other content"

KnownBy: TypeAlias = Literal["id", "content"]


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
_OPENERS: Final[dict[tuple[str, str], Opener]] = {}


def opens(kind: str, scheme: str, opener: Opener) -> None:
    """Addresses of this scheme are opened so in systems of this kind. The fakes add theirs."""
    _OPENERS[kind, scheme] = opener


def open_wire(kind: str, address: str, options: Mapping[str, Any]) -> Any:
    """A new wire to an address. Raises ConfigurationError for a scheme that this kind does not open."""
    opener = _OPENERS.get((kind, urlsplit(address).scheme))
    if opener is None:
        own = sorted(f"{scheme}://" for one, scheme in _OPENERS if one == kind)
        raise ConfigurationError(f"addresses begin with {' or '.join(own)} in the kind {kind}")
    return opener(address, options)


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


class Inbound:
    """Takes records into the log. One that can never be stored is kept with the refusals and becomes a case, so that
    the next one goes on. `known_by` is what tells a repeat; `field` is where the sender's id stands."""

    def __init__(self, reception: Reception, around: Surroundings, known_by: KnownBy, field: str) -> None:
        self._reception = reception
        self._around = around
        self._by_id = known_by == "id"
        self._field = field

    async def take(self, record: Record, place: str) -> bool:
        """Whether all that is in it is stored. `place` stands for the record in cases. Raises Unavailable."""
        key = record.id if self._by_id else ""
        taken = await self._reception.take(record.body, origin=place, key=key or None)
        if taken.good:
            return True
        if taken.conflicting:
            refusal = Refusal(
                self._reception.system, CONFLICT, self._field if key else "", record.body[:EXCERPT], place
            )
            self._around.intake.refuse(refusal)
        problem = taken.refused[0] if taken.refused else Rejected(CONFLICT)
        await self._around.troubles.report(Trouble(REFUSED, f"a record was put aside: {problem}", place))
        return False
