"""One transaction set against its table, segment by segment as they come: places, counts, elements, rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from careloom.formats.x12.delimiters import BLANKS, Delimiters
from careloom.formats.x12.elements import Demand, check
from careloom.formats.x12.patterns import Accepts, accepts
from careloom.formats.x12.quick import LEARN_AFTER, QuickLoop, quick_loop
from careloom.formats.x12.report import Report, Rule, Spot, Watcher
from careloom.formats.x12.segment import cut, decode, split_segment
from careloom.formats.x12.stretch import Keep, Stretch
from careloom.formats.x12.structure import OTHER, Container, Slot, State, Structure
from careloom.formats.x12.tables import segment_definition

ENVELOPE: Final = frozenset((b"ISA", b"IEA", b"GS", b"GE", b"ST", b"SE", b"TA1"))
_BINARY: Final = (b"BIN", b"BDS")
_LEARN_AFTER: Final = 12
"""Segments of one place that are checked the long way before a pattern is made for it: making one costs as much."""
_ONE: Final = 512
"""Bytes that a repetition of a loop may well have."""
_DIALECTS: Final = 16
"""Sets of delimiters that patterns are kept for: partners use a handful, an attacker many."""


class Frame:
    """An open loop: what has stood in it (a bit for each slot), and how often, where there is a limit above one."""

    __slots__ = ("container", "counts", "nth", "seen")

    def __init__(self, container: Container, nth: int) -> None:
        self.container, self.nth = container, nth
        self.seen = 0
        self.counts: dict[int, int] | None = None


class SetChecker:
    """Checks one set. `advisory`: the table is not that of the set's own guide, so that nothing is worse than
    a warning."""

    def __init__(
        self, structure: Structure, marks: Delimiters, report: Report, *, ordinal: int, advisory: bool = False
    ) -> None:
        self._structure, self._marks, self._report, self._advisory = structure, marks, report, advisory
        self._state: State = structure.start
        self._frames = [Frame(structure.root, 0)]
        self._loops: dict[str, int] = {}
        self._patterns: dict[Slot, Accepts] = {}
        self._before = ordinal
        self.count = 0
        self._watchers: Mapping[bytes, tuple[tuple[bytes, Watcher], ...]] = {}
        self._looking = b""
        self._reach = 1 << 30
        self._rules: Sequence[Rule] = ()

    def follow(self, rules: Sequence[Rule]) -> None:
        """Lets rules see the segments that they ask for."""
        self._rules = rules
        watchers: dict[bytes, tuple[tuple[bytes, Watcher], ...]] = {}
        for rule in rules:
            for asked, watcher in rule.watches().items():
                name, _, element = asked.partition(b" ")
                needle = self._marks.element + element if element else b""
                watchers[name] = (*watchers.get(name, ()), (needle, watcher))
        self._watchers = watchers

    def begin(self, raw: bytes) -> None:
        """Takes the ST segment."""
        self._one(raw, b"ST")

    def feed(self, raws: Sequence[bytes], start: int) -> int:
        """Takes segments from index `start` on, up to one of the envelope; the index of that one, or of the end."""
        separator, component, structure = self._marks.element, self._marks.component, self._structure
        simple, patterns, watchers, frames = structure.simple, self._patterns, self._watchers, self._frames
        before, index, total, text, position = self.count - start + 1, start - 1, len(raws), b"", 1
        while (index := index + 1) < total:
            raw = raws[index]
            here, position = position, position + len(raw) + 1
            if raw[:1] <= b" ":
                raw = raw.lstrip(BLANKS)
            head = raw.split(separator, 2)
            name = head[0]
            if name in ENVELOPE:
                self.count = before + index - 1
                return index
            known = simple.get(name)
            if known:
                value = head[1] if len(head) > 1 else OTHER
                if component and component in value:
                    value = value.partition(component)[0]
                move = self._state.moves.get((name, value))
            elif known is None and name in structure.positions and name not in _BINARY:
                move = structure.move(self._state, structure.key(name, raw.split(separator), component))
            else:
                move = self._state.moves.get(name) if known is not None else None
            if move is None or move.fit != "exact" or b"\n" in raw:
                self.count = before + index
                self._unusual(raw, name)
                continue
            self._state, slot = move.state, move.slot
            if move.up:
                self.count = before + index
                self._close(move.up)
            frame = frames[-1]
            if frame.seen & slot.bit and slot.repeat:
                self.count = before + index
                self._again(frame, slot, name)
            frame.seen |= slot.bit
            if slot.child is not None:
                self._open(slot.child)
                quick = self._quick_loop(slot, raws[index], raw)
                if quick is not None:
                    self.count = before + index
                    text = text or self._text(raws, start)
                    end = self._at_once(quick, text, here)
                    if end:
                        index += text.count(self._marks.terminator, here, end) - 1
                        position = end
                        continue
            accept = patterns.get(slot) or self._pattern(slot)
            if accept is None or not accept(raw):
                self.count = before + index
                self._elements(raw, slot)
            watching = watchers.get(name)
            if watching is not None:
                self.count, self._looking = before + index, name
                for needle, watcher in watching:
                    if needle in raw:
                        watcher(raw.split(separator), self.here)
        self.count = before + total - 1
        return total

    def _text(self, raws: Sequence[bytes], start: int) -> bytes:
        """The segments from `start` on as they stood, a terminator before the first too."""
        terminator = self._marks.terminator
        return terminator + terminator.join(raws[start:]) + terminator

    def _quick_loop(self, slot: Slot, raw: bytes, head: bytes) -> QuickLoop | None:
        """The expression for the loop that opens here, if it opens often and is not one that keeps failing."""
        container = slot.child
        assert container is not None
        key = (self._marks, raw[: len(raw) - len(head)])
        quick = container.quick.get(key, 0)
        if isinstance(quick, int):
            container.quick[key] = quick + 1
            if quick >= LEARN_AFTER:
                self._make_quick(container, key)
            return None
        if quick is None:
            return None
        if quick.wants_more():
            self._make_quick(container, key)
        elif not quick.worth_it:
            container.quick[key] = None
        return quick

    def _make_quick(self, container: Container, key: tuple[Delimiters, bytes]) -> None:
        before, made = container.quick.get(key), quick_loop(self._structure, container, *key)
        if isinstance(before, QuickLoop) and made is not None:
            made.patience = before.patience
        if len(container.quick) > _DIALECTS:
            container.quick.clear()
        container.quick[key] = made

    def _at_once(self, quick: QuickLoop, text: bytes, start: int) -> int:
        """Judges the loop that was opened, and those of its kind after it, in one go: where they end in the text, or 0
        where each segment needs a look. Where the rules refuse many, fewer are tried."""
        while True:
            found = quick.match(text, start, self._limit(quick, text, start))
            if found is None or not self._leaves(quick, text, found.end()):
                break
            size = found.end() - start
            if self._take(quick, text, start, found.end()):
                self._reach = max(size, _ONE) * 4
                return found.end()
            if not self._reach:
                break
            self._reach = min(size, self._reach) // 4 if size > 4 * _ONE else 0
        quick.misses += 1
        return 0

    def _limit(self, quick: QuickLoop, text: bytes, start: int) -> int:
        """Up to where to look: one that opens the loop anew beyond the reach, and all of it."""
        if start + self._reach >= len(text):
            return len(text)
        opens = text.find(quick.opening, start + self._reach)
        return len(text) if opens < 0 else text.find(self._marks.terminator, opens + 1) + 1

    def _leaves(self, quick: QuickLoop, text: bytes, end: int) -> bool:
        """Whether the next segment has its place behind the loop: else it may be one of the loop's, out of order."""
        following = text[end : text.find(self._marks.terminator, end)].lstrip(BLANKS)
        parts = following.split(self._marks.element)
        move = self._structure.move(quick.state, self._structure.key(parts[0], parts, self._marks.component))
        return move is not None and move.fit == "exact" and move.up > 0

    def _take(self, quick: QuickLoop, text: bytes, start: int, end: int) -> bool:
        """Takes loops whose segments are right in themselves, if the rules have nothing to say to them."""
        stretch = Stretch(text, start, end, self._marks, quick.lead, quick.levels, self._spot_in(text, start))
        keeps = self._asked(stretch) if quick.in_order(text, start, end) else None
        if keeps is None:
            return False
        opened = quick.tally.count(text, start, end)
        quick.hits += opened[quick.container.id]
        opened[quick.container.id] -= 1  # the first was counted as it opened
        for loop, times in opened.items():
            self._loops[loop] = self._loops.get(loop, 0) + times
        self._frames[-1].nth = self._loops[quick.container.id]
        self._frames[-1].seen = quick.container.required | 1
        self._state = quick.state
        for keep in keeps:
            keep()
        return True

    def _asked(self, stretch: Stretch) -> list[Keep] | None:
        """What each rule has to take note of; None if one would look closer."""
        keeps = []
        for rule in self._rules:
            try:
                keep = rule.passes(stretch)
            except (ValueError, IndexError):
                return None
            if keep is None:
                return None
            keeps.append(keep)
        return keeps

    def _spot_in(self, text: bytes, start: int) -> Callable[[int, str], Spot]:
        count = self.count

        def spot(at: int, loop: str) -> Spot:
            number = count + text.count(self._marks.terminator, start, at)
            name = decode(text[at : at + 3].partition(self._marks.element)[0])
            return Spot(loop, self._loops.get(loop, 0), name, number, self._before + number)

        return spot

    def finish(self, raw: bytes | None) -> None:
        """Takes the SE segment, or None where there is none, and says what is missing of the set."""
        if raw is not None:
            self._one(raw, b"SE")
        for rule in self._rules:
            rule.finish()
        self._close(len(self._frames) - 1)
        self._missing(self._frames[0], except_end=raw is None)

    def spot(self, name: bytes) -> Spot:
        """The place of the segment that is being looked at."""
        frame = self._frames[-1]
        return Spot(frame.container.id, frame.nth, decode(name), self.count, self._before + self.count)

    def here(self) -> Spot:
        """The place of the segment that the rules are looking at."""
        return self.spot(self._looking)

    def _one(self, raw: bytes, name: bytes) -> None:
        self.count += 1
        self._place(raw.lstrip(BLANKS), name)
        self._watch(raw, name)

    def _unusual(self, raw: bytes, name: bytes) -> None:
        """A segment that the quick way does not do: with other qualifiers than the first element, wrapped,
        misplaced."""
        if name in _BINARY:
            self._binary(raw, name)
        elif b"\n" in raw or b"\r" in raw:
            raw = raw.replace(b"\r", b"").replace(b"\n", b"")
            name = raw.partition(self._marks.element)[0]
            self._add("line-break-inside", name)
        if name not in self._structure.positions:
            self._unknown(name)
            return
        self._place(raw, name)
        self._watch(raw, name)

    def _place(self, raw: bytes, name: bytes) -> None:
        parts = cut(raw, self._marks.element) if name not in _BINARY else raw.split(self._marks.element, 3)
        move = self._structure.move(self._state, self._structure.key(name, parts, self._marks.component))
        if move is None:
            self._add("segment-unexpected", name)
            return
        self._state, slot = move.state, move.slot
        self._close(move.up)
        frame = self._frames[-1 - move.above]
        if frame.seen & slot.bit and slot.repeat:
            self._again(frame, slot, name)
        frame.seen |= slot.bit
        if slot.child is not None:
            self._open(slot.child)
        if move.fit == "out-of-order":
            self._add("segment-out-of-order", name)
        elif move.fit == "qualifier":
            self._add("qualifier-unexpected", name, min(slot.use.qualifiers, default=1))
        accept = self._patterns.get(slot) or self._pattern(slot)
        if accept is None or not accept(raw):
            self._elements(raw, slot)

    def _open(self, container: Container) -> None:
        nth = self._loops[container.id] = self._loops.get(container.id, 0) + 1
        frame = Frame(container, nth)
        frame.seen = 1
        self._frames.append(frame)

    def _close(self, count: int) -> None:
        for _ in range(count):
            frame = self._frames.pop()
            if frame.container.required & ~frame.seen:
                self._missing(frame)

    def _missing(self, frame: Frame, *, except_end: bool = False) -> None:
        for slot in frame.container.slots:
            if slot.required and not frame.seen & slot.bit and not (except_end and slot.use.id == "SE"):
                code = "loop-missing" if slot.child else "segment-missing"
                loop = slot.child.id if slot.child else frame.container.id
                ordinal = self._before + self.count
                spot = Spot(loop, frame.nth, slot.use.id, self.count, ordinal)
                self._report.add(code, spot, advisory=self._advisory)

    def _again(self, frame: Frame, slot: Slot, name: bytes) -> None:
        """A slot that was filled before: is it too often?"""
        counts = frame.counts = {} if frame.counts is None else frame.counts
        times = counts[slot.bit] = counts.get(slot.bit, 1) + 1
        if times == slot.repeat + 1:
            self._add("loops-too-many" if slot.child else "segments-too-many", name)

    def _pattern(self, slot: Slot) -> Accepts | None:
        """The quick test of a place, once it has been seen often enough to be worth one."""
        known = slot.patterns.get(self._marks, 0)
        if isinstance(known, int):
            definition = segment_definition(slot.use.id)
            if definition is None or known < _LEARN_AFTER:
                slot.patterns[self._marks] = known + 1
                return None
            if len(slot.patterns) > _DIALECTS:
                slot.patterns.clear()
            known = accepts(Demand(definition, slot.use.required, slot.use.unused), self._marks)
            slot.patterns[self._marks] = known
        self._patterns[slot] = known
        return known

    def _elements(self, raw: bytes, slot: Slot) -> None:
        definition = segment_definition(slot.use.id)
        if definition is None:
            return
        demand = Demand(definition, slot.use.required, slot.use.unused)
        spot = None
        for problem in check(split_segment(raw, self._marks), demand, self._marks):
            spot = spot or self.spot(slot.use.id.encode())
            self._report.add(*_located(problem, spot), advisory=self._advisory)

    def _binary(self, raw: bytes, name: bytes) -> None:
        parts = split_segment(raw, self._marks)
        length, data = (parts[-2], parts[-1]) if len(parts) > 2 else ("", "")
        size = len(raw.split(self._marks.element, len(parts) - 1)[-1])
        if not (length.isdecimal() and int(length[:12]) == size and data):
            self._add("binary-length", name)

    def _unknown(self, name: bytes) -> None:
        if not name.strip():
            self._add("segment-empty", name)
            return
        known = segment_definition(decode(name)) is not None
        self._add("segment-not-defined" if known else "segment-unknown", name)

    def _watch(self, raw: bytes, name: bytes) -> None:
        self._looking = name
        for needle, watcher in self._watchers.get(name, ()):
            if needle in raw:
                watcher(cut(raw, self._marks.element), self.here)

    def _add(self, code: str, name: bytes, element: int = 0) -> None:
        self._report.add(code, self.spot(name), element, advisory=self._advisory)


def _located(problem: Sequence[object], spot: Spot) -> tuple[str, Spot, int, int, int]:
    code, element, component, repetition = problem
    return code, spot, element, component, repetition  # type: ignore[return-value]
