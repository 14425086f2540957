"""The loops of one transaction set as a tree, and values by path in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from careloom.formats.x12.paths import Path, Step, compile_path
from careloom.formats.x12.segment import Segment, cut
from careloom.formats.x12.structure import Structure

if TYPE_CHECKING:
    from careloom.formats.x12.transaction import Transaction


class Loop:
    """One repetition of a loop. `content` are its segments and inner loops as they came; `id` is the guide's
    (`2010AA`).

    The root of a set is a loop too, without identifier and parent; where a set has no table it holds every segment.
    `ordinal` counts the loops with this identifier in the set, from 1.
    """

    __slots__ = ("content", "id", "ordinal", "parent", "transaction")

    def __init__(self, id: str, transaction: Transaction, parent: Loop | None = None, ordinal: int = 1) -> None:
        self.id, self.transaction, self.parent, self.ordinal = id, transaction, parent, ordinal
        self.content: list[Segment | Loop] = []

    def segments(self, id: str = "") -> list[Segment]:
        """The loop's own segments, all or those with this identifier; not those of inner loops."""
        return [part for part in self.content if isinstance(part, Segment) and (not id or part.id == id)]

    def segment(self, id: str, qualifier: str = "", element: int = 1) -> Segment | None:
        """The first own segment with this identifier, and, if given, this value in `element`."""
        own = self.segments(id)
        return next((found for found in own if not qualifier or found[element] == qualifier), None)

    def loops(self, id: str = "") -> list[Loop]:
        """The loops inside, at any depth and in order: all, or those with this identifier."""
        return [loop for loop in self.inner() if not id or loop.id == id]

    def loop(self, id: str) -> Loop | None:
        """The first loop inside with this identifier."""
        return next((loop for loop in self.inner() if loop.id == id), None)

    def inner(self) -> Iterator[Loop]:
        """All loops inside, each before those in it."""
        pending = [part for part in reversed(self.content) if isinstance(part, Loop)]
        while pending:
            loop = pending.pop()
            yield loop
            pending.extend(part for part in reversed(loop.content) if isinstance(part, Loop))

    def everything(self) -> Iterator[Segment]:
        """The segments of this loop and of all inside, in order."""
        pending: list[Segment | Loop] = [self]
        while pending:
            part = pending.pop()
            if isinstance(part, Segment):
                yield part
            else:
                pending.extend(reversed(part.content))

    def around(self, id: str) -> Loop | None:
        """The loop with this identifier that this one stands in (or is)."""
        found: Loop | None = self
        while found is not None and found.id != id:
            found = found.parent
        return found

    def get(self, path: str, default: str = "") -> str:
        """The first value at a path (`CLM05-1`, `2310B/NM109`), seen from this loop. ValueError for a
        malformed path."""
        return next((value for value in self.values(path) if value), default)

    def values(self, path: str) -> Iterator[str]:
        """All values at a path; an absent element gives `""`, an absent segment or loop nothing."""
        compiled = compile_path(path)
        if compiled.set_id and compiled.set_id != self.transaction.set_id:
            return
        for segment in self._found(compiled):
            yield segment.value(compiled.element, compiled.component, compiled.repetition)

    def _found(self, path: Path) -> Iterator[Segment]:
        envelope = self.transaction.envelope(path.segment.name)
        if envelope is not None and not path.loops:
            yield envelope
            return
        scopes = [self]
        for step in path.loops:
            scopes = [loop for scope in scopes for loop in _loops_at(scope, step)]
        for scope in scopes:
            anywhere = not path.loops and scope.parent is None
            own: Iterable[Segment] = scope.everything() if anywhere else scope.segments()
            yield from _at(own, path.segment)

    def __repr__(self) -> str:
        return f"<Loop {self.id or 'of the set'}[{self.ordinal}]>"


def _loops_at(scope: Loop, step: Step) -> Iterator[Loop]:
    found = (loop for loop in scope.inner() if loop.id == step.name)
    if step.element:
        return (loop for loop in found if _marked(loop.segments()[0], step))
    return islice(found, step.nth - 1, step.nth) if step.nth else found


def _at(segments: Iterable[Segment], step: Step) -> Iterator[Segment]:
    found = (segment for segment in segments if segment.id == step.name)
    if step.element:
        return (segment for segment in found if _marked(segment, step))
    return islice(found, step.nth - 1, step.nth) if step.nth else found


def _marked(segment: Segment, step: Step) -> bool:
    return segment.value(step.element, step.component) == step.value


def build(transaction: Transaction, structure: Structure | None) -> Loop:
    """The loop tree of a set. A segment without a place stays in the loop that is open where it comes."""
    root = Loop("", transaction)
    if structure is None:
        root.content.extend(transaction.segments)
        return root
    state, current, counts = structure.start, root, dict[str, int]()
    for segment in transaction.segments:
        marks = segment.delimiters
        parts = cut(segment.raw, marks.element)
        move = structure.move(state, structure.key(parts[0], parts, marks.component))
        if move is not None:
            for _ in range(move.up):
                current = current.parent or root
            state, inner = move.state, move.slot.child
            if inner is not None:
                counts[inner.id] = ordinal = counts.get(inner.id, 0) + 1
                opened = Loop(inner.id, transaction, current, ordinal)
                current.content.append(opened)
                current = opened
        current.content.append(segment)
    return root
