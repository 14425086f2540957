"""Code lists of the user's own, by place: what X12's guides and their publishers list is not ours to ship.

[lists]
settings = ["1Q", "2Q"]                 # named, for use at several places
reasons = "reasons.txt"                 # a file beside: one code a line

[places]
"2300/CLM05-1" = "settings"             # loop, segment, element, component
"CAS02" = "reasons"                     # in whatever loop, of whatever set
"835:2110/SVC[01-1=ZZ]/01-2" = ["A1"]   # in an 835, where SVC01-1 is ZZ
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from careloom.core.errors import ConfigurationError
from careloom.formats.codefile import ReadFile, codes_in
from careloom.formats.x12.definition import ElementDefinition, LoopUse, SegmentUse
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.paths import Path, compile_path
from careloom.formats.x12.tables import segment_definition, sets

_SECTIONS: Final = ("lists", "places")


class CodedPlace(msgspec.Struct, frozen=True, gc=False):
    """An element (or component) whose codes are listed. `loop` is empty for any; `when` is an element, a component and
    the value that they must have, for the list to hold."""

    element: int
    component: int
    codes: frozenset[bytes]
    loop: str = ""
    when: tuple[int, int, bytes] | None = None

    def wrong(self, parts: Sequence[bytes], marks: Delimiters) -> Iterator[int]:
        """The repetitions whose value is not in the list, from 1; a 0 where the element does not repeat."""
        if self.element >= len(parts):
            return
        text = parts[self.element]
        if not text or not self._holds(parts, marks):
            return
        repeats = marks.repetition and marks.repetition != marks.component and marks.repetition in text
        if not repeats:
            if self._is_wrong(text, marks):
                yield 0
            return
        for number, repetition in enumerate(text.split(marks.repetition), 1):
            if self._is_wrong(repetition, marks):
                yield number

    def _is_wrong(self, text: bytes, marks: Delimiters) -> bool:
        value = _component(text, self.component, marks)
        return bool(value) and value not in self.codes

    def _holds(self, parts: Sequence[bytes], marks: Delimiters) -> bool:
        if self.when is None:
            return True
        element, component, value = self.when
        return element < len(parts) and _component(parts[element], component, marks) == value


def _component(text: bytes, component: int, marks: Delimiters) -> bytes:
    """A component of an element, the element itself for 0; empty where it is not there."""
    if not component:
        return text
    pieces = text.split(marks.component) if marks.component else [text]
    return pieces[component - 1] if component <= len(pieces) else b""


class CodeLists:
    """Which codes may stand where. Where several places fit, a code must be in the list of each."""

    def __init__(self, places: Mapping[Path, frozenset[bytes]]) -> None:
        self._places = places
        self._of_set: dict[str, Mapping[bytes, tuple[CodedPlace, ...]]] = {}

    def __len__(self) -> int:
        """How many places have a list."""
        return len(self._places)

    @classmethod
    def load(cls, text: str, read: ReadFile | None = None) -> CodeLists:
        """The lists in a TOML text. `read` gives the files that it names. ConfigurationError lists all that is wrong,
        each with its place in the text."""
        try:
            declared = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"the code lists are no TOML: {error}") from None
        except RecursionError:
            raise ConfigurationError("the code lists nest too deep") from None
        return cls.from_mapping(declared, read)

    @classmethod
    def from_mapping(cls, declared: Mapping[str, Any], read: ReadFile | None = None) -> CodeLists:
        """The same from a mapping with `lists` and `places`."""
        loading = _Loading(read)
        found = loading.places(declared)
        if loading.wrong:
            raise ConfigurationError("\n".join(loading.wrong))
        return cls(found)

    def for_set(self, set_id: str) -> Mapping[bytes, tuple[CodedPlace, ...]]:
        """The places of a set by segment identifier; empty where none has a list."""
        found = self._of_set.get(set_id)
        if found is None:
            found = self._of_set[set_id] = self._choose(set_id)
        return found

    def _choose(self, set_id: str) -> Mapping[bytes, tuple[CodedPlace, ...]]:
        chosen: dict[bytes, tuple[CodedPlace, ...]] = {}
        for path, codes in self._places.items():
            step = path.segment
            if path.set_id in ("", set_id) and (set_id, step.name) in _used():
                when = (step.element, step.component, step.value.encode()) if step.element else None
                loop = path.loops[0].name if path.loops else ""
                place = CodedPlace(path.element, path.component, codes, loop, when)
                name = step.name.encode()
                chosen[name] = (*chosen.get(name, ()), place)
        return chosen


class _Loading:
    """Reads a declaration to its end and gathers what is `wrong` with it."""

    def __init__(self, read: ReadFile | None) -> None:
        self._read = read
        self.wrong: list[str] = []

    def places(self, declared: Mapping[str, Any]) -> dict[Path, frozenset[bytes]]:
        for name in declared:
            if name not in _SECTIONS:
                self._add(name, "is neither [lists] nor [places]")
        lists = {name: self._list(name, one) for name, one in self._table(declared, "lists").items()}
        places = self._table(declared, "places")
        if not places and not self.wrong:
            self._add("places", 'is empty; name a place and its codes, "2300/CLM05-1" = [...]')
        found: dict[Path, frozenset[bytes]] = {}
        for text, one in places.items():
            place = f'places."{text}"'
            path = self._path(place, text)
            codes = self._named(place, one, lists) if isinstance(one, str) else self._codes(place, one)
            if path is not None and codes:
                found[path] = codes & found.get(path, codes)
        return found

    def _table(self, declared: Mapping[str, Any], section: str) -> Mapping[str, Any]:
        found = declared.get(section, {})
        if not isinstance(found, Mapping):
            self._add(section, "is no table")
            return {}
        return found

    def _path(self, place: str, text: str) -> Path | None:
        try:
            path = compile_path(text)
        except ValueError:
            self._add(place, "is no place; write SEGEE-C or LOOP/SEGEE-C, 2300/CLM05-1")
            return None
        problem = _problem(path)
        if problem:
            self._add(place, problem)
            return None
        return path

    def _named(self, place: str, name: str, lists: Mapping[str, frozenset[bytes]]) -> frozenset[bytes]:
        if name not in lists:
            self._add(place, f"names {name!r}, and [lists] has {', '.join(lists) or 'none'}")
        return lists.get(name, frozenset())

    def _list(self, name: str, one: object) -> frozenset[bytes]:
        place = f"lists.{name}"
        return self._codes(place, one) if not isinstance(one, str) else self._file(place, one)

    def _file(self, place: str, name: str) -> frozenset[bytes]:
        try:
            return self._codes(place, codes_in(name, self._read), f" in {name}")
        except ConfigurationError as error:
            self._add(place, str(error))
            return frozenset()

    def _codes(self, place: str, one: object, where: str = "") -> frozenset[bytes]:
        if not isinstance(one, (list, tuple)):
            self._add(place, "is neither a list of codes nor the name of one")
            return frozenset()
        if not one:
            self._add(place, "is empty; leave the place out to allow any code")
        codes = set()
        for number, code in enumerate(one, 1):
            if isinstance(code, str) and code and code.isascii() and code.isprintable():
                codes.add(code.encode())
            else:
                self._add(place, f'code {number}{where} is no text of ASCII; write it in quotes, "05"')
        return frozenset(codes)

    def _add(self, place: str, problem: str) -> None:
        self.wrong.append(f"{place}: {problem}")


def _problem(path: Path) -> str:
    """Why a path is no place for a code list; empty when it is one."""
    step = path.segment
    if path.repetition or step.nth or any(loop.nth or loop.element for loop in path.loops):
        return "a list holds for every occurrence; leave out the numbers in brackets"
    if len(path.loops) > 1:
        return "name the innermost loop alone"
    loop = path.loops[0].name if path.loops else None
    if (path.set_id, loop, step.name) not in _places():
        among = f"a set {path.set_id}" if path.set_id else "any set"
        inside = f" in a loop {loop}" if loop is not None else ""
        return f"there is no segment {step.name}{inside} of {among} that we have a table for"
    return _problem_of(step.name, path.element, path.component) or (
        _problem_of(step.name, step.element, step.component) if step.element else ""
    )


def _problem_of(segment: str, number: int, component: int) -> str:
    definition = segment_definition(segment)
    elements: Sequence[ElementDefinition] = definition.elements if definition is not None else ()
    element = next((one for one in elements if one.position == number), None)
    if element is None:
        return f"{segment} has no element {number:02}"
    parts = [one.position for one in element.components]
    if parts and not component:
        return f"{segment}{number:02} has components; name one, {segment}{number:02}-1"
    if component and component not in parts:
        return f"{segment}{number:02} has no component {component}"
    return ""


@cache
def _places() -> frozenset[tuple[str, str | None, str]]:
    """Set, loop and segment of all tables; with an empty set for any, and None for any loop."""
    found: set[tuple[str, str | None, str]] = set()
    for one in sets():
        for loop, segment in _segments(one.content):
            found |= {(id, where, segment) for id in ("", one.id) for where in (None, loop)}
    return frozenset(found)


@cache
def _used() -> frozenset[tuple[str, str]]:
    return frozenset((id, segment) for id, _, segment in _places() if id)


def _segments(content: Sequence[SegmentUse | LoopUse]) -> Iterator[tuple[str, str]]:
    """Each segment of a table with the loop that it stands in."""
    pending: list[tuple[str, SegmentUse | LoopUse]] = [("", use) for use in content]
    while pending:
        loop, use = pending.pop()
        if isinstance(use, LoopUse):
            pending += [(use.id, inside) for inside in use.content]
        else:
            yield loop, use.id
