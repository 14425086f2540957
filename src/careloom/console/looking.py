"""Looks at what is personal: on record before anything is shown, for one person, and for a short time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from careloom.console.rights import Right
from careloom.console.visiting import Form, Visit
from careloom.core.errors import FormatError
from careloom.log.acts import looks_at
from careloom.log.operators import Act

LOOK_LASTS: Final = timedelta(minutes=10)


def act_of(visit: Visit, form: Form) -> Act:
    """Who looks, and why. Raises Refused for a visitor without the right, FormatError where no reason is given."""
    visit.must(Right.SEE_PERSONAL)
    reason = form.one("reason")
    if not reason:
        raise FormatError("say why you look", "reason")
    return Act(visit.visitor.name, reason)


async def look_at(visit: Visit, target: UUID) -> str | None:
    """The look in the address that lets this visitor see the target unmasked, if it is theirs and not over."""
    asked = visit.asked("look")
    if not asked or not visit.may(Right.SEE_PERSONAL):
        return None
    try:
        look = UUID(asked)
    except ValueError:
        return None
    house = visit.house
    since = house.clock.now() - LOOK_LASTS
    by = visit.visitor.name
    return asked if await looks_at(house.database, house.keyring, look, target, by, since) else None
