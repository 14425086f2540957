"""The first page: what it says is what the database says, and each figure leads to its rows."""

from __future__ import annotations

import re

from playwright.async_api import Browser, expect
from tests.console.conftest import accessible, console_of, signed_in, window
from tests.hub.hospital import Hospital, adt

from careloom.console.rights import Role
from careloom.sim.odoo import SimulatedOdoo


async def test_each_figure_is_that_of_the_database_and_leads_to_its_rows(
    hospital: Hospital, erp: SimulatedOdoo, browser: Browser
) -> None:
    hospital.configure(odoo=erp)
    async with console_of(hospital) as console:
        hub = console.hub
        await hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2"), adt("Q99", "C3", "N-3"))
        numbers = await hub.settled(3)
        await hub.node.status.refresh()
        assert numbers.delivered and numbers.filtered + numbers.parked
        async with window(console, "Vera", Role.VIEWER) as vera:
            page = await vera.get("/")
            for name, figure in numbers.as_dict().items():
                if name in ("received", "delivered", "filtered", "parked", "in_flight"):
                    label = name.replace("_", " ")
                    assert re.search(rf"<dt>{label}</dt><dd><a [^>]*>{figure}</a>", page.html), name
            assert f"{numbers.received} newest" in (await vera.get("/journeys?show=newest")).text
            for show, figure in (("filtered", numbers.filtered), ("parked", numbers.parked), ("in-flight", 0)):
                rows = await vera.get(f"/journeys?show={show}")
                assert rows.html.count('<td><a href="/console/journeys/') == figure, show
            assert "erp" in page.text and "ehr" in page.text and "registration, within" in page.text
            links = set(re.findall(r'href="/console(/[^"]*)"', page.html)) - {"/static/console.css"}
            for link in links:
                assert (await vera.get(link.replace("&amp;", "&"))).status == 200, link
            assert "to 0" in page.text and "exceptions came" in page.text, "what changed in the last hour"
            assert "audit" not in page.html, "what people did leads nowhere for one who may not see who"
        token = await console.account("Robin", Role.AUDITOR)
        async with signed_in(browser, console, token) as shown:
            await shown.goto(console.url("/"))
            await expect(shown.get_by_role("link", name="translate")).to_be_visible()
            await expect(shown.get_by_role("link", name="account.added.v1")).to_be_visible()
            await accessible(shown)
