"""Syntax notes: which elements of a segment go with which (ASC X12.6 section 3.5.1.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeAlias

from careloom.formats.x12.definition import SyntaxNote

Broken: TypeAlias = tuple[Literal["element-needed", "element-excluded"], int]


def broken(note: SyntaxNote, present: Sequence[bool]) -> Broken | None:
    """What a note objects to, and at which element; `present[n]` tells whether element n is there."""
    return _RULES[note.rule](note.positions, [n < len(present) and present[n] for n in note.positions])


def _paired(positions: Sequence[int], there: list[bool]) -> Broken | None:
    return ("element-needed", positions[there.index(False)]) if any(there) and not all(there) else None


def _at_least_one(positions: Sequence[int], there: list[bool]) -> Broken | None:
    return None if any(there) else ("element-needed", positions[0])


def _at_most_one(positions: Sequence[int], there: list[bool]) -> Broken | None:
    found = [position for position, is_there in zip(positions, there, strict=True) if is_there]
    return ("element-excluded", found[1]) if len(found) > 1 else None


def _conditional(positions: Sequence[int], there: list[bool]) -> Broken | None:
    return ("element-needed", positions[there.index(False)]) if there[0] and not all(there) else None


def _list_conditional(positions: Sequence[int], there: list[bool]) -> Broken | None:
    return ("element-needed", positions[1]) if there[0] and not any(there[1:]) else None


_RULES: Final[dict[str, Callable[[Sequence[int], list[bool]], Broken | None]]] = {
    "P": _paired, "R": _at_least_one, "E": _at_most_one, "C": _conditional, "L": _list_conditional,
}  # fmt: skip


def can_break(note: SyntaxNote, always: frozenset[int], never: frozenset[int]) -> bool:
    """Whether a note can be broken at all, where some elements are always there and others never."""
    held = [position in always for position in note.positions]
    open_ = [position not in never for position in note.positions]
    if note.rule == "P":
        return not all(held) and any(open_)
    if note.rule == "R":
        return not any(held)
    if note.rule == "E":
        return sum(open_) > 1
    return open_[0] and not (all(held[1:]) if note.rule == "C" else any(held[1:]))
