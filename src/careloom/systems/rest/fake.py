"""A vendor on a real socket, as its own description says (`fixtures/api.toml`), and its trials for the suite.

The description is not taken from the kind's manifest: both are written from the vendor's point of view and ours, so a
mistake in either shows.
"""

from __future__ import annotations

import asyncio
import base64
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import PermanentError, TransientError
from careloom.core.outcomes import Outcome
from careloom.mapping.declared.paths import event_path
from careloom.mapping.reading.json import at
from careloom.model import encode, examples
from careloom.systems.http.fake import FakeTarget, Request, answering
from careloom.systems.rest.connector import Rest
from careloom.systems.seam import Connection
from careloom.systems.trial import START, SURNAME, Answer, Behaviour, Trial, event, number_of

KEY, TOKEN_PATH = "trial-key", "/oauth/token"


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of the vendor, `size` items a page; `next` is where the next cursor or URL stands."""

    path: str
    sample: str
    id: str = "/id"
    about: str = ""
    updated: str = ""
    epoch: bool = False
    person: str = ""
    items: str = ""
    since: str = ""
    size: int = 2
    style: Literal["none", "link", "cursor", "page", "offset"] = "none"
    parameter: str = ""
    first: int = 1
    next: str = ""
    more: str = ""


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the vendor may be told. It knows a repeat by the header `key`, or not at all: then whoever calls looks for
    `reference` first, with `parameter` of `find`, in the query or, where it is `posted`, in a document."""

    event: str
    number: str
    method: str = "POST"
    path: str = ""
    key: str = ""
    reference: str = ""
    find: str = ""
    parameter: str = ""
    posted: bool = False
    items: str = ""
    person: str = ""


