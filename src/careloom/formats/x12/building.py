"""Transaction sets from loops in any order: the table of the set orders, numbers and checks them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.drafting import Draft, DraftLoop, render
from careloom.formats.x12.elements import Demand, check
from careloom.formats.x12.findings import KINDS
from careloom.formats.x12.structure import Container, Slot, Structure, structure_of
from careloom.formats.x12.tables import segment_definition


class BuiltSet(msgspec.Struct, frozen=True):
    """A set that follows its table, without ST and SE: those get their numbers when it is written."""

    id: str
    version: str
    functional: str
    segments: tuple[Draft, ...]
    names_guide: bool = False
    """Whether ST03 repeats the version."""


def build(
    set_id: str, version: str, content: Sequence[Draft | DraftLoop], *, purpose: str = "", checked: bool = True
) -> BuiltSet:
    """A set from its segments and loops, in any order within each loop.

    HL01, HL02, HL04 and LX01 are filled in where they were left out. FormatError, naming the place
    (`2010BA/NM109`), for
    what is missing, not allowed there, too often, or, unless `checked` is false, no proper value of its element.
    ValueError when there is no table for the set.
    """
    structure = structure_of(set_id, version, purpose)
    if structure is None:
        raise ValueError(f"there is no table for the set {set_id} {version}")
    builder = _Builder(structure, checked=checked)
    segments = tuple(builder.fill(structure.root, content, None))
    opening = structure.root.slots[0].use
    names_guide = "X" in version and opening.id == "ST" and 3 not in opening.unused
    return BuiltSet(set_id, version, structure.definition.functional, segments, names_guide)


class _Builder:
    """Walks the table and what was given side by side; recursion is as deep as the table, not as the input."""

    def __init__(self, structure: Structure, *, checked: bool) -> None:
        self._structure = structure
        self._checked = checked
        self._levels = 0

    def fill(self, home: Container, content: Sequence[Draft | DraftLoop], level: str | None) -> Iterator[Draft]:
        """The segments of one loop in the order of its table. `level` is the HL01 around it."""
        placed = _sorted_in(home, content)
        for slot in home.slots:
            given = placed.get(slot.number, [])
            _judge(slot, given, home)
            for number, part in enumerate(given, 1):
                if isinstance(part, DraftLoop):
                    assert slot.child is not None
                    yield from self.fill(slot.child, _numbered(part, number), level)
                    continue
                if part.id == "HL":
                    part = self._level(part, slot, content, level)
                    level = part.qualifier(1)
                self._check(part, slot, home)
                yield part

    def _level(self, part: Draft, slot: Slot, content: Sequence[Draft | DraftLoop], parent: str | None) -> Draft:
        """HL01 and HL02 as the levels stand; HL04 where the guide wants it, or something is below."""
        self._levels += 1
        below = any(isinstance(inner, DraftLoop) and _opens_level(inner) for inner in content)
        number = part.qualifier(1) or str(self._levels)
        wanted = 4 in slot.use.required or (below and 4 not in slot.use.unused)
        children = part.qualifier(4) or (("1" if below else "0") if wanted else None)
        return part.with_elements(e1=number, e2=part.qualifier(2) or parent, e4=children)

    def _check(self, part: Draft, slot: Slot, home: Container) -> None:
        definition = segment_definition(part.id)
        if not self._checked or definition is None or part.id in ("BIN", "BDS"):
            return
        marks, place = _CHECKING, f"{home.id}/" if home.id else ""
        parts = render(part, marks, place).split(marks.element.decode("latin-1"))
        demand = Demand(definition, slot.use.required, slot.use.unused)
        for problem in check(parts, demand, marks):
            kind = KINDS[problem.code]
            if kind.gravity == "error":
                component = f"-{problem.component}" if problem.component else ""
                raise FormatError(kind.text, f"{place}{part.id}{problem.element:02}{component}")


_CHECKING = Delimiters(b"\x1d", b"\x1f", b"\x1c", b"\x1e")
"""Control characters as delimiters while values are checked: those of the interchange come into it when it is
written."""


def _sorted_in(home: Container, content: Sequence[Draft | DraftLoop]) -> dict[int, list[Draft | DraftLoop]]:
    placed: dict[int, list[Draft | DraftLoop]] = {}
    for part in content:
        slot = _slot_for(home, part, placed)
        if slot is None:
            where = f"{home.id}/{part.id}" if home.id else part.id
            raise FormatError("has no place here in this set, or not with this qualifier", where)
        placed.setdefault(slot.number, []).append(part)
    return placed


def _slot_for(home: Container, part: Draft | DraftLoop, placed: dict[int, list[Draft | DraftLoop]]) -> Slot | None:
    """The first slot that takes it and has room, else the first that takes it."""
    if isinstance(part, DraftLoop):
        fitting = [slot for slot in home.slots if slot.child is not None and slot.child.id == part.id]
        opening = next((inner for inner in part.content if isinstance(inner, Draft)), None)
        fitting = [slot for slot in fitting if opening is None or _takes(slot, part)] or fitting[:1]
    else:
        fitting = [slot for slot in home.slots if slot.child is None and slot.use.id == part.id and _fits(slot, part)]
    roomy = (slot for slot in fitting if not slot.repeat or len(placed.get(slot.number, ())) < slot.repeat)
    return next(roomy, fitting[0] if fitting else None)


def _takes(slot: Slot, part: DraftLoop) -> bool:
    """Whether the loop has a segment that opens it."""
    return any(isinstance(inner, Draft) and inner.id == slot.use.id and _fits(slot, inner) for inner in part.content)


def _fits(slot: Slot, part: Draft) -> bool:
    return slot.takes({position: part.qualifier(position).encode() for position in slot.use.qualifiers})


def _judge(slot: Slot, given: Sequence[Draft | DraftLoop], home: Container) -> None:
    place = f"{home.id}/{slot.name}" if home.id else slot.name
    if slot.use.qualifiers and slot.child is None:
        position, values = next(iter(sorted(slot.use.qualifiers.items())))
        place += f"[{position:02}={sorted(values)[0]}]"
    if slot.required and not given and slot.use.id not in ("ST", "SE"):
        raise FormatError("is mandatory in this set and missing", place)
    if slot.repeat and len(given) > slot.repeat:
        raise FormatError(f"stands {len(given)} times where {slot.repeat} are allowed", place)


def _numbered(part: DraftLoop, number: int) -> Sequence[Draft | DraftLoop]:
    """The content of a loop, its LX01 filled in where it was left out."""
    return tuple(
        inner.with_elements(e1=number)
        if isinstance(inner, Draft) and inner.id == "LX" and not inner.qualifier(1)
        else inner
        for inner in part.content
    )


def _opens_level(part: DraftLoop) -> bool:
    return any(isinstance(inner, Draft) and inner.id == "HL" for inner in part.content)
