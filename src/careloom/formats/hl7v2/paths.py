"""The path of a value in a message: `SEG[n]-F[r].C.S`, n and r from 1, as in `PID-3[2].4.1` and `OBX[3]-5`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

HEADERS: Final = frozenset({"MSH", "FHS", "BHS"})  # their first two fields are the separators themselves
_GRAMMAR: Final = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\[([1-9]\d{0,4})\])?-([1-9]\d{0,2})(?:\[([1-9]\d{0,4})\])?"
    r"(?:\.([1-9]\d{0,2}))?(?:\.([1-9]\d{0,2}))?",
    re.ASCII,
)
_INSIDE: Final = re.compile(
    r"([1-9]\d{0,2})(?:\[([1-9]\d{0,4})\])?(?:\.([1-9]\d{0,2}))?(?:\.([1-9]\d{0,2}))?", re.ASCII
)


class Path(NamedTuple):
    """Where a value stands. Component and sub-component 0 mean: not named."""

    segment: str
    nth: int
    field: int
    repetition: int = 1
    component: int = 0
    subcomponent: int = 0


def compile_path(text: str) -> Path:
    """The parts of a path. ValueError when it does not follow the grammar: that is a mistake in the program."""
    return Path(*parts_of(text))


@lru_cache(maxsize=4096)
def parts_of(text: str) -> tuple[str, int, int, int, int, int]:
    """What `compile_path` gives, as the plain tuple that reading unpacks fastest."""
    found = _GRAMMAR.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no HL7 path; write SEG[n]-F[r].C.S, for example PID-3[2].4.1")
    name, nth, field, repetition, component, subcomponent = found.groups()
    return name, int(nth or 1), int(field), int(repetition or 1), int(component or 0), int(subcomponent or 0)


@lru_cache(maxsize=4096)
def reading_of(text: str) -> tuple[str, str, int, bool, int, int, int, int]:
    """A path as `Message.get` follows it many times: `OBX[2]` as one word, name, number, whether it is MSH-1 or MSH-2,
    then field, repetition, component and sub-component. A plain tuple, for it unpacks fastest."""
    name, nth, field, repetition, component, subcomponent = parts_of(text)
    return f"{name}[{nth}]", name, nth, name in HEADERS and field < 3, field, repetition, component, subcomponent


@lru_cache(maxsize=4096)
def compile_inner(text: str) -> tuple[int, int, int, int]:
    """The part of a path inside its segment, `F[r].C.S`: field, repetition, component, sub-component."""
    found = _INSIDE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no path inside a segment; write F[r].C.S, for example 3[2].4.1")
    field, repetition, component, subcomponent = found.groups()
    return int(field), int(repetition or 1), int(component or 0), int(subcomponent or 0)
