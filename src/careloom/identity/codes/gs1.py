"""GS1 element strings: what a bar code says, as a scanner gives it or as people print it below the bars.

    (01)00312345678906(17)270500(10)A-77     with the application identifiers in parentheses
    ]d2010031234567890617270500 10A-77       as scanned: a symbology identifier, and FNC1 (GS, 0x1D) after a value
                                             of variable length that another one follows

Which application identifiers there are, and their lengths, is python-stdnum's table. Source: GS1 General Specifications
sections 3 (application identifiers), 7.8 (element strings) and 7.11 (characters).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from stdnum import numdb

from careloom.core.errors import FormatError
from careloom.identity.codes.gs1_dates import day_of
from careloom.identity.codes.gtin import checked

LONGEST: Final = 500
FNC1: Final = "\x1d"
_SYMBOLOGY: Final = re.compile(r"\][CdeQJ][0-9]")
_BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)")
_PART: Final = re.compile(r"([NXYZ])(\.\.)?([0-9]+)")
_CHARACTERS: Final = {
    "N": re.compile(r"[0-9]*"),
    "X": re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*"),
    "Y": re.compile(r"[#\-/0-9A-Z]*"),
    "Z": re.compile(r"[\-0-9A-Z_a-z=]*"),
}
_CHECKED: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {"00": (18, "SSCC"), "01": (14, "GTIN"), "02": (14, "GTIN"), "410": (13, "GLN"), "414": (13, "GLN")}
)
_DATES: Final = frozenset({"11", "12", "13", "15", "16", "17"})
_AIS: Final = numdb.get("gs1_ai")


@dataclass(frozen=True, slots=True)
class Element:
    """One of them: the application identifier, its value as written, and at which character the value begins."""

    ai: str
    value: str
    at: int

    @property
    def day(self) -> date:
        """The value of a date. Raises FormatError."""
        return day_of(self.value, self.place)

    @property
    def place(self) -> str:
        """Where it stands, for an error."""
        return f"AI {self.ai}"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What may follow an application identifier. Lengths count the whole value."""

    least: int
    most: int
    parts: tuple[tuple[str, int], ...]
    ends: bool


def elements(text: str) -> tuple[Element, ...]:
    """All elements in order, each checked against its rule. Raises FormatError that says which and what."""
    text = text.strip(" \r\n\t")
    if len(text) > LONGEST:
        raise FormatError(f"{len(text)} characters, more than {LONGEST}", "element string")
    if _SYMBOLOGY.match(text):
        text = text[3:]
    read: Callable[[str], Iterator[Element]] = _bracketed if text.startswith("(") else _scanned
    found = tuple(read(text))
    if not found:
        raise FormatError("it is empty", "element string")
    for one in found:
        _check(one)
    _once(found)
    return found


def _bracketed(text: str) -> Iterator[Element]:
    """A parenthesis within a value is one as long as no application identifier stands in it."""
    marks = [mark for mark in _BRACKETED.finditer(text) if _rule(mark[1]) is not None]
    if not marks or marks[0].start() != 0:
        raise FormatError("it begins with no application identifier that is known", "character 1")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        yield Element(mark[1], text[mark.end() : end].rstrip(FNC1 + " "), mark.end() + 1)


def _scanned(text: str) -> Iterator[Element]:
    at = 1 if text.startswith(FNC1) else 0
    while at < len(text):
        ai = next((text[at : at + size] for size in (2, 3, 4) if _rule(text[at : at + size]) is not None), None)
        if ai is None:
            raise FormatError("here begins no application identifier that is known", f"character {at + 1}")
        rule = _rule(ai)
        assert rule is not None, "just found"
        begin = at + len(ai)
        mark = text.find(FNC1, begin)
        end = len(text) if mark < 0 else mark
        if not rule.ends:
            end = min(end, begin + rule.most)
        yield Element(ai, text[begin:end], begin + 1)
        at = end + 1 if text[end : end + 1] == FNC1 else end


def _check(one: Element) -> None:
    rule = _rule(one.ai)
    assert rule is not None, "only known ones are read"
    if not rule.least <= len(one.value) <= rule.most:
        allowed = str(rule.most) if rule.least == rule.most else f"{rule.least} to {rule.most}"
        hint = "; is the FNC1 behind it missing?" if rule.ends and len(one.value) > rule.most else ""
        raise FormatError(f"{len(one.value)} characters instead of {allowed}{hint}", one.place)
    at = 0
    for sort, length in rule.parts:
        piece = one.value[at : at + length]
        good = _CHARACTERS[sort].match(piece)
        if good is not None and good.end() < len(piece):
            raise FormatError(f"character {at + good.end() + 1} may not stand here", one.place)
        at += length
    if one.ai in _CHECKED:
        length, name = _CHECKED[one.ai]
        checked(one.value, (length,), f"{one.place} {name}")
    elif one.ai in _DATES:
        day_of(one.value, one.place)


def _once(found: tuple[Element, ...]) -> None:
    """The same application identifier twice must say the same (General Specifications section 4.14)."""
    known: dict[str, str] = {}
    for one in found:
        if known.setdefault(one.ai, one.value) != one.value:
            raise FormatError("it is there twice with two values", one.place)


@lru_cache(maxsize=2048)
def _rule(ai: str) -> _Rule | None:
    if not ai.isascii() or not ai.isdigit():
        return None
    [(found, facts), *rest] = _AIS.info(ai)
    if rest or found != ai or "format" not in facts:
        return None
    return _rule_of(facts["format"], ends="fnc1" in facts)


def _rule_of(text: str, *, ends: bool) -> _Rule:
    """From `N14`, `X..20`, `N3+X..27`, `N8[+N..4]`: what is in brackets may be left out."""
    needed, _, optional = text.partition("[")
    least = sum(1 if open_ else int(size) for _, open_, size in _PART.findall(needed))
    parts = tuple((sort, int(size)) for sort, _, size in _PART.findall(needed + "+" + optional))
    return _Rule(least, sum(size for _, size in parts), parts, ends)
