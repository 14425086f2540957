"""Who comes in, and who does not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from playwright.async_api import Browser, expect
from tests.console.conftest import ACT, PASSWORD, Console, signed_in
from tests.hub.hospital import Hospital, adt

from careloom.console.people import TRIES, SignInRefused
from careloom.console.rights import RIGHTS, Right, Role, rights_of
from careloom.core.errors import ConfigurationError, FormatError


@asynccontextmanager
async def outside() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps cookies, also of an address that is a number."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def test_the_first_administrator_comes_in_by_the_link_and_it_works_once(
    hospital: Hospital, console: Console, browser: Browser
) -> None:
    token = console.hub.node.welcome
    assert token is not None, "on a fresh deployment a link is told"
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(console.url(f"/welcome/{token}"))
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Once more").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_label("Name").fill("Admin")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    again = await page.goto(console.url(f"/welcome/{token}"))
    assert again is not None and again.status == 410
    await context.close()
    assert await console.people.first_link() is None


async def test_whoever_has_no_session_is_led_to_sign_in_and_then_to_where_they_wanted(console: Console) -> None:
    await console.people.accept(await console.people.add("Robin", [Role.VIEWER], (), ACT), PASSWORD)
    async with outside() as session:
        async with session.get(console.url("/?kind=mapping")) as answer:
            assert answer.url.path == "/console/sign-in"
        form = {"name": " robin ", "password": PASSWORD}
        async with session.post(console.url("/sign-in"), data=form) as answer:
            assert (answer.status, answer.url.path_qs) == (200, "/console/?kind=mapping")


async def test_wrong_passwords_tell_nothing_and_let_the_account_rest(console: Console) -> None:
    await console.people.accept(await console.people.add("Robin", [Role.VIEWER], (), ACT), PASSWORD)
    said = set()
    for _ in range(TRIES):
        with pytest.raises(SignInRefused) as refused:
            await console.people.sign_in("Robin", "not the right one")
        said.add(str(refused.value))
    for name, password in (("Robin", PASSWORD), ("Nobody", PASSWORD)):
        with pytest.raises(SignInRefused) as refused:
            await console.people.sign_in(name, password)
        said.add(str(refused.value))
    assert len(said) == 1


async def test_a_disabled_account_is_out_at_once(console: Console) -> None:
    token = await console.account("Robin", Role.OPERATOR)
    assert await console.people.visitor(token) is not None
    await console.people.disable("robin", ACT)
    assert await console.people.visitor(token) is None
    with pytest.raises(SignInRefused):
        await console.people.sign_in("Robin", PASSWORD)


async def test_an_account_is_made_once_however_it_is_written(console: Console) -> None:
    await console.people.add("Robin", [Role.VIEWER], (), ACT)
    with pytest.raises(ConfigurationError, match="already"):
        await console.people.add("ROBIN", [Role.ADMIN], (), ACT)


async def test_a_short_password_is_refused(console: Console) -> None:
    with pytest.raises(FormatError, match="12"):
        await console.people.accept(await console.people.add("Robin", [Role.VIEWER], (), ACT), "short")


async def test_no_session_and_no_password_stands_in_the_database(console: Console) -> None:
    token = await console.people.accept(await console.people.add("Robin", [Role.VIEWER], (), ACT), PASSWORD)
    rows = await console.hub.rows(
        "select a::text || ' ' || s::text as text from person_account a join person_session s on s.account = a.id"
    )
    for row in rows:
        assert token not in row["text"] and PASSWORD not in row["text"]


async def test_a_form_of_another_session_or_site_does_nothing(console: Console) -> None:
    token = await console.account("Robin", Role.VIEWER)
    async with aiohttp.ClientSession(cookies={"careloom_session": token}) as session:
        for data, headers, status in (
            ({"forgery": "0" * 32}, {}, 403),
            ({}, {}, 403),
            ({"forgery": "0" * 32}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ):
            async with session.post(console.url("/sign-out"), data=data, headers=headers) as answer:
                assert answer.status == status
    assert await console.people.visitor(token) is not None


async def test_every_answer_keeps_itself_to_itself(console: Console) -> None:
    token = await console.account("Robin", Role.VIEWER)
    async with aiohttp.ClientSession(cookies={"careloom_session": token}) as session:
        for path in ("/", "/sign-in", "/nowhere", "/static/console.css", "/static/../app.py"):
            async with session.get(console.url(path)) as answer:
                assert answer.headers["X-Frame-Options"] == "DENY"
                policy = answer.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'") and "unsafe" not in policy


def test_each_role_may_see_and_only_administrators_may_everything() -> None:
    assert all(Right.SEE in rights for rights in RIGHTS.values())
    assert [role for role, rights in RIGHTS.items() if rights == frozenset(Right)] == [Role.ADMIN]
    assert rights_of(["viewer", "not-a-role"]) == {Right.SEE, Right.SEE_OPERATIONS}


async def test_people_are_made_and_seen_at_the_command_line(hospital: Hospital, console: Console) -> None:
    made = await hospital.careloom("user", "add", "Robin", "--role", "operator", "--team", "patient-access")
    token = re.search(r"/console/welcome/(\S+)", made.output)
    assert token and await console.people.invited(token[1]) == "Robin"
    await hospital.careloom("user", "assign", "Robin", "--role", "viewer")
    listed = {row["name"]: row for row in (await hospital.careloom("user", "list", "--json")).objects}
    assert listed["Robin"]["roles"] == ["viewer"] and listed["Robin"]["teams"] == []
    assert (await hospital.careloom("user", "disable", "Nobody")).code == 3


async def test_the_overview_refreshes_itself(console: Console, browser: Browser) -> None:
    token = await console.account("Robin", Role.VIEWER)
    async with signed_in(browser, console, token) as page:
        await page.goto(console.url())
        tile = page.locator("dt", has_text="received").locator("xpath=following-sibling::dd")
        await expect(tile).to_have_text("0")
        await console.hub.send(adt("A04", "C1"))
        await expect(tile).to_have_text("1", timeout=20_000)
