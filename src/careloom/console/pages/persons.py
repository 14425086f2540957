"""Identity: the questions that wait for a steward, and persons found by number or name."""

from __future__ import annotations

import math
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from careloom.console.addresses import (
    BY_TIME,
    BY_WEIGHT,
    PAGE,
    address,
    hours,
    place_read,
    place_written,
    word,
)
from careloom.console.looking import act_of
from careloom.console.pages import person, question, question_sets
from careloom.console.portraits import BASES, OFF, fields_of, index_of
from careloom.console.rights import Right
from careloom.console.visiting import Page, Refused, Visit
from careloom.core.errors import FormatError
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.reviewing import Wanted
from careloom.identity.index.seam import Basis
from careloom.identity.index.together import MOST
from careloom.model import Patient

ASKED: Final = (Basis.IDENTIFIER, Basis.SCORE, Basis.SOURCE)
"""What questions may rest on."""
_FILTERS: Final = ("system", "basis", "weight", "older", "owner", "assignee", "sort")


async def _queue(visit: Visit) -> Response:
    if visit.house.persons is None:
        return visit.show("persons_off.html", title="Identity", off=OFF)
    index, wanted = index_of(visit), wanted_of(visit)
    place: Any = place_read(visit.asked("after"), BY_WEIGHT if wanted.likeliest else BY_TIME)
    page, sources = await index.reviewing.questions(wanted, place, PAGE), await index.reviewing.sources()
    asked = {name: visit.asked(name) for name in _FILTERS}
    actor = visit.visitor.actor
    chosen = frozenset(
        one.id for one in page.questions
        if visit.may(Right.STEWARD) and actor.has(one.owner) and one.assignee in (None, actor.name)
    )  # fmt: skip
    return visit.show(
        "persons.html", title="Identity", page=page, sources=sources, asked=asked, bases=BASES, ways=ASKED, most=MOST,
        later=None if page.after is None else address("/persons", asked, after=place_written(page.after)),
        first=address("/persons", asked) if place is not None else None, chosen=chosen,
        all_of=address("/persons/sets/matching", asked), found=await _by_number(visit, index), wanted=_number(visit),
        owners=sorted({one.owner for one in visit.house.work.reader.kinds}),
    )  # fmt: skip


def _number(visit: Visit) -> str:
    return word(visit, "number") or ""


async def _by_number(visit: Visit, index: PersonIndex) -> list[Any] | None:
    """Masked, for everybody: a number is not looked for by who does not know it."""
    number = _number(visit)
    if not number:
        return None
    try:
        found = await index.find(number=number, assigner=word(visit, "assigner"))
    except ValueError:
        return []
    return [_found(one, open_=False) for one in found]


def _found(patient: Patient, *, open_: bool) -> tuple[str, dict[str, Any]]:
    assert patient.person is not None, "the index made it"
    return patient.person.id, fields_of(patient, open_=open_)


async def _find(visit: Visit) -> Response:
    """A POST whose answer is the page itself: a name may stand in no address. Whom it finds is put on record first."""
    index, form = index_of(visit), await visit.form()
    act = act_of(visit, form)
    names = ("number", "family", "given", "birth")
    try:
        found = await index.find(**{name: form.one(name) for name in names}, assigner=form.one("assigner") or None)
    except ValueError as error:
        raise FormatError(str(error), "family") from None
    persons = [_found(one, open_=True) for one in found]
    look = await visit.house.operators.record_look(*_targets(act, persons)) if persons else ""
    return visit.show(
        "persons_found.html", title="Persons found", found=persons, look=urlencode({"look": look}) if look else "",
    )  # fmt: skip


def _targets(act: Any, persons: list[tuple[str, Any]]) -> tuple[Any, ...]:
    first, *more = (UUID(id_) for id_, _ in persons)
    return first, act, *more


def wanted_of(visit: Visit) -> Wanted:
    """The filter of an address. Raises Refused for what is none."""
    basis, sort, before = word(visit, "basis"), word(visit, "sort"), hours(visit, "older")
    if basis is not None and basis not in ASKED:
        raise Refused(f"a question rests on {', '.join(ASKED)}", 400)
    if sort not in (None, "weight"):
        raise Refused("questions are sorted by their age, or by weight", 400)
    return Wanted(
        system=word(visit, "system"), basis=Basis(basis) if basis else None, weight=_weight(visit),
        before=visit.house.clock.now() - before if before else None, owner=word(visit, "owner"),
        assignee=word(visit, "assignee"), likeliest=sort == "weight",
    )  # fmt: skip


def _weight(visit: Visit) -> float | None:
    text = word(visit, "weight")
    try:
        found = None if text is None else float(text)
    except ValueError:
        found = math.nan
    if found is not None and not math.isfinite(found):
        raise Refused("a weight is a number, such as 7.5", 400)
    return found


async def _matching(visit: Visit) -> Response:
    """All of the filter, up to as many as are answered at once."""
    index_of(visit)
    await visit.form()
    return question_sets.to_set(
        visit, *await question_sets.sets_of(visit).matching(wanted_of(visit), visit.visitor.actor)
    )


PAGES = (
    Page("/persons", Right.SEE, _queue, "Identity"),
    Page("/persons/find", Right.SEE_PERSONAL, _find, methods=("POST",)),
    Page("/persons/sets/matching", Right.STEWARD, _matching, methods=("POST",)),
    *question_sets.PAGES,
    *question.PAGES,
    *person.PAGES,
)
