"""Whatever alarms or waits leads to a section of the runbook that the console serves; whose it is stands there."""

from __future__ import annotations

import json
import re

from playwright.async_api import Browser
from tests.console.conftest import Console, accessible, console_of, signed_in, window
from tests.docs.markdown import ROOT
from tests.docs.test_pages import anchors
from tests.hub.hospital import Hospital, adt
from tests.hub.telling import office

from careloom.console.handbook import sections
from careloom.console.rights import Role
from careloom.hub.configuration import load
from careloom.hub.flowlist import find_flows, find_kinds
from careloom.telemetry.rules import HUB, runbooks

PAGE = ROOT / "docs" / "operations" / "runbook.md"
SHIPPED = ROOT / "deploy" / "telemetry"
CONTACT = (
    '[contacts.ehr]\nvendor = "Loom Records Inc."\nphone = "+1 555 0100"\nmail = "desk@example.org"\n'
    'hours = "day and night"\n'
)


def test_its_sections_are_those_of_the_page_under_the_same_anchors() -> None:
    assert {one.anchor for one in sections()} <= anchors(PAGE)
    assert len(sections()) == len(re.findall(r"^## ", PAGE.read_text("utf-8"), re.M))
    assert not [one.title for one in sections() if 'href="..' in one.body or 'href="how' in one.body]
    assert 'aria-labelledby="failures-of-one-sort">\n<table>' in next(
        one.body for one in sections() if one.anchor == "failures-of-one-sort"
    )


async def test_every_alert_kind_and_notice_leads_to_a_section_that_is_served_and_names_whom_to_ask(
    hospital: Hospital, browser: Browser
) -> None:
    shipped = load(SHIPPED / "careloom.toml")
    flows = json.dumps(list(shipped.settings.hub.flows))
    async with office() as told:
        hospital.configure(
            told.settings(hospital, integration="i@example.org", patient_access="p@example.org") + CONTACT,
            hub=f"flows = {flows}",
        )
        text = hospital.config.read_text().replace(
            "https://careloom.example.org/console/cases/", "http://x.test/console/cases/"
        )
        hospital.config.write_text(text)
        async with console_of(hospital) as console, window(console, "Vera", Role.VIEWER) as vera:
            served = await vera.get("/runbook")
            assert served.status == 200
            there = set(re.findall(r'<h2 id="([^"]+)"', served.html))
            _leads(there, shipped.settings.hub.flows, served.html)
            for link in set(re.findall(r'href="/console(/[^"#]*)', served.html)):
                if not link.startswith("/static"):
                    assert (await vera.get(link.replace("&amp;", "&"))).status == 200, link
            assert set(re.findall(r'href="#([^"]+)"', served.html)) - {"content"} <= there
            assert "Loom Records Inc." in served.text and "nobody is named: [contacts.post]" in served.text

            await console.hub.send(adt("A04", "C1", pid={7: "no day"}))
            await console.hub.eventually(lambda: _told(console, told.texts))
            [link] = re.findall(r"http://x\.test/console(\S+)", told.texts[0])
            case = await vera.get(link)
            assert case.status == 200 and "Loom Records Inc., +1 555 0100" in case.text
            [runbook] = re.findall(r'href="/console/runbook#([^"]+)"', case.html)
            assert runbook in there
            overview = await vera.get("/")
            assert set(re.findall(r'href="/console/runbook#([^"]+)"', overview.html)) <= there
            async with signed_in(browser, console, await console.account("Robin", Role.VIEWER)) as shown:
                await shown.goto(console.url("/runbook#case-mapping"))
                await accessible(shown)


async def _told(console: Console, texts: list[str]) -> bool:
    await console.hub.rows("select 1")
    return bool(texts)


def _leads(there: set[str], modules: tuple[str, ...], html: str) -> None:
    rules = json.loads((SHIPPED / "careloom.rules.yml").read_text("utf-8"))
    assert {link.partition("#")[2] for link in runbooks(rules)} <= there
    assert {one.runbook for one in HUB} <= there
    assert all(one.owner for one in HUB)
    assert {flow.runbook for flow in find_flows(modules, SHIPPED)} <= there
    for kind in find_kinds(modules, SHIPPED):
        assert kind.runbook in there, kind.name
        section = html.split(f'<h2 id="{kind.runbook}">')[1].split("</section>")[0]
        assert f"Owner: {kind.owner}, within" in section and 'href="#contacts"' in section, kind.name
