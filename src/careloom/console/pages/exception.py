"""One exception: what it is about, what happened to it, and what a person may do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from starlette.responses import Response

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action, CaseKind
from careloom.cases.payloads import Payload
from careloom.cases.rights import NotAllowed
from careloom.cases.standing import Standing
from careloom.cases.states import NoSuchCase, NotPossible, has_ended
from careloom.console.addresses import address
from careloom.console.asking import Field, data_of, fields_of
from careloom.console.rights import Right
from careloom.console.visiting import Form, Page, Refused, Visit
from careloom.core.errors import CareloomError, FormatError
from careloom.identity.crosswalk.imports import RESUMES as CROSSWALK
from careloom.identity.index.arriving import OVERLAID, QUESTION
from careloom.log.parking import NothingThere
from careloom.security.masking import mask

_LARGEST_EDIT: Final = 200_000
"""Octets of what is edited in a form: three times as many may be sent for them."""
_GIVEN_UP: Final = frozenset({Action.RESOLVE, Action.REJECT, Action.WAIVE, Action.DISCARD})
_PER_PAGE: Final = 200
Act = Callable[[Visit, UUID, Form], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may be decided, with what it asks for. `reasoned`: only with a reason."""

    action: str
    label: str
    fields: tuple[Field, ...]
    reasoned: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another page that shows what a case is about."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """The payload as it is shown: `text` and `original` masked, or open after a look. `editable` says whether this
    visitor may correct it here."""

    payload: Payload
    text: str
    original: str
    open: bool
    editable: bool


async def _case(visit: Visit) -> Response:
    return await _shown(visit, visit.path["id"])


async def _look(visit: Visit) -> Response:
    """The one act that is answered by the page itself: what is seen stays in no address and in no store."""
    form, case = await visit.form(), visit.path["id"]
    try:
        payload = await visit.house.work.desk.look(case, visit.visitor.actor, form.one("reason"))
    except FormatError as error:
        return await _shown(visit, case, wrong=error, typed=form)
    return await _shown(visit, case, seen=payload)


def _act(act: Act) -> Callable[[Visit], Awaitable[Response]]:
    """An act, answered by going back; what is refused is told on the page, with what was typed."""

    async def handle(visit: Visit) -> Response:
        form, case = await visit.form(), visit.path["id"]
        try:
            said = await act(visit, case, form)
        except NoSuchCase:
            raise
        except (NotAllowed, NotPossible, NothingThere, FormatError) as error:
            return await _shown(visit, case, wrong=error, typed=form)
        return visit.go(f"/cases/{case}", said)

    return handle


async def _claim(visit: Visit, case: UUID, form: Form) -> str:  # noqa: ARG001
    await visit.house.work.desk.claim(case, visit.visitor.actor)
    return "It is yours."


async def _release(visit: Visit, case: UUID, form: Form) -> str:
    found = await visit.house.work.desk.release(case, visit.visitor.actor, form.one("reason"))
    return f"It is given back to {found.owner}."


async def _wait(visit: Visit, case: UUID, form: Form) -> str:
    await visit.house.work.desk.wait(case, visit.visitor.actor, form.one("reason"))
    return "It waits, and stays yours."


async def _assign(visit: Visit, case: UUID, form: Form) -> str:
    person, role = form.one("person") or None, form.one("role") or None
    desk, why = visit.house.work.desk, form.one("reason")
    found = await desk.assign(case, visit.visitor.actor, person=person, role=role, why=why)
    return f"It is now with {found.assignee or found.owner}."


async def _comment(visit: Visit, case: UUID, form: Form) -> str:
    await visit.house.work.desk.comment(case, visit.visitor.actor, form.one("text"), request_of(form))
    return "It is on record."


async def _decide(visit: Visit, case: UUID, form: Form) -> str:
    work = visit.house.work
    try:
        action = Action(form.one("action"))
    except ValueError:
        raise Refused("this form decides nothing that is known", 400) from None
    found = await work.reader.one(case)
    visit.must(_right(found))
    if form.one("revision") != str(found.revision) and not has_ended(found.state):
        raise NotPossible("this case has changed since you saw it; look at it again")
    data = await _data(visit, work.reader.kinds.of(found.kind), action, case, form)
    now = await work.desk.act(case, visit.visitor.actor, Decision(action, form.one("reason"), data, request_of(form)))
    return f"It is {now.state}: {now.resolution}." if now.resolution else "Your vote counts; it waits for others too."


async def _data(visit: Visit, kind: CaseKind, action: Action, case: UUID, form: Form) -> bytes:
    if action is not Action.EDIT:
        return data_of(fields_of(kind.schemas.get(action)), form)
    visit.must(Right.SEE_PERSONAL)
    payload = await visit.house.work.reader.masked_payload(case)
    return payload.corrected(next(iter(form.every("payload")), ""))


def request_of(form: Form) -> UUID:
    """What makes a form that is sent twice harmless."""
    try:
        return UUID(form.one("request"))
    except ValueError:
        raise Refused("this form is not whole; go back, reload the page and send it again", 400) from None


async def _shown(
    visit: Visit, id_: UUID, *, seen: Payload | None = None, wrong: CareloomError | None = None,
    typed: Form | None = None,
) -> Response:  # fmt: skip
    work = visit.house.work
    case = await work.reader.one(id_)
    kind = work.reader.kinds.of(case.kind)
    works = visit.may(Right.WORK_CASES) and not has_ended(case.state)
    hindrance = await work.desk.hindrance(id_, visit.visitor.actor) if works else ""
    free = works and not hindrance
    offers = _offers(case, kind) if free and visit.may(_right(case)) else ()
    entries = await work.reader.history(id_, reveal=seen is not None, limit=_PER_PAGE)
    people = [one["name"] for one in await visit.house.people.everybody()] if works else []
    status = 200 if wrong is None else (403 if isinstance(wrong, NotAllowed) else 409)
    return visit.show(
        "exception.html", status, title=f"{case.kind.replace('-', ' ').capitalize()}", case=case, kind=kind,
        contact=visit.house.contacts.get(case.system), works=works, free=free, hindrance=hindrance, entries=entries,
        body=await _body(visit, case, seen, free=free, typed=typed), offers=offers,
        people=people, owners=sorted({one.owner for one in work.reader.kinds}), request=uuid4(),
        wrong="" if wrong is None else str(wrong), typed=typed or Form(()), **_about(case),
        group=address("/cases", {"cause": case.cause}), told=visit.may(Right.SEE_PERSONAL),
    )  # fmt: skip


async def _body(
    visit: Visit, case: Standing, seen: Payload | None, *, free: bool, typed: Form | None
) -> Body | None:  # fmt: skip
    payload = seen
    with suppress(NoSuchCase):  # it is about no message, or whom it was about was erased
        payload = seen or await visit.house.work.reader.masked_payload(case.id)
    if payload is None:
        return None
    edited = next(iter(typed.every("payload")), "") if typed is not None else ""
    text, original = _laid_out(payload.text), _laid_out(payload.original_text)
    fits = payload.is_text and len(payload.data) <= _LARGEST_EDIT
    editable = free and fits and Action.EDIT in case.actions and visit.may(Right.SEE_PERSONAL)
    if seen is not None or (edited and editable):
        return Body(payload, edited or text, original, open=True, editable=editable)
    return Body(payload, mask(text), mask(original), open=False, editable=editable)


def _offers(case: Standing, kind: CaseKind) -> list[Offer]:
    """What may be decided by a form of its own: to edit begins with a look at the payload."""
    return [
        Offer(one, one, tuple(fields_of(kind.schemas.get(one))), Action(one) in _GIVEN_UP)
        for one in case.actions if one != Action.EDIT
    ]  # fmt: skip


def _right(case: Standing) -> Right:
    """Who is one person is for stewards to say, wherever they are asked."""
    return Right.STEWARD if case.resumes == QUESTION else Right.WORK_CASES


def _about(case: Standing) -> dict[str, Any]:
    """The run that waits for it, or the page that shows what it is about."""
    waits, record = (case.run or "").partition(":")[2], (case.field or "").partition("/")[2]
    elsewhere = {
        QUESTION: Elsewhere(f"/persons/questions/{waits}", "The two records side by side"),
        CROSSWALK: Elsewhere(f"/codes/proposals/{waits}", "What it would change"),
    }.get(case.resumes)
    if case.kind == OVERLAID:
        elsewhere = Elsewhere(f"/persons/{record}", "The person and its records")
    return {"run": "" if elsewhere else (case.run or "").partition("/")[0], "elsewhere": elsewhere}


def _laid_out(text: str) -> str:
    """JSON on lines of its own, as people read it; numbers stay as they are written."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return text


def _acting(name: str, act: Act) -> Page:
    return Page(f"/cases/{{id:uuid}}/{name}", Right.WORK_CASES, _act(act), methods=("POST",))


HOLDING: Final[Mapping[str, Act]] = MappingProxyType({"claim": _claim, "release": _release, "assign": _assign})
"""Who has a case, and how it passes on."""
_ACTS: Final[dict[str, Act]] = {**HOLDING, "wait": _wait, "comment": _comment, "decide": _decide}
PAGES = (
    Page("/cases/{id:uuid}", Right.SEE, _case),
    Page("/cases/{id:uuid}/look", Right.SEE_PERSONAL, _look, methods=("POST",)),
    *(_acting(name, act) for name, act in _ACTS.items()),
)
