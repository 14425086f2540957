"""The form of the tables, made to be read and compared by people who know X12.

`segments.txt`, a segment a line; a line that begins with blanks continues it::

    BPR  1 ID 1/2 M | 2 R 1/18 M | 3 ID 1/1 M
         notes P0607 C0809

An element is its position, type, least and greatest length, `M` where mandatory, `x10` where it repeats (`x0` without
limit). The type may be a composite, which stands earlier in the file (`3 C040`), and then has no lengths.

A set, with two blanks of indentation a level::

    set 835 005010X221A1 HP
      BPR R 1 +16 -17,18
      loop 1000A R 1
        N1 R 1 [1=PR] +2 -5,6
        again 1100 S >1

A segment has its usage (R or S), how often it may stand there (`>1` without limit), the elements that tell it from
another use of the same segment (`[1=PR,PE]`; of a composite its first component is meant), those that the guide makes
mandatory (`+16`) and those it does not use (`-2,5..9`). `again` places a loop that was already written. A `#` begins a
comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, cast, get_args

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.x12.definition import (
    ElementDefinition,
    ElementType,
    LoopUse,
    SegmentDefinition,
    SegmentUse,
    SetDefinition,
    SyntaxNote,
    Usage,
)

Composites: TypeAlias = Mapping[str, tuple[ElementDefinition, ...]]

_TYPES = frozenset(get_args(ElementType)) - {"composite"}
_RULES = frozenset("PRECL")
_COMPOSITE = re.compile(r"C\d{3}")
_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_LENGTHS = re.compile(r"(\d+)/(\d+)")
_QUALIFIER = re.compile(r"\[(\d+)=([^\]]+)\]")
_USAGES: tuple[Usage, ...] = ("R", "S")
_INDENT = 2


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line of a table without its comment: how deep it is indented, and its words."""

    place: str
    depth: int
    words: list[str]

    def wrong(self, text: str) -> FormatError:
        return FormatError(text, self.place)


def read_segments(text: str, name: str) -> Mapping[str, SegmentDefinition]:
    """The segments of a table by their ids. Raises FormatError with file and line."""
    composites: dict[str, tuple[ElementDefinition, ...]] = {}
    segments: dict[str, SegmentDefinition] = {}
    for line in _joined(_lines(text, name)):
        id, *words = line.words
        if id in composites or id in segments:
            raise line.wrong(f"{id} is defined twice")
        if _COMPOSITE.fullmatch(id):
            composites[id] = _elements(line, words, composites)
        elif _ID.fullmatch(id):
            segments[id] = _segment(line, id, words, composites)
        else:
            raise line.wrong(f"{id} is neither a segment nor a composite")
    return segments


def read_set(text: str, name: str) -> SetDefinition:
    """The transaction set of a table. Raises FormatError with file and line."""
    lines = list(_lines(text, name))
    if not lines or lines[0].words[0] != "set" or len(lines[0].words) != 4:
        raise FormatError("the first line must be: set <id> <version> <functional group>", f"{name} line 1")
    _, id, version, functional = lines[0].words
    content, end = _Tree(lines).content(1, 1)
    if end != len(lines):
        raise lines[end].wrong("indented less than the content of the set")
    return SetDefinition(id=id, version=version, functional=functional, content=content)


