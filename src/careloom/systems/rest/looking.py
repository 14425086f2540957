"""Looks into one list of the system and takes in what is new or changed."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from careloom.core.errors import ConfigurationError, ContractBroken, FormatError, Rejected
from careloom.mapping.reading import Unit, Unread
from careloom.mapping.reading.json import MEDIA_TYPE, at
from careloom.mapping.source import JsonShape
from careloom.systems.listing import ListedRow, Listing, ListPlace, flat
from careloom.systems.reception import Reception, Taken
from careloom.systems.rest.auth import Caller
from careloom.systems.rest.paging import Page, first_path, page_at
from careloom.systems.rest.settings import Resource
from careloom.systems.seam import Surroundings
from careloom.systems.webhook import sameness

KNOWN_BAD: Final = 500
"""Items that cannot be read and are remembered, so that each is told once and not at every look."""


class Progress(msgspec.Struct):
    """What is remembered of a list. `since` is where the next look begins, `newest` what this one has seen, `resume`
    the page where it goes on."""

    since: str = ""
    newest: str = ""
    resume: str = ""
    bad: list[str] = []


@dataclass(slots=True)
class Look:
    """What one look found."""

    accepted: int = 0
    repeated: int = 0
    conflicting: int = 0
    refused: int = 0

    def add(self, taken: Taken) -> None:
        """Count what became of a page."""
        self.accepted += taken.accepted
        self.repeated += taken.repeated
        self.conflicting += taken.conflicting
        self.refused += len(taken.refused)


class List:
    """One list. How far it was read is remembered only after what was read is committed."""

    def __init__(self, name: str, resource: Resource, shape: JsonShape, caller: Caller, around: Surroundings) -> None:
        """Raises ConfigurationError when it is asked `since` a version and nothing says where that stands."""
        if resource.since and not resource.updated:
            raise ConfigurationError(
                f"systems.{around.system}.resources.{name}: since needs updated, where that stands"
            )
        self._name = name
        self._resource = resource
        self._shape = shape
        self._caller = caller
        self._memory = around.memory
        self._reception = Reception(around.system, "json", around.intake, around.clock, around.source)

    async def look(self) -> Look:
        """Read it from where the last look ended. Raises what a call may raise, ContractBroken for a list that is not
        as declared, Unavailable when the store is away."""
        progress, found = await self._recall(), Look()
        async for page in self._pages(progress):
            await self._take(page.items, progress, found)
            progress.resume = page.following or ""
            await self._remember(progress)
        if not progress.resume:
            progress.since = progress.newest or progress.since
            await self._remember(progress)
        return found

    async def reach(self) -> None:
        """Ask for the first page, and take nothing of it. Raises as `look`."""
        await page_at(self._caller, self._resource, first_path(self._resource, self._resource.start))

    async def listing(self, since: str, place: ListPlace | None) -> Listing:
        """One page of it as rows, for flows; nothing is taken in or remembered. Raises as `look`."""
        resource = self._resource
        page = await page_at(self._caller, resource, place.at if place else first_path(resource, since))
        done, newest = (place.rows, place.version) if place else (0, since)
        for item in page.items:
            version = self._text(item, resource.updated)
            newest = version if version and (not newest or _later(version, newest)) else newest
        rows = [ListedRow(number, flat(item)) for number, item in enumerate(page.items, done + 1)]
        after = None
        if page.following is not None:
            after = ListPlace(version=newest, at=page.following, rows=done + len(rows))
        whole = not (resource.since and since)
        return Listing(rows=rows, after=after, version=newest, edition=self._name, whole=whole)

    async def _pages(self, progress: Progress) -> AsyncIterator[Page]:
        path = progress.resume or first_path(self._resource, progress.since)
        if self._resource.newest_first:
            pages = [page async for page in self._walk(path, progress)]
            if pages[-1].following is not None:
                raise ContractBroken(f"{self._resource.path} has more pages than paging.most; raise that, or sort it")
            for page in reversed(pages):
                yield Page(page.items[::-1], None)
        else:
            async for page in self._walk(path, progress):
                yield page

    async def _walk(self, path: str, progress: Progress) -> AsyncIterator[Page]:
        for _ in range(self._resource.paging.most):
            try:
                page = await page_at(self._caller, self._resource, path)
            except Rejected:
                if progress.resume:  # cursors grow old: the next look begins anew from `since`
                    progress.resume = ""
                    await self._remember(progress)
                raise
            yield page
            if page.following is None:
                return
            path = page.following

    async def _take(self, items: Sequence[Any], progress: Progress, found: Look) -> None:
        fresh = list(self._units(items, set(progress.bad)))
        taken = await self._reception.take_units(fresh, origin=self._resource.path)
        found.add(taken)
        bad = [_digest(one.body) for one in fresh if isinstance(one, Unread)]
        progress.bad = [*progress.bad, *bad][-KNOWN_BAD:]
        for item in items:
            version = self._text(item, self._resource.updated)
            if version and _later(version, progress.newest or progress.since):
                progress.newest = version

    def _units(self, items: Sequence[Any], bad: set[str]) -> Iterator[Unit | Unread]:
        for number, item in enumerate(items):
            body = self._body(item)
            try:
                yield self._unit(item, body)
            except FormatError as error:
                if _digest(body) not in bad:
                    yield Unread(error=error, body=body, place=f"{self._resource.items}/{number}")

    def _body(self, item: Any) -> bytes:
        """The item in its one form; where it does not say what it is, the name of the list does."""
        name = self._shape.type[1:]
        if isinstance(item, dict) and name and "/" not in name and name not in item:
            item = {name: self._name, **item}
        return sameness.written(item, self._resource.ignore)

    def _unit(self, item: Any, body: bytes) -> Unit:
        id_ = self._text(item, self._resource.id)
        if not id_:
            raise FormatError("has no id; correct `id` of this list, or ask the vendor", self._resource.id)
        version = self._text(item, self._resource.updated) or _digest(body)
        subject = self._text(item, self._resource.subject or self._shape.subject) or f"{self._name}/{id_}"
        kind = self._text(item, self._shape.type) or self._name
        return Unit(
            type=f"{self._shape.dialect}/{kind}",
            key=f"{self._name}/{id_}/{version}",
            subject=f"{self._shape.noun}/{subject}",
            body=body,
            media_type=MEDIA_TYPE,
        )

    def _text(self, item: Any, pointer: str) -> str:
        value = at(item, pointer) if isinstance(item, dict) else None
        return "" if value is None or isinstance(value, bool | dict | list) else str(value)

    async def _recall(self) -> Progress:
        kept = await self._memory.get(f"list/{self._name}")
        if kept is None:
            return Progress(since=self._resource.start)
        return msgspec.json.decode(kept, type=Progress)

    async def _remember(self, progress: Progress) -> None:
        await self._memory.put(f"list/{self._name}", msgspec.json.encode(progress))


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def _later(one: str, other: str) -> bool:
    """Whether a version is after another: as numbers, as times, else as texts."""
    if one.isdecimal() and other.isdecimal():
        return int(one) > int(other)
    first, second = _moment(one), _moment(other)
    if first is not None and second is not None:
        return first > second
    return one > other


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
