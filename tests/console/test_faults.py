"""One fault of every sort, each through a real door: seen where it belongs within five seconds, and told of once.

The hub's time stands still until the test lets it pass, so that "within" and "once" are exact.
"""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pytest
from tests.console.conftest import Console, Window, console_of, window
from tests.hub.hospital import Hospital, adt
from tests.hub.telling import Office, office
from tests.telemetry.scraping import fetch, samples

from careloom.console.rights import Role
from careloom.core.outcomes import Category
from careloom.sim.odoo import SimulatedOdoo
from careloom.testing.clock import VirtualClock

SEEN_WITHIN = 5.0
MANY = 20
HOUR = 3600.0
FLOW = """
from datetime import date

from careloom.core.outcomes import Done, Outcome
from careloom.flows import Flow
from careloom.flows.stores import Stores
from careloom.identity.crosswalk.codes import Canonical, UnknownCode
from careloom.model import RegistrationCreated
from careloom.systems.odoo.connector import Odoo

charging = Flow(
    "charging", owner="charging", business_owner="y", sla="1h", bound="1m", recovery_time="4h", pattern="event",
    system_of_record="z", runbook="flow-registration",
)


@charging.on(RegistrationCreated)
async def charge(event: RegistrationCreated, erp: Odoo, stores: Stores) -> Outcome:
    number = event.patient.identifier[0].value
    if number.startswith("BUG"):
        return {}[number]
    if number.startswith("CODE"):
        found = await stores.crosswalk.lookup("lab", "charge-code", number, date(2026, 3, 1), entity="charge-code")
        if not isinstance(found, Canonical):
            raise UnknownCode("charge-code", "FT1-7", found.nearest)
    if number.startswith("RULE"):
        await erp.upsert("res.partner", f"careloom.charged_{number.lower().replace('-', '_')}", {"name": ""})
    return Done("charged")
"""


class Figures(NamedTuple):
    """How many failures wait for a person, and how many are tried again; where the first of them leads."""

    cases: int
    retries: int
    path: str


@dataclass
class Story:
    """A hub at work, who looks at it, and who is told."""

    console: Console
    vera: Window
    office: Office
    erp: SimulatedOdoo
    outage: AsyncExitStack
    clock: VirtualClock

    async def send(self, prefix: str, change: Callable[[bytes], bytes] = bytes) -> None:
        await self.console.hub.send(*(change(adt("A04", f"{prefix}{n}", f"{prefix}-{n}")) for n in range(MANY)))

    async def seen(self, category: Category) -> Figures:
        """By the overview."""
        page = await self.vera.get("/")
        cell = r'<td class="number"><a href="/console([^"]*)">([\d,]+)</a></td>'
        found = re.search(rf'<th scope="row"><a [^>]*>{category}</a></th>{cell}{cell}', page.html)
        return Figures(int(found[2]), int(found[4]), found[1]) if found else Figures(0, 0, "")

    async def counted(self, category: Category) -> float:
        """Failed attempts by /metrics."""
        status, page = await fetch(self.console.hub.node.ports["api"])
        assert status == 200
        return sum(
            many for (name, labels), many in samples(page).items()
            if name == "careloom_failures_total" and ("category", category.value) in labels
        )  # fmt: skip

    async def failed(self, category: Category) -> bool:
        """Whether the hub has met it: from then on the five seconds count."""
        rows = await self.console.hub.rows(
            "select 1 from work_case where category = $1 union all select 1 from parked where category = $1", category
        )
        return bool(rows)

    async def all_told(self, many: int) -> bool:
        return len(self.office.mails) >= many and len(self.office.posts) >= many

    async def calm(self) -> bool:
        """The alerts have read all that there is to tell."""
        return not await self.console.hub.rows(
            "select 1 from cursor c join lane l using (lane) where c.subscription = 'alerts' and l.head > c.seq"
            " union all select 1 from parked where subscription = 'alerts'"
        )


