"""The invariants of data types that hold wherever they are used (FHIR R4 2.24), under the standard's own keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from careloom.core.errors import FormatError
from careloom.formats.fhir.dates import when
from careloom.formats.fhir.definitions import definition
from careloom.formats.inspection import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant: `holds` is asked of a structurally valid element. `at` is the member the finding points to.

    A `warning` is broken by many senders, and what breaks it can be read all the same.
    """

    key: str
    holds: Callable[[Mapping[str, Any]], bool]
    text: str
    at: str = ""
    severity: Severity = "error"


def in_order(start: Any, end: Any) -> bool:
    """Whether two dates or times do not run backwards, as far as they are known; true when one is absent."""
    if not (isinstance(start, str) and isinstance(end, str)):
        return True
    try:
        return when(start).start < when(end).until
    except FormatError:
        return True


def needs(name: str, *others: str) -> Callable[[Mapping[str, Any]], bool]:
    """With the member there must be one of the others."""
    return lambda value: name not in value or any(other in value or "_" + other in value for other in others)


def apart(one: str, other: str) -> Callable[[Mapping[str, Any]], bool]:
    """Not both members."""
    return lambda value: one not in value or other not in value


def some(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    """One of the members at least."""
    return lambda value: any(name in value for name in names)


def values_of(value: Mapping[str, Any], kind: str, choice: str = "value") -> Sequence[str]:
    """The members that give a value to the choice, `_valueString` counted as `valueString`."""
    names = _chosen(kind, choice)
    return sorted({name.removeprefix("_") for name in value} & names)


@cache
def _chosen(kind: str, choice: str) -> frozenset[str]:
    found = definition(kind)
    return frozenset(found.chosen[choice]) if found else frozenset()


def _extension(value: Mapping[str, Any]) -> bool:
    return len(values_of(value, "Extension")) + ("extension" in value) == 1


def _range_in_order(value: Mapping[str, Any]) -> bool:
    low, high = (value.get(name, {}) for name in ("low", "high"))
    if low.get("code") != high.get("code") or low.get("unit") != high.get("unit"):
        return True
    return "value" not in low or "value" not in high or bool(low["value"] <= high["value"])


def _ratio(value: Mapping[str, Any]) -> bool:
    both = ("numerator" in value) == ("denominator" in value)
    return both and ("numerator" in value or "extension" in value)


def _not_negative(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda value: bool(value.get(name, 0) >= 0)


_TIMING: Final = (
    Rule("tim-1", needs("duration", "durationUnit"), "a duration needs its unit", "durationUnit"),
    Rule("tim-2", needs("period", "periodUnit"), "a period needs its unit", "periodUnit"),
    Rule("tim-4", _not_negative("duration"), "a duration is not negative", "duration"),
    Rule("tim-5", _not_negative("period"), "a period is not negative", "period"),
    Rule("tim-6", needs("periodMax", "period"), "periodMax needs a period", "periodMax"),
    Rule("tim-7", needs("durationMax", "duration"), "durationMax needs a duration", "durationMax"),
    Rule("tim-8", needs("countMax", "count"), "countMax needs a count", "countMax"),
    Rule("tim-9", needs("offset", "when"), "an offset needs an event it is from", "offset"),
    Rule("tim-10", apart("timeOfDay", "when"), "a time of day or an event, not both", "timeOfDay"),
)

ELEMENT_RULES: Final[Mapping[str, Sequence[Rule]]] = {
    "Attachment": (Rule("att-1", needs("data", "contentType"), "data needs its content type", "contentType"),),
    "ContactPoint": (
        Rule("cpt-2", needs("value", "system"), "a value needs its system (phone, email)", "system", "warning"),
    ),
    "Extension": (Rule("ext-1", _extension, "an extension has one value, or extensions, and not both"),),
    "Period": (Rule("per-1", lambda v: in_order(v.get("start"), v.get("end")), "the end is before the start", "end"),),
    "Quantity": (Rule("qty-3", needs("code", "system"), "a unit's code needs its system", "system", "warning"),),
    "Range": (Rule("rng-2", _range_in_order, "the high end is below the low end", "high"),),
    "Ratio": (Rule("rat-1", _ratio, "a ratio has a numerator and a denominator, or neither and an extension"),),
    "Timing_Repeat": _TIMING,
}