class _Tree:
    """Reads the indented lines of a set; remembers loops for `again`."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._loops: dict[str, LoopUse] = {}

    def content(self, start: int, depth: int) -> tuple[tuple[SegmentUse | LoopUse, ...], int]:
        """What stands at one depth from a line on, and the line after it."""
        found: list[SegmentUse | LoopUse] = []
        at = start
        while at < len(self._lines) and self._lines[at].depth >= depth:
            line = self._lines[at]
            if line.depth > depth:
                raise line.wrong("indented deeper than the line above allows")
            at += 1
            if line.words[0] == "loop":
                loop, at = self._loop(line, at)
                found.append(loop)
            elif line.words[0] == "again":
                found.append(self._again(line))
            else:
                found.append(_use(line))
        return tuple(found), at

    def _loop(self, line: Line, start: int) -> tuple[LoopUse, int]:
        id, usage, repeat = _placing(line, line.words[1:])
        content, end = self.content(start, line.depth + 1)
        if not content or not isinstance(content[0], SegmentUse):
            raise line.wrong(f"loop {id} does not begin with a segment")
        loop = LoopUse(id=id, usage=usage, repeat=repeat, content=content)
        self._loops[id] = loop
        return loop, end

    def _again(self, line: Line) -> LoopUse:
        id, usage, repeat = _placing(line, line.words[1:])
        if id not in self._loops:
            raise line.wrong(f"loop {id} is not defined above")
        return msgspec.structs.replace(self._loops[id], usage=usage, repeat=repeat)


def _lines(text: str, name: str) -> Iterator[Line]:
    for number, raw in enumerate(text.splitlines(), 1):
        bare = raw.partition("#")[0].rstrip()
        if not bare:
            continue
        indent = len(bare) - len(bare.lstrip(" "))
        yield Line(f"{name} line {number}", -(-indent // _INDENT), bare.split())


def _joined(lines: Iterator[Line]) -> Iterator[Line]:
    """Lines with those that continue them; a bar stands between the elements of two lines."""
    current: Line | None = None
    for line in lines:
        if line.depth == 0:
            if current is not None:
                yield current
            current = line
        elif current is None:
            raise line.wrong("continues nothing")
        else:
            joint = [] if line.words[0] == "notes" else ["|"]
            current = Line(current.place, 0, current.words + joint + line.words)
    if current is not None:
        yield current


def _segment(line: Line, id: str, words: list[str], composites: Composites) -> SegmentDefinition:
    cut = words.index("notes") if "notes" in words else len(words)
    elements = _elements(line, words[:cut], composites)
    notes = tuple(_note(line, word, len(elements)) for word in words[cut + 1 :])
    return SegmentDefinition(id=id, elements=elements, notes=notes)


def _elements(line: Line, words: list[str], composites: Composites) -> tuple[ElementDefinition, ...]:
    elements: list[ElementDefinition] = []
    part: list[str] = []
    for word in [*words, "|"]:
        if word != "|":
            part.append(word)
            continue
        elements.append(_element(line, part, len(elements) + 1, composites))
        part = []
    return tuple(elements)


def _element(line: Line, words: list[str], position: int, composites: Composites) -> ElementDefinition:
    if len(words) < 2 or words[0] != str(position):
        raise line.wrong(f"element {position} of {line.words[0]} is missing or out of order")
    components = composites.get(words[1], ())
    rest = words[2:] if components else words[3:]
    repeat = _number(line, rest[-1][1:]) if rest and rest[-1].startswith("x") else 1
    mandatory = rest[:1] == ["M"]
    if len(rest) != mandatory + (repeat != 1):
        raise line.wrong(f"element {position} of {line.words[0]} has words that are no M and no repetition")
    least, greatest = (1, 1) if components else _lengths(line, words)
    return ElementDefinition(
        position=position,
        type="composite" if components else cast(ElementType, words[1]),
        minimum=least,
        maximum=greatest,
        mandatory=mandatory,
        repeat=repeat,
        components=components,
    )


def _lengths(line: Line, words: list[str]) -> tuple[int, int]:
    found = _LENGTHS.fullmatch(words[2]) if len(words) > 2 else None
    if words[1] not in _TYPES or found is None:
        raise line.wrong(f"element {words[0]} of {line.words[0]} has no known type with its lengths, such as AN 1/30")
    return int(found[1]), int(found[2])


def _note(line: Line, word: str, elements: int) -> SyntaxNote:
    digits = word[1:]
    positions = tuple(int(digits[at : at + 2]) for at in range(0, len(digits), 2)) if digits.isdigit() else ()
    if word[0] not in _RULES or len(digits) % 2 or len(positions) < 2 or not all(0 < p <= elements for p in positions):
        raise line.wrong(f"note {word} is not a rule with two-digit positions of {line.words[0]}")
    return SyntaxNote(cast(Literal["P", "R", "E", "C", "L"], word[0]), positions)


def _use(line: Line) -> SegmentUse:
    id, usage, repeat = _placing(line, line.words)
    marks = line.words[3:]
    return SegmentUse(
        id=id,
        usage=usage,
        repeat=repeat,
        qualifiers=dict(_qualifier(line, mark) for mark in marks if mark[0] == "["),
        required=_positions(line, marks, "+"),
        unused=_positions(line, marks, "-"),
    )


def _placing(line: Line, words: list[str]) -> tuple[str, Usage, int]:
    """An id, its usage and how often it may stand."""
    if len(words) < 3 or words[1] not in _USAGES:
        raise line.wrong("expected an id, R or S, and how often")
    return words[0], words[1], _number(line, "0" if words[2] == ">1" else words[2])


def _number(line: Line, word: str) -> int:
    if not (word.isascii() and word.isdigit()):
        raise line.wrong(f"expected a number in place of {word!r}")
    return int(word)


def _qualifier(line: Line, mark: str) -> tuple[int, frozenset[str]]:
    found = _QUALIFIER.fullmatch(mark)
    if found is None:
        raise line.wrong(f"{mark} is no qualifier such as [1=PR,PE]")
    return int(found[1]), frozenset(found[2].split(","))


def _positions(line: Line, marks: Sequence[str], sign: str) -> frozenset[int]:
    found: set[int] = set()
    for mark in marks:
        if mark[0] not in "+-[":
            raise line.wrong(f"{mark} is none of [..], +.. and -..")
        if mark[0] == sign:
            for part in mark[1:].split(","):
                first, _, last = part.partition("..")
                found.update(range(_number(line, first), _number(line, last or first) + 1))
    return frozenset(found)