@pytest.fixture
async def story(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Story]:
    (hospital.folder / "charging_flow.py").write_text(FLOW)
    monkeypatch.setattr(sys, "path", [str(hospital.folder), *sys.path])
    clock, outage = VirtualClock(), AsyncExitStack()
    erp = await outage.enter_async_context(SimulatedOdoo("19.0"))
    async with office() as told:
        owners = {name: f"{name}@example.org" for name in ("integration", "patient_access", "charging")}
        flows = 'flows = ["careloom.flows.registration", "careloom.flows.standards", "charging_flow"]'
        more = told.settings(hospital, **owners) + '[telemetry]\nmetrics = "open"\naway_after = "1m"\n'
        hospital.configure(more + '[flows.charging]\nerp = "erp"\n', odoo=erp, hub=flows)
        text = hospital.config.read_text().replace("concurrency = 2\n", "concurrency = 2\nrefused_seconds = 30\n")
        hospital.config.write_text(text)
        async with console_of(hospital, clock) as console, window(console, "Vera", Role.VIEWER) as vera:
            yield Story(console, vera, told, erp, outage, clock)
    await outage.aclose()


async def _schema(story: Story) -> None:
    """A line that is no segment."""
    await story.send("FORM", lambda body: body + b"what the ward typed\r")


async def _mapping(story: Story) -> None:
    await story.send("CODE")


async def _unknown(story: Story) -> None:
    await story.send("BUG")


async def _business(story: Story) -> None:
    """Odoo has a rule: contacts require a name."""
    await story.send("RULE")


async def _throttling(story: Story) -> None:
    story.erp.faults.throttle(times=None)
    await story.send("SLOW")


async def _authentication(story: Story) -> None:
    story.erp.faults.clear()
    story.erp.faults.auth_revoked()
    await story.send("KEY")


async def _network(story: Story) -> None:
    """Nobody listens any more: connections are refused."""
    story.erp.faults.clear()
    await story.clock.advance(31.0)  # the breaker that the key closed lets a probe through
    await story.outage.aclose()
    await story.send("AWAY")


SEEDED: tuple[tuple[Category, Callable[[Story], Awaitable[None]], str], ...] = (
    (Category.SCHEMA, _schema, "patient_access"),
    (Category.MAPPING, _mapping, "charging"),
    (Category.UNKNOWN, _unknown, "charging"),
    (Category.BUSINESS, _business, "charging"),
    (Category.THROTTLING, _throttling, "patient_access"),
    (Category.AUTHENTICATION, _authentication, "patient_access"),
    (Category.NETWORK, _network, "integration"),
)


async def test_a_fault_of_every_sort_is_seen_within_five_seconds_and_told_to_its_owner_once(story: Story) -> None:
    assert {category for category, _, _ in SEEDED} == set(Category)
    hub, told = story.console.hub, story.office
    owners: list[str] = []
    for category, seed, owner in SEEDED:
        assert (await story.seen(category), await story.counted(category)) == (Figures(0, 0, ""), 0), category
        await seed(story)
        await hub.passing(partial(story.failed, category), within=HOUR, step=0.1)
        await story.clock.advance(SEEN_WITHIN)
        seen = await story.seen(category)
        assert seen.cases + seen.retries > 0, category
        assert await story.counted(category) > 0, category
        owners.append(f"{owner}@example.org")
        await hub.passing(partial(story.all_told, len(owners)), within=HOUR)
    await story.clock.advance(600.0)
    await hub.passing(story.calm, within=HOUR)
    assert [to for to, _ in told.mails] == owners, "one alert for a cause, to whom it concerns, however many it struck"
    assert len(told.posts) == len(owners)
    for category in Category:
        seen = await story.seen(category)
        rows = await hub.rows("select 1 from work_case where resolved is null and category = $1", category)
        assert seen.cases == len(rows), category
        page = await story.vera.get(seen.path)
        assert page.html.count('<td><a href="/console/cases/') == len(rows), category
    assert not [text for text in told.texts if "Weaver" in text]
