"""What the gateway needs from the rest of the house, handed in by whoever starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from careloom.core.clock import Clock, SystemClock
from careloom.core.receipts import Intake
from careloom.security.apikeys import Principal
from careloom.systems.mllp.recognise import Recogniser


class KeyRing(Protocol):
    """Knows the API keys."""

    def check(self, key: str) -> Principal | None:
        """Whose key it is; None for a key that is unknown or withdrawn. Must not take longer for a near miss."""


class HttpIntake(BaseModel):
    """How one system sends to the gateway. `principals` are the names whose keys may post for it; empty means any."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    recogniser: Recogniser
    max_message: int = Field(default=16 * 1024 * 1024, ge=1, description="octets of the largest message")
    principals: frozenset[str] = frozenset()

    def admits(self, principal: Principal) -> bool:
        """Whether this caller may post for the system."""
        return not self.principals or principal.name in self.principals


@dataclass(frozen=True, slots=True)
class Services:
    """The gateway's surroundings. `status` gives what `GET /v1/status` shows: counts and states, no personal data."""

    intake: Intake
    keys: KeyRing
    systems: Mapping[str, HttpIntake]
    status: Callable[[], dict[str, Any]]
    clock: Clock = field(default_factory=SystemClock)
