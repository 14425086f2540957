"""What the envelope segments must hold, and what is remembered of them (ASC X12.5 and X12.22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.values import date_of, time_of


class SetSummary(msgspec.Struct):
    """A set that was checked: ST01, its version, ST02, how many segments it has, and how many errors; `ordinal` is the
    number of its ST among the segments of the file, from 1."""

    id: str
    version: str
    control: str
    segments: int = 0
    errors: int = 0
    ordinal: int = 0


class GroupSummary(msgspec.Struct):
    """A group that was checked: GS01, GS02, GS03, GS06, GS08, GE01 as it was said, its sets.

    `foreign`: a set in it was read with the table of another guide.
    """

    functional: str
    sender: str
    receiver: str
    control: str
    version: str
    said: str = ""
    sets: list[SetSummary] = msgspec.field(default_factory=list)
    foreign: bool = False

    @classmethod
    def of(cls, parts: list[str]) -> GroupSummary:
        functional, sender, receiver, _, _, control, _, version = (part.strip() for part in parts[1:9])
        return cls(functional, sender, receiver, control, version)


class InterchangeSummary(msgspec.Struct):
    """An interchange that was checked: ISA as it came, its groups, how many TA1s, how many errors it has in all."""

    header: tuple[str, ...]
    delimiters: Delimiters
    errors_before: int
    errors: int = 0
    acknowledgements: int = 0
    closed: bool = False
    groups: list[GroupSummary] = msgspec.field(default_factory=list)

    @classmethod
    def of(cls, parts: list[str], delimiters: Delimiters, errors: int) -> InterchangeSummary:
        return cls(tuple(parts[:17]), delimiters, errors)

    @property
    def control(self) -> str:
        """ISA13."""
        return self.header[13].strip()


def same_number(one: str, other: str) -> bool:
    """Whether two control numbers are the same: leading zeros do not matter."""
    one, other = one.strip(), other.strip()
    return one == other or (_is_number(one) and _is_number(other) and one.lstrip("0") == other.lstrip("0"))


def count_differs(said: str, came: int) -> bool:
    """Whether a count of a trailer is not what came."""
    said = said.strip()
    return not _is_number(said) or len(said) > 10 or int(said) != came


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _sized(least: int, most: int) -> Callable[[str], bool]:
    return lambda text: least <= len(text) <= most


def _one_of(*codes: str) -> Callable[[str], bool]:
    return lambda text: text in codes


def _like(pattern: str) -> Callable[[str], bool]:
    return re.compile(pattern, re.ASCII).fullmatch  # type: ignore[return-value]


_two, _ten, _fifteen = _sized(2, 2), _sized(10, 10), _sized(15, 15)

INTERCHANGE_ELEMENTS: Final[Mapping[int, Callable[[str], bool]]] = {
    1: _two, 2: _ten, 3: _two, 4: _ten, 5: _two, 6: _fifteen, 7: _two, 8: _fifteen,
    9: lambda text: len(text) == 6 and date_of(text) is not None,
    10: lambda text: len(text) == 4 and time_of(text) is not None,
    12: _like(r"\d{5}"), 13: _like(r"\d{9}"), 14: _one_of("0", "1"), 15: _one_of("P", "T", "I"),
}  # fmt: skip

GROUP_ELEMENTS: Final[Mapping[int, Callable[[str], bool]]] = {
    1: _like(r"[A-Z0-9]{2}"), 2: _sized(1, 15), 3: _sized(1, 15),
    4: lambda text: date_of(text) is not None, 5: lambda text: time_of(text) is not None,
    6: _like(r"\d{1,9}"), 7: _one_of("X", "T"), 8: _like(r"[0-9A-Z]{1,12}"),
}  # fmt: skip
