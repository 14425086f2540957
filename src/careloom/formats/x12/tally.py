"""How often each loop opened in a stretch that was judged at one stroke, so that later places count on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.structure import Container, Slot

_STEPS: Final = 4_096


class Unsuited(Exception):
    """The loop cannot be judged at one stroke."""


class Tally:
    """Follows what opens loops through a loop and those inside it: an identifier may open another where it stands.

    A token is what tells an opening: `LX`, an identifier alone; `NM1*82`, with its first element; `*22`, that of an HL.
    """

    def __init__(self, container: Container, slots: Sequence[Slot], marks: Delimiters, lead: bytes) -> None:
        self._top, self._slots = container, slots
        self._sure: dict[bytes, str] = {}
        self._steps: dict[tuple[Container, bytes], tuple[Container, bool]] = {}
        openers = [slot for slot in slots if slot is slot.home.opener]
        for opener in openers:
            _refuse(opener, slots)
        begin = marks.terminator + lead
        self._lead = len(begin)
        self._plain = {slot.home.id: begin + slot.use.id.encode() + marks.element for slot in openers}
        names = [slot.use.id for slot in slots if slot.child is None]
        self._alone = all(names.count(slot.use.id) == 1 for slot in openers)
        self._tokens = re.compile(re.escape(begin) + _openings(openers, marks)).findall

    def count(self, text: bytes, start: int, end: int) -> Counter[str]:
        """How often each loop opened between two positions, the first of them right behind a terminator and lead."""
        start -= self._lead
        if self._alone:
            return Counter({loop: text.count(opening, start, end) for loop, opening in self._plain.items()})
        seen = Counter(self._tokens(text, start, end))
        names = [self._sure.get(token) or self._name(token) for token in seen]
        if all(names):
            loops: Counter[str] = Counter()
            for name, times in zip(names, seen.values(), strict=True):
                loops[name] += times
            return loops
        return self._followed(text, start, end)

    def _name(self, token: bytes) -> str:
        """The loop that a token opens wherever it stands, or `""` where that depends."""
        may = [slot for slot in self._slots if _opens(slot, token)]
        names = {slot.home.id for slot in may if slot is slot.home.opener}
        if len(names) != 1 or any(slot is not slot.home.opener and slot.child is None for slot in may):
            return ""
        if len(self._sure) < _STEPS:
            self._sure[token] = next(iter(names))
        return next(iter(names))

    def _followed(self, text: bytes, start: int, end: int) -> Counter[str]:
        """As `count`, by following what opens loops one after another."""
        found: Counter[Container] = Counter()
        here, steps = self._top, self._steps
        for token in self._tokens(text, start, end):
            step = steps.get((here, token)) or self._learn(here, token)
            here = step[0]
            if step[1]:
                found[here] += 1
        loops: Counter[str] = Counter()
        for loop, times in found.items():
            loops[loop.id] += times
        return loops

    def _learn(self, here: Container, token: bytes) -> tuple[Container, bool]:
        if len(self._steps) > _STEPS:
            self._steps.clear()
        step = self._steps[here, token] = _step(here, token, self._top)
        return step


def _refuse(opener: Slot, slots: Sequence[Slot]) -> None:
    """What opens a loop must be told by its identifier alone, its first element, or the level of an HL."""
    use = opener.use
    if use.qualifiers and set(use.qualifiers) != ({3} if use.id == "HL" else {1}):
        raise Unsuited
    if not use.qualifiers and any(slot.use.id == use.id and slot.use.qualifiers for slot in slots):
        raise Unsuited


def _openings(openers: Sequence[Slot], marks: Delimiters) -> bytes:
    separator = re.escape(marks.element)
    inside = b"[^" + separator + re.escape(marks.terminator) + b"]*"
    plain = {re.escape(slot.use.id.encode()) for slot in openers if not slot.use.qualifiers}
    kinds = [name + b"(?=" + separator + b")" for name in sorted(plain)]
    told: dict[str, set[bytes]] = {}
    for slot in openers:
        for values in slot.use.qualifiers.values():
            told.setdefault(slot.use.id, set()).update(re.escape(value.encode()) for value in values)
    codes = {name: b"(?:" + b"|".join(sorted(values)) + b")(?![A-Za-z0-9])" for name, values in sorted(told.items())}
    levels = codes.pop("HL", None)
    kinds += [name.encode() + separator + values for name, values in codes.items()]
    # No identifier begins with a separator: only behind the start of an HL does this one match.
    kinds += [separator + inside] if levels else []
    start = b"(?:HL" + (separator + inside) * 2 + b")?" if levels else b""
    return start + b"(" + b"|".join(kinds) + b")"


def _step(here: Container, token: bytes, top: Container) -> tuple[Container, bool]:
    """The loop that is open behind a token, and whether that opened it: else it is a plain segment of an open one."""
    for around in here.around():
        for slot in around.slots:
            if slot is not around.opener and _opens(slot, token):
                return (slot.child, True) if slot.child is not None else (here, False)
        if around is top:
            break
    return top, True


def _opens(slot: Slot, token: bytes) -> bool:
    name, qualifiers = slot.use.id.encode(), slot.use.qualifiers
    if not qualifiers:
        return token == name
    if slot.use.id == "HL":
        return not token[:1].isalnum() and token[1:].decode("latin-1") in qualifiers[3]
    return token.startswith(name) and token[len(name) + 1 :].decode("latin-1") in qualifiers[1]
