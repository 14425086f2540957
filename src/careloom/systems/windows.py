"""Maintenance windows: the hours of a week in which another system is known to be away.

A window is written `Sun 02:00-04:00 Europe/Berlin`, its days as `Mon`, `Mon-Fri`, `Sat,Sun` or `daily`. It begins at
that time of the clock on the wall there, whatever the offset is; one that ends before it begins ends the next day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from careloom.core.errors import ConfigurationError

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW: Final = re.compile(r"(\S{1,40}) (\d\d):(\d\d)-(\d\d):(\d\d) ([A-Za-z0-9_+/-]{1,60})", re.ASCII)
_FORM: Final = "write it as `Sun 02:00-04:00 Europe/Berlin`; days as Mon, Mon-Fri, Sat,Sun or daily"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours on some days of the week (Monday is 0) in a time zone."""

    days: frozenset[int]
    begin: time
    end: time
    zone: ZoneInfo

    def opening(self, day: date) -> tuple[datetime, datetime]:
        """From when to when, in UTC, the window that begins on this day is open.

        An hour that summer time leaves out begins and ends when the clocks have changed; of one that comes twice, a
        window begins with the first and ends with the second, since nobody can say which of them was meant.
        """
        last = day if self.end > self.begin else day + _DAY
        begin = datetime.combine(day, self.begin, self.zone)
        end = datetime.combine(last, self.end, self.zone).replace(fold=1)
        return _real(begin), _real(end)

    def until(self, now: datetime) -> datetime | None:
        """When it ends, in UTC, if it is open at `now`."""
        today = now.astimezone(self.zone).date()
        for day in (today - _DAY, today):
            if day.weekday() in self.days:
                begin, end = self.opening(day)
                if begin <= now < end:
                    return end
        return None


def _real(local: datetime) -> datetime:
    """The moment in UTC; a time of the wall that does not exist becomes the moment at which the clocks jump."""
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    moment = min(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    offset = moment.astimezone(local.tzinfo).utcoffset()
    while moment.astimezone(local.tzinfo).utcoffset() == offset:
        moment += timedelta(minutes=1)
    return moment


class Windows:
    """All the windows of a system. They may overlap, and touch."""

    def __init__(self, windows: Sequence[Window] = ()) -> None:
        self._windows = tuple(windows)

    def until(self, now: datetime) -> datetime | None:
        """When maintenance ends that is under way at `now`, in UTC, through all windows that follow one another without
        a gap; None when there is none."""
        end = self._next(now)
        reached = end
        while reached is not None and reached - now < timedelta(days=8):
            end, reached = reached, self._next(reached)
        return end

    def _next(self, moment: datetime) -> datetime | None:
        return max(self._ends(moment), default=None)

    def _ends(self, moment: datetime) -> Iterator[datetime]:
        for window in self._windows:
            end = window.until(moment)
            if end is not None:
                yield end


def parse_window(text: str) -> Window:
    """The window that is written so. Raises ConfigurationError that says how to write it."""
    found = _WINDOW.fullmatch(" ".join(text.split()))
    if found is None:
        raise ConfigurationError(f"{text!r} is no maintenance window: {_FORM}")
    days, *numbers, zone = found.groups()
    try:
        begin, end = (time(int(hour), int(minute)) for hour, minute in (numbers[:2], numbers[2:]))
    except ValueError:
        raise ConfigurationError(f"{text!r} names a time that no clock shows: {_FORM}") from None
    return Window(_days(days, text), begin, end, _zone(zone, text))


def _days(given: str, text: str) -> frozenset[int]:
    if given.lower() == "daily":
        return frozenset(range(7))
    return frozenset(day for part in given.split(",") for day in _stretch(part, text))


def _stretch(part: str, text: str) -> Iterator[int]:
    first, to, last = part.lower().partition("-")
    last = last if to else first
    if first not in _DAYS or last not in _DAYS:
        raise ConfigurationError(f"{text!r} names a day that there is not: {_FORM}")
    begin, end = _DAYS.index(first), _DAYS.index(last)
    for one in range(begin, end + 1 if end >= begin else end + 8):
        yield one % 7


def _zone(name: str, text: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(f"{text!r} names a time zone that this machine does not know: {_FORM}") from None


def _checked(text: str) -> str:
    try:
        parse_window(text)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None
    return text


WindowText: TypeAlias = Annotated[str, AfterValidator(_checked)]
"""A window in settings, as it is written; `windows_of` reads it."""


def windows_of(texts: Sequence[str]) -> Windows:
    """The windows of a system's settings."""
    return Windows([parse_window(text) for text in texts])
