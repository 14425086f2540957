"""Systems: how each stands, how much waits for it, and holding back what calls it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from careloom.console.glance import glance
from careloom.console.health import SystemShown, systems_shown
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


async def _pause(visit: Visit) -> Response:
    return await _hold(visit, paused=True)


async def _resume(visit: Visit) -> Response:
    return await _hold(visit, paused=False)


async def _hold(visit: Visit, *, paused: bool) -> Response:
    form = await visit.form()
    one = await _named(visit)
    reason = form.one("reason")
    if paused and not reason:
        raise FormatError("say why it is paused", "reason")
    names = [each.name for each in one.subscriptions]
    if not names:
        raise FormatError("no subscription calls this system, so there is nothing to hold back", "system")
    act = Act(visit.visitor.name, reason or "resumed")
    await visit.house.operators.pause_all(names, act, paused=paused)
    visit.house.shelf.forget("glance")
    done = "is paused: what comes for it waits in the log" if paused else "goes on where it was"
    return visit.go(f"/systems/{one.name}", f"{one.name} {done}.")


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
    Page("/systems/{name}/pause", Right.OPERATE, _pause, methods=("POST",)),
    Page("/systems/{name}/resume", Right.OPERATE, _resume, methods=("POST",)),
)
