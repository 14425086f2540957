"""Alarms of a whole hub on virtual time: each within its bound, once, and none for quiet that was announced."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from tests.console.conftest import Console, console_of, window
from tests.hub.hospital import Hospital, Running, adt, line
from tests.hub.telling import Office, office
from tests.telemetry.scraping import fetch, samples, value

from careloom.console.rights import Role
from careloom.sim.odoo import SimulatedOdoo
from careloom.telemetry.silence import EVERY_SECONDS as SILENCES_EVERY
from careloom.testing.clock import START, VirtualClock

HOUR = 3600.0
SLACK = 60.0
"""Virtual seconds that go by while the store answers; the unit tests keep the bounds to the second."""
TO = "integration@example.org"
AWAY = 120.0
OPEN = '[telemetry]\nmetrics = "open"\naway_after = "2m"\n'


@dataclass
class Place:
    """A hub, whoever is told, and whoever looks."""

    console: Console
    office: Office
    clock: VirtualClock
    looks: int = 0

    @property
    def hub(self) -> Running:
        return self.console.hub

    async def told(self) -> bool:
        return bool(self.office.mails) and bool(self.office.posts)

    async def kinds(self) -> list[str]:
        rows = await self.hub.rows("select kind from work_case where resolved is null order by opened")
        return [row["kind"] for row in rows]

    async def sees(self, path: str = "/") -> str:
        """A page as somebody who has just signed in sees it: sessions end when nobody looks for long."""
        self.looks += 1
        async with window(self.console, f"Vera {self.clock.now():%H%M%S} {self.looks}", Role.VIEWER) as vera:
            return (await vera.get(path)).text

    async def nothing_open(self) -> bool:
        return await self.kinds() == []

    async def go_to(self, at: float) -> None:
        """Until `at`, in seconds since the start."""

        async def there() -> bool:
            return self.clock.monotonic() >= at

        await self.hub.passing(there, within=at, step=30.0)

    async def quiet_until(self, at: float) -> None:
        """Until `at`, in seconds since the start, nothing is told and no case opens."""

        await self.go_to(at)
        assert (self.office.mails, await self.kinds()) == ([], [])


@asynccontextmanager
async def place(
    hospital: Hospital, clock: VirtualClock, more: str = "", *, erp: SimulatedOdoo | None = None, hub: str = "",
    of_erp: str = "",
) -> AsyncIterator[Place]:  # fmt: skip
    async with office() as told:
        hospital.configure(OPEN + told.settings(hospital, integration=TO, traced=TO) + more, odoo=erp, hub=hub)
        text = hospital.config.read_text().replace("concurrency = 2\n", f"concurrency = 2\n{of_erp}")
        hospital.config.write_text(text)
        async with console_of(hospital, clock) as console:
            yield Place(console, told, clock)


async def test_a_silent_feed_alarms_within_its_bound_and_its_quiet_hours_do_not_count(hospital: Hospital) -> None:
    """The hub starts at 08:00; from 08:15 until 08:45 nobody expects anything."""
    feed = '[feeds.ehr]\nexpects_every = "10m"\nquiet = ["08:15-08:45"]\n'
    async with place(hospital, VirtualClock(), feed) as here:
        await here.quiet_until(9 * 60.0)
        await here.hub.send(adt("A04", "C1"))
        due = 49 * 60.0  # six minutes before the quiet hours, four after them
        await here.quiet_until(due - 31.0)
        await here.hub.passing(here.told, within=31.0 + SILENCES_EVERY + SLACK, step=1.0)
        assert await here.kinds() == ["silence"]
        assert "silence" in await here.sees()
        await here.go_to(due + HOUR / 4)
        assert [to for to, _ in here.office.mails] == [TO], "once for one stretch of quiet"
        async with line(here.hub.node.ports["ehr"]) as other:  # who was quiet for long is hung up on
            assert (await other.send(adt("A04", "C2"))).code == "AA"
        await here.hub.passing(here.nothing_open, within=SILENCES_EVERY + SLACK, step=1.0)


async def test_announced_maintenance_raises_nothing_of_a_feed_nor_of_a_system(hospital: Hospital) -> None:
    """Both are away from 08:00 on, and announced to be so until 08:30."""
    assert f"{START:%a %H:%M}" == "Sun 08:00"
    feed = (
        '[feeds.ehr]\nexpects_every = "10m"\n'
        "[[feeds.ehr.maintenance]]\nbegin = 2026-03-01T08:00:00Z\nend = 2026-03-01T08:30:00Z\n"
    )
    async with SimulatedOdoo("19.0") as erp:
        assert erp.url, "its port is known, and from now on nobody listens there"
    window_ = 'maintenance = ["Sun 07:00-08:30 UTC"]\n'
    async with place(hospital, VirtualClock(), feed, erp=erp, of_erp=window_) as here:
        await here.hub.send(adt("A04", "C1"))
        await here.quiet_until(HOUR / 2 - 31.0)
        page = samples((await fetch(here.hub.node.ports["api"]))[1])
        assert value(page, "breaker_state", system="erp", state="maintenance") == 1
        assert not [name for name, _ in page if name == "careloom_failures_total"], "what was announced is no failure"
        await here.hub.passing(here.told, within=HOUR, step=5.0)
        assert await here.kinds() == ["system-away"], "it was to be back by now"
        assert here.clock.monotonic() >= HOUR / 2 + AWAY


FLOW = """
from careloom.flows import Flow
from careloom.model import PatientUpdated, RegistrationCreated
from careloom.workflow.run import Run

