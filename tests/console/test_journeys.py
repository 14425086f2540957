"""From a number to the bytes that came: what is found, what is shown to whom, and what is put on record."""

from __future__ import annotations

import aiohttp
from playwright.async_api import Browser, expect
from tests.console.conftest import Console, accessible, console_of, signed_in, window
from tests.hub.hospital import Hospital, adt

from careloom.console.rights import Role
from careloom.sim.odoo import SimulatedOdoo

NAME, MRN = "Weaver", "N-77"


async def got(session: aiohttp.ClientSession, url: str, status: int = 200) -> str:
    async with session.get(url) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


async def test_a_journey_is_found_by_every_number_and_shown_masked(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with console_of(hospital) as console:
        await console.hub.send(adt("A04", "CTRL-1", MRN), adt("A08", "CTRL-2", MRN), adt("A04", "CTRL-3", "N-78"))
        await console.hub.settled(3)
        viewer = await console.account("Vera", Role.VIEWER)
        ids = {row["key"]: row["id"] for row in await console.hub.rows("select key, id from receipt")}
        event = await console.hub.rows("select id from event where correlation = $1 and kind = 'e'", ids["CTRL-1"])
        async with aiohttp.ClientSession(cookies={"careloom_session": viewer}) as session:
            await _is_found_by(console, session, MRN, ids["CTRL-1"], ids["CTRL-2"])
            await _is_found_by(console, session, "Patient/NORTH/N-77", ids["CTRL-1"], ids["CTRL-2"])
            await _is_found_by(console, session, "CTRL-3", ids["CTRL-3"])
            await _is_found_by(console, session, str(event[0]["id"]), ids["CTRL-1"])
            for nothing in ("N-7", NAME, "19710412", "0", "/", "%"):
                assert "Nothing" in await got(session, console.url(f"/journeys?q={nothing.replace('%', '%25')}"))
            page = await got(session, console.url(f"/journeys/{ids['CTRL-1']}"))
            assert NAME not in page and "Ottilie" not in page and "19710412" not in page
            assert "PID-5.1" in page and "patient name" in page and "Xxxxxx" not in page and "xxxxxx" in page
            assert f'href="{erp.url}/odoo/res.partner/' in page, "the record in Odoo"
            assert "registration.created.v1" in page and "/look" not in page
            shown = await got(session, console.url(f"/journeys/{ids['CTRL-1']}?entry={event[0]['id']}"))
            assert "/patient/" in shown and NAME not in shown
            await got(session, console.url("/journeys/not-an-id"), 404)
            await got(session, console.url("/journeys/00000000-0000-0000-0000-000000000000"), 404)
            await got(session, console.url("/journeys?q=N-77&before=yesterday"), 409)
            await got(session, console.url(f"/journeys/{ids['CTRL-1']}/bytes"), 403)


async def _is_found_by(console: Console, session: aiohttp.ClientSession, wanted: str, *messages: object) -> None:
    page = await got(session, console.url(f"/journeys?q={wanted}"))
    assert page.count("/console/journeys/") == len(messages), wanted
    assert all(f"/console/journeys/{message}" in page for message in messages)


async def test_an_unmasked_look_takes_a_right_and_a_reason_and_is_the_lookers_alone(console: Console) -> None:
    await console.hub.send(adt("A04", "CTRL-1", MRN))
    [row] = await console.hub.rows("select id from receipt")
    viewer, robin, kim = [
        await console.account(name, role)
        for name, role in (("Vera", Role.VIEWER), ("Robin", Role.OPERATOR), ("Kim", Role.OPERATOR))
    ]
    look = console.url(f"/journeys/{row['id']}/look")
    forgeries = {token: (await console.people.visitor(token)).forgery for token in (viewer, robin)}  # type: ignore[union-attr]
    async with aiohttp.ClientSession(cookies={"careloom_session": viewer}) as session:
        form = {"forgery": forgeries[viewer], "reason": "curious"}
        async with session.post(look, data=form) as answer:
            assert answer.status == 403
    async with aiohttp.ClientSession(cookies={"careloom_session": robin}) as session:
        async with session.post(look, data={"forgery": forgeries[robin], "reason": " "}) as answer:
            assert answer.status == 409, "a reason is wanted"
        assert not await _looks(console)
        form = {"forgery": forgeries[robin], "reason": "the caller asks"}
        async with session.post(look, data=form) as answer:
            unmasked, page = str(answer.url), await answer.text()
        assert NAME in page and "it is on record" in page
        octets = unmasked.replace("?", "/bytes?", 1).partition("#")[0]
        async with session.get(octets) as answer:
            assert await answer.read() == adt("A04", "CTRL-1", MRN)
            assert answer.headers["Cache-Control"] == "no-store"
    for token in (viewer, kim):
        async with aiohttp.ClientSession(cookies={"careloom_session": token}) as session:
            assert NAME not in await got(session, unmasked), "a link that was shared shows nothing"
            await got(session, octets, 403)
    assert len(await _looks(console)) == 1


async def _looks(console: Console) -> list[object]:
    return list(await console.hub.rows("select id from event where type = 'body.revealed.v1'"))


async def test_from_an_mrn_to_the_source_bytes_in_three_clicks(console: Console, browser: Browser) -> None:
    await console.hub.send(adt("A04", "CTRL-1", MRN))
    token = await console.account("Robin", Role.OPERATOR)
    async with signed_in(browser, console, token) as page:
        await page.goto(console.url("/journeys"))
        await page.get_by_label("A number or an id").fill(MRN)
        await page.get_by_role("button", name="Search").click()
        await page.locator("tbody a").first.click()
        await page.get_by_label("Why you look").fill("the caller asks")
        await page.get_by_role("button", name="Show the bytes unmasked").click()
        await expect(page.get_by_text("Your look is on record.")).to_be_visible()
        await accessible(page)
        await expect(page.locator("td.raw code").filter(has_text=f"PID|1||{MRN}^^^NORTH^MR||{NAME}")).to_be_visible()


async def test_by_name_by_whoever_may_see_who_it_is_about_and_on_record(hospital: Hospital) -> None:
    hospital.configure("[identity]\nenabled = true\n")
    async with console_of(hospital) as console:
        await console.hub.send(adt("A04", "CTRL-1", MRN), adt("A04", "CTRL-2", "N-78", pid={5: "Spool^Ira"}))
        await console.hub.settled(2)
        ids = {row["key"]: row["id"] for row in await console.hub.rows("select key, id from receipt")}
        asked = {"family": "weaver", "given": "ottilie", "reason": "the caller gave no number"}
        async with window(console, "Vera", Role.VIEWER) as vera, window(console, "Robin", Role.OPERATOR) as robin:
            assert "Family name" not in (await vera.get("/journeys")).text
            assert (await vera.post("/journeys/by-name", asked)).status == 403
            assert "Family name" in (await robin.get("/journeys")).text
            found = await robin.post("/journeys/by-name", asked)
            assert f"/console/journeys/{ids['CTRL-1']}" in found.html and str(ids["CTRL-2"]) not in found.html
            assert NAME.lower() not in found.html.lower() and "?" not in found.path
            for less in ({**asked, "reason": ""}, {**asked, "given": ""}):
                assert (await robin.post("/journeys/by-name", less)).status == 409
            assert "None now" in (await robin.post("/journeys/by-name", {**asked, "family": "Nobody"})).text
            assert str(ids["CTRL-1"]) in (await robin.get(f"/journeys?q={MRN}")).html, "and by number as before"
        assert len(await _looks(console)) == 1


STORY = """
insert into run (id, lane, workflow, version, code, key, token, input, correlation, since, begun, changed)
select gen_random_uuid(), 0, 'intake.admit', 3, 'c', key, token, '', id, recorded, recorded + interval '1 s', recorded
from event where kind = 'm';
update run set state = 'running';
update run set state = 'completed', ended = begun + interval '60 s', due = null;
insert into run_step (run, path, name, sort, state, attempts, began, ended)
select id, '1', 'open_account', 'step', 'done', 2, begun + interval '1 s', begun + interval '5 s' from run;
insert into run_step (run, path, name, sort, state, began)
select id, '2', 'ask_payer', 'step', 'retry', begun + interval '6 s' from run;
insert into delivery_attempt (system, event, at, result, status, seconds, detail)
select 'portal', id, recorded + interval '90 s', 'failed', '503', 0.25, 'busy' from event where kind = 'm';
insert into work_case (id, kind, system, message, reason, opened)
select gen_random_uuid(), 'mapping', 'ehr', id, 'PID-7 is no date', recorded + interval '100 s'
from event where kind = 'm';
update work_case set state = 'resolved', resolved = opened + interval '300 s', resolution = 'mended',
       resolved_by = 'Robin';
"""


async def test_one_time_line_of_messages_runs_calls_and_exceptions(console: Console) -> None:
    await console.hub.send(adt("A04", "CTRL-1", MRN))
    await console.hub.settled(1)
    async with console.hub.database.acquire() as connection:
        await connection.execute(STORY)
    [row] = await console.hub.rows(
        "select id, (select id from run) as run, (select id from work_case) as made from receipt"
    )
    async with window(console, "Vera", Role.VIEWER) as vera:
        page = await vera.get(f"/journeys/{row['id']}")
        said = (
            "message hl7v2:ADT^A04 received CTRL-1", "run of intake.admit version 3 begins running",
            "step 1 open_account, attempt 2 done 4.000 s", "step 2 ask_payer retry",
            "run ends completed 60.000 s", "portal called failed 0.250 s 503 busy",
            "mapping open PID-7 is no date", "mapping resolved 300.000 s by Robin",
        )  # fmt: skip
        places = [page.text.find(one) for one in said]
        assert -1 not in places, said[places.index(-1)]
        assert places == sorted(places), "in the order of time"
        for wanted in (row["run"], row["made"]):
            assert f"/console/journeys/{row['id']}" in (await vera.get(f"/journeys?q={wanted}")).html
