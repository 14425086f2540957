"""A message structure laid out flat, and where in it the next segment of a message belongs.

Each segment of the structure is a slot; slots are numbered in order, so that a group is a run of them. `next_slot` is
worked out once for each (slot, name) and remembered: placing a segment is then one look-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from careloom.formats.hl7v2.dictionary.definitions import Part

ROOT = 0
FOLLOWERS = frozenset({"NTE", "PRT", "ROL"})  # they say more of what stands before them, and open nothing


class GroupSlot(NamedTuple):
    """A group: its place among the groups, its own group's, and its first and last slot. `path` is without the root."""

    number: int
    name: str
    path: str
    parent: int
    required: bool
    repeats: bool
    first: int
    last: int


class Slot(NamedTuple):
    """A segment's place. `groups` leads from the root (0) to the group it stands in; `head` is that it opens one."""

    number: int
    names: tuple[str, ...]
    required: bool
    repeats: bool
    groups: tuple[int, ...]
    head: bool


class Move(NamedTuple):
    """Where the next segment goes: the slot, and how many of its groups stay open (the rest are new instances)."""

    slot: int
    kept: int


class Structure:
    """One message structure of one version."""

    def __init__(self, name: str, parts: tuple[Part, ...]) -> None:
        self.name = name
        self.parts = parts
        self.slots: list[Slot] = []
        self.groups: list[GroupSlot] = [GroupSlot(ROOT, name, "", -1, True, False, 0, 0)]
        self._lay_out(parts, (ROOT,))
        self.groups[ROOT] = self.groups[ROOT]._replace(last=len(self.slots) - 1)
        self.names = frozenset(name for slot in self.slots for name in slot.names)
        self._moves: dict[tuple[int, str], Move | None] = {}
        self._needs: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def _lay_out(self, parts: tuple[Part, ...], inside: tuple[int, ...]) -> None:
        start = len(self.slots)
        for part in parts:
            if not part.parts:
                head = len(self.slots) == start and inside[-1] != ROOT
                slot = Slot(len(self.slots), part.names, part.required, part.repeats, inside, head)
                self.slots.append(slot)
                continue
            number, first = len(self.groups), len(self.slots)
            above = self.groups[inside[-1]].path
            path = f"{above}.{part.name}" if above else part.name
            own = GroupSlot(number, part.name, path, inside[-1], part.required, part.repeats, first, first)
            self.groups.append(own)
            self._lay_out(part.parts, (*inside, number))
            self.groups[number] = own._replace(last=len(self.slots) - 1)

    def next_slot(self, after: int, name: str) -> Move | None:
        """Where a segment belongs that follows the one in slot `after` (-1 at the start); None when nowhere ahead."""
        if name not in self.names:
            return None
        key = (after, name)
        if key not in self._moves:
            self._moves[key] = self._exact(after, name) or self._near(after, name)
        return self._moves[key]

    def slots_in(self, group: int, name: str) -> Iterator[Slot]:
        """The slots of a name that stand directly in a group."""
        run = self.groups[group]
        for slot in self.slots[run.first : run.last + 1]:
            if slot.groups[-1] == group and name in slot.names:
                yield slot

    def required_slots(self, group: int) -> tuple[int, ...]:
        """The segments that an instance of a group must have."""
        return self._required(group)[0]

    def required_groups(self, group: int) -> tuple[int, ...]:
        """The groups that an instance of a group must have; those that may be empty need not be there."""
        return self._required(group)[1]

    def opening(self, group: int) -> str:
        """The segment that a group begins with."""
        return "|".join(self.slots[self.groups[group].first].names)

    def _required(self, group: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if group not in self._needs:
            slots = tuple(one.number for one in self.slots if one.required and one.groups[-1] == group)
            inside = [one for one in self.groups if one.parent == group and one.required]
            self._needs[group] = slots, tuple(one.number for one in inside if any(self._required(one.number)))
        return self._needs[group]

    def _exact(self, after: int, name: str) -> Move | None:
        """The nearest place that skips nothing required: in the innermost open group, else in those around it."""
        for depth, group in self._open(after):
            for slot in self._ahead(after, group):
                if name in slot.names and not self._skips(after, slot, depth):
                    return Move(slot.number, depth + 1)
            found = self._again(group, depth, name, exact=True) if after >= 0 else None
            if found:
                return found
        return None

    def _near(self, after: int, name: str) -> Move | None:
        """The nearest place when something required was left out: never an optional extra of a group not yet begun."""
        for depth, group in self._open(after):
            for slot in self._ahead(after, group):
                if name in slot.names and (len(slot.groups) == depth + 1 or _leads(slot)):
                    return Move(slot.number, depth + 1)
            found = self._again(group, depth, name, exact=False) if after >= 0 else None
            if found:
                return found
        return None

    def _open(self, after: int) -> list[tuple[int, GroupSlot]]:
        """The groups that are open after a slot, innermost first, each with its depth."""
        path = self.slots[after].groups if after >= 0 else (ROOT,)
        return [(depth, self.groups[path[depth]]) for depth in range(len(path) - 1, -1, -1)]

    def _ahead(self, after: int, group: GroupSlot) -> list[Slot]:
        same = after >= 0 and self.slots[after].repeats and self.slots[after].groups[-1] == group.number
        return self.slots[after if same else after + 1 : group.last + 1]

    def _again(self, group: GroupSlot, depth: int, name: str, *, exact: bool) -> Move | None:
        """A new instance of a repeating group, opened by this segment."""
        if not group.repeats:
            return None
        for slot in self.slots[group.first : group.last + 1]:
            if name in slot.names and (_leads(slot) if not exact else not self._skips(group.first - 1, slot, depth)):
                return Move(slot.number, depth)
        return None

    def _skips(self, after: int, target: Slot, depth: int) -> bool:
        """Whether a required segment between a slot and the target is left out, as seen from a group at `depth`."""
        return any(slot.required and self._binds(slot, target, depth) for slot in self.slots[after + 1 : target.number])

    def _binds(self, slot: Slot, target: Slot, depth: int) -> bool:
        """Whether a required slot is one that must come: all groups it is in, and the target is not, are required."""
        outside = [number for number in slot.groups[depth + 1 :] if number not in target.groups]
        if slot.groups[: depth + 1] != target.groups[: depth + 1]:
            return False
        return all(self.groups[number].required for number in outside)


def _leads(slot: Slot) -> bool:
    """Whether a segment makes sense without what stands before it in its group: it opens it, or is its subject."""
    return (slot.head or (slot.required and not slot.repeats)) and FOLLOWERS.isdisjoint(slot.names)
