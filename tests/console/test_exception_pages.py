"""The queue of exceptions in pages: what is shown to whom, what each act does, and what is refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Browser, expect
from tests.console.conftest import Console, Window, accessible, console_of, signed_in, window
from tests.hub.hospital import Hospital, adt

from careloom.cases.catalogue import shipped
from careloom.console.addresses import PAGE
from careloom.console.rights import Role
from careloom.log.ports import NewCase
from careloom.sim.odoo import SimulatedOdoo

TEAMS = ("integration", "patient-access", "supply-chain")
WRONG = {7: "garbage"}
FIXED = "19710412"
NOBODY = UUID(int=7)


@pytest.fixture
async def robin(console: Console) -> AsyncIterator[Window]:
    async with window(console, "Robin", Role.OPERATOR, teams=TEAMS) as opened:
        yield opened


async def opened(console: Console, *cases: NewCase) -> list[UUID]:
    """Open these as a system does; the ids of all that there are, oldest first."""
    recorder = console.hub.node.work.recorder
    async with console.hub.database.acquire() as connection, connection.transaction():
        await recorder.open(connection, cases)
    return [row["id"] for row in await console.hub.rows("select id from work_case order by opened, id")]


def silence(**changed: Any) -> NewCase:
    fields: dict[str, Any] = {"kind": "silence", "system": "ehr", "reason": "nothing for an hour"}
    return NewCase(**fields | changed)


async def parked(console: Console, *controls: str) -> list[UUID]:
    """Messages that wait for a person, for each a patient of its own; their cases, oldest first."""
    await console.hub.send(*(adt("A04", control, f"N-{control}", pid=WRONG) for control in controls))

    async def all_wait() -> list[UUID]:
        rows = await console.hub.rows("select id from work_case where resolved is null order by message")
        return [row["id"] for row in rows] if len(rows) == len(controls) else []

    found: list[UUID] = await console.hub.eventually(all_wait)
    return found


async def state(console: Console, case: UUID) -> str:
    return (await console.hub.node.work.reader.one(case)).state


async def decide(window: Window, case: UUID, action: str, **more: str) -> Any:
    page = await window.get(f"/cases/{case}")
    form = {"action": action, "revision": page.value("revision"), "request": str(uuid4())}
    return await window.post(f"/cases/{case}/decide", form | more)


async def test_an_operator_edits_and_retries_and_it_is_delivered(
    hospital: Hospital, erp: SimulatedOdoo, browser: Browser
) -> None:
    hospital.configure(odoo=erp)
    async with console_of(hospital) as console:
        [case] = await parked(console, "C1")
        token = await console.account("Robin", Role.OPERATOR, teams=TEAMS)
        async with signed_in(browser, console, token) as page:
            await page.goto(console.url())
            await page.get_by_role("navigation").get_by_role("link", name="Exceptions", exact=True).click()
            await expect(page.get_by_text("PID-7: the date of birth")).to_be_visible()
            await accessible(page)
            await page.get_by_role("region", name="Cases").get_by_role("link", name="mapping").click()
            await expect(page.get_by_text("masked")).to_be_visible()
            await expect(page.get_by_text("Ottilie")).to_have_count(0)
            await accessible(page)
            await page.get_by_role("button", name="Claim").click()
            await expect(page.get_by_role("status")).to_have_text("It is yours.")
            await page.get_by_label("Why you look").fill("which date was meant")
            await page.get_by_role("button", name="Look, and edit").click()
            await accessible(page)
            corrected = page.get_by_label("Corrected")
            text = await corrected.input_value()
            assert "Ottilie" in text and "garbage" in text
            await corrected.fill(text.replace("garbage", FIXED))
            await corrected.locator("xpath=..").get_by_label("Reason").fill("the date was typed wrong")
            await page.get_by_role("button", name="Save and retry").click()
            await expect(page.get_by_role("status")).to_contain_text("It is resolved: edited and retried")
            await expect(page.get_by_role("heading", name="As it came")).to_be_visible()
            await expect(page.get_by_role("region", name="Corrected")).to_contain_text("|99999999|")
            await expect(page.get_by_role("region", name="As it came")).to_contain_text("|xxxxxxx|")
        await console.hub.settled(1)
        assert await state(console, case) == "resolved"
    [contact] = [row for row in erp.records("res.partner") if row["ref"]]
    assert contact["ref"] == "N-C1"


async def test_a_look_is_on_record_and_nothing_personal_is_shown_without(console: Console, robin: Window) -> None:
    [case] = await parked(console, "C1")
    masked = await robin.get(f"/cases/{case}")
    assert "Ottilie" not in masked.html and "PID|9||" in masked.html
    none = await robin.post(f"/cases/{case}/look", {"reason": " "})
    assert (none.status, "Ottilie" in none.html) == (409, False)
    seen = await robin.post(f"/cases/{case}/look", {"reason": "which <name>"})
    assert seen.status == 200 and "Weaver^Ottilie" in seen.html
    after = await robin.get(f"/cases/{case}")
    assert "looked" in after.text and "which &lt;name&gt;" in after.html and "Ottilie" not in after.html
    async with window(console, "Vera", Role.VIEWER, teams=TEAMS) as vera:
        shown = await vera.get(f"/cases/{case}")
        assert shown.status == 200 and shown.actions == set()
        refused = await vera.post(f"/cases/{case}/look", {"reason": "curious"})
        assert refused.status == 403 and "Ottilie" not in refused.html
    async with window(console, "Ada", Role.AUDITOR) as ada:
        assert (await ada.get(f"/cases/{case}")).actions == {"look"}
        looked = await ada.post(f"/cases/{case}/look", {"reason": "the yearly audit"})
        assert "Weaver^Ottilie" in looked.html and "Save and retry" not in looked.html


async def test_a_viewer_sees_the_queue_and_can_do_nothing(console: Console) -> None:
    [case] = await parked(console, "C1")
    acts = ("claim", "release", "wait", "assign", "comment", "decide", "look")
    async with window(console, "Vera", Role.VIEWER, teams=TEAMS) as vera:
        for path in ("/cases", "/case-groups", f"/cases/{case}"):
            page = await vera.get(path)
            assert page.status == 200 and 'type="checkbox"' not in page.html and "<button>Preview" not in page.html
        for act in acts:
            form = {"reason": "x", "text": "x", "person": "Vera", "action": "discard", "request": str(uuid4())}
            assert (await vera.post(f"/cases/{case}/{act}", form)).status == 403, act
        assert (await vera.post("/case-sets", {"case": str(case)})).status == 403
        cause = (await console.hub.node.work.reader.one(case)).cause
        assert (await vera.post(f"/case-groups/{cause}/preview")).status == 403
        assert (await vera.post(f"/case-sets/{NOBODY}/retry")).status == 403
    assert await state(console, case) == "open"


async def test_held_passed_on_and_given_back(console: Console, robin: Window) -> None:
    [case] = await opened(console, silence())
    path = f"/cases/{case}"
    page = await robin.get(path)
    assert (
        page.actions == {"claim", "assign", "decide", "comment"}
        and "/console/runbook#case-silence" in page.html
    )
    claimed = await robin.post(f"{path}/claim")
    assert "It is yours." in claimed.text and claimed.actions == {"release", "wait", "assign", "decide", "comment"}
    assert "say what you wait for" in (await robin.post(f"{path}/wait", {"reason": ""})).text
    waiting = await robin.post(f"{path}/wait", {"reason": "the vendor calls back"})
    assert await state(console, case) == "waiting" and "wait" not in waiting.actions
    async with window(console, "Sam", Role.OPERATOR, teams=TEAMS) as sam:
        other = await sam.get(path)
        assert other.actions == {"assign", "comment"} and "somebody else has this case" in other.text
        assert (await sam.post(f"{path}/claim")).status == 403
        assert "It is given back to integration" in (await robin.post(f"{path}/release", {"reason": "off"})).text
        given = await robin.post(f"{path}/assign", {"person": "Sam", "role": "billing", "reason": "theirs"})
        assert "It is now with Sam." in given.text
        foreign = await sam.get(path)
        assert "this is for the role billing" in foreign.text and "decide" not in foreign.actions
    entries = (await robin.get(path)).text
    for said in ("the vendor calls back", "theirs", "moved: waiting"):
        assert said in entries


async def test_a_remark_is_sealed_and_shown_to_few(console: Console, robin: Window) -> None:
    [case] = await opened(console, silence())
    form = {"text": "called <b>Ottilie</b>", "request": str(uuid4())}
    for _ in range(2):
        page = await robin.post(f"/cases/{case}/comment", form)
    assert page.html.count("called &lt;b&gt;Ottilie") == 1, "sent twice it is there once, and it is no markup"
    async with window(console, "Vera", Role.VIEWER) as vera:
        shown = await vera.get(f"/cases/{case}")
        assert "commented" in shown.text and "Ottilie" not in shown.html


async def test_what_an_action_needs_is_asked_by_its_own_form_and_told_when_wrong(
    console: Console, robin: Window
) -> None:
    [case] = await opened(console, silence(kind="stock-shortage", system="erp", run=f"{NOBODY}/1"))
    page = await robin.get(f"/cases/{case}")
    fields = re.findall(r'name="data\.(\w+)"', page.html)
    assert fields == ["product", "quantity", "location", "purchase_order"]
    assert re.search(r'id="supply-product"[^>]*maxlength="64" required', page.html)
    assert not re.search(r'id="supply-location"[^>]*required', page.html)
    wrong = await decide(robin, case, "supply", **{"data.product": "P-1", "data.quantity": "-1"})
    assert (wrong.status, "is not what this action needs" in wrong.text) == (409, True)
    assert 'value="P-1"' in wrong.html, "what was typed is not lost"
    gone = await decide(robin, case, "supply", **{"data.product": "P-1", "data.quantity": "5"})
    assert gone.status == 409 and await state(console, case) == "open"


async def test_decided_as_it_was_seen_and_once(console: Console, robin: Window) -> None:
    one, other = await opened(console, silence(), silence(system="lab"))
    page = await robin.get(f"/cases/{one}")
    form = {"action": "resolve", "reason": "", "revision": page.value("revision"), "request": str(uuid4())}
    assert "say why" in (await robin.post(f"/cases/{one}/decide", form)).text
    await robin.post(f"/cases/{one}/claim")
    stale = await robin.post(f"/cases/{one}/decide", form | {"reason": "the line was cut"})
    assert (stale.status, "has changed since you saw it" in stale.text) == (409, True)
    fresh = await robin.get(f"/cases/{one}")
    form |= {"revision": fresh.value("revision"), "reason": "the line was cut"}
    for _ in range(2):
        done = await robin.post(f"/cases/{one}/decide", form)
        assert "It is resolved: resolved: the line was cut" in done.text
    assert done.actions == {"comment"}
    assert "this case is resolved" in (await robin.post(f"/cases/{one}/decide", form | {"request": str(uuid4())})).text
    form["revision"] = (await robin.get(f"/cases/{other}")).value("revision")
    for wrong in ({"action": "explode"}, {"request": "x"}):
        assert (await robin.post(f"/cases/{other}/decide", form | wrong)).status == 400
    discarded = await decide(robin, other, "discard", reason="it was a test")
    assert "It is discarded" in discarded.text
    ended = await robin.get("/cases?state=discarded")
    assert "ended in time" in ended.text and "lab" in ended.text


async def test_filters_stand_in_the_address_and_pages_follow_each_other(console: Console, robin: Window) -> None:
    ids = await opened(
        console,
        *(silence(system=f"s{number:03}") for number in range(PAGE + 3)),
        silence(kind="mapping", system="ehr", owner="billing", field="PID-3"),
    )
    seen: list[str] = []
    path = "/cases?kind=silence"
    while path:
        page = await robin.get(path)
        seen += re.findall(r'<td><a href="/console/cases/([0-9a-f-]+)"', page.html)
        later = re.search(r'href="/console([^"]*)" rel="next"', page.html)
        path = later[1].replace("&amp;", "&") if later else ""
        if path:
            assert parse_qs(urlsplit(path).query)["kind"] == ["silence"]
    assert sorted(seen) == sorted(str(one) for one in ids[:-1]) and len(set(seen)) == len(seen)
    for query, many in (
        ("owner=billing", 1), ("system=s001", 1), ("state=claimed", 0), ("assignee=Robin", 0), ("older=1", 0),
        ("kind=mapping&owner=billing", 1), (f"cause={NOBODY}", 0),
    ):  # fmt: skip
        page = await robin.get(f"/cases?{query}")
        assert len(re.findall(r'<td><a href="/console/cases/', page.html)) == many, query
        for value in parse_qs(query).values():
            assert f'value="{value[0]}"' in page.html or f"<option selected>{value[0]}<" in page.html
    for query in ("state=lost", "cause=x", "older=-1", "older=nan", "older=x", "after=x", "after=W10", "kind=%00"):
        assert (await robin.get(f"/cases?{query}")).status == 400, query
    assert all(f"<option>{kind.name}</option>" in page.html for kind in shipped() if kind.name != "mapping")


async def test_a_group_and_a_choice_are_previewed_and_just_those_are_retried(console: Console, robin: Window) -> None:
    cases = await parked(console, "C1", "C2", "C3", "C4")
    page = await robin.get("/case-groups")
    cause = (await console.hub.node.work.reader.one(cases[0])).cause
    assert f'href="/console/cases?cause={cause}">4</a>' in page.html
    shown = await robin.post(f"/case-groups/{cause}/preview")
    assert shown.path.startswith("/case-sets/") and "4 cases, of which 4 would be retried now" in shown.text
    await decide(robin, cases[0], "discard", reason="sent anew")
    again = await robin.get(shown.path)
    assert "4 cases, of which 3 would be retried now" in again.text
    for rate in ("0", "x", "-1", "inf"):
        assert (await robin.post(f"{shown.path}/retry", {"rate": rate})).status == 400
    done = await robin.post(f"{shown.path}/retry", {"rate": "1000", "reason": "the rule was corrected"})
    assert "3 retried" in done.text and "1 had ended" in done.text and "was acted on" in done.text
    assert (await robin.post(f"{shown.path}/retry", {"rate": "1"})).status == 409
    assert (await robin.get(f"/case-sets/{NOBODY}")).status == 404

    async def new_ones() -> list[UUID]:
        rows = await console.hub.rows("select id from work_case where resolved is null order by message")
        return [row["id"] for row in rows] if len(rows) == 3 else []

    fresh = await console.hub.eventually(new_ones)
    assert not set(fresh) & set(cases), "they failed again, each with a case of its own"
    queue = await robin.get("/cases")
    assert all(f'name="case" value="{one}"' in queue.html for one in fresh)
    assert (await robin.post("/case-sets", {})).status == 400
    assert (await robin.post("/case-sets", {"case": "x"})).status == 400
    [quiet] = set(await opened(console, silence())) - {*cases, *fresh}
    assert (await robin.post("/case-sets", {"case": str(quiet)})).status == 404
    chosen = await robin.post("/case-sets", [("case", str(fresh[0])), ("case", str(quiet))])
    assert "Some were left out" in chosen.text and "1 cases, of which 1 would be retried" in chosen.text
    await robin.post(f"{chosen.path}/retry", {"rate": "20", "reason": "once more"})
    assert [await state(console, one) for one in fresh] == ["resolved", "open", "open"]


async def test_what_is_no_case_is_not_found(robin: Window) -> None:
    for path in (f"/cases/{NOBODY}", "/cases/x", f"/cases/{NOBODY}/claim"):
        assert (await robin.get(path)).status in (404, 405)
    assert (await robin.post(f"/cases/{NOBODY}/claim")).status == 404


async def test_groups_and_sets_are_accessible_by_dark_on_a_phone(console: Console, browser: Browser) -> None:
    cases = await parked(console, "C1", "C2")
    token = await console.account("Robin", Role.OPERATOR, teams=TEAMS)
    async with signed_in(browser, console, token) as page:
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(console.url("/case-groups"))
        await accessible(page)
        await page.get_by_role("button", name="Preview").click()
        await expect(page.get_by_text("2 cases, of which 2 would be retried now")).to_be_visible()
        await accessible(page)
        for path in ("/cases", "/delegations", f"/cases/{cases[0]}"):
            await page.goto(console.url(path))
            await accessible(page)
            wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not wide, f"{path} is wider than a phone"
