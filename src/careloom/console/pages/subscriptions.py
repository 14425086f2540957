"""Subscriptions: how far each is, who waits, and handling once more what was handled before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from careloom.console.glance import glance
from careloom.console.health import SubscriptionShown, subscriptions_shown
from careloom.console.pages.holding import hold
from careloom.console.rights import Right
from careloom.console.visiting import Page, Refused, Visit
from careloom.core.errors import FormatError
from careloom.log.operators import Act, NothingThere
from careloom.store.sql import queries

_SQL = queries("console_log")
PAGE: Final = 50
MOST: Final = 500
"""Events of one replay: as many as a person can look through."""
_LANES: Final = 500
_WINDOW: Final = timedelta(hours=1)
_OUTCOMES: Final = ("done", "skipped", "discarded")


async def _subscriptions(visit: Visit) -> Response:
    seen = await glance(visit.house)
    every = subscriptions_shown(visit.house, seen)
    return visit.show("subscriptions.html", title="Subscriptions", subscriptions=every)


async def _subscription(visit: Visit) -> Response:
    one = await _named(visit)
    after = _id(visit.asked("after")) if visit.asked("after") else None
    async with visit.house.database.acquire() as connection:
        lanes = await connection.fetch(_SQL.lanes_of_subscription, one.name, _LANES)
        waiting = await connection.fetch(_SQL.parked_subjects, one.name, after, PAGE + 1)
    further = f"?{urlencode({'after': waiting[PAGE - 1]['token']})}" if len(waiting) > PAGE else ""
    return visit.show(
        "subscription.html", title=f"Subscription {one.name}", one=one, waiting=waiting[:PAGE], further=further,
        lagging=[row for row in lanes if row["behind"]], lanes=len(lanes),
    )  # fmt: skip


async def _hold(visit: Visit, *, paused: bool) -> Response:
    one = await _named(visit)
    operators = visit.house.operators
    return await hold(
        visit, f"/subscriptions/{one.name}", "what comes", lambda act: operators.pause(one.name, act, paused=paused),
        paused=paused,
    )  # fmt: skip


async def _preview(visit: Visit) -> Response:
    one = await _named(visit)
    now = visit.house.clock.now()
    since = _moment(visit.asked("since"), "since") or now - _WINDOW
    until = _moment(visit.asked("until"), "until") or now + timedelta(minutes=1)
    rows: list[Any] = []
    if visit.asked("preview"):
        asked = (since, until, visit.asked("type") or None, visit.asked("outcome") or None)
        rows = [*await visit.house.operators.preview(one.name, *asked, MOST + 1)]
    return visit.show(
        "replay.html", title=f"Replay of {one.name}", one=one, rows=rows[:MOST], more=len(rows) > MOST, most=MOST,
        since=_written(since), until=_written(until), type=visit.asked("type"), outcome=visit.asked("outcome"),
        outcomes=_OUTCOMES, previewed=bool(visit.asked("preview")),
    )  # fmt: skip


async def _replay(visit: Visit) -> Response:
    """Exactly the events that the page showed, whatever came since."""
    form = await visit.form()
    one = await _named(visit)
    reason = form.one("reason")
    if not reason:
        raise FormatError("say why they are handled again", "reason")
    events = [_id(text) for text in form.one("events").split()]
    if not 0 < len(events) <= MOST:
        raise FormatError(f"a replay has 1 to {MOST} events; narrow the window", "events")
    try:
        count = await visit.house.operators.replay(one.name, events, Act(visit.visitor.name, reason))
    except NothingThere as error:
        raise FormatError(str(error), "events") from None
    left = f"; {len(events) - count} wait already, or were not handled yet" if count < len(events) else ""
    return visit.go(f"/subscriptions/{one.name}", f"{count} of {len(events)} events are handled again{left}.")


async def _named(visit: Visit) -> SubscriptionShown:
    name = visit.path["name"]
    seen = await glance(visit.house)
    found = next((one for one in subscriptions_shown(visit.house, seen) if one.name == name), None)
    if found is None:
        raise Refused("there is no subscription of this name", 404)
    return found


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise FormatError("this is no id", "events") from None


def _moment(text: str, place: str) -> datetime | None:
    """As the form writes it, in UTC."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise FormatError("this is no time; write 2026-03-01T08:30", place) from None
    return None if found is None else found.replace(tzinfo=found.tzinfo or UTC)


def _written(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


PAGES = (
    Page("/subscriptions", Right.SEE, _subscriptions, "Subscriptions"),
    Page("/subscriptions/{name}", Right.SEE, _subscription),
    Page("/subscriptions/{name}/pause", Right.OPERATE, partial(_hold, paused=True), methods=("POST",)),
    Page("/subscriptions/{name}/resume", Right.OPERATE, partial(_hold, paused=False), methods=("POST",)),
    Page("/subscriptions/{name}/replay", Right.OPERATE, _preview),
    Page("/subscriptions/{name}/replay/run", Right.OPERATE, _replay, methods=("POST",)),
)
