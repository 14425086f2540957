"""What a code stands for, from memory: each type of each system is read once, and again when it changed.

What is kept is as new as the last look at the number of versions, which is made when a node tells of a change, after a
second at the latest, and always before a code is said to be unknown.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final, NamedTuple

from rapidfuzz import fuzz, process

from careloom.identity.crosswalk.codes import Canonical, Code, Near, Unknown
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("crosswalk")
FRESH_SECONDS: Final = 1.0
NEAREST: Final = 5
_LIKE: Final = 60.0
_LOOKED_AT: Final = 100_000
"""Codes that are compared with one that is unknown, at most."""
_MOST_CODES_OF: Final = 50_000


class _Held(NamedTuple):
    start: date
    end: date
    canonical: Canonical


_Section = Mapping[str, Sequence[_Held]]
_Name = tuple[str, str, str]


class Crosswalk:
    """One per process. Persons are not in it: who a patient is, the person index says."""

    def __init__(self, database: Database, seconds: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._seconds = seconds
        self._sections: dict[_Name, _Section] = {}
        self._codes: dict[tuple[str, str, str, date], tuple[Code, ...]] = {}
        self._version = 0
        self._fresh_until = -1.0

    def forget(self) -> None:
        """It changed: look before the next answer."""
        self._fresh_until = -1.0

    async def lookup(self, system: str, type: str, value: str, at: date, *, entity: str) -> Canonical | Unknown:
        """What it stands for on that day, or the nearest codes that are known."""
        if self._seconds() > self._fresh_until:
            await self._look()
        section = self._sections.get((entity, system, type))
        if section is None:
            section = await self._read((entity, system, type))
        for held in section.get(value, ()):
            if held.start <= at < held.end:
                return held.canonical
        return await self._unknown((entity, system, type), value, at)

    async def codes_of(self, canonical: Canonical, system: str, at: date) -> tuple[Code, ...]:
        """By which codes a system knows a thing on that day."""
        if self._seconds() > self._fresh_until:
            await self._look()
        wanted = (canonical.entity, canonical.id, system, at)
        known = self._codes.get(wanted)
        if known is None:
            version = self._version
            async with self._database.acquire() as connection:
                rows = await connection.fetch(_SQL.codes_of, *wanted)
            known = tuple(Code(*row) for row in rows)
            if len(self._codes) >= _MOST_CODES_OF:
                self._codes.clear()
            if version == self._version:
                self._codes[wanted] = known
        return known

    async def _unknown(self, name: _Name, value: str, at: date) -> Canonical | Unknown:
        """Nothing is called unknown by what was kept."""
        before = self._version
        await self._look()
        section = self._sections.get(name)
        if section is None or before != self._version:
            section = await self._read(name)
            for held in section.get(value, ()):
                if held.start <= at < held.end:
                    return held.canonical
        return Unknown(_nearest(section, value, at), bool(section))

    async def _look(self) -> None:
        due = self._seconds() + FRESH_SECONDS
        async with self._database.acquire() as connection:
            version = await connection.fetchval(_SQL.version)
            changed = await connection.fetch(_SQL.touched, self._version) if version != self._version else ()
        for row in changed:
            self._sections.pop((row["entity"], row["system"], row["type"]), None)
        if version != self._version:
            self._codes.clear()
        self._version, self._fresh_until = version, due

    async def _read(self, name: _Name) -> _Section:
        version = self._version
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.section, *name)
        section = _section(name[0], rows)
        if version == self._version:  # else this may be older than what another reader has seen meanwhile
            self._sections[name] = section
        return section


def _section(entity: str, rows: Iterable[Any]) -> _Section:
    found: dict[str, list[_Held]] = defaultdict(list)
    for value, canonical, label, start, end, since in rows:
        thing = Canonical(entity, canonical, label, since)
        found[value].append(_Held(start or date.min, end or date.max, thing))
    return dict(found)


def _nearest(section: _Section, value: str, at: date) -> tuple[Near, ...]:
    """Of those that look most alike the ones that hold on that day."""
    codes = islice(section, _LOOKED_AT)
    like = process.extract(value, codes, scorer=fuzz.ratio, limit=NEAREST * 4, score_cutoff=_LIKE)
    found = [
        Near(code, held.canonical.id, held.canonical.label, round(score, 1))
        for code, score, _ in like
        for held in section[code]
        if held.start <= at < held.end
    ]
    return tuple(found[:NEAREST])
