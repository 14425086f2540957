"""A direct, bounded call: one question to at most two systems, answered while the caller waits.

Everything else goes through the log. So a look-up says why it does not, who answers for it, how sensitive it is and
what bounds it, or it is refused when it is registered. See docs/explanation/direct-calls.md.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, ValidationError

from careloom.core.errors import ConfigurationError
from careloom.gateway.classes import Criticality, DataClass

MOST_SYSTEMS: Final = 2
LONGEST_BUDGET: Final = 10.0
LONGEST_TIMEOUT: Final = 120.0
LONGEST_CACHE_OF_PHI: Final = 60.0
LONGEST_STALE: Final = 86_400.0
_SHORTEST_REASON: Final = 20
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Found:
    """The answer, an instance of the look-up's `answer` or a mapping that becomes one.

    `systems` are those that were asked, `attempts` how often the one asked most often was: both are compared with
    what was declared.
    """

    answer: BaseModel | Mapping[str, Any]
    systems: frozenset[str] = frozenset()
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class NotFound:
    """The systems were asked, and there is nothing."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The systems took the question and will know later; they are asked again when the caller polls."""

    after: float = 5.0


LookupResult: TypeAlias = Found | NotFound | Pending
Run: TypeAlias = Callable[[Any, float], Awaitable[LookupResult]]
"""Gets the parameters, an instance of the look-up's model, and the seconds that the caller waits at most. It neither
retries nor transforms beyond naming fields. A `CareloomError` is what it raises when the systems do not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One look-up. Raises ConfigurationError, with everything that is missing, when it is made without its bounds.

    `reason` says why it is direct. `budget_seconds` is how long a caller waits; then it is told to come back, and the
    call goes on until `timeout_seconds`. `concurrency` bounds calls under way; equal ones are one call. An answer is
    kept for `cache_seconds` from when it was asked, unless an event of a type in `invalidated_by` comes first. Where
    the systems do not answer it may be told again, labelled as stale, for `stale_seconds`; 0 is never. `retries` and
    `transformations` are 0: a route that needs them belongs into a flow. The examples, of invented people, are for the
    documentation.
    """

    name: str
    summary: str
    parameters: type[BaseModel]
    answer: type[BaseModel]
    run: Run
    owner: str
    data_class: DataClass
    criticality: Criticality
    systems: tuple[str, ...]
    reason: str
    example_parameters: Mapping[str, Any]
    example_answer: Mapping[str, Any]
    max_systems: int = MOST_SYSTEMS
    budget_seconds: float = 2.0
    timeout_seconds: float = 30.0
    concurrency: int = 16
    cache_seconds: float = 0.0
    stale_seconds: float = 0.0
    invalidated_by: frozenset[str] = frozenset()
    retries: int = 0
    transformations: int = 0

    def __post_init__(self) -> None:
        objections = list(_objections(self))
        if objections:
            raise ConfigurationError(f"look-up {self.name!r} is refused: {'; '.join(objections)}")


def _objections(one: Lookup) -> Iterator[str]:
    if not _NAME.fullmatch(one.name):
        yield "its name must be lower-case letters, digits and hyphens"
    if not one.owner:
        yield "it needs an owner, the team that answers for it"
    if one.data_class is DataClass.PUBLIC:
        yield "its class must be operational, financial or phi"
    if len(one.reason) < _SHORTEST_REASON:
        yield f"it needs a reason why it is direct, of at least {_SHORTEST_REASON} characters"
    for model, example in ((one.parameters, one.example_parameters), (one.answer, one.example_answer)):
        try:
            model.model_validate(example)
        except ValidationError:
            yield f"its example is no {model.__name__}"
    yield from _unbounded(one)


def _unbounded(one: Lookup) -> Iterator[str]:
    if not 1 <= len(set(one.systems)) <= one.max_systems <= MOST_SYSTEMS:
        yield f"it must name the systems it asks: one or two, and no more than max_systems, at most {MOST_SYSTEMS}"
    if not 0 < one.budget_seconds <= min(one.timeout_seconds, LONGEST_BUDGET):
        yield f"budget_seconds must be above 0, at most timeout_seconds and at most {LONGEST_BUDGET:g}"
    if one.timeout_seconds > LONGEST_TIMEOUT:
        yield f"timeout_seconds must be at most {LONGEST_TIMEOUT:g}"
    if one.concurrency < 1:
        yield "concurrency must be at least 1"
    if one.retries or one.transformations:
        yield "it may neither retry nor transform; write a flow instead"
    if one.cache_seconds < 0 or (one.data_class is DataClass.PHI and one.cache_seconds > LONGEST_CACHE_OF_PHI):
        yield f"cache_seconds must not be negative, and for phi at most {LONGEST_CACHE_OF_PHI:g}"
    if not 0 <= one.stale_seconds <= LONGEST_STALE:
        yield f"stale_seconds must be from 0 to {LONGEST_STALE:g}"
