"""What connectors are given, in memory: for the conformance suite and for tests of single connectors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.envelope import Recorded
from careloom.core.errors import ConfigurationError
from careloom.core.receipts import Intake
from careloom.mapping.source import Settings as SourceSettings
from careloom.systems.ledger import MemoryLedger
from careloom.systems.seam import DeliveryAttempt, Expectation, Surroundings, Trouble
from careloom.testing.clock import VirtualClock
from careloom.testing.intake import MemoryIntake


class MemoryMemory:
    """A connector's `Memory`; what it keeps survives the connector, not the process."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    async def put(self, key: str, value: bytes) -> None:
        self.values[key] = value

    async def delete(self, key: str) -> None:
        self.values.pop(key, None)

    async def keys(self, prefix: str = "") -> Sequence[str]:
        return sorted(key for key in self.values if key.startswith(prefix))


class MemoryTroubles:
    """`open` holds what was reported and not settled; `told` all that ever was."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, str | None], Trouble] = {}
        self.told: list[Trouble] = []

    async def report(self, trouble: Trouble) -> None:
        self.told.append(trouble)
        self.open.setdefault((trouble.kind, trouble.place), trouble)

    async def settle(self, kind: str, place: str | None = None, *, resolution: str) -> None:  # noqa: ARG002
        self.open.pop((kind, place), None)


class MemoryExpectations:
    """`waiting` are those without an answer."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Expectation] = {}
        self._answered: set[tuple[str, str]] = set()

    @property
    def waiting(self) -> list[Expectation]:
        return [one for place, one in self._known.items() if place not in self._answered]

    async def expect(self, expectations: Sequence[Expectation]) -> None:
        for one in expectations:
            self._known.setdefault((one.kind, one.key), one)

    async def answered(self, kind: str, keys: Sequence[str]) -> int:
        self._answered.update((kind, key) for key in keys)
        return sum((kind, key) in self._known for key in keys)


class MemoryAttempts:
    """The delivery log as a list."""

    def __init__(self) -> None:
        self.recorded: list[DeliveryAttempt] = []

    async def record(self, attempt: DeliveryAttempt) -> None:
        self.recorded.append(attempt)


class MemoryHistory:
    """`recorded` are events in their order; their subjects are found by the number at the end."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []

    async def tokens(self, numbers: Sequence[str]) -> Sequence[UUID]:
        ends = tuple(f"/{number}" for number in numbers)
        return sorted({one.token for one in self.recorded if one.subject.endswith(ends)})

    async def events(self, tokens: Sequence[UUID]) -> Sequence[Recorded]:
        return [one for one in self.recorded if one.token in tokens]

    async def made_of(self, message: UUID) -> Sequence[Recorded]:
        return [one for one in self.recorded if one.correlation == message]


@dataclass
class World:
    """All of them, and the surroundings made of them. `secrets` are given by the name behind `env:`."""

    base: Path
    clock: Clock = field(default_factory=VirtualClock)
    intake: MemoryIntake = field(default_factory=MemoryIntake)
    memory: MemoryMemory = field(default_factory=MemoryMemory)
    troubles: MemoryTroubles = field(default_factory=MemoryTroubles)
    expectations: MemoryExpectations = field(default_factory=MemoryExpectations)
    attempts: MemoryAttempts = field(default_factory=MemoryAttempts)
    history: MemoryHistory = field(default_factory=MemoryHistory)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    secrets: dict[str, str] = field(default_factory=dict)

    def around(
        self, system: str = "trial", source: SourceSettings | None = None, intake: Intake | None = None
    ) -> Surroundings:
        """What `connect` is given for a system of this name."""
        return Surroundings(
            system=system,
            clock=self.clock,
            secrets=self.resolve,
            base=self.base,
            intake=intake or self.intake,
            memory=self.memory,
            troubles=self.troubles,
            expectations=self.expectations,
            attempts=self.attempts,
            history=self.history,
            ledger=self.ledger,
            digest=lambda text: hashlib.blake2b(text.encode(), digest_size=16).digest(),
            source=source or SourceSettings(),
        )

    def resolve(self, reference: str) -> str:
        """Resolves `env:NAME` from `secrets`, and `file:PATH` from the file."""
        scheme, _, name = reference.partition(":")
        if scheme == "file":
            try:
                return Path(name).read_text("utf-8").strip()
            except OSError as error:
                raise ConfigurationError(f"the secret {reference} cannot be read: {type(error).__name__}") from None
        if name not in self.secrets:
            raise ConfigurationError(f"the secret {reference} is not set")
        return self.secrets[name]

    def learn(self, secrets: Mapping[str, str]) -> None:
        """Further secrets."""
        self.secrets.update(secrets)
