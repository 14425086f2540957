"""Finds out, by asking the mapping again and again, which value of a message each value of its events came from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.explaining.differences import changed, named, values
from careloom.mapping.explaining.leaves import Leaf, leaves, together
from careloom.mapping.result import Translation
from careloom.model import encode

Translate: TypeAlias = Callable[[bytes], Translation]
Others: TypeAlias = Mapping[str, Sequence[str]]

_DATE: Final = re.compile(r"(?:19|20)\d{6}(?:\d{4}|\d{6})?(?:\.\d+)?(?:[+-]\d{4})?")
_ISO_DATE: Final = re.compile(r"(?:19|20)\d\d-\d\d(?:-\d\d(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?)?")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_DECIDES: Final = 0.8
"""A value that changes so large a part of an event says whether there is one, and which; not what stands in it."""
_FEWEST: Final = 3
_ALIKE: Final = 2
_LONGEST: Final = 64
_UNREADABLE: Final = "unreadable"


class Origin(NamedTuple):
    """One value of an event, and the places of the message it came from; none: the mapping put it there."""

    target: str
    value: str
    sources: tuple[str, ...]


class Explanation(NamedTuple):
    """A message, explained. `outcome` is `translated`, or begins with `filtered: ` or `case: ` and says why. `decides`
    are the values that say what the message becomes, `used` those that a target came from, `unused` the others, also
    those without which the message can only not be read."""

    outcome: str
    origins: Sequence[Origin]
    decides: Sequence[Leaf]
    used: Sequence[Leaf]
    unused: Sequence[Leaf]


class _Made(NamedTuple):
    """What a message became. `events` are JSON documents, each with its type."""

    outcome: str
    events: list[tuple[str, Any]]


def explain(format: str, body: bytes, translate: Translate) -> Explanation:
    """Raises FormatError for a message that cannot be read at all; a case (MappingError) is an outcome."""
    base = _made(translate, body)
    found = list(leaves(format, body))
    if base.outcome == _UNREADABLE:
        translate(body)
    prober = _Prober(base, translate, _alike(found))
    sources: dict[str, list[str]] = {target: [] for target in prober.targets}
    sorted_: dict[str, list[Leaf]] = {"decides": [], "used": [], "unused": []}
    for leaf, touched, decisive in prober.all(found):
        for target in touched:
            sources[target].append(leaf.path)
        sorted_["used" if touched else "decides" if decisive else "unused"].append(leaf)
    origins = [Origin(target, value, tuple(sources[target])) for target, value in prober.targets.items()]
    return Explanation(base.outcome, origins, **sorted_)


class _Prober:
    """Puts other values into one message, and compares what it becomes."""

    def __init__(self, base: _Made, translate: Translate, alike: Others) -> None:
        self._base = base
        self._translate = translate
        self._alike = alike
        self.targets = dict(values(base.events))
        self._events = [{target for target, _ in values([event])} for event in base.events]

    def all(self, leaves: Sequence[Leaf]) -> Iterator[tuple[Leaf, set[str], bool]]:
        """Each with what `touched` says of it. After some that say nothing, whole stretches are tried at once: much of
        most messages is left behind, and what changes nothing together changes nothing alone."""
        at, quiet = 0, 0
        while at < len(leaves):
            stretch = leaves[at : at + min(quiet, _LONGEST)]
            if len(stretch) >= _FEWEST and self._silent(stretch):
                yield from ((leaf, set(), False) for leaf in stretch)
                at, quiet = at + len(stretch), quiet + len(stretch)
                continue
            for leaf in stretch or leaves[at : at + 1]:
                touched, decisive = self.touched(leaf)
                quiet = 0 if touched or decisive else quiet + 1
                yield leaf, touched, decisive
            at += len(stretch) or 1

    def _silent(self, stretch: Sequence[Leaf]) -> bool:
        """Whether none of these shows anything, whatever is put in their places."""
        tried = [list(self._others(leaf)) for leaf in stretch]
        for number in range(max(map(len, tried))):
            others = [(leaf, them[min(number, len(them) - 1)]) for leaf, them in zip(stretch, tried, strict=True)]
            made = _made(self._translate, together(others))
            if made.outcome != self._base.outcome or any(changed(self._base.events, made.events)):
                return False
        return True

    def touched(self, leaf: Leaf) -> tuple[set[str], bool]:
        """The targets that come from a value; and whether it decides what the message becomes.

        The first attempt that shows a target is enough: that a value which is taken out takes others along, such as a
        constant beside it, does not make it their source.
        """
        decisive = False
        for other in self._others(leaf):
            made = _made(self._translate, leaf.replaced(other))
            if made.outcome == _UNREADABLE:
                continue
            if made.outcome != self._base.outcome:
                decisive = True
                continue
            found, whole = self._parted(set(changed(self._base.events, made.events)))
            if found:
                return found, False
            decisive = decisive or whole
        return set(), decisive

    def _parted(self, changed: set[str]) -> tuple[set[str], bool]:
        """What changed within events, and whether some event, or all of it, changed as a whole."""
        if len(changed) > max(_FEWEST, _DECIDES * len(self.targets)):
            return set(), True
        found: set[str] = set()
        whole = False
        for targets in self._events if changed else ():
            within = changed & targets
            if len(within) > max(_FEWEST, _DECIDES * len(targets)):
                whole = True
            else:
                found |= within
        return found, whole

    def _others(self, leaf: Leaf) -> Iterator[str]:
        """Another value of its sort, codes that are known (those that the message itself has at such places, another
        currency), and nothing: each may show what the others hide."""
        yield another(leaf.value)
        yield from [value for value in self._alike.get(leaf.general, ()) if value != leaf.value][:_ALIKE]
        if _CURRENCY.fullmatch(leaf.value):
            yield "EUR" if leaf.value != "EUR" else "USD"
        yield ""


def another(value: str) -> str:
    """Another value that looks the same: a date, a number, or a text."""
    if _DATE.fullmatch(value) or _ISO_DATE.fullmatch(value):
        return value[:3] + ("8" if value[3] == "4" else "4") + value[4:]
    if value.replace(".", "", 1).replace("-", "", 1).isdecimal() and value[-1].isdecimal():
        return value[:-1] + ("7" if value[-1] != "7" else "8")
    return value + "Q"


def _alike(found: Sequence[Leaf]) -> Others:
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for leaf in found:
        known = alike[leaf.general]
        if len(known) <= _ALIKE and leaf.value not in known:
            known.append(leaf.value)
    return alike


def _made(translate: Translate, body: bytes) -> _Made:
    try:
        made = translate(body)
    except FormatError:
        return _Made(_UNREADABLE, [])
    except MappingError as error:
        return _Made(f"case: {error}", [])
    if made.filtered is not None:
        return _Made(f"filtered: {made.filtered}", [])
    documents = [msgspec.json.decode(encode(event)) for event in made.events]
    return _Made("translated", list(zip(named([event.type for event in made.events]), documents, strict=True)))
