"""The stretch of time that a dashboard is about, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from careloom.console.addresses import day, is_usual, word
from careloom.console.visiting import Refused, Visit
from careloom.telemetry.figures import Window

LENGTHS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
)
"""Those that end now."""
USUAL: Final = "day"
_DAY: Final = len("2026-03-14")


@dataclass(frozen=True, slots=True)
class Period:
    """A window; `name` is one of `LENGTHS`, empty for one between two moments, which stay as they are."""

    name: str
    window: Window


def period_of(visit: Visit) -> Period:
    """`period=hour|day|week`, or `from` and `to`: days, of which the last one counts too, or moments with their offset.
    Raises Refused."""
    begin, end = _moment(visit, "from"), _moment(visit, "to")
    now = visit.house.clock.now()
    if begin is None and end is None:
        name = word(visit, "period") or USUAL
        if name not in LENGTHS:
            raise Refused(f"a period is {', '.join(LENGTHS)}, or has a begin and an end", 400)
        return Period(name, Window(now - LENGTHS[name], now))
    end = now if end is None else end
    begin = end - LENGTHS[USUAL] if begin is None else begin
    if begin >= end:
        raise Refused("the period ends before it begins", 400)
    return Period("", Window(begin, end))


def _moment(visit: Visit, name: str) -> datetime | None:
    text = word(visit, name)
    if text is None or len(text) <= _DAY:
        found = day(visit, name)
        return found + timedelta(days=1) if found is not None and name == "to" else found
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{name} is a day, or a moment with its offset", 400) from None
    if moment.tzinfo is None or not is_usual(moment):
        raise Refused(f"{name} is a day, or a moment with its offset", 400)
    return moment
