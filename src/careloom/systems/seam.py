"""What a connector is: what it is given, and what it may offer.

A kind is a folder `systems/<kind>/` (or `systems/<kind>/` of a project) with `manifest.toml` and `connector.py`, which
has `Settings`, a pydantic model, and `connect(settings, around)`. What that gives is the connection; flows ask for it
by its class, and the hub looks which of these it offers:

| it has                             | so the hub                                                                     |
|------------------------------------|--------------------------------------------------------------------------------|
| `close()`                          | closes it at the end (every connection has one)                                |
| `start()`                          | starts it once workers run: it listens, or consumes from a broker (`Listening`) |
| `poll()` and `every`               | calls it again and again, on one node at a time (`Polled`)                     |
| `answer(request)`                  | mounts it at `/v1/systems/NAME/...` of the gateway (`Endpoint`)                |
| `recogniser`                       | takes HL7 v2 for it at `/v1/systems/NAME/messages` (`TakesMessages`)           |
| `post(event)` and `retry_after`    | can forward events to it, `[deliveries.NAME]` (`Target`)                       |
| `retry` beside these               | tries again as that says, and not as it does by default (`Retried`)            |
| `answers` and `look_up(...)`       | has it answer look-ups, `[api.lookups.NAME]` (`Answers`)                       |
| `card()`                           | shows that in `careloom status` and `/v1/status` (`Shown`)                     |
| `maintenance`                      | shows until when; calls wait meanwhile (`systems/windows.py`)                  |
| `check()`                          | asks it in `careloom check` (`Checked`)                                        |
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.envelope import Recorded
from careloom.core.outcomes import Outcome
from careloom.core.receipts import Intake
from careloom.core.secrets import Resolver
from careloom.log.handling import RetryPolicy
from careloom.mapping.source import Settings as SourceSettings
from careloom.systems.ledger import Ledger


class Memory(Protocol):
    """What one system's connector remembers across restarts and nodes: cursors, files seen. Values are sealed; keys
    are not, so they hold no personal data."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value in place of an earlier one."""

    async def delete(self, key: str) -> None:
        """Forget it; no error if there is none."""

    async def keys(self, prefix: str = "") -> Sequence[str]:
        """The keys that begin so, sorted."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something a person has to look at, that no single event is about. One case is open for each (kind, place).

    `kind` names the sort of case (`file-partial`, `endpoint-disabled`); `reason` and `place` name no person.
    """

    kind: str
    reason: str
    place: str | None = None


class Troubles(Protocol):
    """Opens and closes cases about a system."""

    async def report(self, trouble: Trouble) -> None:
        """Open a case, unless the same one is open."""

    async def settle(self, kind: str, place: str | None = None, *, resolution: str) -> None:
        """Close what was reported so; no error if nothing is open."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """An answer that must come: `kind` says what (`999`, `271`), `key` pairs it with what was sent.

    `within` is how long it may take before a case is opened. `message` is what was sent or received, where known.
    """

    kind: str
    key: str
    within: timedelta
    message: UUID | None = None


class Expectations(Protocol):
    """Keeps the timers of answers that must come. Pairs an answer that came first, too."""

    async def expect(self, expectations: Sequence[Expectation]) -> None:
        """Keep them; one that is kept already, or was answered, stays as it is."""

    async def answered(self, kind: str, keys: Sequence[str]) -> int:
        """These answers came; how many of them were expected."""


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One try to deliver one event. `result` is `delivered`, `failed`, `refused` or `ambiguous`; `status` the far
    side's own, such as an HTTP status; `seconds` how long it took. `detail` holds no personal data and no body."""

    event: UUID
    at: datetime
    result: str
    status: str = ""
    seconds: float = 0.0
    detail: str = ""


class Attempts(Protocol):
    """The delivery log of a system."""

    async def record(self, attempt: DeliveryAttempt) -> None:
        """Keep it."""


