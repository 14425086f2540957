"""How sensitive and how important a route is, and what follows from it: key, scope, caching, masking, audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from careloom.core.errors import ConfigurationError


class DataClass(StrEnum):
    """The most sensitive thing that a route takes or gives."""

    PUBLIC = "public"
    OPERATIONAL = "operational"
    FINANCIAL = "financial"
    PHI = "phi"


class Criticality(StrEnum):
    """How much stops when the route does."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Scope(StrEnum):
    """What a key may be allowed to do; reading, by class."""

    INTAKE = "intake"
    PUBLISH = "publish"
    PREVIEW = "preview"
    READ_OPERATIONAL = "read:operational"
    READ_FINANCIAL = "read:financial"
    READ_PHI = "read:phi"
    CASES_READ = "cases:read"
    CASES_WORK = "cases:work"
    RUNS_READ = "runs:read"
    RUNS_WORK = "runs:work"
    METRICS = "metrics:read"


class Traffic(StrEnum):
    """Routes that share a quota."""

    INTAKE = "intake"
    PUBLISH = "publish"
    READ = "read"
    LOOKUP = "lookup"


class Proof(StrEnum):
    """How a caller shows who it is."""

    NONE = "none"
    KEY = "key"
    OWN = "own"  # the route checks a signature itself


class Stage(StrEnum):
    """Where a version is in its life: a preview is not approved, a retired one is gone."""

    PREVIEW = "preview"
    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a class asks. `scope` is needed to read; `cacheable`: a caller may keep answers; `audited`: each call is."""

    scope: Scope | None
    cacheable: bool
    audited: bool


RULES: Final[Mapping[DataClass, Rules]] = MappingProxyType(
    {
        DataClass.PUBLIC: Rules(None, cacheable=True, audited=False),
        DataClass.OPERATIONAL: Rules(Scope.READ_OPERATIONAL, cacheable=True, audited=True),
        DataClass.FINANCIAL: Rules(Scope.READ_FINANCIAL, cacheable=True, audited=True),
        DataClass.PHI: Rules(Scope.READ_PHI, cacheable=False, audited=True),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What must be said of a route before it is served.

    `scope` replaces the one that the class asks: for routes that write, and for those that mask what the caller may
    not see. `cache_seconds` is for how long a caller may keep an answer. `deprecated` and `sunset` (RFC 9745, RFC
    8594) are when the route became deprecated and when it may end; `successor` is the path of what replaces it.
    Raises ConfigurationError for a declaration that its class forbids.
    """

    data_class: DataClass
    criticality: Criticality
    owner: str
    proof: Proof = Proof.KEY
    scope: Scope | None = None
    traffic: Traffic = Traffic.READ
    cache_seconds: int = 0
    deprecated: datetime | None = None
    sunset: datetime | None = None
    successor: str | None = None

    def __post_init__(self) -> None:
        if not self.owner:
            raise ConfigurationError("a route needs an owner: the team that answers for it")
        if self.cache_seconds and not self.rules.cacheable:
            raise ConfigurationError(f"answers of class {self.data_class} may not be kept; leave cache_seconds out")
        if (self.proof is Proof.NONE) != (self.data_class is DataClass.PUBLIC):
            raise ConfigurationError("routes of class public, and only those, ask for no key")

    @property
    def rules(self) -> Rules:
        return RULES[self.data_class]

    @property
    def needed(self) -> Scope | None:
        """The scope that a key must have; None: any key, or none at all."""
        return None if self.proof is not Proof.KEY else self.scope or self.rules.scope


_ATTRIBUTE: Final = "careloom_declaration"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def declared(declaration: Declaration) -> Callable[[Endpoint], Endpoint]:
    """Put above an endpoint, below its route."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, declaration)
        return endpoint

    return mark


def public(owner: str, cache_seconds: int = 0) -> Callable[[Endpoint], Endpoint]:
    """The declaration of a route that anybody may call."""
    return declared(
        Declaration(
            data_class=DataClass.PUBLIC,
            criticality=Criticality.NORMAL,
            owner=owner,
            proof=Proof.NONE,
            cache_seconds=cache_seconds,
        )
    )


def declaration_of(route: Any) -> Declaration:
    """What was declared of a route. Raises ConfigurationError when nothing was: the route may not be served."""
    found = getattr(getattr(route, "endpoint", None), _ATTRIBUTE, None)
    if not isinstance(found, Declaration):
        path = getattr(route, "path", repr(route))
        raise ConfigurationError(f"{path} is not declared: say its class, criticality and owner with `declared(...)`")
    return found
