"""What the gateway needs from the rest of the house, handed in by whoever starts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Protocol

from pydantic import BaseModel, ConfigDict, Field

from careloom.cases.work import Casework
from careloom.core.clock import Clock, SystemClock
from careloom.core.receipts import Intake
from careloom.gateway.classes import Criticality, DataClass, Scope, Stage
from careloom.gateway.journal import Journal, NoJournal
from careloom.gateway.limits import Limits
from careloom.gateway.lookups import Lookups
from careloom.identity.crosswalk.work import Codework
from careloom.identity.index.index import PersonIndex
from careloom.security.apikeys import Principal
from careloom.systems import seam
from careloom.systems.mllp.recognise import Recogniser
from careloom.workflow.work import RunWork


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


class Publishing(Protocol):
    """Says who may publish which events."""

    def system(self, principal: Principal, type: str) -> str | None:
        """The system in whose name this principal publishes events of this canonical type; None: it may not."""


class NoPublishing:
    """Nobody may publish."""

    def system(self, principal: Principal, type: str) -> str | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One call. It has no parameters and no bodies.

    `consumer` is the name of the API key and `consumer_id` its id; `system:NAME` where a system checks its callers by
    itself; both are empty when no good key came. `route` is the
    template of the path, `outcome` a word of the route's own (`found`, `publish-denied`) or empty, `seconds` how long
    it took until the answer was sent.
    """

    time: datetime
    consumer: str
    consumer_id: str
    method: str
    route: str
    data_class: DataClass
    criticality: Criticality
    status: int
    outcome: str
    seconds: float


USUAL_SCOPES: Final = frozenset({Scope.INTAKE, Scope.PUBLISH, Scope.READ_OPERATIONAL})
STAGES: Final[Mapping[str, Stage]] = MappingProxyType({"v1": Stage.CURRENT, "v2": Stage.PREVIEW})


def usual_scopes(_: Principal) -> frozenset[Scope]:
    """What a key may do where nothing else is said: send and read states, but see no bodies and look nothing up."""
    return USUAL_SCOPES


def _nobody(_: str) -> Sequence[str]:
    return ()


def _unrecorded(_: AuditEntry) -> None:
    """Nobody keeps the audit."""


@dataclass(frozen=True, slots=True)
class Services:
    """The gateway's surroundings. `status` gives what `GET /v1/status` shows: counts and states, no personal data.

    `endpoints` are the systems that answer HTTP requests by themselves. `scopes` says what a key may do, `publishing`
    what it may publish. `audit` is told of each call that its class wants on record: it must not block or raise.
    `journal` reads the log, `consumers` says which subscriptions read events of a type, `lookups` are the direct
    routes, `cases` is the exception queue, `runs` the processes, `persons` the
    index of who is who if one is kept, `codes` the crosswalk, `stages` says how far each version of the API is.
    `metrics` gives the page of metrics, which asks for no key when `metrics_open`; `traced`: callers' traces go on.
    """

    intake: Intake
    keys: KeyRing
    systems: Mapping[str, HttpIntake]
    status: Callable[[], dict[str, Any]]
    clock: Clock = field(default_factory=SystemClock)
    endpoints: Mapping[str, seam.Endpoint] = field(default_factory=dict)
    scopes: Callable[[Principal], frozenset[Scope]] = usual_scopes
    limits: Limits = field(default_factory=Limits)
    audit: Callable[[AuditEntry], None] = _unrecorded
    publishing: Publishing = field(default_factory=NoPublishing)
    journal: Journal = field(default_factory=NoJournal)
    consumers: Callable[[str], Sequence[str]] = _nobody
    lookups: Lookups = field(default_factory=Lookups)
    cases: Casework | None = None
    runs: RunWork | None = None
    persons: PersonIndex | None = None
    codes: Codework | None = None
    metrics: Callable[[], Awaitable[bytes]] | None = None
    metrics_open: bool = False
    traced: bool = False
    stages: Mapping[str, Stage] = field(default_factory=lambda: STAGES)
