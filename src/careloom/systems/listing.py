"""Lists that a system gives row by row, from wherever a reader stopped: a supplier's catalogue, the payers we know.

A system that offers it is `Listed`. Files are the commonest: `FileLists` reads the newest one that fits.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import IO, Any, Final, Protocol, runtime_checkable

import msgspec

from careloom.core.clock import Clock
from careloom.core.errors import ContractBroken, Unavailable
from careloom.systems.drop import Entry, Place
from careloom.systems.seam import Finding

_DELIMITERS: Final = ",;\t|"
_UNFINISHED: Final = (".tmp", ".part", ".filepart")


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A row by its number in the list, from 1. `problem` says why its cells are not all there; it quotes none."""

    number: int
    cells: Mapping[str, str]
    problem: str = ""


class ListPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reader stands: `at` in the words of the system, behind `rows` rows of the list's `version`."""

    version: str
    at: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Some rows. `after` is where it goes on, None at the end. `version` is the watermark: a reader that has read all
    of this version gives it as `since`. `edition` is the same on every page of one list, and another one when the list
    became another meanwhile. `whole`: all rows are given, and not those alone that changed."""

    rows: Sequence[ListedRow]
    after: ListPlace | None
    version: str
    edition: str
    whole: bool


@runtime_checkable
class Listed(Protocol):
    """Can list rows. `system` is the name by which the settings know it."""

    @property
    def system(self) -> str: ...

    async def rows(self, name: str, since: str, place: ListPlace | None, limit: int) -> Listing:
        """The next rows of a list, about `limit` of them; from its beginning without a place, or when the list is
        another one now. Raises ContractBroken for a list that cannot be read as one, Unavailable."""


class FileLists:
    """Tables with a header, in files of a place; a list is the newest whole file that fits the pattern of its name.

    Rows are read without holding the file in memory; it is fetched again only when it is another one.
    """

    def __init__(self, system: str, place: Place, clock: Clock, stable_seconds: float, largest: int) -> None:
        self.system = system
        self._place = place
        self._clock = clock
        self._stable = timedelta(seconds=stable_seconds)
        self._largest = largest
        self._open: dict[str, tuple[str, IO[bytes]]] = {}
        self._turn = asyncio.Lock()

    async def rows(self, name: str, since: str, place: ListPlace | None, limit: int) -> Listing:
        """See `Listed.rows`."""
        async with self._turn:
            entry = await self._newest(name)
            version = f"{entry.name} {entry.size} {entry.changed}"
            if version == since:
                return Listing(rows=(), after=None, version=version, edition=version, whole=False)
            file = await self._file(name, entry, version)
            known = place if place is not None and place.version == version else None
            rows, at = await asyncio.to_thread(_page, file, known, limit)
        done = (known.rows if known is not None else 0) + len(rows)
        after = None if at is None else ListPlace(version=version, at=str(at), rows=done)
        return Listing(rows=rows, after=after, version=version, edition=version, whole=True)

    async def check(self) -> Sequence[Finding]:
        """Whether the place can be listed."""
        try:
            await self._place.list()
        except Exception as error:
            return [Finding(str(error), "correct `path`, or the rights of the user that runs Careloom")]
        return []

    async def close(self) -> None:
        """Let go of the files."""
        for _, file in self._open.values():
            file.close()
        self._open.clear()

    async def _newest(self, pattern: str) -> Entry:
        settled = self._clock.now() - self._stable
        found = [
            entry
            for entry in await self._place.list()
            if fnmatchcase(entry.name, pattern)
            and not entry.name.startswith(".")
            and not entry.name.endswith(_UNFINISHED)
            and datetime.fromtimestamp(entry.changed, UTC) <= settled
        ]
        if not found:
            raise Unavailable(f"no whole file fits {pattern}: has the list been sent?")
        return max(found, key=lambda entry: (entry.changed, entry.name))

    async def _file(self, name: str, entry: Entry, version: str) -> IO[bytes]:
        known = self._open.get(name)
        if known is not None and known[0] == version:
            return known[1]
        file = await self._place.open(entry.name, self._largest)
        if known is not None:
            known[1].close()
        self._open[name] = version, file
        return file


def _page(file: IO[bytes], place: ListPlace | None, limit: int) -> tuple[list[ListedRow], int | None]:
    """Rows from an offset on, and the offset behind them; None at the end."""
    file.seek(0)
    first = file.readline().decode("utf-8-sig", "replace")
    delimiter = max(_DELIMITERS, key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    if not any(header) or len(set(header)) != len(header):
        raise ContractBroken("the first row must name the columns, each once")
    if place is not None:
        file.seek(int(place.at))
    found: list[ListedRow] = []
    number = place.rows if place is not None else 0
    records = csv.reader(_lines(file), delimiter=delimiter)
    while len(found) < limit:
        number += 1
        try:
            cells = next(records)
        except StopIteration:
            return found, None
        except csv.Error:
            found.append(ListedRow(number, {}, "a cell is too long, or a quotation mark is not closed"))
            continue
        found.append(_row(number, header, cells))
    return found, file.tell()


def _lines(file: IO[bytes]) -> Iterator[str]:
    """One at a time, so that the offset of the file is always behind the last record."""
    while line := file.readline():
        yield line.decode("utf-8", "replace")


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> ListedRow:
    named = dict(zip(header, cells, strict=False))
    if not cells:
        return ListedRow(number, {}, "the row is empty")
    if len(cells) != len(header):
        return ListedRow(number, named, f"{len(cells)} cells instead of {len(header)}")
    if any("\ufffd" in cell for cell in cells):
        return ListedRow(number, named, "it is not UTF-8")
    return ListedRow(number, named)


def flat(item: Any) -> dict[str, str]:
    """The texts, numbers and truths of a JSON object by their names; what is nested has its names joined by dots."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = [("", item)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [(f"{name}.{key}" if name else str(key), inner) for key, inner in value.items()]
        elif value is None or isinstance(value, list):
            found[name] = ""
        else:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found
