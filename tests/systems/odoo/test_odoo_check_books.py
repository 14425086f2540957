"""What of a company's books makes Odoo do something else than it was asked to, found before the first document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from tests.systems.odoo.conftest import LeapingClock
from tests.systems.odoo.test_odoo_check import HEALTHY

from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Finding, Odoo

Connect = Callable[..., Odoo]
LOCKS = ("fiscalyear_lock_date", "tax_lock_date", "sale_lock_date", "purchase_lock_date", "hard_lock_date")
FIELDS = ("chart_template", "account_sale_tax_id", "account_purchase_tax_id", *LOCKS)
HOUSE: dict[str, Any] = {
    "id": 1,
    "name": "Hospital",
    "chart_template": "generic_coa",
    **dict.fromkeys(FIELDS[1:], False),
}
LINE = {
    "id": 4,
    "name": "Manual Payment",
    "payment_type": "inbound",
    "payment_account_id": [49, "Outstanding Receipts"],
    "journal_id": [6, "Bank"],
    "company_id": [1, "Hospital"],
}
NEEDS = {"account.move": ["name"], "account.payment": ["name"]}


class Ledger:
    """A scripted Odoo with these companies and payment method lines. `asked` are the calls about the books."""

    def __init__(self, server: Any, connect: Connect) -> None:
        self.company = dict(HOUSE)
        self.lines = [dict(LINE)]
        self.asked: list[tuple[str, Any]] = []
        server.answer = self.answer
        self.odoo = connect(server)

    def answer(self, path: str, body: dict[str, Any]) -> web.Response:
        call = path.removeprefix("/json/2/")
        if call in HEALTHY and HEALTHY[call] != "builtins.ValueError":
            return web.json_response(HEALTHY[call])
        if call.endswith("has_access"):
            return web.json_response(True)
        if call == "res.company/read":
            self.asked.append((call, body["ids"]))
            return web.json_response([self.company])
        if call == "account.payment.method.line/search_read":
            self.asked.append((call, body["domain"]))
            return web.json_response(self.lines)
        if call.endswith("fields_get"):
            names = [one for one in self.company if one != "id"]
            return web.json_response({name: {"type": "char"} for name in names})
        return web.json_response({"name": "builtins.ValueError", "message": "x"}, status=500)

    async def found(self, needs: Any = None) -> list[Finding]:
        return await self.odoo.check(NEEDS if needs is None else needs)


@pytest.fixture
async def ledger(scripted: Any, connect: Connect) -> Ledger:
    return Ledger(await scripted("19.0"), connect)


async def test_books_in_order_have_no_findings(ledger: Ledger) -> None:
    assert await ledger.found() == []
    assert ledger.asked[0] == ("res.company/read", [1])
    assert ["journal_id.company_id", "in", [1]] in ledger.asked[1][1]


@pytest.mark.parametrize(("until", "stands"), [("2025-12-30", False), ("2025-12-31", True), ("2026-02-01", True)])
@pytest.mark.parametrize("lock", LOCKS)
async def test_a_lock_that_reaches_today_or_yesterday(
    ledger: Ledger, clock: LeapingClock, lock: str, until: str, stands: bool
) -> None:
    assert f"{clock.now():%Y-%m-%d}" == "2026-01-01"
    ledger.company[lock] = until
    found = await ledger.found()
    assert len(found) == stands
    if stands:
        assert f"until {until} ({lock})" in found[0].problem
        assert found[0].blocking


@pytest.mark.parametrize(("field", "kind"), [("account_sale_tax_id", "sale"), ("account_purchase_tax_id", "purchase")])
async def test_a_default_tax_is_good_to_know(ledger: Ledger, field: str, kind: str) -> None:
    ledger.company[field] = [1, "15%"]
    [finding] = await ledger.found()
    assert finding.problem == f"company Hospital adds the tax 15% to {kind} lines that name none"
    assert "get it unless the flow says which" in finding.advice
    assert not finding.blocking


async def test_a_company_without_a_chart(ledger: Ledger) -> None:
    ledger.company["chart_template"] = False
    [finding] = await ledger.found()
    assert finding.problem == "company Hospital has no chart of accounts"


@pytest.mark.parametrize(("way", "place"), [("inbound", "Incoming Payments"), ("outbound", "Outgoing Payments")])
async def test_a_payment_method_without_an_outstanding_account(ledger: Ledger, way: str, place: str) -> None:
    ledger.lines.append({**LINE, "payment_account_id": False, "payment_type": way})
    [finding] = await ledger.found()
    assert f"journal Bank of company Hospital has no outstanding account for {way} payments" in finding.problem
    assert finding.advice.endswith(place)


async def test_payments_are_looked_at_where_they_are_used(ledger: Ledger) -> None:
    ledger.lines[0]["payment_account_id"] = False
    assert await ledger.found({"account.move": ["name"]}) == []


async def test_books_are_looked_at_where_documents_are_used(ledger: Ledger) -> None:
    ledger.company["chart_template"] = False
    assert await ledger.found({"res.partner": ["name"]}) == []
    assert ledger.asked == []


async def test_a_version_without_a_lock_is_not_asked_for_it(ledger: Ledger) -> None:
    del ledger.company["hard_lock_date"]
    assert await ledger.found() == []


async def test_the_companies_of_the_settings_are_looked_at(scripted: Any, connect: Connect) -> None:
    server = await scripted("19.0")
    ledger = Ledger(server, lambda one: connect(one, allowed_company_ids=(1,)))
    await ledger.found()
    assert ledger.asked[0] == ("res.company/read", [1])


async def test_on_the_simulator_the_default_taxes_are_told(sim: SimulatedOdoo, connect: Connect) -> None:
    found = await connect(sim).check({"account.move": ["partner_id"]})
    told = [finding.problem for finding in found if not finding.blocking]
    assert sum("adds the tax" in one for one in told) == 2
