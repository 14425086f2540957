"""What becomes of every field that senders fill: mapped, left behind for a reason, or not known to the mapping."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final, Literal, TypeAlias

from careloom.mapping.catalogue import FAMILIES
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.declared import Rules
from careloom.mapping.explaining.leaves import Leaf
from careloom.mapping.explaining.probing import Explanation
from careloom.mapping.source import Settings

Fate: TypeAlias = Literal["mapped", "decides", "dropped", "unknown"]
Reasons: TypeAlias = Mapping[str, str]
"""Of places, or of what all places below them begin with: why they stay behind, or `mapped`."""

MAPPED: Final = "mapped"
_RANK: Final[Mapping[Fate, int]] = {"mapped": 3, "decides": 2, "dropped": 1, "unknown": 0}
_FRAME: Final = "holds the interchange together; checked and answered where it is received"
_TRAVELS: Final = "says how the message travels; used where it is received"
_ENVELOPES: Final[Mapping[str, Reasons]] = {
    "x12": dict.fromkeys(("ISA", "GS", "ST", "SE"), _FRAME),
    "hl7v2": {"MSH": _TRAVELS},
}
_BELOW: Final = re.compile(r"[.\-/].*|\d\d(?:-\d+)?")  # `2300/DTP03` is below `2300/DTP`
_CHOICE: Final = re.compile(r"[.A-Z].*")  # `Observation.valueQuantity.unit` is below `Observation.value`


@dataclass
class Coverage:
    """The fields of some messages. `fates` by general path; `reasons` of those that are dropped; `seen` how often."""

    fates: dict[str, Fate] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    messages: int = 0

    @property
    def counts(self) -> Mapping[Fate, int]:
        """How many fields have which fate."""
        found: dict[Fate, int] = {"mapped": 0, "decides": 0, "dropped": 0, "unknown": 0}
        for fate in self.fates.values():
            found[fate] += 1
        return found


def coverage(explained: Iterable[tuple[Explanation, Reasons]]) -> Coverage:
    """Of many messages together, each with the reasons of what mapped it: a field is mapped when any of them shows that
    it is, or when rules are declared that read it."""
    found = Coverage()
    for one, reasons in explained:
        found.messages += 1
        for leaf in one.used:
            _note(found, leaf, "mapped")
        for leaf in one.decides:
            _note(found, leaf, "decides")
        for leaf in one.unused:
            reason = _reason(reasons, leaf.general)
            _note(found, leaf, "mapped" if reason == MAPPED else "dropped" if reason else "unknown", reason)
    found.reasons = {path: why for path, why in found.reasons.items() if found.fates[path] == "dropped"}
    return found


def reasons_of(mapping: Mapped, settings: Settings) -> Reasons:
    """What the one who maps says of the places it leaves behind: the `DROPPED` of its family, and what the rules of the
    sender declare."""
    found = dict(_ENVELOPES.get(mapping.format, {}))
    for module in _families(mapping):
        found |= getattr(module, "DROPPED", {})
    if isinstance(settings.rules, Rules) and mapping.format in ("json", "csv"):
        found |= settings.rules.sources()
    if mapping.format == "csv":
        found = {_of_any_row(place): why for place, why in found.items()}
    return {place: _resolved(found, why) for place, why in found.items()}


def _families(mapping: Mapped) -> Iterable[object]:
    """The modules that speak of a mapping's messages: its own, and of FHIR all, since resources stand in others."""
    if mapping.format == "fhir":
        return [import_module(name) for name in FAMILIES if name.startswith("careloom.mapping.fhir.")]
    ours = [module for module in map(import_module, FAMILIES) if mapping in module.MAPPINGS]
    return ours or [sys.modules.get(mapping.translate.__module__)]


def _of_any_row(place: str) -> str:
    """`/rows/*/sku` of `/sku` (that of the first row), of `/rows/*/sku`, and of `sku`."""
    return place if place.startswith(("/rows/", "/header/")) else f"/rows/*/{place.removeprefix('/')}"


def _resolved(reasons: Reasons, why: str) -> str:
    """`as PID-24` says the same as what is said there."""
    return reasons.get(why.removeprefix("as "), why) if why.startswith("as ") else why


def _note(found: Coverage, leaf: Leaf, fate: Fate, reason: str = "") -> None:
    known = found.fates.get(leaf.general)
    if known is None or _RANK[fate] > _RANK[known]:
        found.fates[leaf.general] = fate
    if fate == "dropped":
        found.reasons[leaf.general] = reason
    found.seen[leaf.general] = found.seen.get(leaf.general, 0) + 1


def _reason(reasons: Reasons, path: str) -> str:
    """Of the longest beginning that is declared; "" when none is."""
    fitting = [start for start in reasons if path == start or (path.startswith(start) and _below(start, path))]
    return reasons[max(fitting, key=len)] if fitting else ""


def _below(start: str, path: str) -> bool:
    rest = path[len(start) :]
    if start.startswith("/"):
        return rest.startswith("/")
    return (_CHOICE if "." in start else _BELOW).fullmatch(rest) is not None
