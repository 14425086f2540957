"""The sender's list of events, page by page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from careloom.core.errors import ContractBroken, FormatError
from careloom.mapping.reading.json import at
from careloom.systems.http.calls import HttpCaller
from careloom.systems.http.client import Answer
from careloom.systems.webhook import sameness
from careloom.systems.webhook.settings import PollSettings

_ACCEPT: Final = {"accept": "application/json"}
# RFC 8288 section 3; a parameter may be quoted or not, and `rel` may hold several words.
_LINK: Final = re.compile(r"<([^<>]{1,4096})>([^<]*)")
_NEXT: Final = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next(?=[\s;,]|$))", re.I)


class Page(NamedTuple):
    """The events of one page, as they stand in it; `cursor` is what the next one is asked with, where cursors are."""

    items: list[Any]
    cursor: str


class Listing(NamedTuple):
    """Reads the list through one caller."""

    caller: HttpCaller
    settings: PollSettings

    async def pages(self, since: str, cursor: str) -> AsyncIterator[Page]:
        """From `since` on, or from a cursor. Raises ContractBroken when the list is not as it was declared, and what a
        call may raise."""
        paging = self.settings.paging
        path = self._first(since, cursor)
        for number in range(2, paging.most + 2):
            answer = await self.caller.request("GET", path, _ACCEPT)
            page, document = self._read(answer)
            following = self._next(page, document, answer, since, number)
            yield page
            if following is None:
                return
            if following == path:
                raise ContractBroken(f"{self.caller.origin}: the next page of the list is the same page again")
            path = following

    def _first(self, since: str, cursor: str) -> str:
        asked = {}
        if self.settings.since and since:
            asked[self.settings.since] = moved(since, -self.settings.overlap)
        if cursor:
            asked[self.settings.paging.parameter] = cursor
        return self._with(asked)

    def _with(self, asked: Mapping[str, str]) -> str:
        """The path of the list with these parameters in place of its own of the same name."""
        path, _, query = self.caller.path.partition("?")
        own = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in asked]
        everything = urlencode([*own, *asked.items()])
        return f"{path}?{everything}" if everything else path

    def _read(self, answer: Answer) -> tuple[Page, Any]:
        try:
            document = sameness.read(answer.body)
        except FormatError:
            raise ContractBroken(f"{self.caller.origin}: the list of events is no JSON; correct poll.url") from None
        items = at(document, self.settings.items) if self.settings.items else document
        if not isinstance(items, list):
            where = self.settings.items or "the document itself"
            raise ContractBroken(f"{self.caller.origin}: there is no array of events at {where}; correct poll.items")
        return Page(items, self._cursor(items, document)), document

    def _cursor(self, items: list[Any], document: Any) -> str:
        paging = self.settings.paging
        if paging.by != "cursor":
            return ""
        found = at(document, paging.next) if paging.next else at(items[-1], self.settings.id) if items else None
        return "" if found is None else str(found)

    def _next(self, page: Page, document: Any, answer: Answer, since: str, number: int) -> str | None:
        paging = self.settings.paging
        if paging.by == "none" or (paging.more and at(document, paging.more) in (None, False, "")):
            return None
        if paging.by == "link":
            found = at(document, paging.next) if paging.next else linked(answer.headers.get("link", ""))
            return self.caller.path_to(str(found)) if found else None
        if not page.items:
            return None
        asked = str(number) if paging.by == "page" else page.cursor
        if not asked:
            return None
        start = {self.settings.since: moved(since, -self.settings.overlap)} if self.settings.since and since else {}
        return self._with({**start, paging.parameter: asked})


def linked(header: str) -> str | None:
    """The target of the link with the relation `next` (RFC 8288)."""
    return next((found[1] for found in _LINK.finditer(header[:16_384]) if _NEXT.search(found[2])), None)


def moved(mark: str, seconds: float) -> str:
    """A mark that is a time, moved; one that is none stays as it is."""
    if not seconds:
        return mark
    if mark.isascii() and mark.isdecimal():
        return str(max(0, int(mark) + int(seconds)))
    try:
        shifted = datetime.fromisoformat(mark) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return mark
    return shifted.isoformat().replace("+00:00", "Z") if mark.endswith("Z") else shifted.isoformat()
