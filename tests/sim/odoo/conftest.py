"""A clock that tests move, servers of both versions, a client for them, and the comparison of two answers."""

import asyncio
import json
import re
import xmlrpc.client
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from careloom.sim.odoo import SimulatedOdoo

START = datetime(2026, 11, 20, 10, 30, 0, 250_000, tzinfo=UTC)


class SteppedClock:
    """Time stands still until `advance`."""

    def __init__(self) -> None:
        self.instant = START
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return (self.instant - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.instant + timedelta(seconds=seconds), woken))
        await woken.wait()

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        for due, woken in self._sleepers:
            if due <= self.instant:
                woken.set()


class Client:
    """Calls one server. `call` gives (status, body) over JSON-2 or, for 18.0, (200, the JSON-RPC answer)."""

    def __init__(self, odoo: SimulatedOdoo, session: aiohttp.ClientSession) -> None:
        self.odoo = odoo
        self.session = session

    async def call(self, model: str, method: str, key: str | None = None, **named: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"bearer {key or self.odoo.api_key}"}
        url = f"{self.odoo.url}/json/2/{model}/{method}"
        async with self.session.post(url, json=named, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def rpc(self, model: str, method: str, *args: Any, key: str | None = None, **named: Any) -> Any:
        who = [self.odoo.database, self.odoo.uid, key or self.odoo.api_key]
        params = {"service": "object", "method": "execute_kw", "args": [*who, model, method, list(args), named]}
        body = {"jsonrpc": "2.0", "method": "call", "id": 7, "params": params}
        async with self.session.post(f"{self.odoo.url}/jsonrpc", json=body) as response:
            assert response.status == 200
            return await response.json()

    async def value(self, model: str, method: str, **named: Any) -> Any:
        """The result of a call that must succeed."""
        status, body = await self.call(model, method, **named)
        assert status == 200, body
        return body

    async def partner(self, **values: Any) -> int:
        [record] = await self.value("res.partner", "create", vals_list=[{"name": "Ida Sample", **values}])
        return int(record)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def odoo(clock: SteppedClock) -> AsyncIterator[SimulatedOdoo]:
    async with SimulatedOdoo("19.0", clock=clock) as server:
        yield server


@pytest.fixture
async def client(odoo: SimulatedOdoo, session: aiohttp.ClientSession) -> Client:
    return Client(odoo, session)


@pytest.fixture
async def odoo18(clock: SteppedClock) -> AsyncIterator[SimulatedOdoo]:
    async with SimulatedOdoo("18.0", clock=clock) as server:
        yield server


@pytest.fixture
async def client18(odoo18: SimulatedOdoo, session: aiohttp.ClientSession) -> Client:
    return Client(odoo18, session)


def leveled(value: Any) -> Any:
    """`value` without what depends on the data: numbers become their type, digits in texts one sign."""
    if isinstance(value, dict):
        return {key: leveled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [leveled(one) for one in value]
    if type(value) is int:
        return "a whole number"
    return re.sub(r"\d+", "#", value) if isinstance(value, str) else value


def error_of(body: Any) -> dict[str, Any] | None:
    if isinstance(body, dict) and "debug" in body:
        return body
    return body["error"]["data"] if isinstance(body, dict) and "error" in body else None


def assert_same_error(real: dict[str, Any], ours: dict[str, Any], compare: str, model: str) -> None:
    assert set(ours) == set(real)
    assert ours["name"] == real["name"]
    assert ours["debug"].startswith("Traceback")
    assert ours["context"] == real["context"]
    assert [type(one) for one in ours["arguments"]] == [type(one) for one in real["arguments"]]
    if compare == "all":
        message = real["message"].replace("account.account", model)
        assert leveled(ours["message"]) == leveled(message)


def unpacked(xml: str) -> Any:
    try:
        return leveled(json.loads(json.dumps(xmlrpc.client.loads(xml)[0])))
    except xmlrpc.client.Fault as fault:
        return fault.faultCode, "a traceback" if fault.faultCode == 1 else leveled(fault.faultString)


def _assert_same_body(real: Any, ours: Any, compare: str, model: str) -> None:
    if isinstance(real, str):
        if "<methodResponse>" in real:
            assert unpacked(ours) == unpacked(real)
        else:
            assert isinstance(ours, str)
        return
    failed = error_of(real)
    if failed is not None:
        assert_same_error(failed, error_of(ours) or {}, compare, model)
        assert {key: real[key] for key in real if key not in ("error", *failed)} == {
            key: ours[key] for key in ours if key not in ("error", *failed)
        }
        assert real.get("error", {}).get("code") == ours.get("error", {}).get("code")
    elif compare == "keys":
        assert set(real["result"]) - {"_trimmed"} <= set(ours["result"])
    elif compare == "value":
        assert ours == real
    elif compare == "shape":
        pairs = [body if isinstance(body, list) else body["result"] for body in (real, ours)]
        shapes = [[[type(one) for one in row] for row in rows] for rows in pairs]
        assert shapes[1] and shapes[1] == shapes[0][: len(shapes[1])]
    else:
        expected = json.loads(json.dumps(real).replace("account.account", model)) if model else real
        assert leveled(ours) == leveled(expected)


@pytest.fixture
def assert_same_body() -> Callable[[Any, Any, str, str], None]:
    """Fails unless the second answer equals the first apart from the data; then `compare` and `model` of a case."""
    return _assert_same_body
