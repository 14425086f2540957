"""What becomes of every field that senders fill: mapped, left behind for a reason, or not known to the mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal, TypeAlias

from careloom.mapping.catalogue import FAMILIES
from careloom.mapping.explaining.leaves import Leaf
from careloom.mapping.explaining.probing import Explanation

Fate: TypeAlias = Literal["mapped", "decides", "dropped", "unknown"]


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


def coverage(explanations: Iterable[Explanation]) -> Coverage:
    """Of many messages together: a field is mapped when any of them shows that it is."""
    found = Coverage()
    reasons = _reasons()
    for one in explanations:
        found.messages += 1
        for leaf in one.used:
            _note(found, leaf, "mapped")
        for leaf in one.decides:
            _note(found, leaf, "decides")
        for leaf in one.unused:
            reason = _reason(reasons, leaf.general)
            if reason:
                found.reasons[leaf.general] = reason
            _note(found, leaf, "dropped" if reason else "unknown")
    return found


_RANK: Mapping[Fate, int] = {"mapped": 3, "decides": 2, "dropped": 1, "unknown": 0}


def _note(found: Coverage, leaf: Leaf, fate: Fate) -> None:
    known = found.fates.get(leaf.general)
    if known is None or _RANK[fate] > _RANK[known]:
        found.fates[leaf.general] = fate
    found.seen[leaf.general] = found.seen.get(leaf.general, 0) + 1


def _reasons() -> Mapping[str, str]:
    """What the mappings say that they leave behind: a path, or how it begins, and why."""
    found: dict[str, str] = {}
    for family in FAMILIES:
        found |= getattr(import_module(family), "DROPPED", {})
    return found


def _reason(reasons: Mapping[str, str], path: str) -> str:
    """Of the longest beginning that is declared."""
    fitting = [start for start in reasons if path == start or path.startswith(tuple(start + end for end in ".-/["))]
    return reasons[max(fitting, key=len)] if fitting else ""
