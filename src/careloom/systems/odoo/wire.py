"""One HTTP exchange with Odoo, and what is known of it when it fails: was the request sent or not?

Odoo's prefork server answers `Connection: close`: each call is a connection of its own unless a proxy stands between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp
import msgspec

from careloom.core.tracing import outgoing
from careloom.systems.odoo.faults import (
    Fault,
    OdooAmbiguous,
    OdooContractBroken,
    OdooFault,
    OdooThrottled,
    OdooUnavailable,
    make,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One method call on a model. `ids` is None for methods of the model itself.

    `repeatable` says that running it twice is the same as once (reading, for example), so that a lost answer is only an
    outage and not an unknown outcome.
    """

    model: str
    method: str
    arguments: Mapping[str, Any]
    ids: tuple[int, ...] | None = None
    context: Mapping[str, Any] | None = None
    repeatable: bool = False

    def fault(self, name: str, private_detail: str = "") -> Fault:
        return Fault(name, self.model, self.method, private_detail=private_detail)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and decoded JSON body; `json` is false when the body was something else (a page), which is dropped."""

    status: int
    json: bool
    body: Any
    retry_after: float | None


def open_session(timeout_seconds: float, connect_seconds: float, concurrency: int) -> aiohttp.ClientSession:
    """A session with our own timeouts, that keeps no cookies and notes whether a request left the machine."""
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_note_sent)
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, connect=connect_seconds, sock_connect=connect_seconds),
        connector=aiohttp.TCPConnector(limit=concurrency),
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[trace],
    )


async def _note_sent(_session: Any, context: SimpleNamespace, _params: Any) -> None:
    context.trace_request_ctx.sent = True


async def exchange(
    session: aiohttp.ClientSession, url: str, payload: object, headers: Mapping[str, str], call: Call
) -> Answer:
    """POST `payload` as JSON and return the answer.

    Raises OdooUnavailable when nothing was sent, and when the call is repeatable; OdooAmbiguous when it was sent and no
    whole answer came.
    """
    progress = SimpleNamespace(sent=False)
    try:
        async with session.post(
            url,
            data=msgspec.json.encode(payload),
            headers={"Content-Type": "application/json", **outgoing(), **headers},
            allow_redirects=False,
            trace_request_ctx=progress,
        ) as response:
            return _answer(response.status, response.headers, await response.read())
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _lost(call, type(error).__name__, sent=progress.sent) from None


def _answer(status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
    after = headers.get("Retry-After", "")
    retry_after = float(after) if after.isdecimal() else None
    if "json" not in headers.get("Content-Type", ""):
        return Answer(status, False, None, retry_after)
    try:
        return Answer(status, True, msgspec.json.decode(raw), retry_after)
    except msgspec.DecodeError:
        return Answer(status, False, None, retry_after)


def _lost(call: Call, name: str, *, sent: bool) -> OdooFault:
    fault = call.fault(name)
    if not sent:
        return make(OdooUnavailable, fault, "no connection, nothing was sent: check address, network and server")
    if call.repeatable:
        return make(OdooUnavailable, fault, "no answer in time: it changes nothing and is tried again")
    return make(OdooAmbiguous, fault, "sent, and no answer came: read the record back before sending again")


def not_json(call: Call, answer: Answer) -> OdooFault:
    """The error for a page where JSON was expected: a proxy, a login redirect, another database or another server."""
    fault = call.fault(f"HTTP {answer.status} without JSON")
    if answer.status == 429:
        return _delayed(make(OdooThrottled, fault, "a proxy asks for fewer calls: lower the rate"), answer)
    if answer.status == 503:
        return _delayed(make(OdooUnavailable, fault, "a proxy says that Odoo is away"), answer)
    if answer.status in (500, 502, 504):
        if call.repeatable:
            return make(OdooUnavailable, fault, "a proxy got no answer from Odoo")
        return make(OdooAmbiguous, fault, "a proxy lost Odoo's answer: read the record back before sending again")
    advice = "this is not Odoo's API: check the url, the database name, the version and the proxy before it"
    return make(OdooContractBroken, fault, advice, stops=True)


def _delayed(error: OdooFault, answer: Answer) -> OdooFault:
    if isinstance(error, OdooThrottled | OdooUnavailable):
        error.retry_after = answer.retry_after
    return error