class Api(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vendor's API. `auth` is what it asks for, `settings` what somebody who uses it must write."""

    auth: Literal["none", "bearer", "basic", "header", "client_credentials"]
    header: str = "x-api-key"
    base: str = ""
    settings: dict[str, Any] = {}
    lists: tuple[Listed, ...] = ()
    told: Told | None = None


class Vendor:
    """Answers as `api` says. `items` by list path; `made` are the numbers that took effect, `rows` what is there."""

    def __init__(self, api: Api, samples: Mapping[str, Any]) -> None:
        self.api = api
        self.behaviour = Behaviour.WILLING
        self.items: dict[str, list[Any]] = {one.path: [] for one in api.lists}
        self.made: list[int] = []
        self.rows: dict[str, str] = {}
        self.tokens = 0
        self.target = FakeTarget(self._answer)
        self._samples = samples
        self._keys: set[str] = set()
        self._changed = asyncio.Event()

    def item(self, listed: Listed, number: int, *, other: bool = False) -> dict[str, Any]:
        """Number `number` of a list; three in a row are about one thing."""
        made = json.loads(json.dumps(self._samples[listed.sample]))
        moment = START + timedelta(seconds=number)
        changed = int(moment.timestamp()) if listed.epoch else moment.isoformat().replace("+00:00", "Z")
        _set(made, listed.id, f"{1000 + number}")
        for pointer, value in (
            (listed.updated, changed),
            (listed.about, f"A{(number - 1) // 3}"),
            (listed.person, f"{SURNAME} other" if other else SURNAME),
        ):
            if pointer:
                _set(made, pointer, value)
        return cast(dict[str, Any], made)

    async def until(self, count: int) -> None:
        """Return once so many took effect."""
        while len(self.made) < count:
            self._changed.clear()
            await self._changed.wait()

    def _answer(self, request: Request) -> bytes | None:
        refusals = {
            Behaviour.BUSY: answering(429, retry_after="1"),
            Behaviour.FAILING: answering(503),
            Behaviour.CLOSED: answering(401),
        }
        parts = urlsplit(request.path)
        path, query = parts.path, dict(parse_qsl(parts.query))
        told = self.api.told
        searches = told is not None and told.posted and path == self.api.base + told.find
        if searches:
            query = json.loads(request.body)
        writes = request.method != "GET" and not searches
        if self.behaviour is Behaviour.DEAF:
            return None
        if path == TOKEN_PATH:
            return self._token(request)
        if self.behaviour in refusals:
            return refusals[self.behaviour](request)
        if not self._knows(request):
            return answering(401)(request)
        if self.behaviour is Behaviour.STRICT and writes:
            return answering(422)(request)
        answer = self._told(request, path) if writes else self._asked(path.removeprefix(self.api.base), query)
        return None if self.behaviour is Behaviour.MUTE and writes else answer

    def _knows(self, request: Request) -> bool:
        sent = request.headers.get("authorization", "")
        match self.api.auth:
            case "bearer":
                return sent == f"Bearer {KEY}"
            case "basic":
                return sent == f"Basic {base64.b64encode(f'trial:{KEY}'.encode()).decode()}"
            case "header":
                return request.headers.get(self.api.header) == KEY
            case "client_credentials":
                return self.tokens > 0 and sent == f"Bearer token-{self.tokens}"
        return True

    def _token(self, request: Request) -> bytes:
        pair = base64.b64encode(f"trial:{KEY}".encode()).decode()
        asked = dict(parse_qsl(request.body.decode()))
        if request.headers.get("authorization") != f"Basic {pair}" or asked.get("grant_type") != "client_credentials":
            return _json({"error": "invalid_client"}, 401)
        self.tokens += 1
        return _json({"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": 3600})

    def _asked(self, path: str, query: Mapping[str, str]) -> bytes | None:
        told = self.api.told
        if told is not None and path == told.find and told.parameter in query:
            found = self.rows.get(query[told.parameter])
            return _json(_wrapped(told.items, [{"id": found}] if found else []))
        listed = next((one for one in self.api.lists if one.path == path), None)
        return answering(404)(Request()) if listed is None else self._page(listed, query)

    def _page(self, listed: Listed, query: Mapping[str, str]) -> bytes:
        items = self.items[listed.path]
        if listed.since and listed.since in query:
            items = [one for one in items if _is_since(one, listed.updated, query[listed.since])]
        asked = int(query.get(listed.parameter, listed.first if listed.style == "page" else 0))
        begin = (asked - listed.first) * listed.size if listed.style == "page" else asked
        page, end = items[begin : begin + listed.size], begin + listed.size
        if listed.style == "none":
            page, end = items, len(items)
        document = _wrapped(listed.items, page)
        following = f"{self.api.base}{listed.path}?{urlencode({**query, listed.parameter: end})}"
        headers = {}
        if listed.more:
            _set(document, listed.more, end < len(items))
        if end < len(items) and listed.style == "link" and not listed.next:
            headers["link"] = f'<{following}>; rel="next"'
        elif end < len(items) and listed.next:
            _set(document, listed.next, following if listed.style == "link" else str(end))
        return _json(document, 200, headers)

    def _told(self, request: Request, path: str) -> bytes | None:
        told = self.api.told
        if told is None or not path.startswith(self.api.base + told.path):
            return answering(404)(request)
        body = json.loads(request.body)
        if told.key:
            key = request.headers[told.key]
            if key not in self._keys:
                self._keys.add(key)
                self._made(number_of(key))
            return _json({"id": key}, 201)
        reference = str(at(body, told.reference))
        if request.method == told.method:  # a vendor that drops no repeats makes it once more
            self._made(int(reference.removeprefix("N")))
            self.rows[reference] = f"row-{reference}"
        return _json({"id": self.rows[reference]}, 201)

    def _made(self, number: int) -> None:
        self.made.append(number)
        self._changed.set()


class _Trial:
    """What both directions have in common."""

    foreign: ClassVar[Mapping[str, str]] = {}

    def __init__(self, folder: Path) -> None:
        self.api, samples = described(folder)
        self.vendor = Vendor(self.api, samples)
        self._mapping = folder / "mapping.toml"

    @property
    def settings(self) -> Mapping[str, Any]:
        url = f"http://127.0.0.1:{self.vendor.target.port}"
        secrets: Mapping[str, Mapping[str, Any]] = {
            "bearer": {"token": "env:TRIAL_KEY"},
            "basic": {"user": "trial", "password": "env:TRIAL_KEY"},
            "header": {"key": "env:TRIAL_KEY"},
            "client_credentials": {
                "token_url": url + TOKEN_PATH,
                "client_id": "trial",
                "client_secret": "env:TRIAL_KEY",
            },
        }
        auth = {**self.api.settings.get("auth", {}), **secrets.get(self.api.auth, {})}
        return {**self.api.settings, "url": url + self.api.base, "auth": auth, "answer_timeout": 0.2}

    @property
    def source(self) -> Mapping[str, Any]:
        if self._mapping.is_file():
            return {"mapping": str(self._mapping)}
        return {"json": {"dialect": "trial", "type": "/resource"}}

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"TRIAL_KEY": KEY}

    async def __aenter__(self) -> Self:
        await self.vendor.target.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.vendor.target.__aexit__(None, None, None)


