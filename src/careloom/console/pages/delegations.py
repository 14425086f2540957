"""Roles that people hand on to others for a time."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from careloom.cases.rights import NotAllowed, person
from careloom.cases.states import NoSuchCase
from careloom.console.addresses import is_usual, word
from careloom.console.rights import Right
from careloom.console.visiting import Page, Visit
from careloom.core.errors import FormatError


async def _delegations(visit: Visit) -> Response:
    return await _shown(visit)


async def _hand_on(visit: Visit) -> Response:
    form = await visit.form()
    try:
        since = _moment(form.one("since"), "since")
        until = _moment(form.one("until"), "until")
        if until is None:
            raise FormatError("say until when", "until")
        made = await visit.house.work.delegations.hand_on(
            visit.visitor.actor, form.one("role"), form.one("to"), until=until, since=since, why=form.one("reason")
        )
    except (NotAllowed, FormatError) as error:
        return await _shown(visit, 403 if isinstance(error, NotAllowed) else 409, str(error))
    return visit.go("/delegations", f"{made.handed_to} has the role {made.role} until {made.until:%Y-%m-%d %H:%M} UTC.")


async def _take_back(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await visit.house.work.delegations.take_back(visit.visitor.actor, visit.path["id"], form.one("reason"))
    except NoSuchCase as error:
        return await _shown(visit, 404, str(error))
    return visit.go("/delegations", "It is taken back.")


async def _shown(visit: Visit, status: int = 200, wrong: str = "") -> Response:
    by, to = word(visit, "by"), word(visit, "to")
    found = await visit.house.work.delegations.list(by=by, to=to)
    works = visit.may(Right.WORK_CASES)
    actor = visit.visitor.actor
    owners = {one.owner for one in visit.house.work.reader.kinds}
    roles = sorted(owners if actor.roles is None else actor.roles)
    people = [one["name"] for one in await visit.house.people.everybody()] if works else []
    mine = {one.id for one in found if works and (actor.roles is None or person(one.handed_by) == person(actor.name))}
    return visit.show(
        "delegations.html", status, title="Delegations", delegations=found, mine=mine, works=works, roles=roles,
        people=people, asked={"by": by or "", "to": to or ""}, wrong=wrong,
    )  # fmt: skip


def _moment(text: str, field: str) -> datetime | None:
    """A time as forms send it, which says no zone: UTC, as everything here is shown."""
    try:
        found = None if not text else datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise FormatError("is a time, such as 2026-03-14T08:00", field) from None
    if found is not None and not is_usual(found):
        raise FormatError("is out of bounds", field)
    return found


PAGES = (
    Page("/delegations", Right.SEE, _delegations),
    Page("/delegations/new", Right.WORK_CASES, _hand_on, methods=("POST",)),
    Page("/delegations/{id:uuid}/take-back", Right.WORK_CASES, _take_back, methods=("POST",)),
)
