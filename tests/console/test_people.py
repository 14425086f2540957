"""Who may come in, and what everybody did."""

from __future__ import annotations

import re

from playwright.async_api import Browser, expect
from tests.console.conftest import ACT, PASSWORD, Console, accessible, signed_in, window
from tests.hub.hospital import adt

from careloom.console.rights import Role

LINK = re.compile(r"/console/welcome/([\w-]+)")


async def test_an_administrator_lets_people_in_and_out(console: Console) -> None:
    async with window(console, "Ada", Role.ADMIN) as ada, window(console, "Vera", Role.VIEWER) as vera:
        for path in ("add", "invite", "assign", "disable"):
            assert (await vera.post(f"/people/{path}", {"name": "Vera", "role": "admin", "reason": "x"})).status == 403
        assert (await vera.get("/people")).status == 403
        assert "/people" not in (await vera.get("/")).html
        new = {"name": "Robin", "role": "operator", "teams": "billing, patient-access ,billing", "reason": "new here"}
        made = await ada.post("/people/add", new)
        token = LINK.search(made.html)
        assert token and await console.people.invited(token[1]) == "Robin"
        assert token[1] not in (await ada.get("/people")).html, "the link is shown once"
        assert (await ada.post("/people/add", new)).status == 409
        assert (await ada.post("/people/add", {**new, "name": "Kim", "reason": ""})).status == 409
        assert (await ada.post("/people/add", {**new, "name": "Kim", "role": "emperor"})).status == 409
        rows = {row["name"]: row for row in await console.people.everybody()}
        assert "Kim" not in rows and rows["Robin"]["teams"] == ["billing", "patient-access"]
        session = await console.people.accept(token[1], PASSWORD)
        assert (await ada.post("/people/assign", {"name": "Robin", "role": "finance", "reason": "moved"})).status == 200
        visitor = await console.people.visitor(session)
        assert visitor is not None and visitor.roles == {"finance"}
        for path, form in (("disable", {}), ("assign", {"role": "viewer"})):
            refused = await ada.post(f"/people/{path}", {"name": "ada", "reason": "x", **form})
            assert refused.status == 409, "nobody locks themselves out"
        assert (await ada.post("/people/disable", {"name": "Robin", "reason": "left"})).status == 200
        assert await console.people.visitor(session) is None
        assert (await ada.post("/people/invite", {"name": "Robin", "reason": "x"})).status == 409
        assert LINK.search((await ada.post("/people/invite", {"name": "Vera", "reason": "forgot"})).html)


async def test_who_did_what_is_found_page_by_page(console: Console) -> None:
    await console.hub.send(adt("A04", "C1"))
    [row] = await console.hub.rows("select id from receipt")
    async with window(console, "Olga", Role.AUDITOR) as olga, window(console, "Robin", Role.OPERATOR) as robin:
        assert (await robin.get("/audit")).status == (await robin.get("/audit/chains")).status == 403
        await robin.post(f"/journeys/{row['id']}/look", {"reason": "the caller asks"})
        for number in range(110):
            await console.people.add(f"somebody {number}", [Role.VIEWER], (), ACT)
        first = await olga.get("/audit")
        further = re.search(r'rel="next" href="/console([^"]*)"', first.html)
        assert further and first.html.count("account.added.v1</td>") == 100
        second = await olga.get(further[1].replace("&amp;", "&"))
        assert second.html.count("account.added.v1</td>") + 100 == 113, "the first, those two, the hundred and ten"
        assert 'rel="next"' not in second.html
        looks = await olga.get("/audit?by=Robin&kind=body.revealed.v1")
        assert "the caller asks" in looks.text and str(row["id"]) in looks.html and looks.html.count("</tr>") == 2
        assert "Nothing" in (await olga.get("/audit?until=2020-01-01T00:00")).text
        for wrong in ("since=soon", "after=there"):
            assert (await olga.get(f"/audit?{wrong}")).status == 409
        assert "Every chain holds" in (await olga.get("/audit/chains")).text


async def test_a_chain_that_was_altered_is_told(console: Console) -> None:
    await console.hub.send(adt("A04", "C1"))
    await console.hub.rows("update event set source = 'else' where kind = 'm'")
    async with window(console, "Olga", Role.AUDITOR) as olga:
        page = await olga.get("/audit/chains")
        assert "Broken at" in page.text and "altered" in page.text


async def test_the_pages_are_for_everybody(console: Console, browser: Browser) -> None:
    await console.hub.send(adt("A04", "C1"))
    [row] = await console.hub.rows("select id from receipt")
    token = await console.account("Ada", Role.ADMIN)
    paths = (
        "/people", "/audit", "/audit/chains", "/journeys", "/journeys?q=C1", f"/journeys/{row['id']}", "/systems",
        "/systems/ehr", "/subscriptions", "/subscriptions/translate", "/subscriptions/translate/replay?preview=1",
    )  # fmt: skip
    async with signed_in(browser, console, token) as page:
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for path in paths:
                await page.goto(console.url(path))
                await expect(page.get_by_role("heading", level=1)).to_be_visible()
                await accessible(page)
        await page.set_viewport_size({"width": 375, "height": 700})
        for path in paths:
            await page.goto(console.url(path))
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 375, f"{path}: on a phone only tables scroll"
