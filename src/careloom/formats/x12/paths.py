"""The path of a value in a transaction set: loops, a segment, an element.

    BHT03                    element 3 of the first BHT
    CLM05-1, HI01[2]-1       a component; a component of a repetition
    2300/CLM02               in the first loop 2300
    2300[2]/REF[01=F8]/02    in the second 2300: element 2 of the REF whose element 1 is F8
    N1[01=ST]/N4/01          in the loop N1 that its first segment's element 1 marks as ST
    NM1[2]/09                element 9 of the second NM1
    835:2100/CLP04           only in an 835

A loop is found at any depth, `[n]` counts from 1 among those found. A segment is looked for among a loop's
own; in a path
without a loop, among all of the set. `ISA13` and `GS06` read the envelope.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

_STEP: Final = re.compile(
    r"([A-Z0-9]{1,7})(?:\[(?:([1-9]\d{0,6})|(\d\d)(?:-([1-9]\d?))?=([^\[\]/]{1,80}))\])?", re.ASCII
)
_ELEMENT: Final = re.compile(r"(\d\d)(?:\[([1-9]\d{0,3})\])?(?:-([1-9]\d?))?", re.ASCII)
_BOTH: Final = re.compile(r"([A-Z][A-Z0-9]{1,2}?)(\d\d(?:\[[1-9]\d{0,3}\])?(?:-[1-9]\d?)?)", re.ASCII)
_SET: Final = re.compile(r"(?:(\w{3}):)?(.+)", re.ASCII)
_DEEPEST: Final = 12


class Step(msgspec.Struct, frozen=True):
    """One name on the way, with the number wanted (0: any) or the element that its segment must have."""

    name: str
    nth: int = 0
    element: int = 0
    component: int = 0
    value: str = ""


class Path(msgspec.Struct, frozen=True):
    """A compiled path. `set_id` is empty where it fits every set."""

    set_id: str
    loops: tuple[Step, ...]
    segment: Step
    element: int
    repetition: int
    component: int


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """The parts of a path. ValueError when it does not follow the grammar."""
    found = _SET.fullmatch(text)
    steps = found[2].split("/") if found else []
    if not found or len(steps) > _DEEPEST:
        raise _refused(text)
    joined = _BOTH.fullmatch(steps[-1])
    if joined:
        steps[-1:] = [joined[1], joined[2]]
    element = _ELEMENT.fullmatch(steps[-1])
    if element is None or len(steps) < 2:
        raise _refused(text)
    names = [_step(step, text) for step in steps[:-1]]
    return Path(
        found[1] or "", tuple(names[:-1]), names[-1], int(element[1]), int(element[2] or 0), int(element[3] or 0)
    )


def _step(step: str, text: str) -> Step:
    found = _STEP.fullmatch(step)
    if found is None:
        raise _refused(text)
    name, nth, element, component, value = found.groups()
    return Step(name, int(nth or 0), int(element or 0), int(component or 0), value or "")


def _refused(text: str) -> ValueError:
    return ValueError(f"{text!r} is no X12 path; write LOOP/SEGEE-C, for example 2300/CLM05-1 or 2300[2]/REF[01=F8]/02")
