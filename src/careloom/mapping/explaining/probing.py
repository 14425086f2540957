"""Finds out, by asking the mapping again and again, which value of a message each value of its events came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.explaining.leaves import Leaf, leaves
from careloom.mapping.result import Translation
from careloom.model import encode

Translate: TypeAlias = Callable[[bytes], Translation]
Targets: TypeAlias = Mapping[str, str]
"""The single values of events: `registration.created.v1/patient/name/0/family` and what stands there."""

_DATE: Final = re.compile(r"(?:19|20)\d{6}(?:\d{4}|\d{6})?(?:\.\d+)?(?:[+-]\d{4})?")
_ISO_DATE: Final = re.compile(r"(?:19|20)\d\d-\d\d(?:-\d\d)?")
_DECIDES: Final = 0.8
"""A value that changes so large a part of all targets says what the message is, not what one of them holds."""


class Origin(NamedTuple):
    """One value of an event, and the places of the message it came from; none: the mapping put it there."""

    target: str
    value: str
    sources: tuple[str, ...]


class Explanation(NamedTuple):
    """A message, explained. `decides` are places that say what the message becomes, `unused` those that no target came
    from; both as (path, general path)."""

    outcome: str
    origins: Sequence[Origin]
    decides: Sequence[Leaf]
    used: Sequence[Leaf]
    unused: Sequence[Leaf]


def explain(format: str, body: bytes, translate: Translate) -> Explanation:
    """Raises FormatError for a message that cannot be read at all; a case (MappingError) is an outcome."""
    outcome, base = _targets(body, translate)
    sources: dict[str, list[str]] = {target: [] for target in base}
    decides: list[Leaf] = []
    used: list[Leaf] = []
    unused: list[Leaf] = []
    for leaf in leaves(format, body):
        touched, decisive = _touched(leaf, outcome, base, translate)
        for target in touched:
            sources[target].append(leaf.path)
        (decides if decisive else used if touched else unused).append(leaf)
    origins = [Origin(target, value, tuple(sources[target])) for target, value in base.items()]
    return Explanation(outcome, origins, decides, used, unused)


def _touched(leaf: Leaf, outcome: str, base: Targets, translate: Translate) -> tuple[set[str], bool]:
    """The targets that depend on a value; and whether it decides what the message becomes."""
    found: set[str] = set()
    decisive = False
    for other in _others(leaf.value):
        said, targets = _targets(leaf.replaced(other), translate)
        changed = {target for target in base if targets.get(target) != base[target]}
        if said != outcome or not base or len(changed) > max(3, _DECIDES * len(base)):
            decisive = decisive or bool(base) or said != outcome
        else:
            found |= changed
    return found, decisive and not found


def _others(value: str) -> Iterator[str]:
    """Nothing, and another value of the same sort: each may show what the other hides."""
    yield ""
    if _DATE.fullmatch(value) or _ISO_DATE.fullmatch(value):
        yield value[:3] + ("4" if value[3] != "4" else "5") + value[4:]
    elif value.replace(".", "", 1).replace("-", "", 1).isdigit():
        yield value[:-1] + ("7" if value[-1] != "7" else "8")
    else:
        yield value + "Q"


def _targets(body: bytes, translate: Translate) -> tuple[str, Targets]:
    try:
        made = translate(body)
    except (FormatError, MappingError) as error:
        return f"case: {error}", {}
    if made.filtered is not None:
        return f"filtered: {made.filtered}", {}
    found: dict[str, str] = {}
    for number, event in enumerate(made.events):
        prefix = f"{event.type}#{number + 1}" if len(made.events) > 1 else event.type
        found |= {f"{prefix}{path}": value for path, value in _flat(msgspec.json.decode(encode(event)))}
    return "translated", found


def _flat(document: Any) -> Iterator[tuple[str, str]]:
    pending: list[tuple[str, Any]] = [("", document)]
    while pending:
        path, node = pending.pop()
        if isinstance(node, dict):
            pending.extend(reversed([(f"{path}/{name}", value) for name, value in node.items()]))
        elif isinstance(node, list):
            pending.extend(reversed([(f"{path}/{index}", value) for index, value in enumerate(node)]))
        else:
            yield path, str(node)
