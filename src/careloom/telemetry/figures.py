"""The figures of the business: each a sum over rows that a list can show, so that a number and its rows agree.

Which rows those are stands once, in store/queries/figures.sql; metrics, dashboards, lists and the report are made of
it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from careloom.log.ports import Connection
from careloom.store.sql import queries

_ROWS = queries("figures")
OTHER: Final = re.compile(r"\{([a-z_]+)\}")
"""How a statement names the rows of another one."""
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
AGES: Final = (0.0, _HOUR, 4 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY)
DELAYS: Final = (0.0, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, _DAY)
"""Where the bars of a chart begin, in seconds; the last one has no end."""
SLICES: Final = 12
"""Bars of a chart over time."""


class Measure(StrEnum):
    """What is said of the rows: how many; which share of them is good; how long it took, by percentiles."""

    COUNT = "count"
    SHARE = "share"
    LENGTH = "length"


class Leads(StrEnum):
    """What a row is about, as the path of its page."""

    CASE = "/cases/"
    RUN = "/runs/"
    JOURNEY = "/journeys/"
    NOWHERE = ""


@dataclass(frozen=True)
class Figure:
    """One figure. `rows` names a statement of figures.sql; `good` is its column that says which rows are well.
    `stretch`: it is about what happened in a stretch of time, else about how things stand. `bars` are the limits of a
    chart of the rows' seconds; none, with `over_time`, a chart over time."""

    name: str
    title: str
    meaning: str
    rows: str
    measure: Measure
    leads: Leads
    good: str = ""
    stretch: bool = True
    bars: tuple[float, ...] = ()
    over_time: bool = False


_OF_RUNS, _OF_CASES = Leads.RUN, Leads.CASE
FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Figure("completion", "Completed", "runs of processes that ended, and which share of them completed",
                   "runs_ended", Measure.SHARE, _OF_RUNS, "completed"),
            Figure("adherence", "Within their service level", "runs that ended, and which share of them in time",
                   "runs_ended", Measure.SHARE, _OF_RUNS, "in_time"),
            Figure("late", "Late", "runs that have not ended within their service level, failed or not", "runs_late",
                   Measure.COUNT, _OF_RUNS, stretch=False),
            Figure("unaided", "Without a person", "runs that ended without anybody who had to decide or act; the rest "
                   "was reconciled by hand", "runs_decided", Measure.SHARE, _OF_RUNS, "unaided"),
            Figure("sourced", "Traceable", "runs that ended and lead back to what they came from", "runs_sourced",
                   Measure.SHARE, _OF_RUNS, "sourced"),
            Figure("waiting", "Exceptions that wait", "exceptions that have not ended, by their age", "cases_waiting",
                   Measure.COUNT, _OF_CASES, "in_time", stretch=False, bars=AGES),
            Figure("opened", "Exceptions that came", "exceptions that were opened", "cases_opened", Measure.COUNT,
                   _OF_CASES, over_time=True),
            Figure("resolution", "Time to resolve", "how long exceptions took until they ended", "cases_ended",
                   Measure.LENGTH, _OF_CASES, "in_time", bars=AGES),
            Figure("resolved", "Resolved in time", "exceptions that ended, and which share of them in time",
                   "cases_ended", Measure.SHARE, _OF_CASES, "in_time"),
            Figure("unsynchronised", "Unsynchronised appointments", "appointments of which an event is held, so that "
                   "Odoo does not say what the diary says", "unsynchronised", Measure.COUNT, Leads.JOURNEY,
                   stretch=False),
            Figure("unmatched", "Unmatched records", "exceptions about records that cannot be found here",
                   "cases_waiting", Measure.COUNT, _OF_CASES, "in_time", stretch=False),
            Figure("rejected", "Rejected postings", "exceptions about what a target refused to take", "cases_waiting",
                   Measure.COUNT, _OF_CASES, "in_time", stretch=False),
            Figure("invoicing", "Invoice-generation lag", "from the service in the log to its invoice", "delays",
                   Measure.LENGTH, _OF_RUNS, bars=DELAYS),
            Figure("posting", "Payment-posting delay", "from the payment in the log to its posting", "delays",
                   Measure.LENGTH, _OF_RUNS, bars=DELAYS),
            Figure("feeds", "Messages by feed", "what each system sent, by the hour", "feed_hours", Measure.COUNT,
                   Leads.NOWHERE),
        )
    }
)  # fmt: skip
ONLY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "unmatched": ("unmatched-record",),
        "rejected": ("rejected-posting",),
        "invoicing": ("invoice-generation",),
        "posting": ("payment-posting",),
    }
)
"""The parts of the rows to which a figure keeps, whoever looks."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time: after `begin`, up to `end`, which is also the moment for what has no stretch."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which of a figure's rows: of these parts (None: all), with at least `least` and less than `most` seconds, and
    only those that are well, or only those that are not."""

    parts: tuple[str, ...] | None = None
    least: float | None = None
    most: float | None = None
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What one part comes to; lengths are in seconds, and None where nothing took any. `part` None: all of them."""

    part: str | None
    rows: int
    good: int | None
    median: float | None
    most: float | None
    longest: float | None

    @property
    def share(self) -> float | None:
        """How much of it is well, from 0 to 1."""
        return None if self.good is None or not self.rows else self.good / self.rows


@dataclass(frozen=True, slots=True)
class Bar:
    """Rows of a chart between two limits: seconds, or moments."""

    begin: float | datetime
    end: float | datetime | None
    rows: int


@dataclass(frozen=True, slots=True)
class Summed:
    """A figure at one moment: all of it, its parts by name, its chart."""

    figure: Figure
    window: Window
    total: Line
    parts: Sequence[Line]
    bars: Sequence[Bar] = field(default=())


def statement(text: str, **given: str) -> str:
    """SQL with the rows of other statements put in for their names, or what is given for them. Raises KeyError for one
    that there is not."""
    return OTHER.sub(lambda found: f"({given.get(found[1]) or statement(_ROWS[found[1]])})", text)


def kept(figure: Figure, parts: Sequence[str] | None) -> tuple[str, ...] | None:
    """The parts that are left when somebody may see only these."""
    own = ONLY.get(figure.name)
    if own is None or parts is None:
        return own if parts is None else tuple(parts)
    return tuple(one for one in own if one in parts)


async def summed(connection: Connection, figure: Figure, window: Window, parts: Sequence[str] | None = None) -> Summed:
    """The figure, as it stands in the caller's snapshot."""
    asked = (window.end, window.begin, kept(figure, parts))
    how = _ROWS.summed_lengths if figure.measure is Measure.LENGTH else _ROWS.summed
    lines = [_line(figure, row) for row in await connection.fetch(_made(figure.name, how), *asked)]
    bars: Sequence[Bar] = ()
    if figure.over_time or figure.bars:
        edges = _moments(window) if figure.over_time else figure.bars
        how = _ROWS.charted_over_time if figure.over_time else _ROWS.charted
        counted = dict(await connection.fetch(_made(figure.name, how), *asked, [_number(one) for one in edges]))
        bars = _bars(edges, counted, last=not figure.over_time)
    return Summed(figure, window, lines[0], lines[1:], bars)


