"""The times at which a schedule is due, from a cron expression, a time zone and a calendar.

A schedule names times of the wall clock. When the clock is put forward, what falls into the hour that is left out is
due once, as soon as the clock has gone on. When it is put back, what falls into the hour that comes twice is due once,
in the first of the two. Only an expression for every hour follows the time that passes: it misses nothing, and both
hours count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from careloom.core.errors import ConfigurationError
from careloom.workflow.calendars import Calendar, OffDay

_FIELDS: Final = 5
_HORIZON: Final = timedelta(days=3660)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class DueTimes:
    """Due times of `cron` (minute, hour, day of month, month, day of week) in `timezone`, an IANA name.

    With a `calendar`, a due day that is no business day is skipped, or its times are moved to the `next` or `previous`
    one. Raises ConfigurationError for a wrong expression or zone, and for one that is never due.
    """

    cron: str
    timezone: str = "UTC"
    calendar: Calendar | None = None
    off_day: OffDay = "skip"

    def __post_init__(self) -> None:
        if len(self.cron.split()) != _FIELDS:
            raise ConfigurationError(f"{self.cron!r} has not five fields: minute, hour, day, month, day of week")
        try:
            never = next(CronSim(self.cron, datetime(2000, 1, 1)), None) is None
        except CronSimError as error:
            raise ConfigurationError(f"{self.cron!r} is no cron expression: {error}") from None
        if never:
            raise ConfigurationError(f"{self.cron!r} is never due")
        _ = self.zone

    @cached_property
    def zone(self) -> ZoneInfo:
        """Raises ConfigurationError when there is none of this name."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigurationError(
                f"there is no time zone {self.timezone!r}; write one of the IANA names, America/Chicago"
            ) from None

    def after(self, instant: datetime) -> datetime | None:
        """The first due time later than this, in UTC; None when there is none in ten years."""
        return next(self._times(instant), None)

    def between(self, instant: datetime, until: datetime) -> Iterator[datetime]:
        """Those later than `instant` and not later than `until`, in order, each once."""
        return takewhile(lambda due: due <= until, self._times(instant))

    def _times(self, instant: datetime) -> Iterator[datetime]:
        last = instant
        for due in self._by_calendar(instant) if self.calendar else self._nominal(instant.astimezone(self.zone)):
            if due > last:
                last = due
                yield due

    def _nominal(self, start: datetime) -> Iterator[datetime]:
        """As the expression says it, from a local time on; it may give one more than once."""
        if self._each_hour:
            yield from (local.astimezone(UTC) for local in CronSim(self.cron, start))
        else:
            yield from map(self._instant, CronSim(self.cron, start.replace(tzinfo=None)))

    def _by_calendar(self, instant: datetime) -> Iterator[datetime]:
        assert self.calendar is not None
        day = instant.astimezone(self.zone).date()
        last = day + _HORIZON
        while day <= last:
            taken = self.calendar.taken_over(day, self.off_day)
            yield from sorted(due for one in taken for due in self._of_day(one, day))
            day += _DAY

    def _of_day(self, nominal: date, done: date) -> Iterator[datetime]:
        """The times of one day, as times of the day on which they are done."""
        midnight = datetime.combine(nominal, time(), self.zone)
        for due in self._nominal(midnight - timedelta(seconds=1)):
            local = due.astimezone(self.zone)
            if local.date() > nominal:
                return
            if local.date() == nominal:
                yield due if nominal == done else self._instant(datetime.combine(done, local.time()))

    @cached_property
    def _each_hour(self) -> bool:
        return CronSim(self.cron, datetime(2000, 1, 1)).hours == set(range(24))

    def _instant(self, wall: datetime) -> datetime:
        """When the wall clock shows this for the first time; for a time that it leaves out, when it goes on."""
        while (instant := wall.replace(tzinfo=self.zone).astimezone(UTC)).astimezone(self.zone).replace(
            tzinfo=None
        ) != wall:
            wall += _MINUTE
        return instant
