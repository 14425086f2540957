"""The direct look-ups of a deployment: which system is asked what, and how its answer reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.gateway.classes import DataClass
from careloom.gateway.lookup import Found, LookupResult, NotFound, Run
from careloom.gateway.lookup_shapes import SHAPES, Shape
from careloom.gateway.lookups import Lookups
from careloom.hub.sections import ApiSection, LookupSection
from careloom.systems.seam import Answers

STALE_SECONDS: Final = 3600.0
_BY_NAME: Final[Mapping[str, Shape]] = {shape.name: shape for shape in SHAPES}


def make_lookups(api: ApiSection, systems: Mapping[str, object], clock: Clock) -> Lookups:
    """All of the settings. Raises ConfigurationError for a system that cannot answer."""
    return Lookups([_lookup(name, one, systems) for name, one in api.lookups.items()], clock)


def _lookup(name: str, section: LookupSection, systems: Mapping[str, object]) -> Any:
    shape = _BY_NAME[section.shape]
    own = {} if section.invalidated_by is None else {"invalidated_by": frozenset(section.invalidated_by)}
    return shape.lookup(
        _run(name, section, systems.get(section.system)),
        owner=section.owner,
        systems=(section.system,),
        reason=section.reason,
        budget_seconds=section.budget_seconds,
        timeout_seconds=section.timeout_seconds,
        cache_seconds=section.cache_seconds,
        stale_seconds=_stale(shape, section),
        **own,
    )


def _stale(shape: Shape, section: LookupSection) -> float:
    if section.stale_seconds is not None:
        return section.stale_seconds
    return STALE_SECONDS if section.cache_seconds and shape.data_class is not DataClass.PHI else 0.0


def _run(name: str, section: LookupSection, system: object) -> Run:
    if isinstance(system, Answers) and section.shape in system.answers:
        return _asking(section.system, section.shape, system)
    told = "the page of its kind says what it answers, and which settings that takes"
    raise ConfigurationError(
        f"api.lookups.{name}.system: {section.system} cannot answer {section.shape} look-ups; {told}"
    )


def _asking(name: str, shape: str, system: Answers) -> Run:
    async def run(parameters: Any, budget_seconds: float) -> LookupResult:
        answer = await system.look_up(shape, parameters, budget_seconds)
        return NotFound() if answer is None else Found(answer, frozenset({name}))

    return run
