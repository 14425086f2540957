"""What waits for the visitor's approval."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from starlette.responses import Response

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import NotAllowed
from careloom.cases.states import NotPossible
from careloom.console.addresses import BY_URGENCY, PAGE, address, place_read, place_written
from careloom.console.rights import Right
from careloom.console.visiting import Form, Page, Refused, Visit
from careloom.core.errors import FormatError
from careloom.log.parking import NothingThere
from careloom.workflow.undecided import undecided

_VOTES = frozenset({Action.APPROVE, Action.REJECT})


async def _approvals(visit: Visit) -> Response:
    return await _shown(visit)


async def _vote(visit: Visit) -> Response:
    form = await visit.form()
    try:
        said = await _voted(visit, form)
    except (NotAllowed, NotPossible, NothingThere, FormatError) as error:
        status = 403 if isinstance(error, NotAllowed) else 409
        return await _shown(visit, status, wrong=str(error), about=visit.path["id"])
    return visit.go("/approvals", said)


async def _voted(visit: Visit, form: Form) -> str:
    try:
        action, request = Action(form.one("action")), UUID(form.one("request"))
    except ValueError:
        raise Refused("this form is not whole; go back, reload the page and send it again", 400) from None
    if action not in _VOTES:
        raise Refused("an approval is approved or rejected", 400)
    decision = Decision(action, form.one("reason"), request=request)
    now = await visit.house.work.desk.act(visit.path["id"], visit.visitor.actor, decision)
    return f"It is {now.resolution}." if now.resolution else "Your approval counts; it waits for others too."


async def _shown(visit: Visit, status: int = 200, *, wrong: str = "", about: UUID | None = None) -> Response:
    place: Any = place_read(visit.asked("after"), BY_URGENCY)
    house = visit.house
    page = await undecided(house.database, house.clock, visit.visitor.actor, place, PAGE)
    later = None if page.after is None else address("/approvals", {}, after=place_written(page.after))
    return visit.show(
        "approvals.html", status, title="Approvals", approvals=page.approvals, later=later, wrong=wrong, about=about,
        first=address("/approvals", {}) if place is not None else None, request=lambda: uuid4(),
    )  # fmt: skip


PAGES = (
    Page("/approvals", Right.WORK_CASES, _approvals, "Approvals"),
    Page("/approvals/{id:uuid}", Right.WORK_CASES, _vote, methods=("POST",)),
)
