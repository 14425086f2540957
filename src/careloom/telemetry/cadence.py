"""How often a feed sends, and so when it is silent. Pure: history in, a moment out.

Declared, `15m`: silent when nothing came for so long, not counting quiet hours and days without business.

Learned, by hour of the week in the feed's zone, over the last weeks; silent as soon as one of these says so:
- *gaps*: nothing came for `FACTOR` times the longest gap that this hour and its neighbours usually see. Of four weeks
  and more the worst week is left out, so that one outage does not teach that outages are usual.
- *misses*: an hour that had traffic in nine of ten weeks passed without any, and so did the hour after it: a batch that
  comes once a night is missed in that night.
With less than two weeks of history nothing is learned, and nothing is silent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from careloom.workflow.calendars import Calendar

WEEKS: Final = 6
LEAST_WEEKS: Final = 2
FACTOR: Final = 3.0
LEAST: Final = timedelta(minutes=5)
USUAL: Final = 0.9
_WEEK: Final = 168
_HOUR: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(days=400)


class Hour(NamedTuple):
    """What a feed sent in one hour; `longest` is the longest silence that ended in it, in seconds, `last` its newest
    message."""

    at: datetime
    messages: int
    longest: float
    last: datetime

    @property
    def gap(self) -> float:
        """The longest silence that it saw, the one at its end too: who stops for the night does so each night."""
        return max(self.longest, (self.at + _HOUR - self.last).total_seconds())


@dataclass(frozen=True)
class Rest:
    """When a feed may be quiet: hours of the day, days of a calendar, announced stretches of time."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    hours: tuple[tuple[time, time], ...] = ()
    calendar: Calendar | None = None
    maintenance: tuple[tuple[datetime, datetime], ...] = ()

    def covers(self, moment: datetime) -> bool:
        """Whether it may be quiet now."""
        local = moment.astimezone(self.zone)
        if self.calendar is not None and not self.calendar.is_business(local.date()):
            return True
        if any(begin <= moment < end for begin, end in self.maintenance):
            return True
        return any(_inside(local.time(), begin, end) for begin, end in self.hours)

    def next_change(self, moment: datetime) -> datetime:
        """The first moment after this one at which the answer may be another."""
        local = moment.astimezone(self.zone)
        edges = {time(0)} | {edge for pair in self.hours for edge in pair}
        days = (local.date(), local.date() + timedelta(days=1))
        found = [datetime.combine(day, edge, self.zone).astimezone(UTC) for day in days for edge in edges]
        found += [edge for pair in self.maintenance for edge in pair]
        return min((one for one in found if one > moment), default=moment + _HOUR)

    def awake_until(self, begin: datetime, length: timedelta) -> datetime:
        """When so much time has passed in which the feed may not be quiet."""
        at, left = begin, length
        while at - begin < _LONGEST:
            change = self.next_change(at)
            if not self.covers(at):
                if at + left <= change:
                    return at + left
                left -= change - at
            at = change
        return at


def _inside(now: time, begin: time, end: time) -> bool:
    return begin <= now < end if begin < end else now >= begin or now < end


@dataclass(frozen=True)
class Declared:
    """A feed that sends at least once in `every`."""

    every: timedelta
    rest: Rest

    def due(self, last: datetime) -> datetime | None:
        """When it counts as silent, if nothing comes after `last`."""
        return self.rest.awake_until(last, self.every)


@dataclass(frozen=True)
class Learned:
    """What its history says of a feed. `gaps`: the longest usual gap of each hour of the week, in seconds; `usual`: the
    hours that nearly always have traffic."""

    gaps: Mapping[int, float]
    usual: frozenset[int]
    rest: Rest

    def due(self, last: datetime) -> datetime | None:
        """When it counts as silent, if nothing comes after `last`; None: its history does not say."""
        found = [one for one in (self._by_gap(last), self._by_miss(last)) if one is not None]
        return min(found, default=None)

    def _by_gap(self, last: datetime) -> datetime | None:
        at = last
        for _ in range(_WEEK):
            end = _hour(at) + _HOUR
            gap = self.gaps.get(_of_week(at, self.rest.zone))
            if gap is not None and not self.rest.covers(at):
                due = last + max(LEAST, timedelta(seconds=gap * FACTOR))
                if due <= end:
                    return max(due, at)
            at = end
        return None

    def _by_miss(self, last: datetime) -> datetime | None:
        at = _hour(last) + _HOUR
        for _ in range(_WEEK):
            if _of_week(at, self.rest.zone) in self.usual and not self.rest.covers(at):
                return at + 2 * _HOUR
            at += _HOUR
        return None


def learn(history: Iterable[Hour], now: datetime, rest: Rest) -> Learned | None:
    """From the hours of the last `WEEKS`; None while they are too few."""
    hours = [one for one in history if now - timedelta(weeks=WEEKS) <= one.at < _hour(now)]
    if not hours:
        return None
    weeks = int((_hour(now) - min(one.at for one in hours)) / timedelta(weeks=1))
    if weeks < LEAST_WEEKS:
        return None
    by_hour: dict[int, list[Hour]] = defaultdict(list)
    for one in hours:
        by_hour[_of_week(one.at, rest.zone)].append(one)
    usual = frozenset(place for place, seen in by_hour.items() if len(seen) >= USUAL * weeks)
    return Learned(_gaps(by_hour, weeks), usual, rest)


def _gaps(by_hour: Mapping[int, Sequence[Hour]], weeks: int) -> dict[int, float]:
    worst = {place: _usual_most([one.gap for one in seen], weeks) for place, seen in by_hour.items()}
    return {
        place: max(worst[(place + step) % _WEEK] for step in (-1, 0, 1) if (place + step) % _WEEK in worst)
        for place in worst
    }


def _usual_most(gaps: Sequence[float], weeks: int) -> float:
    ordered = sorted(gaps)
    return ordered[-2] if weeks >= 4 and len(ordered) >= 4 else ordered[-1]


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _of_week(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.weekday() * 24 + local.hour
