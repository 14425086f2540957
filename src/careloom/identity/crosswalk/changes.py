"""What rows would change of the crosswalk: worked out before anything is written, and the same again when it is. Pure.

A row says that its code stands for a thing from one day until before another. An older one that is still open ends the
day that a newer one begins. A row that begins when one of the table does takes its place. Whatever else would overlap
is refused: somebody must say which is right.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from careloom.identity.crosswalk.codes import Key, Said

What = Literal["added", "changed", "ended"]


class Row(NamedTuple):
    """A row and where it stands."""

    number: int
    said: Said


class Held(NamedTuple):
    """What the table says now."""

    id: UUID
    said: Said


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`before` stands in the table under `replaces`, `after` comes in its place. `row` is the row that asks for it."""

    what: What
    row: int
    after: Said
    before: Said | None = None
    replaces: UUID | None = None


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """A row that cannot stand. `column` counts from 1, as the file has it; 0 where only its name is known. No value is
    quoted."""

    row: int
    column: int
    name: str
    text: str

    @property
    def place(self) -> str:
        """Where."""
        column = f", column {self.column}" if self.column else ""
        return f"row {self.row}{column}{f' ({self.name})' if self.name else ''}"


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """All that would be done, and what cannot be. `unchanged` rows say what the table says."""

    changes: tuple[Change, ...]
    refused: tuple[Wrong, ...] = ()
    unchanged: int = 0

    def of(self, what: What) -> Sequence[Change]:
        """The changes of one sort, in the order of the rows."""
        return [change for change in self.changes if change.what == what]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each."""
        found = {name: len(self.of(name)) for name in ("added", "changed", "ended")}
        return {**found, "unchanged": self.unchanged, "refused": len(self.refused)}

    @property
    def summary(self) -> str:
        """For people, without a value."""
        return ", ".join(f"{count} {name}" for name, count in self.counts.items() if count) or "nothing"

    @property
    def digest(self) -> str:
        """Of just what would be written; the same whatever the rows' order and numbers."""
        lines = sorted(msgspec.json.encode((one.replaces, one.after)) for one in self.changes)
        return hashlib.sha256(b"\n".join(lines)).hexdigest()


def plan(rows: Iterable[Row], held: Iterable[Held], wrong: Sequence[Wrong] = ()) -> Preview:
    """What the rows come to. `wrong` are those that could not be read, `held` is all that the table has of their
    codes."""
    by_key: dict[Key, list[Held]] = defaultdict(list)
    for one in held:
        by_key[one.said.key].append(one)
    changes: list[Change] = []
    refused = list(wrong)
    unchanged = 0
    for key, group in _grouped(rows).items():
        outcome = _Timeline(by_key.get(key, [])).take(group)
        changes.extend(outcome.changes)
        refused.extend(outcome.refused)
        unchanged += outcome.unchanged
    changes.sort(key=lambda change: (change.row, change.what))
    return Preview(changes=tuple(changes), refused=tuple(sorted(refused, key=lambda one: one.row)), unchanged=unchanged)


def _grouped(rows: Iterable[Row]) -> Mapping[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.said.key].append(row)
    return found


class _Timeline:
    """All that is said of one code."""

    def __init__(self, held: Sequence[Held]) -> None:
        self._held = list(held)
        self.changes: list[Change] = []
        self.refused: list[Wrong] = []
        self.unchanged = 0

    def take(self, rows: Sequence[Row]) -> _Timeline:
        taken: list[Row] = []
        for row in sorted(rows, key=lambda row: (row.said.valid_from is not None, row.said.valid_from)):
            other = next((one for one in taken if one.said.overlaps(row.said)), None)
            if other is not None:
                self._refuse(row, f"it overlaps row {other.number}, which is about the same code")
                continue
            taken.append(row)
        for row in taken:
            self._place(row)
        self._end_what_others_follow(taken)
        return self

    def _place(self, row: Row) -> None:
        same = next((one for one in self._held if one.said.valid_from == row.said.valid_from), None)
        if same is not None and same.said == row.said:
            self.unchanged += 1
            return
        later = [one for one in self._held if one is not same and one.said.overlaps(row.said)]
        if any(not _followed(one.said, row.said) for one in later):
            self._refuse(row, "it overlaps what the table says from another day on; end one of them first")
            return
        if same is None:
            self.changes.append(Change(what="added", row=row.number, after=row.said))
            return
        ends = same.said == msgspec.structs.replace(row.said, valid_to=same.said.valid_to)
        self.changes.append(
            Change(
                what="ended" if ends else "changed",
                row=row.number,
                before=same.said,
                after=row.said,
                replaces=same.id,
            )
        )

    def _end_what_others_follow(self, taken: Sequence[Row]) -> None:
        """What is open in the table ends the day that the first row after it begins."""
        placed = {change.row for change in self.changes}
        replaced = {change.replaces for change in self.changes}
        begin = [(row.said.valid_from, row) for row in taken if row.number in placed and row.said.valid_from]
        for one in self._held:
            after = [(day, row) for day, row in begin if _followed(one.said, row.said) and one.said.overlaps(row.said)]
            if not after or one.id in replaced:
                continue
            day, row = min(after, key=lambda found: found[0])
            ended = msgspec.structs.replace(one.said, valid_to=day)
            self.changes.append(Change(what="ended", row=row.number, before=one.said, after=ended, replaces=one.id))

    def _refuse(self, row: Row, text: str) -> None:
        self.refused.append(Wrong(row=row.number, column=0, name="from", text=text))


def _followed(held: Said, row: Said) -> bool:
    """Whether the row goes on where what is held was open."""
    started = row.valid_from is not None and (held.valid_from is None or held.valid_from < row.valid_from)
    return started and held.valid_to is None
