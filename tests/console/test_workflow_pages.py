"""Runs and approvals in pages: a run's picture and time line, what people do with it, who may approve what."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Browser, expect
from tests.console.conftest import Console, Window, accessible, console_of, signed_in, window
from tests.hub.hospital import Hospital
from tests.hub.test_approvals_by_http import FLOW, SETTINGS

from careloom.console.addresses import PAGE
from careloom.console.rights import Role
from careloom.workflow.states import ENDED

NOBODY = UUID(int=7)
TEAM = ("purchasing",)


@asynccontextmanager
async def office_of(hospital: Hospital, more: str = "") -> AsyncIterator[Console]:
    """A hub whose process buys what was approved; `more` are settings."""
    (hospital.folder / "flows").mkdir()
    (hospital.folder / "flows" / "purchase.py").write_text(FLOW)
    hospital.configure(SETTINGS + more, hub='flows = ["careloom.flows.registration", "flows.purchase"]')
    async with console_of(hospital) as console:
        yield console


@pytest.fixture
async def office(hospital: Hospital) -> AsyncIterator[Console]:
    async with office_of(hospital) as console:
        yield console


@pytest.fixture
async def robin(office: Console) -> AsyncIterator[Window]:
    async with window(office, "Robin", Role.OPERATOR, teams=TEAM) as opened:
        yield opened


async def begun(hospital: Hospital, office: Console, total: str = "900.00", needed: int = 1) -> UUID:
    """A run that waits for its approval; Mika asked for it."""
    order = {"what": "gauze", "total": {"value": total, "currency": "USD"}, "requester": "Mika", "needed": needed}
    file = hospital.folder / "order.json"
    file.write_text(json.dumps(order))
    said = await hospital.careloom(
        "workflow", "start", "purchase.buy", "--input", str(file), "--reason", "needed", "--json"
    )
    assert said.code == 0, said.errors
    run = UUID(said.object["id"])
    await comes_to(office, run, "waiting")
    return run


async def comes_to(office: Console, run: UUID, *states: str) -> None:
    async def there() -> bool:
        rows = await office.hub.rows("select state from run where id = $1", run)
        return bool(rows and rows[0]["state"] in states)

    await office.hub.eventually(there)


async def case_of(office: Console, run: UUID) -> UUID:
    [row] = await office.hub.rows("select id from work_case where run like $1 and resolved is null", f"{run}/%")
    found: UUID = row["id"]
    return found


async def vote(who: Window, case: UUID, action: str = "approve", **more: str) -> Any:
    form = {"action": action, "reason": "in the budget", "request": str(uuid4())}
    return await who.post(f"/approvals/{case}", form | more)


async def test_a_step_is_approved_by_who_may(hospital: Hospital, office: Console, browser: Browser) -> None:
    run = await begun(hospital, office)
    token = await office.account("Robin", Role.OPERATOR, teams=TEAM)
    async with signed_in(browser, office, token) as page:
        await page.goto(office.url())
        await page.get_by_role("link", name="Workflows").click()
        await accessible(page)
        await page.get_by_role("region", name="Runs, the newest first").get_by_role("link").first.click()
        picture = page.get_by_role("img", name="The process purchase.buy")
        await expect(picture).to_be_visible()
        await expect(picture.locator("text.mark")).to_have_text("now")
        await accessible(page)
        await page.get_by_role("link", name="Approvals").click()
        await expect(page.get_by_text("900.00 USD")).to_be_visible()
        await accessible(page)
        await page.get_by_label("Reason").fill("in the budget")
        await page.get_by_role("button", name="Approve order of gauze").click()
        await expect(page.get_by_role("status")).to_have_text("It is approved: in the budget.")
        await expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
        await comes_to(office, run, "completed")
        await page.goto(office.url(f"/runs/{run}"))
        await expect(page.get_by_role("img").locator("text.mark").last).to_have_text("done")


async def test_who_asked_who_voted_and_who_is_over_the_limit_is_told(
    hospital: Hospital, office: Console, robin: Window
) -> None:
    case = await case_of(office, await begun(hospital, office, needed=2))
    async with window(office, "Mika", Role.OPERATOR, teams=TEAM) as mika:
        own = await mika.get("/approvals")
        assert "You asked for it; somebody else decides." in own.text and own.actions == set()
        refused = await vote(mika, case)
        assert (refused.status, "whoever asked for it may not decide it" in refused.text) == (403, True)
    first = await vote(robin, case)
    assert "Your approval counts; it waits for others too." in first.text
    assert "1 of 2" in first.text and "You voted; somebody else must be the other." in first.text
    again = await vote(robin, case)
    assert (again.status, "you voted before" in again.text) == (403, True)
    async with window(office, "Kim", Role.OPERATOR, teams=("billing",)) as kim:
        assert "Nothing waits for you." in (await kim.get("/approvals")).text
        assert "this is for the role purchasing" in (await vote(kim, case)).text
    async with window(office, "Vera", Role.VIEWER, teams=TEAM) as vera:
        assert "Approvals" not in (await vera.get("/runs")).text
        assert (await vera.get("/approvals")).status == 403
        assert (await vote(vera, case)).status == 403
    for wrong in ({"action": "discard"}, {"action": "x"}, {"request": "x"}):
        assert (await vote(robin, case, **wrong)).status == 400
    dear = await case_of(office, await begun(hospital, office, "5000.01"))
    over = await vote(robin, dear)
    assert (over.status, "the amount is above your limit; it is for cfo" in over.text) == (403, True)
    async with window(office, "Ada", Role.FINANCE, teams=("purchasing", "cfo")) as ada:
        assert "5,000.01 USD" in (await ada.get("/approvals")).text
        assert "It is rejected: too dear" in (await vote(ada, dear, "reject", reason="too dear")).text


async def test_a_role_is_handed_on_and_taken_back(hospital: Hospital, office: Console, robin: Window) -> None:
    case = await case_of(office, await begun(hospital, office))
    async with window(office, "Kim", Role.OPERATOR, teams=("billing",)) as kim:
        form = {"role": "purchasing", "to": "Kim", "until": "2099-01-01T00:00", "reason": "on leave"}
        for wrong in ({"to": "Robin"}, {"until": ""}, {"until": "x"}, {"until": "0001-01-01T00:00"}):
            assert (await robin.post("/delegations/new", form | wrong)).status == 409, wrong
        assert (await robin.post("/delegations/new", form | {"role": "cfo"})).status == 403
        given = await robin.post("/delegations/new", form)
        assert "Kim has the role purchasing until 2099-01-01" in given.text and "take-back" in given.actions
        assert "order of gauze" in (await kim.get("/approvals")).text
        page = await kim.get("/delegations?to=Kim")
        assert "on leave" in page.text and "take-back" not in page.actions
        assert "No role is handed on." in (await kim.get("/delegations?by=Kim")).text
        [handed] = re.findall(r"/delegations/([0-9a-f-]{36})/take-back", given.html)
        assert (await kim.post(f"/delegations/{handed}/take-back")).status == 403
        async with window(office, "Vera", Role.VIEWER, teams=TEAM) as vera:
            assert (await vera.get("/delegations")).actions == set()
            assert (await vera.post("/delegations/new", form)).status == 403
        assert "It is taken back." in (await robin.post(f"/delegations/{handed}/take-back")).text
        assert (await robin.post(f"/delegations/{handed}/take-back")).status == 404
        assert "Nothing waits for you." in (await kim.get("/approvals")).text
        assert (await vote(kim, case)).status == 403


async def test_a_run_is_held_let_go_on_and_undone(hospital: Hospital, office: Console, robin: Window) -> None:
    run = await begun(hospital, office)
    path = f"/runs/{run}"
    page = await robin.get(path)
    assert page.actions == {"suspend", "cancel", "look"} and "approve: order of" in page.text
    assert "waits" in page.text and f"/console/cases/{await case_of(office, run)}" in page.html
    held = await robin.post(f"{path}/suspend", {"reason": "asked by the ward"})
    assert "It is held" in held.text and "suspended by Robin asked by the ward" in held.text
    await comes_to(office, run, "suspended")
    assert {"resume", "cancel"} <= (await robin.get(path)).actions
    assert (await robin.post(f"{path}/retry")).status in (200, 409)
    async with window(office, "Vera", Role.VIEWER) as vera:
        assert (await vera.get(path)).actions == set()
        for act in ("suspend", "resume", "retry", "cancel", "look"):
            assert (await vera.post(f"{path}/{act}", {"reason": "x"})).status == 403
    await robin.post(f"{path}/resume")
    await comes_to(office, run, "waiting")
    assert "say why" in (await robin.post(f"{path}/cancel", {"reason": ""})).text
    await robin.post(f"{path}/cancel", {"reason": "not needed any more"})
    await comes_to(office, run, *ENDED)
    over = await robin.get(path)
    assert "Cancelled by Robin: not needed any more" in over.text and over.actions == {"look"}
    late = await robin.post(f"{path}/suspend")
    assert (late.status, "cannot be suspended" in late.text) == (409, True)
    for act in ("suspend", "cancel"):
        assert (await robin.post(f"/runs/{NOBODY}/{act}", {"reason": "x"})).status == 404


async def test_what_is_sealed_of_a_run_is_seen_with_a_reason(
    hospital: Hospital, office: Console, robin: Window
) -> None:
    run = await begun(hospital, office)
    assert "Mika" not in (await robin.get(f"/runs/{run}")).html
    assert (await robin.post(f"/runs/{run}/look", {"reason": ""})).status == 409
    seen = await robin.post(f"/runs/{run}/look", {"reason": "who wanted it"})
    assert '"requester": "Mika"' in seen.text
    assert "looked by Robin who wanted it" in (await robin.get(f"/runs/{run}")).text


async def test_runs_are_filtered_and_paged_by_their_address(hospital: Hospital, office: Console, robin: Window) -> None:
    run = await begun(hospital, office)
    await office.hub.rows(
        "insert into run select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'state',"
        " 'pending', 'due', null, 'late_at', null, 'begun', r.begun - n * interval '1 minute'))).*"
        " from run r, generate_series(1, $1) n where r.id = $2",
        PAGE + 2,
        run,
    )
    found: list[str] = []
    path = "/runs?workflow=purchase.buy"
    while path:
        page = await robin.get(path)
        found += re.findall(r'<td><a href="/console/runs/([0-9a-f-]+)"', page.html)
        later = re.search(r'href="/console([^"]*)" rel="next"', page.html)
        path = later[1].replace("&amp;", "&") if later else ""
    assert (len(found), len(set(found)), found[0]) == (PAGE + 3, PAGE + 3, str(run))
    for query, many in (
        ("state=waiting", 1), ("unfinished=yes&state=waiting", 1), ("state=completed", 0), ("workflow=other", 0),
        ("begun_from=2099-01-01", 0),
        ("begun_before=2020-01-01", 0), ("about=O-1", 0),
    ):  # fmt: skip
        page = await robin.get(f"/runs?{query}")
        assert len(re.findall(r'<td><a href="/console/runs/', page.html)) == many, query
    assert "purchase.buy</a> v1" in page.html and "<option>purchase.buy</option>" in page.html
    for query in ("state=lost", "begun_from=x", "begun_before=0001-01-01", "after=x", "after=W10"):
        assert (await robin.get(f"/runs?{query}")).status == 400, query
    assert (await robin.get(f"/runs/{NOBODY}")).status == 404
