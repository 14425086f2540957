"""A hub whose pages are looked at: by plain HTTP, and in a browser as people do."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright
from tests.hub.fixtures import any_erp, erp
from tests.hub.hospital import Hospital, Running

from careloom.cases.book import Cases
from careloom.cases.recording import Recorder
from careloom.console.people import SESSION_LASTS, People, forgery_token
from careloom.console.rights import Role
from careloom.core.clock import Clock, SystemClock
from careloom.core.ids import Uuid7
from careloom.log.operators import Act
from careloom.log.ports import stored_id
from careloom.store.sql import queries
from careloom.testing.clock import VirtualClock

__all__ = ["any_erp", "erp"]

PASSWORD = "blue heddle, seven shuttles"
ACT = Act("Robin Okafor", "they began here today")
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Console:
    """A hub at work, and its address for a browser."""

    hub: Running
    people: People
    clock: Clock

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.hub.node.ports['api']}/console{path}"

    async def account(self, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> str:
        """Somebody who has signed in; gives the token of their session. Without a password, which is slow by intent."""
        await self.people.add(name, roles, teams, ACT)
        token, now = secrets.token_urlsafe(32), self.clock.now()
        async with self.hub.node.store.database.acquire() as connection:
            account = await connection.fetchval("select id from person_account where name = $1", name)
            session = (hashlib.sha256(token.encode()).digest(), account, now, now + SESSION_LASTS)
            await connection.execute(queries("people").begin, *session)
        return token


@pytest.fixture
def hospital(tmp_path: Path, dsn: str) -> Hospital:
    """A deployment on a fresh database, whose hub serves the pages."""
    return Hospital(tmp_path, dsn, console=True)


@asynccontextmanager
async def console_of(hospital: Hospital, clock: VirtualClock | None = None) -> AsyncIterator[Console]:
    """A hub with these settings, and its accounts."""
    time: Clock = clock or SystemClock()
    async with hospital.running(clock=clock) as hub:
        new_id = Uuid7(time, stored_id)
        store = hub.node.store
        recorder = Recorder(hub.node.log.keyring, Cases(time, new_id), time, new_id)
        yield Console(hub, People(store.database, recorder, time, new_id), time)


@pytest.fixture
async def console(hospital: Hospital) -> AsyncIterator[Console]:
    async with console_of(hospital) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, headless. Where it is missing a newcomer goes without, the gate never."""
    found = next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        told = "the pages are tested in Chromium: install the package `chromium`"
        assert not os.environ.get("CI"), told
        pytest.skip(told)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield started
        await started.close()


@asynccontextmanager
async def signed_in(browser: Browser, console: Console, token: str) -> AsyncIterator[Page]:
    """A page of somebody's own window; a script that fails anywhere fails the test."""
    context = await browser.new_context(base_url=console.url(""))
    await context.add_cookies(
        [{"name": "careloom_session", "value": token, "url": console.url("/"), "httpOnly": True, "sameSite": "Strict"}]
    )
    page = await context.new_page()
    page.set_default_timeout(20_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    await context.close()
    assert not wrong, wrong


async def accessible(page: Page) -> None:
    """axe-core finds no serious or critical fault on what the page shows now."""
    found = await Axe().run(page)  # type: ignore[no-untyped-call]
    faults = [
        f"{one['id']}: {one['help']}: {node['html'][:200]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    assert not faults, faults


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page answered: where that was after redirects, and its text without marks."""

    status: int
    path: str
    html: str

    @property
    def text(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.html)).split())

    def value(self, name: str) -> str:
        """That of the first hidden field of a name."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.html)
        assert found, name
        return unescape(found[1])

    @property
    def actions(self) -> set[str]:
        """Where its forms post to, but for the one that signs out: the last part of each."""
        posts = re.findall(r'<form method="post" action="([^"]*)"', self.html)
        return {one.rpartition("/")[2] for one in posts} - {"sign-out"}


@dataclass(frozen=True, slots=True)
class Window:
    """Somebody's pages by plain HTTP, as in a browser without scripts."""

    console: Console
    http: aiohttp.ClientSession
    token: str

    async def get(self, path: str) -> Answer:
        async with self.http.get(self.console.url(path)) as answer:
            return Answer(answer.status, answer.url.path_qs.removeprefix("/console"), await answer.text())

    async def post(self, path: str, form: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> Answer:
        """Send a form, with the token that its page would carry, and go where the answer leads."""
        pairs = list(form.items()) if isinstance(form, Mapping) else list(form)
        data = [*pairs, ("forgery", forgery_token(self.token))]
        async with self.http.post(self.console.url(path), data=data) as answer:
            return Answer(answer.status, answer.url.path_qs.removeprefix("/console"), await answer.text())


@asynccontextmanager
async def window(console: Console, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> AsyncIterator[Window]:
    """A window of a new account."""
    token = await console.account(name, *roles, teams=teams)
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        http.cookie_jar.update_cookies({"careloom_session": token})
        yield Window(console, http, token)
