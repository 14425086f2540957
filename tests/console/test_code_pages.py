"""Codes in pages: looked up, changed by four eyes, and who may set which field."""

from __future__ import annotations

from uuid import UUID, uuid4

from playwright.async_api import Browser, expect
from tests.console.conftest import Console, accessible, console_of, signed_in, window
from tests.hub.hospital import Hospital

from careloom.console.rights import Role

RULE = '[authority.address]\nentity = "patient"\nfields = ["address"]\nsystems = ["ehr"]\notherwise = "refuse"\n'
ROWS = "payer,*,payer,60054,aetna,2026-01-01,,Aetna\npayer,*,payer,60055,cigna,,,Cigna\n"
LOOKUP = "/codes?entity=payer&system=*&type=payer&value="
NOBODY = UUID(int=7)


async def test_a_change_is_previewed_proposed_and_approved_by_somebody_else(hospital: Hospital) -> None:
    hospital.configure(RULE)
    async with (
        console_of(hospital) as console,
        window(console, "Stella", Role.STEWARD, teams=("master-data",)) as stella,
        window(console, "Kim", Role.OPERATOR, teams=("master-data",)) as kim,
    ):
        page = await stella.get("/codes")
        assert "Nobody has mapped a code yet" in page.text and "address patient address all ehr" in page.text
        assert "is refused" in page.text and page.actions == {"preview"}
        assert (await stella.post("/codes/preview", {"rows": " "})).status == 409
        wrong = await stella.post("/codes/preview", {"rows": ROWS + "payer,*,payer,,x,,,\nghost,*,a,b,c,,,"})
        assert "row 4" in wrong.text and "Propose" not in wrong.text
        preview = await stella.post("/codes/preview", {"rows": ROWS})
        assert "2 added" in preview.text and "aetna" in preview.text
        form = {"rows": preview.value("rows"), "digest": preview.value("digest"), "reason": "the yearly list"}
        for less in ({"digest": "x"}, {"reason": ""}):
            assert (await stella.post("/codes/propose", form | less)).status == 409
        proposed = await stella.post("/codes/propose", form)
        assert "You asked for it; somebody else decides" in proposed.text and proposed.actions == set()
        path = f"{proposed.path}/decide"
        asked = {"action": "approve", "request": str(uuid4())}
        assert (await stella.post(path, asked)).status == 403, "four eyes"
        assert "Unknown on" in (await kim.get(f"{LOOKUP}60054")).text
        waiting = await kim.get("/codes")
        assert proposed.path in waiting.html and "the yearly list" in waiting.text and waiting.actions == set()
        seen = await kim.get(proposed.path)
        assert "2 added" in seen.text and seen.actions == {"decide"}
        assert "Nothing waits for you" in (await kim.get("/approvals")).text, "that page is of runs, and went"
        [case] = await console.hub.rows("select id from work_case where kind = 'approval'")
        assert proposed.path in (await kim.get(f"/cases/{case['id']}")).html
        assert (await kim.post(path, {"action": "eat", "request": str(uuid4())})).status == 400
        done = await kim.post(path, asked)
        assert "approved, version 1" in done.text and "Changes that wait for approval None." in done.text
        assert (await kim.post(path, asked)).status == 404
        found = await kim.get(f"{LOOKUP}60054&at=2026-05-01")
        assert "payer aetna Aetna on 2026-05-01, as version 1 says" in found.text and "Stella" in found.text
        unknown = await kim.get(f"{LOOKUP}60056")
        assert "Unknown on" in unknown.text and "60055 : cigna Cigna" in unknown.text
        assert "Unknown on" in (await kim.get(f"{LOOKUP}60054&at=2025-05-01")).text
        for query in ("entity=ghost", "at=x", f"value={'x' * 300}"):
            assert (await kim.get(f"/codes?{query}")).status == 400, query
        assert (await kim.get(f"/codes/proposals/{NOBODY}")).status == 404


async def test_a_proposal_is_rejected_and_a_viewer_does_neither(console: Console) -> None:
    async with (
        window(console, "Stella", Role.STEWARD, teams=("master-data",)) as stella,
        window(console, "Kim", Role.STEWARD, teams=("master-data",)) as kim,
        window(console, "Vera", Role.VIEWER, teams=("master-data",)) as vera,
    ):
        preview = await stella.post("/codes/preview", {"rows": ROWS})
        form = {"rows": preview.value("rows"), "digest": preview.value("digest"), "reason": "the yearly list"}
        proposed = await stella.post("/codes/propose", form)
        for path in ("/codes", proposed.path):
            assert (await vera.get(path)).actions == set()
        for path in ("/codes/preview", "/codes/propose", f"{proposed.path}/decide"):
            assert (await vera.post(path, {**form, "action": "approve", "request": str(uuid4())})).status == 403
        reject = {"action": "reject", "request": str(uuid4())}
        assert (await kim.post(f"{proposed.path}/decide", reject)).status == 409, "a reason is wanted"
        assert "rejected" in (await kim.post(f"{proposed.path}/decide", {**reject, "reason": "last year's"})).text
        assert "Unknown on" in (await kim.get(f"{LOOKUP}60055")).text


async def test_where_nobody_approves_it_is_written_at_once(hospital: Hospital, browser: Browser) -> None:
    hospital.configure('[crosswalk]\napprovers = ""\n')
    async with console_of(hospital) as console:
        token = await console.account("Stella", Role.STEWARD)
        async with signed_in(browser, console, token) as page:
            await page.set_viewport_size({"width": 390, "height": 844})
            await page.goto(console.url("/codes"))
            await accessible(page)
            await page.get_by_label("Rows, as a CSV file has them").fill(ROWS)
            await page.get_by_role("button", name="Preview").click()
            await expect(page.get_by_text("2 added")).to_be_visible()
            await accessible(page)
            await page.get_by_label("Reason").fill("the yearly list")
            await page.get_by_role("button", name="Write just this").click()
            await expect(page.get_by_role("status")).to_have_text("This is version 1.")
            await page.goto(console.url(f"{LOOKUP}60054&at=2026-05-01"))
            await expect(page.get_by_text("payer aetna")).to_be_visible()
            await accessible(page)
            root = "document.documentElement"
            assert not await page.evaluate(f"{root}.scrollWidth > {root}.clientWidth")