class Lister(_Trial):
    """Has items, and sees who asks for them; a system that is asked is told nothing, so the look itself says it."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {"stranger": "we call it, at the one address that is configured"}

    async def meet(self, connection: Connection) -> None:
        self._connection = cast(Rest, connection)

    async def send(
        self,
        number: int,
        *,
        other: bool = False,
        spoiled: bool = False,
        stranger: bool = False,  # noqa: ARG002
    ) -> Answer:
        listed = self.api.lists[0]
        items = self.vendor.items[listed.path]
        made: Any = "spoiled" if spoiled else self.vendor.item(listed, number, other=other)
        known = [at(one, listed.id) if isinstance(one, dict) else one for one in items]
        place = known.index(at(made, listed.id)) if not spoiled and at(made, listed.id) in known else len(items)
        items[place : place + 1] = [made]
        try:
            await self._connection.poll()
        except TransientError:
            return Answer.LATER
        except PermanentError:
            return Answer.REFUSED
        looked = self._connection.looked
        return Answer.REFUSED if looked.conflicting or looked.refused else Answer.TAKEN


class Listener(_Trial):
    """Is told of events."""

    direction: ClassVar[str] = "out"

    async def behave(self, behaviour: Behaviour) -> None:
        self.vendor.behaviour = behaviour
        await self.vendor.target.open(behaviour is not Behaviour.DOWN)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        assert self.api.told is not None, "trials() makes this only for vendors that are told"
        return await cast(Rest, connection).post(told_event(self.api.told, number))

    async def effects(self) -> Sequence[int]:
        return list(self.vendor.made)

    async def until(self, count: int) -> None:
        await self.vendor.until(count)


def told_event(told: Told, number: int) -> Recorded:
    """The canonical example of the event, with a number of its own and a person that no log may name."""
    document = json.loads(encode(examples()[told.event]))
    for path, value in ((told.number, f"N{number}"), (told.person, SURNAME)):
        if path:
            *before, last = event_path(path)
            place = document
            for step in before:
                place = place[step]
            place[last] = value
    return msgspec.structs.replace(event(number, told.event), data=json.dumps(document).encode())


def described(folder: Path) -> tuple[Api, Mapping[str, Any]]:
    """The API in a kind's fixtures, and its samples by name."""
    fixtures = folder / "fixtures"
    api = msgspec.convert(tomllib.loads((fixtures / "api.toml").read_text("utf-8")), Api)
    return api, {one.sample: json.loads((fixtures / one.sample).read_text("utf-8")) for one in api.lists}


def vendor_trials(folder: Path) -> Mapping[str, Callable[[], Trial]]:
    """The trials of a kind that extends this one, by its fixtures."""
    api, _ = described(folder)
    made: dict[str, Callable[[], Trial]] = {}
    if api.lists:
        made["in"] = lambda: Lister(folder)
    if api.told is not None:
        made["out"] = lambda: Listener(folder)
    return made


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return vendor_trials(Path(__file__).parent)


def _set(document: Any, pointer: str, value: Any) -> None:
    *before, last = pointer[1:].split("/")
    for step in before:
        document = document[int(step)] if isinstance(document, list) else document.setdefault(step, {})
    document[int(last) if isinstance(document, list) else last] = value


def _wrapped(pointer: str, items: Sequence[Any]) -> Any:
    if not pointer:
        return list(items)
    document: dict[str, Any] = {}
    _set(document, pointer, list(items))
    return document


def _is_since(item: Any, pointer: str, since: str) -> bool:
    if not isinstance(item, dict):
        return True
    value = at(item, pointer)
    return value >= int(since) if isinstance(value, int) else str(value) >= since


def _json(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    body = json.dumps(document).encode()
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"HTTP/1.1 {status} Fake\r\ncontent-type: application/json\r\n{lines}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body
