"""The queue of exceptions: one by one, by cause, and sets that are retried together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from careloom.cases.groups import PER_SECOND, CaseSet
from careloom.cases.kinds import PRIORITIES
from careloom.cases.reading import Wanted
from careloom.cases.standing import Standing
from careloom.cases.states import State, has_ended
from careloom.console.addresses import (
    BY_TIME,
    BY_URGENCY,
    PAGE,
    address,
    hours,
    place_read,
    place_written,
    uuid_of,
    word,
)
from careloom.console.house import House
from careloom.console.pages import exception
from careloom.console.rendering import TEMPLATES, length
from careloom.console.rights import Right
from careloom.console.visiting import Page, Refused, Visit
from careloom.core.outcomes import Category

URGENCY: Final[Mapping[int, str]] = MappingProxyType({number: name for name, number in PRIORITIES.items()})
_FASTEST: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Time:
    """How a case stands against its time: a word, and the class of that word."""

    text: str
    look: str


def time_of(case: Any, now: datetime) -> Time:
    """Against the time by which it is to be over. From half of it on, somebody should look."""
    if getattr(case, "resolved", None) is not None:
        return Time("ended late", "warn") if case.overdue else Time("ended in time", "good")
    left = (case.due - now).total_seconds()
    if left <= 0:
        return Time(f"overdue by {length(-left)}", "bad")
    half = left * 2 <= (case.due - case.opened).total_seconds()
    return Time(f"due in {length(left)}", "warn" if half else "good")


TEMPLATES.filters |= {"time_of": time_of, "urgency": lambda priority: URGENCY.get(priority, str(priority))}


async def _queue(visit: Visit) -> Response:
    wanted = _wanted(visit)
    ended = wanted.state is not None and has_ended(wanted.state)
    place: Any = place_read(visit.asked("after"), BY_TIME if ended else BY_URGENCY)
    reader = visit.house.work.reader
    page, counts = await reader.page(wanted, place, PAGE), await reader.counts()
    asked = _asked(visit)
    later = None if page.after is None else address("/cases", asked, after=place_written(page.after))
    first = address("/cases", asked) if place is not None else None
    return visit.show(
        "exceptions.html", title="Exceptions", page=page, counts=counts, asked=asked, later=later, first=first,
        ended=ended, states=list(State), categories=list(Category), chosen=_may_retry(visit, page.cases),
        **_known(visit.house),
    )  # fmt: skip


async def _groups(visit: Visit) -> Response:
    kind, owner = word(visit, "kind"), word(visit, "owner")
    groups = await visit.house.work.reader.groups(kind, owner)
    asked = {"kind": kind or "", "owner": owner or ""}
    return visit.show("exception_groups.html", title="Causes", groups=groups, asked=asked, **_known(visit.house))


async def _preview(visit: Visit) -> Response:
    """All of a group that could be retried."""
    await visit.form()
    return _to_set(visit, await visit.house.work.groups.preview(visit.path["cause"], visit.visitor.actor))


async def _choose(visit: Visit) -> Response:
    """Just those that were ticked."""
    form = await visit.form()
    try:
        cases = [UUID(one) for one in form.every("case")]
    except ValueError:
        raise Refused("this form has something that is no case", 400) from None
    if not cases:
        raise Refused("tick the cases that are to be retried, then send them again", 400)
    return _to_set(visit, await visit.house.work.groups.choose(cases, visit.visitor.actor))


def _to_set(visit: Visit, made: CaseSet) -> Response:
    left_out = (
        "Some were left out: they are not yours, nothing waits for them, or they are too many." if made.more else ""
    )
    return visit.go(f"/case-sets/{made.token}", left_out)


async def _set(visit: Visit) -> Response:
    kept = await visit.house.work.groups.shown(visit.path["token"], visit.visitor.actor)
    return visit.show("exception_set.html", title="Retry together", kept=kept, rate=PER_SECOND, fastest=_FASTEST)


async def _retry_set(visit: Visit) -> Response:
    """The set that was shown, and no other."""
    form = await visit.form()
    try:
        rate = float(form.one("rate"))
    except ValueError:
        rate = 0.0
    if not 0 < rate <= _FASTEST:
        raise Refused(f"the rate is a number of cases a second, above 0 and up to {_FASTEST:,.0f}", 400)
    token, actor = visit.path["token"], visit.visitor.actor
    done = await visit.house.work.groups.retry(token, actor, form.one("reason"), rate)
    left = f", {done.left} had ended or were taken meanwhile" if done.left else ""
    said = f"{done.retried} retried over {length(done.seconds)}{left}."
    return visit.go(f"/case-sets/{token}", said)


def _wanted(visit: Visit) -> Wanted:
    state = word(visit, "state")
    if state is not None and state not in set(State):
        raise Refused(f"a case is {', '.join(State)}", 400)
    category = word(visit, "category")
    if category is not None and category not in set(Category):
        raise Refused(f"a failure is of {', '.join(Category)}", 400)
    return Wanted(
        word(visit, "kind"), word(visit, "owner"), State(state) if state else None, word(visit, "system"),
        uuid_of(visit, "cause"), word(visit, "assignee"), hours(visit, "older"),
        Category(category) if category else None,
    )  # fmt: skip


def _asked(visit: Visit) -> dict[str, str]:
    """The filters as they were typed."""
    names = ("kind", "owner", "state", "system", "category", "cause", "assignee", "older")
    return {name: visit.asked(name) for name in names}


def _known(house: House) -> dict[str, Any]:
    """What people choose from: all of it as this hub runs it."""
    kinds = house.work.reader.kinds
    workflows = {one.name for one in house.runs.around.registry.workflows}
    return {
        "kinds": sorted(kinds, key=lambda one: one.name),
        "owners": sorted({one.owner for one in kinds}),
        "systems": sorted({*house.systems, *workflows}),
    }


def _may_retry(visit: Visit, cases: Any) -> frozenset[UUID]:
    """Those that this visitor could put into a set."""
    if not visit.may(Right.WORK_CASES):
        return frozenset()
    actor = visit.visitor.actor

    def free(one: Standing) -> bool:
        return one.assignee in (None, actor.name) and actor.has(one.owner) and one.resumes == "subscription"

    return frozenset(one.id for one in cases if "retry" in one.actions and free(one))


PAGES = (
    Page("/cases", Right.SEE, _queue, "Exceptions"),
    Page("/case-groups", Right.SEE, _groups),
    Page("/case-groups/{cause:uuid}/preview", Right.WORK_CASES, _preview, methods=("POST",)),
    Page("/case-sets", Right.WORK_CASES, _choose, methods=("POST",)),
    Page("/case-sets/{token:uuid}", Right.SEE, _set),
    Page("/case-sets/{token:uuid}/retry", Right.WORK_CASES, _retry_set, methods=("POST",)),
    *exception.PAGES,
)
