"""A message by its structure: groups with their segments. What is out of place stays reachable, and is known so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from careloom.formats.hl7v2.dictionary import Dictionary, Structure, dictionary_of
from careloom.formats.hl7v2.dictionary.structure import FOLLOWERS, ROOT
from careloom.formats.hl7v2.fields import Fields
from careloom.formats.hl7v2.message import Message

Reason: TypeAlias = Literal["late", "misplaced", "unknown", "local"]


class Stray(NamedTuple):
    """A segment that does not stand where the structure has it.

    `late`: it belongs before the segment it follows, and was put in its place. `misplaced`: the structure has it, but
    not here, or not once more. `unknown`: the structure has none of this name. `local`: a Z segment.
    """

    fields: Fields
    reason: Reason


class Group:
    """One instance of a group: its segments and the groups inside it. `path` is as in `PATIENT_RESULT.PATIENT`."""

    def __init__(self, number: int, name: str, path: str) -> None:
        self.number = number
        self.name = name
        self.path = path
        self.children: list[Fields | Group] = []
        self.filled: dict[int, int] = {}

    def segment(self, name: str) -> Fields | None:
        """The first segment of that name that stands in this group itself, not in a group inside it."""
        return next((one for one in self.children if isinstance(one, Fields) and one.segment.name == name), None)

    def segments(self, name: str | None = None) -> Sequence[Fields]:
        """The segments of this group itself, in order; misplaced and Z segments stay with the group they came in."""
        return [one for one in self.children if isinstance(one, Fields) and name in (None, one.segment.name)]

    def every(self, name: str) -> Iterator[Fields]:
        """The segments of that name in this group and all inside it, in order."""
        for one in self.children:
            if isinstance(one, Group):
                yield from one.every(name)
            elif one.segment.name == name:
                yield one

    def group(self, name: str) -> Group | None:
        """The first of `groups`."""
        return next(self._inside(name), None)

    def groups(self, name: str) -> Sequence[Group]:
        """The groups of that name at any depth, in order. The name may be led by those around it: `ORDER.TIMING`."""
        return list(self._inside(name))

    def _inside(self, name: str) -> Iterator[Group]:
        for one in self.children:
            if isinstance(one, Group):
                if one.path == name or one.path.endswith(f".{name}"):
                    yield one
                yield from one._inside(name)


class View(Group):
    """A message read by its structure. `structure` is None when the dictionary knows none: then all segments are here.

    `strays` are the segments out of place. `dictionary` is that of the message's version.
    """

    def __init__(self, message: Message, structure: Structure | None, known: Dictionary) -> None:
        super().__init__(ROOT, structure.name if structure else "", "")
        self.message = message
        self.structure = structure
        self.dictionary = known
        self.strays: list[Stray] = []
        placing = Placing(self, structure) if structure else None
        for segment in message.segments():
            fields = Fields(segment, known)
            if placing is None:
                self.children.append(fields)
            elif reason := placing.place(fields, segment.name):
                self.strays.append(Stray(fields, reason))

    def _inside(self, name: str) -> Iterator[Group]:
        return super()._inside(name.removeprefix(f"{self.name}."))


class Placing:
    """Puts one segment after the other where the structure has it, opening groups as it goes."""

    def __init__(self, root: Group, structure: Structure) -> None:
        self._structure = structure
        self._open = [root]
        self._after = -1

    def place(self, fields: Fields, name: str) -> Reason | None:
        """None when it stands where it belongs."""
        move = self._structure.next_slot(self._after, name)
        if move is not None:
            self._enter(self._structure.slots[move.slot].groups, move.kept)
            self._put(self._open[-1], fields, move.slot)
            self._after = move.slot
            return None
        for group in reversed(self._open if name not in FOLLOWERS else ()):
            slot = self._free_slot(group, name)
            if slot is not None:
                self._put(group, fields, slot)
                return "late"
        self._open[-1].children.append(fields)
        if name.startswith("Z"):
            return "local"
        return "misplaced" if name in self._structure.names else "unknown"

    def _enter(self, groups: tuple[int, ...], kept: int) -> None:
        del self._open[kept:]
        for number in groups[kept:]:
            found = self._structure.groups[number]
            group = Group(number, found.name, found.path)
            self._open[-1].children.append(group)
            self._open.append(group)

    def _free_slot(self, group: Group, name: str) -> int | None:
        for slot in self._structure.slots_in(group.number, name):
            if slot.repeats or slot.number not in group.filled:
                return slot.number
        return None

    def _put(self, group: Group, fields: Fields, slot: int) -> None:
        group.children.append(fields)
        group.filled[slot] = group.filled.get(slot, 0) + 1


def view(message: Message, *, structure: str = "", version: str = "") -> View:
    """The message by its structure: that of its MSH-9, unless one is named; in its own version, unless one is given.

    Where MSH-9.3 says other than code and event do, the latter rule: many senders write `ADT_A04` for ADT^A04.
    Raises nothing for what the message holds.
    """
    known = dictionary_of(version or message.version)
    kind = message.type
    name = structure or known.structure_of(kind.code, kind.event) or kind.structure
    return View(message, known.structure(name) if name else None, known)