traced = Flow(
    "traced", owner="traced", business_owner="y", sla="15m", bound="1m", recovery_time="4h", pattern="event",
    system_of_record="z", runbook="flow-registration",
)


@traced.workflow(RegistrationCreated)
async def admit(run: Run, registration: RegistrationCreated) -> None:
    await run.sleep("30d")


@traced.workflow(PatientUpdated)
async def renew(run: Run, change: PatientUpdated) -> None:
    await run.sleep("10m")
"""
TRACED = 'flows = ["careloom.flows.registration", "careloom.flows.standards", "traced_flow"]\n'


@pytest.fixture
def traced(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    (hospital.folder / "traced_flow.py").write_text(FLOW)
    monkeypatch.setattr(sys, "path", [str(hospital.folder), *sys.path])
    return hospital


async def test_a_run_that_stands_still_without_any_error_is_shown_and_told_of(traced: Hospital) -> None:
    async with place(traced, VirtualClock(), "[flows.traced]\n", hub=TRACED) as here:
        await here.hub.send(adt("A04", "C1"))
        await here.hub.eventually(lambda: here.hub.rows("select 1 from run where state = 'waiting'"))
        began = here.clock.monotonic()
        await here.quiet_until(began + HOUR / 4 - 31.0)
        await here.hub.passing(here.told, within=31.0 + SLACK, step=1.0)
        assert await here.kinds() == ["run-late"]
        assert not await here.hub.rows("select 1 from run where error is not null")
        await here.clock.advance(5.0)
        page = await here.sees()
        assert "run-late" in page and "runs waiting" in page
        shown = await here.sees("/runs?unfinished=1")
        assert "traced.admit" in shown and "late" in shown
        assert len(here.office.mails) == 1


async def test_a_run_that_nobody_drives_is_shown(traced: Hospital) -> None:
    """The only hub that is left takes messages in and works nothing: nothing fails, and nothing moves."""
    clock = VirtualClock()
    async with place(traced, clock, "[flows.traced]\n", hub=TRACED) as here:
        await here.hub.send(adt("A04", "C1"), adt("A08", "C2", at="20260301090000"))
        await here.hub.eventually(
            lambda: here.hub.rows("select 1 from run where state = 'waiting' and workflow = 'traced.renew'")
        )
        assert "runs that do not move" not in await here.sees()
    await clock.advance(20 * 60.0)
    async with place(traced, clock, "[flows.traced]\n", hub=f"{TRACED}work = false\n") as here:
        assert "runs that do not move 1" in await here.sees()
        found = samples((await fetch(here.hub.node.ports["api"]))[1])
        assert value(found, "runs_undriven", workflow="traced.renew") == 1
