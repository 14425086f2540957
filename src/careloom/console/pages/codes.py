"""Reference data: what codes stand for, their history, changes that wait for approval, and who may set which field."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.responses import Response

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import person
from careloom.console.addresses import day, word
from careloom.console.pages.exception import request_of
from careloom.console.rights import Right
from careloom.console.visiting import Page, Refused, Visit
from careloom.core.errors import FormatError
from careloom.identity.crosswalk.changes import Preview
from careloom.identity.crosswalk.codes import Canonical, Code, Entity, Key, NoSuchProposal, NotAsSeen, Unknown
from careloom.identity.crosswalk.codes import Refused as RowsRefused
from careloom.identity.crosswalk.ledger import Told
from careloom.identity.crosswalk.work import Codework

_KEY: Final = ("entity", "system", "type", "value")
_VERSIONS: Final = 20
_SHOWN: Final = 500
"""Changes of one preview that a page lists; the summary counts them all."""
_SOURCE: Final = "the console"
_ACTIONS: Final = {"approve": Action.APPROVE, "reject": Action.REJECT}
HEADING: Final = "entity,system,type,value,canonical,from,to,label"


def codes_of(visit: Visit) -> Codework:
    """Raises Refused where the house has none."""
    if visit.house.codes is None:
        raise Refused("this hub serves no codes", 404)
    return visit.house.codes


async def _codes(visit: Visit) -> Response:
    codes = codes_of(visit)
    asked = {name: word(visit, name) or "" for name in (*_KEY, "at", "of")}
    when = day(visit, "at")
    key = _key(asked)
    on = when.date() if when else visit.house.clock.now().date()
    found, theirs = (None, ()) if key is None else await _looked_up(codes, key, on, asked["of"])
    return visit.show(
        "codes.html", title="Codes", asked=asked, entities=[one.value for one in Entity], key=key, on=on,
        found=found if isinstance(found, Canonical) else None, unknown=found if isinstance(found, Unknown) else None,
        theirs=theirs, history=await codes.desk.ledger.history(key) if key else (), systems=sorted(visit.house.systems),
        proposals=await codes.desk.proposals(), versions=await codes.desk.ledger.versions(_VERSIONS),
        approvers=codes.desk.approvers, rules=codes.authority.rules, heading=HEADING, stewards=visit.may(Right.STEWARD),
    )  # fmt: skip


def _key(asked: dict[str, str]) -> Key | None:
    """Raises Refused for an entity that there is not."""
    if asked["entity"] and asked["entity"] not in set(Entity):
        raise Refused(f"a code stands for one of {', '.join(Entity)}", 400)
    return Key(*(asked[name] for name in _KEY)) if all(asked[name] for name in _KEY) else None


async def _looked_up(codes: Codework, key: Key, on: date, of: str) -> tuple[Canonical | Unknown, tuple[Code, ...]]:
    found = await codes.lookup.lookup(key.system, key.type, key.value, on, entity=key.entity)
    theirs = await codes.lookup.codes_of(found, of, on) if of and isinstance(found, Canonical) else ()
    return found, theirs


async def _preview(visit: Visit) -> Response:
    """What rows would change, and what cannot stand; nothing is written."""
    form = await visit.form()
    rows = _rows(form.one("rows"))
    preview = await _tried(codes_of(visit).desk.preview(rows))
    return _previewed(visit, preview, rows=rows.decode(), title="What these rows would change")


async def _propose(visit: Visit) -> Response:
    """Just what was previewed: to be approved by somebody else, or at once where nobody has to."""
    form, desk = await visit.form(), codes_of(visit).desk
    why = form.one("reason")
    if not why:
        raise FormatError("say why", "reason")
    rows, digest, told = _rows(form.one("rows")), form.one("digest"), Told(visit.visitor.name, why, _SOURCE)
    if desk.approvers:
        made = await _tried(desk.propose(rows, digest, told))
        return visit.go(f"/codes/proposals/{made}", "It waits for somebody else's approval.")
    return visit.go("/codes", f"This is version {await _tried(desk.apply(rows, digest, told))}.")


async def _proposal(visit: Visit) -> Response:
    waiting = await _waiting(visit)
    preview = await _tried(codes_of(visit).desk.proposed(waiting["id"]))
    hindrance = ""
    if visit.may(Right.WORK_CASES):
        hindrance = await visit.house.work.desk.hindrance(waiting["case_id"], visit.visitor.actor)
        hindrance = hindrance or ("You asked for it; somebody else decides." if _own(visit, waiting) else "")
    return _previewed(visit, preview, title="Codes that wait for approval", waiting=waiting, hindrance=hindrance)


def _own(visit: Visit, waiting: dict[str, Any]) -> bool:
    return person(waiting["by"]) == person(visit.visitor.name)


async def _decide(visit: Visit) -> Response:
    form, waiting = await visit.form(), await _waiting(visit)
    action = _ACTIONS.get(form.one("action"))
    if action is None:
        raise Refused("this form decides nothing that is known", 400)
    decision = Decision(action, form.one("reason"), request=request_of(form))
    done = await visit.house.work.desk.act(waiting["case_id"], visit.visitor.actor, decision)
    return visit.go("/codes", f"It is {done.resolution}.")


async def _waiting(visit: Visit) -> dict[str, Any]:
    """Raises Refused for a proposal that does not wait."""
    id_: UUID = visit.path["id"]
    found = next((one for one in await codes_of(visit).desk.proposals() if one["id"] == id_), None)
    if found is None or found["case_id"] is None:
        raise Refused("there is no such proposal that waits; it may have been decided", 404)
    return found


def _previewed(visit: Visit, preview: Preview, *, title: str, rows: str = "", **more: Any) -> Response:
    given = {"waiting": None, "hindrance": "", **more}
    return visit.show(
        "codes_preview.html", title=title, preview=preview, rows=rows, shown=preview.changes[:_SHOWN],
        approvers=codes_of(visit).desk.approvers, request=uuid4(), **given,
    )  # fmt: skip


async def _tried(doing: Any) -> Any:
    """What cannot be of codes is told like any other wrong form."""
    try:
        return await doing
    except (RowsRefused, NotAsSeen, NoSuchProposal) as error:
        raise FormatError(str(error), "rows") from None


def _rows(text: str) -> bytes:
    """With a heading, as a file has."""
    text = "\n".join(line for line in text.splitlines() if line.strip())
    if not text:
        raise FormatError("write at least one row", "rows")
    return (text if text.lower().startswith("entity") else f"{HEADING}\n{text}").encode() + b"\n"


PAGES = (
    Page("/codes", Right.SEE, _codes, "Codes"),
    Page("/codes/preview", Right.STEWARD, _preview, methods=("POST",)),
    Page("/codes/propose", Right.STEWARD, _propose, methods=("POST",)),
    Page("/codes/proposals/{id:uuid}", Right.SEE, _proposal),
    Page("/codes/proposals/{id:uuid}/decide", Right.WORK_CASES, _decide, methods=("POST",)),
)