async def rows(
    connection: Connection, figure: Figure, window: Window, wanted: Narrowed, after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Any]:  # fmt: skip
    """The rows behind it, the newest first, each page after the last row of the one before: id, at, part, about, what,
    state, said, seconds, good."""
    asked = (window.end, window.begin, kept(figure, wanted.parts), wanted.least, wanted.most, wanted.good)
    found: Sequence[Any] = await connection.fetch(
        _made(figure.name, _ROWS.listed), *asked, *(after or (None, None)), limit
    )
    return found


def _line(figure: Figure, row: Any) -> Line:
    part, many, good, *lengths = row
    return Line(part, many, good if figure.good else None, *lengths)


@cache
def _made(name: str, how: str) -> str:
    one = FIGURES[name]
    return statement(how, rows=statement(_ROWS[one.rows]), good=one.good or "null::boolean")


def _moments(window: Window) -> tuple[datetime, ...]:
    """Where the slices begin, and where the last one ends; the newest first, as they are counted."""
    width = (window.end - window.begin) / SLICES
    return (*(window.end - width * number for number in range(SLICES)), window.begin)


def _number(edge: float | datetime) -> float:
    return -edge.timestamp() if isinstance(edge, datetime) else edge


def _bars(edges: Sequence[Any], counted: Mapping[int, int], *, last: bool) -> Sequence[Bar]:
    ordered: list[Any] = [*edges, None] if last else [*edges[::-1]]
    return [Bar(one, end, counted.get(number, 0)) for number, (one, end) in enumerate(pairwise(ordered), 1)]


def day_before(now: datetime) -> Window:
    """What metrics are about."""
    return Window(now - timedelta(days=1), now)
