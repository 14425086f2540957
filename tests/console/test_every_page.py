"""Every page of the registry: nothing that hinders anybody, by light on a desk and by dark on a phone, and for each
role what its rights say. Pages that come later are tried here by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from uuid import UUID

import pytest
from playwright.async_api import Browser, expect
from tests.console.conftest import Console, Window, accessible, signed_in, window
from tests.console.test_exception_pages import TEAMS, parked
from tests.console.test_workflow_pages import begun, office_of
from tests.hub.hospital import Hospital
from tests.screenshots import stewardship
from tests.screenshots.finding import OUTSIDE, example, links, pictured

from careloom.cases.rights import Actor
from careloom.console import pages
from careloom.console.rights import Role, rights_of

TEAM = (*TEAMS, "purchasing", *stewardship.TEAMS)
OWN = ("/case-sets/{token:uuid}", "/persons/sets/{token:uuid}")
"""What only who chose them is shown."""


@pytest.fixture
async def office(hospital: Hospital) -> AsyncIterator[Console]:
    """A hub with something on every page."""
    async with office_of(hospital, stewardship.SETTINGS) as console:
        yield console


async def found(who: Window, *known: str) -> Mapping[str, str]:
    """Where each page is; fails for one to which nothing leads."""
    wanted = [one for one in pictured() if one != OUTSIDE]
    here = {one: one for one in wanted if "{" not in one}
    seen, queue = [*known], [*here.values()]
    while queue:
        seen += [one for one in links((await who.get(queue.pop(0))).html) if one not in seen]
        for path in wanted:
            if path not in here and (where := example(path, seen, wanted)) is not None:
                here[path] = where
                queue.append(where)
    missing = {one for one in wanted if one not in here}
    assert not missing, f"nothing leads to {missing}"
    return here


async def _set(console: Console, case: UUID) -> str:
    work = console.hub.node.work
    cause = (await work.reader.one(case)).cause
    return f"/case-sets/{(await work.groups.preview(cause, Actor('Ada', frozenset(TEAM)))).token}"


async def test_no_page_hinders_anybody_and_each_asks_for_its_right(
    hospital: Hospital, office: Console, browser: Browser
) -> None:
    [case] = await parked(office, "C1")
    await begun(hospital, office)
    await office.hub.node.silences.look()
    async with window(office, "Ada", Role.ADMIN, teams=TEAM) as ada:
        asked = await stewardship.to_be_decided(office.hub.node, Actor("Ada", frozenset(TEAM)), office.clock)
        here = await found(ada, await _set(office, case), *asked)
        async with signed_in(browser, office, ada.token) as page:
            for path in here.values():
                await page.set_viewport_size({"width": 1280, "height": 800})
                await page.emulate_media(color_scheme="light")
                answer = await page.goto(office.url(path))
                assert answer is not None and answer.status == 200, path
                await accessible(page)
                await page.emulate_media(color_scheme="dark")
                await page.set_viewport_size({"width": 390, "height": 800})
                await accessible(page)
                wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1"
                assert await page.evaluate(wide), f"{path} is wider than a phone"
    for role in Role:
        async with window(office, f"One who is {role}", role, teams=TEAM) as who:
            for one in (each for each in pages.every() if each.path in here):
                expected = 200 if one.right in rights_of([role]) else 403
                if one.path not in OWN:
                    assert (await who.get(here[one.path])).status == expected, (role, one.path)
    await _a_viewer_is_refused(office, browser, case)


async def _a_viewer_is_refused(console: Console, browser: Browser, case: UUID) -> None:
    token = await console.account("Vera", Role.VIEWER, teams=TEAM)
    async with signed_in(browser, console, token) as page:
        await page.goto(console.url("/"))
        await expect(page.get_by_role("link", name="Accounts")).to_have_count(0)
        await page.goto(console.url("/people"))
        await expect(page.get_by_role("heading", name="This did not go")).to_be_visible()
        await expect(page.get_by_text("your roles do not let you say who may do what")).to_be_visible()
        await page.goto(console.url(f"/cases/{case}"))
        await expect(page.get_by_role("button")).to_have_count(1)  # the one that signs out
        await accessible(page)
