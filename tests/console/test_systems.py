"""Holding a system back, seeing what waits for it, and handling events again."""

from __future__ import annotations

import re

import aiohttp
from playwright.async_api import Browser, expect
from tests.console.conftest import Console, console_of, signed_in
from tests.hub.hospital import Hospital, adt

from careloom.console.rights import Role
from careloom.sim.odoo import SimulatedOdoo

NAMED = re.compile(r'name="events" value="([^"]+)"')


async def got(session: aiohttp.ClientSession, url: str, status: int = 200) -> str:
    async with session.get(url) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


async def _forgery(console: Console, token: str) -> str:
    visitor = await console.people.visitor(token)
    assert visitor is not None
    return visitor.forgery


LAGS = "from cursor c join lane l using (lane) where starts_with(c.subscription, 'registration.')"


async def _behind(console: Console) -> int:
    rows = await console.hub.rows(f"select sum(l.head - c.seq)::int as n {LAGS}")
    return int(rows[0]["n"])


async def _paused(console: Console) -> set[str]:
    return {row["name"] for row in await console.hub.rows("select name from subscription where paused")}


async def test_whoever_may_pauses_a_system_and_sees_its_lag_grow(
    hospital: Hospital, erp: SimulatedOdoo, browser: Browser
) -> None:
    hospital.configure(odoo=erp)
    async with console_of(hospital) as console:
        token = await console.account("Robin", Role.OPERATOR)
        async with signed_in(browser, console, token) as page:
            await page.goto(console.url("/systems"))
            await page.get_by_role("link", name="erp").click()
            await page.get_by_label("Why").fill("Odoo is upgraded")
            await page.get_by_role("button", name="Pause all that calls erp").click()
            await expect(page.get_by_text("erp is paused")).to_be_visible()
            waits = page.locator("dt", has_text="waits for it").locator("xpath=following-sibling::dd")
            before = await _behind(console)
            await console.hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2"))

            async def both() -> int:
                now = await _behind(console)
                return now if now == before + 2 else 0

            grown = await console.hub.eventually(both)
            await expect(waits).to_have_text(str(grown), timeout=20_000)
            await page.get_by_role("link", name="registration.").first.click()
            await expect(page.get_by_text("Paused by Robin: Odoo is upgraded")).to_be_visible()
            rows = await console.hub.rows(f"select count(*) as n {LAGS} and c.seq < l.head")
            lanes = page.get_by_role("region", name="Table of lanes").locator("tbody tr")
            await expect(lanes).to_have_count(rows[0]["n"])
            await page.goto(console.url("/systems/erp"))
            await page.get_by_role("button", name="Resume").click()
            await expect(waits).to_have_text("0", timeout=20_000)
        await console.hub.settled(2)
        acts = await console.hub.rows(
            "select type from event where kind = 'a' and type like 'subscription%' order by recorded"
        )
        assert [row["type"] for row in acts] == ["subscription.paused.v1", "subscription.resumed.v1"], "one act each"


async def test_whoever_may_not_sees_no_button_and_is_refused(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with console_of(hospital) as console:
        await console.hub.send(adt("A04", "C1"))
        await console.hub.settled(1)
        token = await console.account("Vera", Role.VIEWER)
        form = {"forgery": await _forgery(console, token), "reason": "curious", "events": "x"}
        [name] = [one.name for one in console.hub.node.subscriptions if one.systems == ("erp",)][:1]
        async with aiohttp.ClientSession(cookies={"careloom_session": token}) as session:
            for path in ("/systems", "/systems/erp", "/systems/ehr", "/subscriptions", f"/subscriptions/{name}"):
                page = await got(session, console.url(path))
                assert page.count("<button") == 1, f"{path}: only the one that signs out"
                assert "Weaver" not in page
            await got(session, console.url(f"/subscriptions/{name}/replay"), 403)
            await got(session, console.url("/systems/nowhere"), 404)
            await got(session, console.url("/subscriptions/nowhere"), 404)
            for path in ("/systems/erp", f"/subscriptions/{name}"):
                for act in ("pause", "resume"):
                    async with session.post(console.url(f"{path}/{act}"), data=form) as answer:
                        assert answer.status == 403
            async with session.post(console.url(f"/subscriptions/{name}/replay/run"), data=form) as answer:
                assert answer.status == 403
        assert not await _paused(console)


async def test_a_replay_takes_exactly_what_was_shown(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with console_of(hospital) as console:
        await console.hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2"))
        await console.hub.settled(2)
        token = await console.account("Robin", Role.OPERATOR)
        forgery = await _forgery(console, token)
        rows = await console.hub.rows("select subscription from delivery where reference like 'res.partner/%' limit 1")
        url = console.url(f"/subscriptions/{rows[0]['subscription']}")
        async with aiohttp.ClientSession(cookies={"careloom_session": token}) as session:
            assert "ended nothing like that" in await got(session, f"{url}/replay?preview=1&outcome=discarded")
            page = await got(session, f"{url}/replay?preview=1")
            [shown] = NAMED.findall(page)
            assert len(shown.split()) == 2 and shown.split()[0] != shown.split()[1]
            await console.hub.send(adt("A04", "C3", "N-3"))
            await console.hub.settled(3)
            for wrong in ({"events": shown}, {"events": "", "reason": "x"}, {"events": "x", "reason": "x"}):
                async with session.post(f"{url}/replay/run", data={"forgery": forgery, **wrong}) as answer:
                    assert answer.status == 409
            form = {"forgery": forgery, "events": shown, "reason": "the partner was changed by hand"}
            async with session.post(f"{url}/replay/run", data=form) as answer:
                assert answer.status == 200

            async def replayed() -> list[str]:
                again = await console.hub.rows("select event from delivery where replays > 0")
                return [str(row["event"]) for row in again] if len(again) == 2 else []

            assert sorted(await console.hub.eventually(replayed)) == sorted(shown.split())
            for what, word in (("pause", "paused"), ("resume", "well")):
                async with session.post(f"{url}/{what}", data={"forgery": forgery, "reason": "trial"}) as answer:
                    assert f">{word}</span>" in await answer.text()
            async with session.post(f"{url}/pause", data={"forgery": forgery}) as answer:
                assert answer.status == 409, "a pause says why"
