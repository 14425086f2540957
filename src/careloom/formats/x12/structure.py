"""Where a segment stands in its set: the loops of a definition as a small automaton, learned as it is used.

A state is the loop that is open and how far it has got. From there a segment is looked for onwards in the open
loop, then
onwards in each loop around it; then before those points (out of order); then with another qualifier.
Neighbours with the
same segment identifier share a place, in any order, as the guides have it. Each answer is kept, so that a segment of a
large file costs one look-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from careloom.formats.x12.definition import LoopUse, SegmentUse, SetDefinition
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.patterns import Accepts
from careloom.formats.x12.tables import set_definition

if TYPE_CHECKING:
    from careloom.formats.x12.quick import QuickLoop

Fit: TypeAlias = Literal["exact", "out-of-order", "qualifier"]
Key: TypeAlias = bytes | tuple[bytes, ...]
OTHER: Final = b""
"""Stands in a key for a qualifier that no use of the segment knows."""


class Slot:
    """A place in a loop for one use of a segment, or for a loop that opens with it."""

    __slots__ = ("bit", "child", "home", "number", "patterns", "repeat", "required", "run", "use")

    def __init__(self, use: SegmentUse | LoopUse, home: Container, number: int, run: int) -> None:
        opening = use.opens_with if isinstance(use, LoopUse) else use
        self.use: SegmentUse = opening
        self.home = home
        self.number = number
        self.bit = 1 << number
        self.run = run
        self.repeat = use.repeat
        self.required = use.usage == "R"
        self.patterns: dict[
            Delimiters, Accepts | int
        ] = {}  # kept here by `checking`; a number until it pays to make one
        self.child = Container(use.id, use.content, home, self) if isinstance(use, LoopUse) else None

    @property
    def name(self) -> str:
        """What stands here, as it is called in a place: the loop, else the segment."""
        return self.child.id if self.child else self.use.id

    def takes(self, qualifiers: dict[int, bytes]) -> bool:
        return all(
            qualifiers.get(position, OTHER) in _bytes(values) for position, values in self.use.qualifiers.items()
        )


class Container:
    """A loop of the definition, or the set itself (`id` is then empty): its slots, and which of them must be filled."""

    __slots__ = ("by_id", "id", "opener", "parent", "quick", "required", "slot", "slots")

    def __init__(
        self,
        id: str,
        content: tuple[SegmentUse | LoopUse, ...],
        parent: Container | None = None,
        slot: Slot | None = None,
    ) -> None:
        self.id, self.parent, self.slot = id, parent, slot
        self.slots: list[Slot] = []
        for run, (_, uses) in enumerate(groupby(content, key=_opening_id)):
            for use in uses:
                self.slots.append(Slot(use, self, len(self.slots), run))
        self.opener = self.slots[0] if parent else None
        self.required = sum(slot.bit for slot in self.slots if slot.required)
        self.by_id: dict[str, list[Slot]] = {}
        self.quick: dict[
            tuple[Delimiters, bytes], QuickLoop | int | None
        ] = {}  # kept here by `checking`, as patterns are
        for slot in sorted(self.slots, key=lambda slot: (slot.run, not slot.use.qualifiers)):
            self.by_id.setdefault(slot.use.id, []).append(slot)

    def around(self) -> Iterator[Container]:
        """This loop and those around it, innermost first."""
        found: Container | None = self
        while found is not None:
            yield found
            found = found.parent


class State:
    """An open loop and the place reached in it. `moves` are the answers found so far."""

    __slots__ = ("container", "moves", "run")

    def __init__(self, container: Container, run: int) -> None:
        self.container, self.run = container, run
        self.moves: dict[Key, Move | None] = {}


class Move:
    """Where a segment goes: `up` loops are closed, then `slot` is filled, and if it is a loop, that is opened.

    A segment that comes too late closes nothing; its slot is then in the loop `above` so many.
    """

    __slots__ = ("above", "fit", "slot", "state", "up")

    def __init__(self, slot: Slot, state: State, up: int, fit: Fit, above: int = 0) -> None:
        self.slot, self.state, self.up, self.fit, self.above = slot, state, up, fit, above


class Structure:
    """The automaton of one set. Shared by all readers of the set: it holds nothing of what was read."""

    def __init__(self, definition: SetDefinition) -> None:
        self.definition = definition
        self.root = Container("", definition.content)
        self._states: dict[tuple[int, int], State] = {}
        self.start = self._state(self.root, 0)
        self.known = _known_qualifiers(self.root)
        self.positions: dict[bytes, tuple[int, ...]] = {
            name.encode(): tuple(sorted(positions)) for name, positions in self.known.items()
        }

        self.simple: dict[bytes, frozenset[bytes]] = {
            name: self.known[name.decode()].get(1, frozenset())
            for name, positions in self.positions.items()
            if positions in ((), (1,)) and name not in (b"BIN", b"BDS")
        }

    def key(self, name: bytes, parts: list[bytes], component: bytes) -> Key:
        """What tells uses of this segment apart: its identifier with the qualifiers that some use knows."""
        positions = self.positions.get(name)
        if not positions:
            return name
        known = self.known[name.decode("latin-1")]
        found = [name]
        for position in positions:
            value = parts[position] if position < len(parts) else OTHER
            if component and component in value:
                value = value.partition(component)[0]
            found.append(value if value in known[position] else OTHER)
        return tuple(found)

    def move(self, state: State, key: Key) -> Move | None:
        """Where a segment goes from here; None when it has no place in any open loop."""
        try:
            return state.moves[key]
        except KeyError:
            found = state.moves[key] = self._search(state, key)
            return found

    def end_of(self, container: Container) -> State:
        """The state behind all that a loop holds."""
        return self._state(container, container.slots[-1].run + 1)

    def _search(self, state: State, key: Key) -> Move | None:
        name = (key if isinstance(key, bytes) else key[0]).decode("latin-1")
        values = key[1:] if isinstance(key, tuple) else ()
        qualifiers = dict(zip(self.positions.get(name.encode("latin-1"), ()), values, strict=True))
        onwards = list(_reachable(state, name, onwards=True))
        for up, slot in onwards:
            if slot.takes(qualifiers):
                return self._move(state, slot, up, "exact")
        before = list(_reachable(state, name, onwards=False))
        for up, slot in before:
            if slot.takes(qualifiers):
                return self._move(state, slot, up, "out-of-order")
        for up, slot in onwards + before:
            return self._move(state, slot, up, "qualifier")
        return None

    def _move(self, state: State, slot: Slot, up: int, fit: Fit) -> Move:
        if slot.child is not None:
            return Move(slot, self._state(slot.child, 0), up, fit)
        if fit == "out-of-order":
            return Move(slot, state, 0, fit, up)
        reached = _reached(state, slot.home)
        return Move(slot, self._state(slot.home, max(reached, slot.run)), up, fit)

    def _state(self, container: Container, run: int) -> State:
        return self._states.setdefault((id(container), run), State(container, run))

    def __contains__(self, name: str) -> bool:
        return name in self.known


def _reachable(state: State, name: str, *, onwards: bool) -> Iterator[tuple[int, Slot]]:
    """The slots for a segment in the open loops, and how many loops are closed to get there."""
    for up, container in enumerate(state.container.around()):
        reached = _reached(state, container)
        for slot in container.by_id.get(name, ()):
            opens_it_anew = slot is container.opener and slot.repeat == 1
            if not opens_it_anew and (slot.run >= reached) == onwards:
                yield up, slot


def _reached(state: State, home: Container) -> int:
    """How far an open loop has got: for one around the innermost, to where the inner one stands."""
    if home is state.container:
        return state.run
    inner = next(loop for loop in state.container.around() if loop.parent is home)
    assert inner.slot is not None
    return inner.slot.run


def _opening_id(use: SegmentUse | LoopUse) -> str:
    return use.opens_with.id if isinstance(use, LoopUse) else use.id


def _known_qualifiers(root: Container) -> dict[str, dict[int, frozenset[bytes]]]:
    """Segment identifier to position to all values that some use of it in the set names."""
    known: dict[str, dict[int, frozenset[bytes]]] = {}
    pending = [root]
    while pending:
        for slot in pending.pop().slots:
            positions = known.setdefault(slot.use.id, {})
            for position, values in slot.use.qualifiers.items():
                positions[position] = positions.get(position, frozenset()) | _bytes(values)
            if slot.child is not None:
                pending.append(slot.child)
    return known


@lru_cache(maxsize=4096)
def _bytes(values: frozenset[str]) -> frozenset[bytes]:
    return frozenset(value.encode() for value in values)


@lru_cache(maxsize=256)
def structure_of(set_id: str, version: str, purpose: str = "") -> Structure | None:
    """The automaton of a set, by ST01, the version of ST03 or GS08, and BHT02; None where there is no table of it."""
    definition = set_definition(set_id, version, purpose)
    return _structure(definition) if definition else None


_built: dict[int, tuple[SetDefinition, Structure]] = {}


def _structure(definition: SetDefinition) -> Structure:
    """One automaton for a table, under however many versions it was asked for."""
    return _built.setdefault(id(definition), (definition, Structure(definition)))[1]
