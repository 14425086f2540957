"""Dates and times of FHIR, known as far as the sender knew them: each is the range of instants it may mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from careloom.core.errors import FormatError

_GRAMMAR: Final = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?", re.ASCII
)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class When:
    """From the first instant a date or time may mean to just before `until`; both are aware and UTC."""

    start: datetime
    until: datetime

    def overlaps(self, other: When) -> bool:
        """Whether both may mean the same instant."""
        return self.start < other.until and other.start < self.until

    def covers(self, other: When) -> bool:
        """Whether whatever the other may mean is within this."""
        return self.start <= other.start and other.until <= self.until


def when(text: str, place: str = "") -> When:
    """What a FHIR date, dateTime or instant means. One without a time zone is taken as UTC; seconds may be missing, as
    search values may leave them out (FHIR R4 3.1.1.4.3). FormatError, at `place`, when it is none of the calendar.
    """
    found = _GRAMMAR.fullmatch(text)
    if found is None:
        raise FormatError("not a FHIR date or time; written YYYY[-MM[-DD[Thh:mm:ss[.sss]Z]]]", place)
    try:
        start, until = _range(*found.groups())
    except (ValueError, OverflowError):
        raise FormatError("not a date or time of the calendar", place) from None
    return When(start, until)


def is_calendar(text: str) -> bool:
    """Whether a well-written date or time is one of the calendar: 2025-02-29 is not."""
    if text[:4] != "0000" and text[8:10] < "29":
        return True  # every month has its first 28 days
    try:
        when(text)
    except FormatError:
        return False
    return True


def instant(moment: datetime) -> str:
    """An instant as FHIR writes it, in UTC, to the millisecond. The datetime must be aware."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _range(
    year: str, month: str | None, day: str | None, hour: str | None, minute: str | None, *rest: str | None
) -> tuple[datetime, datetime]:
    second, fraction, zone = rest
    whole = min(int(second or 0), 59)  # 60 is a leap second; the calendar of Python has none
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    start = datetime(
        int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), whole, micro, _zone(zone)
    )
    if month is None:
        until = _next_year(start)
    elif day is None:
        until = _next_year(start) if start.month == 12 else start.replace(month=start.month + 1)
    else:
        until = _plus(start, _step(hour, second, fraction))
    return start.astimezone(UTC), until.astimezone(UTC)


def _step(hour: str | None, second: str | None, fraction: str | None) -> timedelta:
    if hour is None:
        return timedelta(days=1)
    if second is None:
        return timedelta(minutes=1)
    return _MICROSECOND * 10 ** max(0, 6 - len(fraction)) if fraction else timedelta(seconds=1)


def _plus(start: datetime, step: timedelta) -> datetime:
    return start + step if start < _LAST - step else _LAST


def _next_year(start: datetime) -> datetime:
    return _LAST if start.year == 9999 else start.replace(year=start.year + 1, month=1)


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)
