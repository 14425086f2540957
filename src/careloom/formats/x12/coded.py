"""The rule that a code is one of those listed for its place; made only where the user has given lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from careloom.formats.x12.codes import CodedPlace
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.report import Here, Report, Spot, Watcher
from careloom.formats.x12.stretch import Keep, Stretch

_REMEMBERED: Final = 1 << 14
"""Texts that are remembered as right: most of a file's elements hold few, an attacker's many."""


class Coded:
    """Watches the segments that hold coded places."""

    def __init__(
        self,
        places: Mapping[bytes, Sequence[CodedPlace]],
        marks: Delimiters,
        report: Report,
        *,
        advisory: bool,
    ) -> None:
        self._marks, self._report, self._advisory = marks, report, advisory
        self._places = {name: [_Watched(place, marks) for place in own] for name, own in places.items()}
        self._names = tuple(places)

    def watches(self) -> Mapping[bytes, Watcher]:
        return {name: partial(self._look, places) for name, places in self._places.items()}

    def _look(self, places: Sequence[_Watched], parts: Sequence[bytes], here: Here) -> None:
        for place in places:
            if not place.passes(parts):
                self._judge(place.place, parts, here())

    def _judge(self, place: CodedPlace, parts: Sequence[bytes], spot: Spot) -> None:
        if place.loop in ("", spot.loop):
            for repetition in place.wrong(parts, self._marks):
                self._report.add(
                    "code-invalid", spot, place.element, place.component, repetition, advisory=self._advisory
                )

    def passes(self, stretch: Stretch) -> Keep | None:
        """A code that one loop may have and another not needs a look at its segment, which knows its loop."""
        separator, places = stretch.marks.element, self._places
        for name, rest in stretch.found(self._names):
            parts = [name, *rest.split(separator)]
            for place in places[name]:
                if not place.passes(parts):
                    return None
        return _nothing

    def finish(self) -> None:
        """Nothing spans the set."""


class _Watched:
    """A place, with texts that were right there: whole elements of components and of repetitions."""

    __slots__ = ("_codes", "_element", "_good", "_marks", "place")

    def __init__(self, place: CodedPlace, marks: Delimiters) -> None:
        self.place, self._marks, self._element = place, marks, place.element
        self._codes = frozenset[bytes]() if place.component else place.codes
        self._good = {b""}

    def passes(self, parts: Sequence[bytes]) -> bool:
        """Whether nothing is wrong with a segment here."""
        if len(parts) <= self._element:
            return True
        text = parts[self._element]
        if text in self._codes or text in self._good:
            return True
        if any(True for _ in self.place.wrong(parts, self._marks)):
            return False
        if self.place.when is None and len(self._good) < _REMEMBERED:
            self._good.add(text)
        return True


def _nothing() -> None:
    """Nothing is remembered from one loop to the next."""
