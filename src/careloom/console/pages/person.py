"""One person: what is known and from where, its records and what links them; merge, split and undo with a preview."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from careloom.cases.states import NotPossible
from careloom.console.looking import act_of, look_at
from careloom.console.portraits import BASES, fields_of, golden_rows, index_of, seen, shown
from careloom.console.rights import Right
from careloom.console.visiting import Form, Page, Refused, Visit
from careloom.core.errors import FormatError
from careloom.identity.index.portrait import FIELDS, Said
from careloom.identity.index.reviewing import Preview
from careloom.identity.index.survivorship import Golden
from careloom.log.operators import Act

_LONGEST: Final = 4_000


async def _person(visit: Visit) -> Response:
    index = index_of(visit)
    found = await index.explain(visit.path["id"])
    look = await look_at(visit, found.person)
    open_ = look is not None
    names = {one.id: f"{place} ({one.source})" for place, one in enumerate(found.records, 1)}
    numbers = {one.id: shown([_first(one)], open_=open_) for one in found.records}
    return visit.show(
        "person.html", title="Person", found=found, look=look, names=names, numbers=numbers, bases=BASES,
        rows=golden_rows(Golden(found.patient, found.origins), found.records, open_=open_),
        stewards=visit.may(Right.STEWARD), active=[one for one in found.links if one.ended is None],
        undone=[one for one in found.links if one.ended is not None],
    )  # fmt: skip


def _first(record: Any) -> Said:
    parts = (record.first.type, record.first.assigner)
    return Said(record.first.value, " ".join(part for part in parts if part))


async def _look(visit: Visit) -> Response:
    """At the person of this page, and at the one that it is looked at beside."""
    form = await visit.form()
    index = index_of(visit)
    back = form.one("back")
    persons = [(await index.explain(one)).person for one in _ids([str(visit.path["id"]), *form.every("person")])]
    look = await visit.house.operators.record_look(persons[0], act_of(visit, form), *persons[1:])
    path = f"/persons/{persons[0]}{_BACK.get(back, '')}"
    asked = [(name, one) for name in _ASKED for one in form.every(name)]
    return visit.go(f"{path}?{urlencode([*asked, ('look', look)])}", "Your look is on record.")


class Asked(NamedTuple):
    """An act that is previewed: `title` says it, `fields` are what its address and its form carry beside the person."""

    title: str
    fields: list[tuple[str, str]]
    preview: Preview


async def _merge(visit: Visit, id_: UUID, given: Callable[[str], list[str]]) -> Asked:
    others = _ids(given("with"))
    if len(others) != 1:
        raise Refused("say with whom: the id of a person or a record, from its page", 400)
    preview = await index_of(visit).reviewing.merging(id_, others[0])
    return Asked("Merge two persons", [("with", str(others[0]))], preview)


async def _split(visit: Visit, id_: UUID, given: Callable[[str], list[str]]) -> Asked:
    records = sorted(set(_ids(given("record"))))
    if not records:
        raise Refused("tick the records that are another person's, then send them again", 400)
    preview = await index_of(visit).reviewing.splitting(records)
    return Asked("Split a person", [("record", str(one)) for one in records], _of(preview, id_))


async def _undo(visit: Visit, id_: UUID, given: Callable[[str], list[str]]) -> Asked:
    links = _ids(given("link"))
    if len(links) != 1:
        raise Refused("say which link", 400)
    return Asked("Undo a link", [("link", str(links[0]))], _of(await index_of(visit).reviewing.undoing(links[0]), id_))


def _of(preview: Preview, id_: UUID) -> Preview:
    """Raises Refused for records of somebody else than the page is of."""
    if not any(id_ in {one.person, *(held.id for held in one.records)} for one in preview.before):
        raise Refused("these are another person's; go to that page", 409)
    return preview


Asking = Callable[[Visit, UUID, Callable[[str], list[str]]], Awaitable[Asked]]


def _previewing(name: str, asking: Asking) -> Callable[[Visit], Awaitable[Response]]:
    async def handle(visit: Visit) -> Response:
        asked = await asking(visit, visit.path["id"], visit.request.query_params.getlist)
        preview = asked.preview
        looks = [await look_at(visit, one.person) for one in preview.before]
        look = looks[0] if all(looks) else None
        columns = [*preview.before, *(preview.after if preview.changes else ())]
        fields = [fields_of(one.golden.patient, open_=look is not None) for one in columns]
        return visit.show(
            "person_becomes.html", title=asked.title, name=name, asked=asked, preview=preview, columns=columns,
            rows=[(field, [one[field] for one in fields]) for field in FIELDS if any(one[field] for one in fields)],
            look=look, seen=seen(preview), before=len(preview.before), person=preview.before[0].person,
            others=[("person", str(one.person)) for one in preview.before[1:]],
        )  # fmt: skip

    return handle


def _doing(
    asking: Asking, act: Callable[[Visit, UUID, Form, Act], Awaitable[str]]
) -> Callable[[Visit], Awaitable[Response]]:
    """Just what the preview showed, or nothing."""

    async def handle(visit: Visit) -> Response:
        form, id_ = await visit.form(), visit.path["id"]
        asked = await asking(visit, id_, form.every)
        if form.one("seen") != seen(asked.preview):
            raise NotPossible("these persons have changed since you saw them; go back, and look at the preview again")
        why = form.one("reason")
        if not why or len(why) > _LONGEST:
            raise FormatError(f"say why, in up to {_LONGEST} characters", "reason")
        said = await act(visit, id_, form, Act(visit.visitor.name, why))
        return visit.go(f"/persons/{asked.preview.after[0].person}", said)

    return handle


async def _merged(visit: Visit, id_: UUID, form: Form, act: Act) -> str:
    despite = form.one("despite") == "yes"
    joined = await index_of(visit).merge(id_, UUID(form.one("with")), act, despite=despite)
    return (
        "They were one person already."
        if joined is None
        else "They are one person now. To take it back, undo its link."
    )


async def _parted(visit: Visit, id_: UUID, form: Form, act: Act) -> str:  # noqa: ARG001
    parted = await index_of(visit).split(_ids(form.every("record")), act)
    return f"They are {len(parted.persons)} persons now; nobody is asked about the two again."


async def _undone(visit: Visit, id_: UUID, form: Form, act: Act) -> str:  # noqa: ARG001
    parted = await index_of(visit).undo(UUID(form.one("link")), act)
    if parted is None:
        return "The link is gone; others still hold the person together."
    return f"The link is gone: they are {len(parted.persons)} persons now."


def _ids(texts: Sequence[str]) -> list[UUID]:
    try:
        return [UUID(one.strip()) for one in texts]
    except ValueError:
        raise Refused("this is no id of a person, a record or a link", 400) from None


_ACTS: Final[dict[str, tuple[Asking, Any]]] = {
    "merge": (_merge, _merged), "split": (_split, _parted), "undo": (_undo, _undone),
}  # fmt: skip
_BACK: Final = {name: f"/{name}" for name in _ACTS}
_ASKED: Final = ("with", "record", "link")
PAGES = (
    Page("/persons/{id:uuid}", Right.SEE, _person),
    Page("/persons/{id:uuid}/look", Right.SEE_PERSONAL, _look, methods=("POST",)),
    *(Page(f"/persons/{{id:uuid}}/{name}", Right.STEWARD, _previewing(name, one)) for name, (one, _) in _ACTS.items()),
    *(
        Page(f"/persons/{{id:uuid}}/{name}", Right.STEWARD, _doing(one, act), methods=("POST",))
        for name, (one, act) in _ACTS.items()
    ),
)
