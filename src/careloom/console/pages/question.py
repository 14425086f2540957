"""One question: two records side by side, what was compared, and a steward's answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from starlette.responses import Response

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import NotAllowed
from careloom.cases.standing import Standing
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.console.looking import act_of, look_at
from careloom.console.pages.exception import HOLDING, request_of
from careloom.console.portraits import BASES, compared, index_of
from careloom.console.rights import Right
from careloom.console.visiting import Form, Page, Visit
from careloom.core.errors import CareloomError, FormatError
from careloom.identity.index.portrait import beside
from careloom.identity.index.reviewing import Wanted

Act = Callable[[Visit, UUID, Form], Awaitable[str]]
_TOLD = {"open": "it waits", "same": "they are one person", "distinct": "they are not the same"}


async def _question(visit: Visit) -> Response:
    return await _shown(visit, visit.path["id"])


async def _shown(
    visit: Visit, id_: UUID, *, wrong: CareloomError | None = None, typed: Form | None = None
) -> Response:  # fmt: skip
    index, house = index_of(visit), visit.house
    found = await index.reviewing.pair(id_)
    look = await look_at(visit, id_)
    rows = beside(found.older.record.patient, found.newer.record.patient, found.asked.evidence)
    case = None if found.case is None else await house.work.reader.one(found.case)
    stewards = visit.may(Right.STEWARD) and case is not None
    hindrance = await house.work.desk.hindrance(case.id, visit.visitor.actor) if case and stewards else ""
    status = 200 if wrong is None else (403 if isinstance(wrong, NotAllowed) else 409)
    return visit.show(
        "question.html", status, title="One person, or two?", found=found, rows=compared(rows, open_=look is not None),
        look=look, case=case, works=stewards, free=stewards and not hindrance, hindrance=hindrance, request=uuid4(),
        wrong="" if wrong is None else str(wrong), typed=typed or Form(()), basis=BASES[found.asked.basis],
        told=_TOLD[found.asked.state], next=await _next(visit, id_), owners=_owners(visit),
        people=[one["name"] for one in await house.people.everybody()] if stewards else [],
    )  # fmt: skip


def _owners(visit: Visit) -> list[str]:
    return sorted({one.owner for one in visit.house.work.reader.kinds})


async def _next(visit: Visit, id_: UUID) -> UUID | None:
    """The one that waits longest, but for this one."""
    page = await index_of(visit).reviewing.questions(Wanted(), None, 2)
    return next((one.id for one in page.questions if one.id != id_), None)


async def _look(visit: Visit) -> Response:
    form, id_ = await visit.form(), visit.path["id"]
    found = await index_of(visit).reviewing.pair(id_)
    try:
        act = act_of(visit, form)
    except FormatError as error:
        return await _shown(visit, id_, wrong=error)
    look = await visit.house.operators.record_look(id_, act, found.older.person, found.newer.person)
    return visit.go(f"/persons/questions/{id_}?look={look}", "Your look is on record.")


def _act(act: Act) -> Callable[[Visit], Awaitable[Response]]:
    """An act on the case of the question, answered by going back; what is refused is told on the page."""

    async def handle(visit: Visit) -> Response:
        form, id_ = await visit.form(), visit.path["id"]
        found = await index_of(visit).reviewing.pair(id_)
        try:
            if found.case is None:
                raise NotPossible("this question was answered before")
            said = await act(visit, found.case, form)
        except (NotAllowed, NotPossible, NoSuchCase, FormatError) as error:
            return await _shown(visit, id_, wrong=error, typed=form)
        look = await look_at(visit, id_)
        return visit.go(f"/persons/questions/{id_}{f'?look={look}' if look else ''}", said)

    return handle


async def _same(visit: Visit, case: UUID, form: Form) -> str:
    await _answer(visit, case, form, Action.APPROVE)
    return "They are one person now."


async def _distinct(visit: Visit, case: UUID, form: Form) -> str:
    await _answer(visit, case, form, Action.REJECT)
    return "They are not the same; nobody is asked again."


async def _answer(visit: Visit, case: UUID, form: Form, action: Action) -> Standing:
    why = form.one("reason")
    if not why:
        raise FormatError("say why", "reason")
    return await visit.house.work.desk.act(case, visit.visitor.actor, Decision(action, why, request=request_of(form)))


async def _later(visit: Visit, case: UUID, form: Form) -> str:
    """It is taken, if nobody has it, and waits."""
    why = form.one("reason")
    if not why:
        raise FormatError("say what you wait for", "reason")
    desk, actor = visit.house.work.desk, visit.visitor.actor
    await desk.claim(case, actor)
    await desk.wait(case, actor, why)
    return "It waits, and stays yours."


_ACTS = {"same": _same, "distinct": _distinct, "later": _later, **HOLDING}
PAGES = (
    Page("/persons/questions/{id:uuid}", Right.SEE, _question),
    Page("/persons/questions/{id:uuid}/look", Right.SEE_PERSONAL, _look, methods=("POST",)),
    *(
        Page(f"/persons/questions/{{id:uuid}}/{name}", Right.STEWARD, _act(act), methods=("POST",))
        for name, act in _ACTS.items()
    ),
)