class History(Protocol):
    """What the log holds about subjects, for a system that answers questions."""

    async def tokens(self, numbers: Sequence[str]) -> Sequence[UUID]:
        """Digests that stand for the subjects with one of these numbers, of whatever kind and assigner. Numbers are as
        they stand in a subject."""

    async def events(self, tokens: Sequence[UUID]) -> Sequence[Recorded]:
        """The newest events about them, a thousand at most, oldest first; none of a subject that was erased."""

    async def made_of(self, message: UUID) -> Sequence[Recorded]:
        """The events that a message became."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the hub hands to a connector. `digest` is keyed: 16 bytes that stand for a text and cannot be guessed.

    `source` says how the system writes, `[sources.NAME]`. `base` is the folder of the settings.
    """

    system: str
    clock: Clock
    secrets: Resolver
    base: Path
    intake: Intake
    memory: Memory
    troubles: Troubles
    expectations: Expectations
    attempts: Attempts
    history: History
    ledger: Ledger
    digest: Callable[[str], bytes]
    source: SourceSettings


@runtime_checkable
class Connection(Protocol):
    """What `connect` gives."""

    async def close(self) -> None:
        """Finish what is in hand and let go of everything."""


@runtime_checkable
class Listening(Protocol):
    """Takes what others bring, from `start` to `close`. One that has a port tells it as `port`."""

    async def start(self) -> None:
        """Begin. Raises ConfigurationError when that can never succeed, Unavailable when it may later."""


@runtime_checkable
class Polled(Protocol):
    """Looks for what is new, every so many seconds, on one node at a time."""

    @property
    def every(self) -> float:
        """Seconds between two looks."""

    async def poll(self) -> None:
        """Look once. Whatever it raises is logged by kind, and it is asked again."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request to `/v1/systems/NAME/<path>`. Header names are in lower case. `principal` is the name of the API
    key, None where the endpoint authenticates by itself; `reads_phi` says that this key may be shown patients."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: str = ""
    principal: str | None = None
    reads_phi: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a Request."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Endpoint(Protocol):
    """Answers HTTP requests at the gateway."""

    @property
    def authenticates(self) -> bool:
        """True: requests come without an API key, and `answer` checks who sent them (a webhook's signature)."""

    @property
    def max_body(self) -> int:
        """Octets of the largest request that is read."""

    async def answer(self, request: Request) -> Reply:
        """Answer it. What was received is committed before a 2xx is given."""


@runtime_checkable
class TakesMessages(Protocol):
    """Takes HL7 v2 messages over the gateway's own route."""

    @property
    def recogniser(self) -> Any:
        """A `careloom.systems.mllp.recognise.Recogniser`."""

    @property
    def max_message(self) -> int:
        """Octets of the largest message."""

    @property
    def principals(self) -> frozenset[str]:
        """Names of the API keys that may post; empty: any."""


@runtime_checkable
class Target(Protocol):
    """Takes events as they are. One that knows better than the hub when to try again is `Retried` too."""

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""

    async def post(self, event: Recorded) -> Outcome:
        """Deliver one event, and say what came of it."""


@runtime_checkable
class Retried(Protocol):
    """A `Target` whose far side has its own idea of how often, and how long after one another, it is tried."""

    @property
    def retry(self) -> RetryPolicy:
        """The pauses between the attempts of one event, and how many there are before it is parked with a case."""


@runtime_checkable
class Answers(Protocol):
    """Answers questions of the gateway directly, `[api.lookups.NAME]`."""

    @property
    def answers(self) -> Collection[str]:
        """The shapes of questions that it answers, as it is set up: `patient`, `eligibility`."""

    async def look_up(self, shape: str, parameters: Any, budget_seconds: float) -> Mapping[str, Any] | None:
        """The answer in the shape's words, None when there is none. `parameters` is an instance of the shape's model.

        Raises ConfigurationError for another shape.
        """


@runtime_checkable
class Shown(Protocol):
    """Has something to tell an operator about its connection."""

    def card(self) -> Mapping[str, Any]:
        """What this process knows, for JSON: facts by name, a mapping of facts at most below. Figures and states, no
        personal data. Facts that are not known are left out: another process may know them. Costs nothing and never
        calls the other side."""


class Obstacle(Protocol):
    """Something that stands in the way, and what to do about it."""

    @property
    def problem(self) -> str: ...
    @property
    def advice(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """An `Obstacle` as `check` gives it."""

    problem: str
    advice: str


@runtime_checkable
class Checked(Protocol):
    """Can tell before the first message whether it would work."""

    async def check(self) -> Sequence[Obstacle]:
        """What stands in the way; empty when nothing does. Changes nothing on the other side."""
