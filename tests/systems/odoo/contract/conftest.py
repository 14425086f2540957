"""One suite for every Odoo: the simulated 18.0 and 19.0, and a real one when CARELOOM_TEST_ODOO_URL is set.

Set CARELOOM_TEST_ODOO_URL, _DB, _LOGIN and _KEY to run it against a database of yours (it gains documents), and _CHIEF
(`login:password` of an administrator) for the few tests that change a company's settings for a moment.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.resilience import Backoff

REAL_URL = os.environ.get("CARELOOM_TEST_ODOO_URL")
TARGETS = ["real"] if REAL_URL else ["18.0", "19.0"]
Open = Callable[..., Odoo]


@pytest.fixture(params=TARGETS)
async def target(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """The Odoo of this run; a simulated one is new for each test."""
    if request.param == "real":
        names = {"database": "DB", "login": "LOGIN", "api_key": "KEY"}
        given = {name: os.environ[f"CARELOOM_TEST_ODOO_{variable}"] for name, variable in names.items()}
        yield SimpleNamespace(url=REAL_URL, **given)
        return
    async with SimulatedOdoo(version=request.param, workers=8) as server:
        yield server


@pytest.fixture
async def opened(target: Any) -> AsyncIterator[Open]:
    """Opens connectors to it; arguments are settings."""
    made: list[Odoo] = []

    def open_(url: str = "", **settings: Any) -> Odoo:
        known = {"url": url or target.url, "database": target.database, "login": target.login}
        odoo = Odoo(
            "erp",
            Settings(**known, api_key="env:ODOO_KEY", **settings),
            secrets=lambda _: target.api_key,
            backoff=Backoff(jitter=lambda: 1.0),
        )
        made.append(odoo)
        return odoo

    yield open_
    for odoo in made:
        await odoo.close()


@pytest.fixture
def reopen(opened: Open) -> Open:
    """Opens another connector, which knows nothing of what the first one did."""
    return opened


@pytest.fixture
async def erp(opened: Open) -> Odoo:
    """One open connector."""
    return opened()


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """Texts that no earlier run has used."""
    run = uuid4().hex[:12]
    return lambda name: f"{run}-{name}"


@pytest.fixture
def key(erp: Odoo, fresh: Callable[[str], str]) -> Callable[[str, str], str]:
    """External ids of a kind that no earlier run has used."""
    return lambda kind, name: erp.external_id(kind, "TEST", fresh(name))


@dataclass(frozen=True)
class House:
    """What an invoice or an order needs, in this Odoo. `key` makes external ids that no other test has."""

    erp: Odoo
    run: str
    company: int
    bank: int
    customer: int
    vendor: int

    def key(self, name: str) -> str:
        return f"careloom.t{self.run}_{name}"

    async def found(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        return await self.erp.search_read(model, domain, fields, order="id")


@pytest.fixture
async def house(erp: Odoo) -> House:
    """A customer and a supplier of its own, in the API user's company."""
    run = uuid4().hex[:12]
    customer = await erp.upsert("res.partner", f"careloom.t{run}_customer", {"name": f"Customer {run}"})
    vendor = await erp.upsert("res.partner", f"careloom.t{run}_vendor", {"name": f"Vendor {run}", "is_company": True})
    access = erp.documents.access
    user = await access.records.read("res.users", [await access.connection.user_id()], ["company_id"])
    company = user[0]["company_id"][0]
    domain = [["type", "=", "bank"], ["company_id", "=", company]]
    journals = await erp.search_read("account.journal", domain, ["name"], limit=1)
    return House(erp, run, company, journals[0]["id"], customer.record_id, vendor.record_id)


@dataclass(frozen=True)
class Chief:
    """An administrator, who does what the API user has no right to do."""

    url: str
    database: str
    login: str
    secret: str

    async def call(self, model: str, method: str, *arguments: Any) -> Any:
        user = await self._ask("common", "login", self.database, self.login, self.secret)
        return await self._ask(
            "object", "execute_kw", self.database, user, self.secret, model, method, list(arguments), {}
        )

    async def _ask(self, service: str, method: str, *arguments: Any) -> Any:
        asked = {"service": service, "method": method, "args": list(arguments)}
        body = {"jsonrpc": "2.0", "method": "call", "params": asked, "id": 1}
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/jsonrpc", json=body) as answer:
            told = await answer.json()
        assert "error" not in told, told["error"]["data"]["name"]
        return told.get("result")


@pytest.fixture
def chief(target: Any) -> Chief:
    if not REAL_URL:
        return Chief(target.url, target.database, "admin", target.admin_api_key)
    login, _, password = os.environ.get("CARELOOM_TEST_ODOO_CHIEF", "").partition(":")
    if not password:
        pytest.skip("CARELOOM_TEST_ODOO_CHIEF is not set")
    return Chief(target.url, target.database, login, password)
