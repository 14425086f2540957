"""The other side of webhooks that come in: a vendor that signs, sends, and keeps a list of what it sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Self, cast
from urllib.parse import parse_qs, urlsplit

import msgspec

from careloom.core.errors import TransientError
from careloom.systems.http.fake import FakeTarget
from careloom.systems.http.fake import Request as HttpRequest
from careloom.systems.seam import Connection, Request
from careloom.systems.signing import PRESETS, covered, key_of, scheme, signature
from careloom.systems.trial import START, SURNAME, Answer, Trial
from careloom.systems.webhook.endpoint import Webhook

SECRET = "whsec_Y2FyZWxvb20tdHJpYWwtc2VjcmV0LTMyLW9jdGV0cw"  # noqa: S105 - of the fake alone
SOURCE: Mapping[str, Any] = {
    "json": {"dialect": "vendor", "type": "/type", "key": "/id", "subject": "/order/number", "noun": "Order"}
}


def document(number: int, *, other: bool = False) -> dict[str, Any]:
    """Event `number` of the vendor; three in a row are about one order."""
    return {
        "id": f"evt-{number}",
        "type": "order.changed",
        "created": int(START.timestamp()) + number,
        "sequence": number,
        "order": {"number": f"O-{(number - 1) // 3}", "total": 12.5, "by": SURNAME, "state": "b" if other else "a"},
    }


class Signer:
    """Signs requests by a scheme, as a vendor does."""

    def __init__(self, name: str = "standard", secret: str = SECRET, *, url: str = "", **over: str) -> None:
        self.scheme = scheme(name, over)
        self._key = key_of(self.scheme, secret, "of the fake")
        self._url = url

    def request(self, body: bytes, *, id: str, timestamp: int, path: str = "hook", peer: str = "192.0.2.7") -> Request:
        """A request as the gateway hands it on."""
        declared = self.scheme
        text = covered(declared, body, id=id, timestamp=str(timestamp), url=self._url)
        signed = signature(declared, self._key, text)
        headers = {"content-type": "application/json"}
        if declared.id_header:
            headers[declared.id_header] = id
        if declared.timestamp_header:
            headers[declared.timestamp_header] = declared.timestamp_prefix + str(timestamp)
        if not declared.header:
            path = f"{path}/{signed}"
        elif declared.header == declared.timestamp_header:
            headers[declared.header] += f"{declared.separator}{signed}"
        else:
            headers[declared.header] = signed
        return Request("POST", path, "", headers, body, peer)


class EventList:
    """The vendor's list of events on a real socket: `/events?since=...&page=...`, `size` at a time, oldest first."""

    def __init__(self, size: int = 100) -> None:
        self.events: list[dict[str, Any]] = []
        self.size = size
        self.target = FakeTarget(self._answer)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.target.port}/events"

    async def __aenter__(self) -> Self:
        await self.target.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.target.__aexit__(None, None, None)

    def _answer(self, request: HttpRequest) -> bytes:
        asked = parse_qs(urlsplit(request.path).query)
        since = int(asked.get("since", ["0"])[0])
        page = int(asked.get("page", ["1"])[0])
        found = [one for one in self.events if one["created"] >= since]
        return answer(
            {"data": found[(page - 1) * self.size : page * self.size], "has_more": page * self.size < len(found)}
        )


def answer(document: object) -> bytes:
    """A 200 with a JSON document, as octets."""
    body = msgspec.json.format(msgspec.json.encode(document), indent=2)  # vendors do not write as we do
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


class Vendor:
    """The sender of the conformance suite, with the scheme of a name."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = SOURCE

    def __init__(self, name: str = "standard") -> None:
        self._name = name
        self._url = (
            "https://hub.example.org/v1/systems/vendor/hook" if "{url}" in PRESETS[name].get("signed", "") else ""
        )
        self._signer = Signer(name, url=self._url)

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"scheme": self._name, "secret": "env:HOOK", "url": self._url}

    @property
    def secrets(self) -> Mapping[str, str]:
        return {"HOOK": SECRET}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    async def meet(self, connection: Connection) -> None:
        self._endpoint = cast(Webhook, connection)

    async def send(self, number: int, *, other: bool = False, spoiled: bool = False, stranger: bool = False) -> Answer:
        body = msgspec.json.encode(document(number, other=other))
        body = body[: len(body) // 2] if spoiled else body
        signer = Signer(self._name, "c3RyYW5nZXI", url=self._url) if stranger else self._signer
        request = signer.request(body, id=f"msg-{number}", timestamp=int(self._endpoint.clock.now().timestamp()))
        try:
            reply = await asyncio.ensure_future(self._endpoint.answer(request))
        except TransientError:
            return Answer.LATER
        known = {401: Answer.STRANGER, 409: Answer.REFUSED, 422: Answer.REFUSED}
        return Answer.TAKEN if 200 <= reply.status < 300 else known[reply.status]


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite: the published scheme, and every other way of signing that vendors have."""
    names = ("standard", "stripe", "github", "shopify", "slack", "square", "token", "basic", "path")
    return {name: partial(Vendor, name) for name in names}
