"""Identity in pages: what stewards see, decide, preview and take back; what others are refused."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

from playwright.async_api import Browser, expect
from tests.console.conftest import Console, Window, accessible, console_of, signed_in, window
from tests.hub.hospital import Hospital, adt
from tests.hub.test_persons import SYSTEMS, accounts, active, from_lab, persons

from careloom.console.rights import Role
from careloom.sim.odoo import SimulatedOdoo

TEAM = ("health-information",)
NAMES = ("Weaver", "Ottilie", "Loom Lane", "19710412", "1971-04-12", "N-1")
NOBODY = UUID(int=7)


PATIENTS = (
    {5: "Weaver^Ottilie^^^^^L", 7: "19710412"},
    {5: "Fuller^Barnaby^^^^^L", 7: "19880105", 8: "M", 11: "1 Reed Way^^Dayton^OH^45402^USA^H", 13: ""},
    {5: "Dyer^Cosima^^^^^L", 7: "19530923", 11: "9 Madder Row^^Boise^ID^83702^USA^H", 13: ""},
)


async def doubtful(console: Console, many: int = 1) -> list[UUID]:
    """So many patients whom the EHR knows, and the lab without birth and telephone; the questions, oldest first."""
    for place, patient in enumerate(PATIENTS[:many], 1):
        await console.hub.send(adt("A04", f"C{place}", f"N-{place}", pid=patient))
        await console.hub.settled(2 * place - 1)
        lab = {**patient, 3: f"L-{place}^^^LABCO^MR", 7: "", 13: ""}
        await from_lab(console.hub, adt("A04", f"L{place}", pid=lab))
        await console.hub.settled(2 * place)
    rows = await console.hub.rows("select id from person_question where state = 'open' order by asked, id")
    assert len(rows) == many
    return [row["id"] for row in rows]


async def people(console: Console) -> set[UUID]:
    return {person for _, person in await persons(console.hub)}


async def audits(console: Console, type_: str) -> int:
    return int((await console.hub.rows("select count(*) from event where type = $1", type_))[0][0])


def unnamed(text: str) -> None:
    for one in NAMES:
        assert one not in text, one


async def answer(window: Window, question: UUID, what: str, **more: str) -> Any:
    page = await window.get(f"/persons/questions/{question}")
    form = {"request": page.value("request"), "reason": "the same card was shown"}
    return await window.post(f"/persons/questions/{question}/{what}", form | more)


async def test_where_no_index_is_kept_the_pages_say_how_to_have_one(console: Console) -> None:
    async with window(console, "Stella", Role.STEWARD, teams=TEAM) as stella:
        page = await stella.get("/persons")
        assert page.status == 200 and "[identity]" in page.text and "enabled = true" in page.text
        for path in (f"/persons/{NOBODY}", f"/persons/questions/{NOBODY}", f"/persons/sets/{NOBODY}"):
            refused = await stella.get(path)
            assert refused.status == 404 and "No index of persons is kept here" in refused.text, path
        assert (await stella.post("/persons/sets/matching")).status == 404


async def test_a_question_is_seen_side_by_side_looked_at_and_answered(hospital: Hospital) -> None:
    hospital.configure(SYSTEMS)
    async with console_of(hospital) as console:
        [question] = await doubtful(console)
        async with window(console, "Stella", Role.STEWARD, teams=TEAM) as stella:
            queue = await stella.get("/persons")
            assert f"/persons/questions/{question}" in queue.html and "alike by score" in queue.text
            page = await stella.get(f"/persons/questions/{question}")
            unnamed(page.text)
            assert "contact: " in page.text and "family: exact" in page.text and "Model" in page.text
            assert page.actions == {"look", "same", "distinct", "later", "claim", "assign"}
            assert (await stella.post(f"/persons/questions/{question}/look", {"reason": " "})).status == 409
            seen = await stella.post(f"/persons/questions/{question}/look", {"reason": "the lab asks"})
            assert "Ottilie" in seen.text and "1971-04-12" in seen.text and "look=" in seen.path
            assert await audits(console, "body.revealed.v1") == 1
            async with window(console, "Kim", Role.STEWARD, teams=TEAM) as kim:
                unnamed((await kim.get(seen.path)).text)
            claimed = await stella.post(f"/persons/questions/{question}/claim")
            assert "It is yours." in claimed.text and claimed.actions >= {"release", "same"}
            assert "say what you wait for" in (await answer(stella, question, "later", reason="")).text
            later = await answer(stella, question, "later", reason="the lab calls back")
            assert "It waits, and stays yours." in later.text and "With Stella, waits" in later.text
            assert "say why" in (await answer(stella, question, "same", reason="")).text
            assert len(await people(console)) == 2
            form = {"request": str(uuid4()), "reason": "the same card was shown"}
            done = await stella.post(f"/persons/questions/{question}/same", form)
            assert "They are one person now." in done.text and "said Stella" in done.text and done.actions == {"look"}
            assert len(await people(console)) == 1
            again = await stella.post(f"/persons/questions/{question}/same", form)
            assert again.status == 409 and "answered before" in again.text
            assert "No such question waits" in (await stella.get("/persons")).text
            assert (await stella.get(f"/persons/questions/{NOBODY}")).status == 404
        assert await audits(console, "person.merged_by_steward.v1") == 1


async def test_who_is_no_steward_sees_masked_and_can_do_nothing(hospital: Hospital) -> None:
    hospital.configure(SYSTEMS)
    async with console_of(hospital) as console:
        [question] = await doubtful(console)
        [case] = [row["id"] for row in await console.hub.rows("select id from work_case where resolved is null")]
        person = min(await people(console))
        for name, role, may in (("Vera", Role.VIEWER, set()), ("Robin", Role.OPERATOR, {"look"})):
            async with window(console, name, role, teams=TEAM) as one:
                for path in ("/persons", "/persons?number=N-1", f"/persons/questions/{question}", f"/persons/{person}"):
                    page = await one.get(path)
                    assert page.status == 200 and 'type="checkbox"' not in page.html, path
                    assert page.actions - {"find"} <= may | {"sets"} and "Preview" not in page.text, path
                    unnamed(page.text.replace("N-1", "", 1) if "=" in path else page.text)
                for act in ("same", "distinct", "later", "claim", "release", "assign"):
                    refused = await one.post(f"/persons/questions/{question}/{act}", {"reason": "x"})
                    assert refused.status == 403, act
                for act, asked in (("merge", {"with": str(NOBODY)}), ("split", {"record": str(person)}), ("undo", {})):
                    assert (await one.get(f"/persons/{person}/{act}")).status == 403
                    assert (await one.post(f"/persons/{person}/{act}", {**asked, "reason": "x"})).status == 403
                for path in ("/persons/sets", "/persons/sets/matching", f"/persons/sets/{NOBODY}/decide"):
                    assert (await one.post(path, {"question": str(question)})).status == 403
                decided = {"action": "approve", "revision": "1", "request": str(uuid4()), "reason": "x"}
                assert (await one.post(f"/cases/{case}/decide", decided)).status == 403, "nor by way of its exception"
                shown = await one.get(f"/cases/{case}")
                assert f"/persons/questions/{question}" in shown.html and "decide" not in shown.actions
        async with window(console, "Vera2", Role.VIEWER) as vera:
            for path in ("/persons/find", f"/persons/{person}/look", f"/persons/questions/{question}/look"):
                refused = await vera.post(path, {"reason": "curious", "family": "Weaver", "given": "Ottilie"})
                assert refused.status == 403
                unnamed(refused.text)
        async with window(console, "Stella", Role.STEWARD, teams=("billing",)) as stella:
            page = await stella.get(f"/persons/questions/{question}")
            assert "this is for the role health-information" in page.text and "same" not in page.actions
            assert (await stella.post(f"/persons/questions/{question}/same", {
                "reason": "x", "request": str(uuid4())})).status == 403  # fmt: skip
        assert len(await people(console)) == 2


async def test_persons_are_found_by_number_masked_and_by_name_on_record(hospital: Hospital) -> None:
    hospital.configure(SYSTEMS)
    async with console_of(hospital) as console:
        await console.hub.send(adt("A04", "C1"))
        await console.hub.settled(1)
        [person] = await people(console)
        async with window(console, "Stella", Role.STEWARD, teams=TEAM) as stella:
            found = await stella.get("/persons?number=N-1&assigner=NORTH")
            assert f"/persons/{person}" in found.html and "Weaver" not in found.text
            assert str(person) not in (await stella.get("/persons?number=N-1&assigner=SOUTH")).html
            asked = {"family": "weaver", "birth": "1971-04-12", "reason": "the caller gave no number"}
            for less in ({**asked, "reason": ""}, {**asked, "birth": ""}):
                assert (await stella.post("/persons/find", less)).status == 409
            assert "Nobody in the index" in (await stella.post("/persons/find", {**asked, "birth": "1999-01-01"})).text
            assert await audits(console, "body.revealed.v1") == 0
            named = await stella.post("/persons/find", asked)
            assert "Weaver" in named.text and "?" not in named.path
            assert await audits(console, "body.revealed.v1") == 1
            link = re.search(r'href="/console(/persons/[^"]*look=[^"]*)"', named.html)
            assert link is not None
            opened = await stella.get(link[1])
            assert "Ottilie" in opened.text and "12 Loom Lane" in opened.text
            closed = await stella.get(f"/persons/{person}")
            unnamed(closed.text)
            assert "record 1 (ehr)" in closed.text and "MR NORTH" in closed.text
            for query in ("basis=guess", "sort=name", "weight=x", "weight=nan", "older=-1", "after=x"):
                assert (await stella.get(f"/persons?{query}")).status == 400, query


async def test_merge_split_and_undo_are_previewed_and_do_just_that(hospital: Hospital) -> None:
    hospital.configure(SYSTEMS)
    other = {5: "Thistle^Barnaby^^^^^L", 7: "19880101", 11: "1 Reed Way^^Dayton^OH^45402^USA^H", 13: ""}
    async with console_of(hospital) as console:
        await console.hub.send(adt("A04", "C1"), adt("A04", "C2", "N-2", pid=other))
        await console.hub.settled(2)
        first, second = sorted(await people(console))
        async with window(console, "Stella", Role.STEWARD, teams=TEAM) as stella:
            path = f"/persons/{second}/merge?with={first}"
            preview = await stella.get(path)
            assert "2 persons would be 1" in preview.text and f"Then: {first}" in preview.text
            unnamed(preview.text)
            looked = await stella.post(f"/persons/{second}/look", [
                ("reason", "a call"), ("back", "merge"), ("person", str(first)), ("with", str(first))])  # fmt: skip
            assert "Barnaby" in looked.text and "Ottilie" in looked.text and f"/persons/{second}/merge" in looked.path
            form = {"with": str(first), "seen": preview.value("seen"), "reason": "both cards were shown"}
            for wrong in ({"seen": "x"}, {"reason": ""}):
                assert (await stella.post(f"/persons/{second}/merge", form | wrong)).status == 409
            assert (await stella.get(f"/persons/{second}/merge?with=x")).status == 400
            assert (await stella.get(f"/persons/{second}/merge?with={NOBODY}")).status == 404
            merged = await stella.post(f"/persons/{second}/merge", form)
            assert merged.path == f"/persons/{first}" and "They are one person now" in merged.text
            assert "both cards were shown" in merged.text and await people(console) == {first}
            again = await stella.get(path)
            assert "They are one person already" in again.text and "merge" not in again.actions
            link = re.search(r"undo\?link=([0-9a-f-]{36})", merged.html)
            assert link is not None
            undo = await stella.get(f"/persons/{first}/undo?link={link[1]}")
            assert "1 person would be 2" in undo.text
            form = {"link": link[1], "seen": undo.value("seen"), "reason": "the card was borrowed"}
            undone = await stella.post(f"/persons/{first}/undo", form)
            assert "they are 2 persons now" in undone.text and "the card was borrowed" in undone.text
            assert (await stella.post(f"/persons/{first}/undo", form)).status == 404
            assert await people(console) == {first, second}
            preview = await stella.get(path)
            form = {"with": str(first), "seen": preview.value("seen"), "reason": "it was not"}
            await stella.post(f"/persons/{second}/merge", form)
            assert (await stella.get(f"/persons/{first}/split")).status == 400
            split = await stella.get(f"/persons/{first}/split?record={second}")
            form = {"record": str(second), "seen": split.value("seen"), "reason": "they are two"}
            parted = await stella.post(f"/persons/{first}/split", form)
            assert "nobody is asked about the two again" in parted.text and "not the same" in parted.text
            assert await people(console) == {first, second}
            preview = await stella.get(path)
            assert "Somebody said that these two are not the same" in preview.text
            form = {"with": str(first), "seen": preview.value("seen"), "reason": "they are one after all"}
            refused = await stella.post(f"/persons/{second}/merge", form)
            assert refused.status == 409 and await people(console) == {first, second}
            await stella.post(f"/persons/{second}/merge", {**form, "despite": "yes"})
            assert await people(console) == {first}
            told = await stella.get(f"/persons/{first}")
            assert "taken back" in told.text and "link undone" in told.text
        acts = ("person.merged_by_steward.v1", "person.split_by_steward.v1", "person.link_undone.v1")
        assert [await audits(console, act) for act in acts] == [3, 1, 1]


async def test_questions_of_a_filter_are_previewed_and_just_those_are_answered(hospital: Hospital) -> None:
    hospital.configure(SYSTEMS)
    async with console_of(hospital) as console:
        questions = await doubtful(console, 3)
        async with window(console, "Stella", Role.STEWARD, teams=TEAM) as stella:
            queue = await stella.get("/persons?system=lab&basis=score&weight=-5&sort=weight&owner=health-information")
            assert all(f'name="question" value="{one}"' in queue.html for one in questions)
            for query in ("system=ehr", "basis=identifier", "weight=900", "older=1", "assignee=Stella"):
                assert "No such question waits" in (await stella.get(f"/persons?{query}")).text, query
            assert (await stella.post("/persons/sets", {})).status == 400
            assert (await stella.post("/persons/sets", {"question": "x"})).status == 400
            assert (await stella.post("/persons/sets", {"question": str(NOBODY)})).status == 404
            chosen = await stella.post("/persons/sets", [("question", str(one)) for one in questions[:2]])
            assert "4 persons would be 2" in chosen.text and "two become one" in chosen.text
            await answer(stella, questions[0], "distinct", reason="twins")
            again = await stella.get(chosen.path)
            assert "answered meanwhile: 1" in again.text and "2 persons would be 1" in again.text
            form = {"answer": "same", "rate": "1000", "reason": "the cards were shown"}
            for wrong in ({"rate": "0"}, {"rate": "x"}, {"answer": "maybe"}):
                assert (await stella.post(f"{chosen.path}/decide", form | wrong)).status == 400
            assert (await stella.post(f"{chosen.path}/decide", {**form, "reason": ""})).status == 409
            done = await stella.post(f"{chosen.path}/decide", form)
            assert "1 answered: the same person. Left as they are: 1." in done.text and "was acted on" in done.text
            assert (await stella.post(f"{chosen.path}/decide", form)).status == 409
            assert len(await people(console)) == 5
            every = await stella.post("/persons/sets/matching?system=lab&sort=weight")
            assert "2 persons would be 1" in every.text and every.path.startswith("/persons/sets/")
            none = await stella.post(f"{every.path}/decide", {**form, "answer": "distinct"})
            assert "1 answered: not the same" in none.text
            assert (await stella.post("/persons/sets/matching?system=lab")).status == 404
            assert (await stella.get(f"/persons/sets/{NOBODY}")).status == 404
        assert await audits(console, "questions.decided.v1") == 2
        assert await audits(console, "person.merged_by_steward.v1") == 1
        assert await audits(console, "person.distinct.v1") == 2


async def test_from_the_question_to_one_account_in_odoo_and_back(
    hospital: Hospital, erp: SimulatedOdoo, browser: Browser
) -> None:
    hospital.configure(SYSTEMS, odoo=erp)
    async with console_of(hospital) as console:
        await doubtful(console)
        await active(console.hub, erp, 2)
        token = await console.account("Stella", Role.STEWARD, teams=TEAM)
        async with signed_in(browser, console, token) as page:
            await page.goto(console.url())
            await page.get_by_role("navigation").get_by_role("link", name="Identity", exact=True).click()
            await accessible(page)
            await page.get_by_role("link", name="Side by side").click()
            await expect(page.get_by_text("Ottilie")).to_have_count(0)
            await accessible(page)
            await page.get_by_label("Why you look").fill("two dates of birth")
            await page.get_by_role("button", name="Show it unmasked").click()
            await expect(page.get_by_text("1971-04-12")).to_be_visible()
            await accessible(page)
            await page.get_by_label("Why they are the same").fill("the same card was shown")
            await page.get_by_role("button", name="The same person").click()
            await expect(page.get_by_role("status")).to_have_text("They are one person now.")
            await active(console.hub, erp, 1)
            await page.get_by_role("link", name="a person of 2 records").click()
            await accessible(page)
            await page.get_by_role("checkbox", name="record 2 (lab)").check()
            await page.get_by_role("button", name="Preview a split of those ticked").click()
            await expect(page.get_by_text("1 person would be 2")).to_be_visible()
            await accessible(page)
            await page.get_by_label("Reason").fill("the lab asked: twins")
            await page.get_by_role("button", name="Split it").click()
            await expect(page.get_by_role("status")).to_contain_text("They are 2 persons now")
            await active(console.hub, erp, 2)
        found = accounts(erp)
    assert found["N-1"]["active"] and found["L-1"]["active"]


async def test_on_a_phone_in_the_dark(hospital: Hospital, browser: Browser) -> None:
    hospital.configure(SYSTEMS)
    async with console_of(hospital) as console:
        questions = await doubtful(console, 2)
        first, second = sorted(await people(console))[:2]
        token = await console.account("Stella", Role.STEWARD, teams=TEAM)
        async with signed_in(browser, console, token) as page:
            await page.emulate_media(color_scheme="dark")
            await page.set_viewport_size({"width": 390, "height": 844})
            await page.goto(console.url("/persons?number=N-1"))
            for box in await page.get_by_role("checkbox", name="question of lab").all():
                await box.check()
            await page.get_by_role("button", name="Preview an answer to those ticked").click()
            await expect(page.get_by_text("4 persons would be 2")).to_be_visible()
            paths = (
                page.url.partition("/console")[2], "/persons?number=N-1", f"/persons/questions/{questions[0]}",
                f"/persons/{first}", f"/persons/{first}/merge?with={second}",
            )  # fmt: skip
            for path in paths:
                await page.goto(console.url(path))
                await accessible(page)
                wide = await page.evaluate(
                    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
                )
                assert not wide, f"{path} is wider than a phone"
