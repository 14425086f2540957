"""Systems: how each stands, how much waits for it, and holding back what calls it."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.responses import Response

from careloom.console.glance import glance
from careloom.console.health import SystemShown, systems_shown
from careloom.console.pages.holding import hold
from careloom.console.rights import Right
from careloom.console.visiting import Page, Refused, Visit
from careloom.core.errors import FormatError
from careloom.log.operators import Act
from careloom.store.sql import queries

_SQL = queries("console_log")
_CALLS: Final = 50


async def _systems(visit: Visit) -> Response:
    seen = await glance(visit.house)
    return visit.show("systems.html", title="Systems", systems=systems_shown(visit.house, seen))


async def _system(visit: Visit) -> Response:
    one = await _named(visit)
    async with visit.house.database.acquire() as connection:
        calls = await connection.fetch(_SQL.calls_of_system, one.name, _CALLS)
    return visit.show(
        "system.html", title=f"System {one.name}", one=one, calls=calls, sends=one.name in visit.house.senders
    )


async def _hold(visit: Visit, *, paused: bool) -> Response:
    one = await _named(visit)
    names = [each.name for each in one.subscriptions]

    async def act(by: Act) -> None:
        if not names:
            raise FormatError("no subscription calls this system, so there is nothing to hold back", "system")
        await visit.house.operators.pause_all(names, by, paused=paused)

    return await hold(visit, f"/systems/{one.name}", "what comes for it", act, paused=paused)


async def _named(visit: Visit) -> SystemShown:
    name = visit.path["name"]
    seen = await glance(visit.house)
    found = next((one for one in systems_shown(visit.house, seen) if one.name == name), None)
    if found is None:
        raise Refused("the settings name no such system", 404)
    return found


PAGES = (
    Page("/systems", Right.SEE, _systems, "Systems"),
    Page("/systems/{name}", Right.SEE, _system),
    Page("/systems/{name}/pause", Right.OPERATE, partial(_hold, paused=True), methods=("POST",)),
    Page("/systems/{name}/resume", Right.OPERATE, partial(_hold, paused=False), methods=("POST",)),
)
