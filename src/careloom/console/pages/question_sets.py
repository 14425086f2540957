"""Questions about persons that are answered together: previewed, then exactly those."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from starlette.responses import Response

from careloom.console.portraits import BASES, OFF
from careloom.console.rights import Right
from careloom.console.visiting import Page, Refused, Visit
from careloom.identity.index.together import LONGEST_SECONDS, PER_SECOND, QuestionSets

_FASTEST: Final = 1_000.0
_ANSWERS: Final = {"same": True, "distinct": False}


def sets_of(visit: Visit) -> QuestionSets:
    """Raises Refused where no index is kept."""
    if visit.house.questions is None:
        raise Refused(OFF, 404)
    return visit.house.questions


def to_set(visit: Visit, token: UUID, more: bool) -> Response:
    """On to the preview."""
    left_out = "Some were left out: they are not yours, were answered, or are too many." if more else ""
    return visit.go(f"/persons/sets/{token}", left_out)


async def _choose(visit: Visit) -> Response:
    """Just those that were ticked."""
    sets, form = sets_of(visit), await visit.form()
    try:
        questions = [UUID(one) for one in form.every("question")]
    except ValueError:
        raise Refused("this form has something that is no question", 400) from None
    if not questions:
        raise Refused("tick the questions that are to be answered together, then send them again", 400)
    return to_set(visit, *await sets.chosen(questions, visit.visitor.actor))


async def _set(visit: Visit) -> Response:
    kept = await sets_of(visit).shown(visit.path["token"], visit.visitor.actor)
    return visit.show(
        "question_set.html", title="Answer together", kept=kept, rate=PER_SECOND, fastest=_FASTEST, bases=BASES,
        longest=LONGEST_SECONDS,
    )  # fmt: skip


async def _decide(visit: Visit) -> Response:
    """The set that was shown, and no other."""
    sets, form = sets_of(visit), await visit.form()
    answer = form.one("answer")
    try:
        rate = float(form.one("rate"))
    except ValueError:
        rate = 0.0
    if not 0 < rate <= _FASTEST:
        raise Refused(f"the rate is a number of questions a second, above 0 and up to {_FASTEST:,.0f}", 400)
    if answer not in _ANSWERS:
        raise Refused("the answer is that they are the same, or not", 400)
    token = visit.path["token"]
    done = await sets.decide(token, visit.visitor.actor, form.one("reason"), same=_ANSWERS[answer], per_second=rate)
    left = f" Left as they are: {done.left}." if done.left else ""
    said = "the same person" if _ANSWERS[answer] else "not the same"
    return visit.go(f"/persons/sets/{token}", f"{done.answered} answered: {said}.{left}")


PAGES = (
    Page("/persons/sets", Right.STEWARD, _choose, methods=("POST",)),
    Page("/persons/sets/{token:uuid}", Right.SEE, _set),
    Page("/persons/sets/{token:uuid}/decide", Right.STEWARD, _decide, methods=("POST",)),
)
