"""Times of HL7: `YYYY[MM[DD[HH[MM[SS[.S...]]]]]][+/-ZZZZ]` (HL7 v2.5.1 chapter 2A.21 DTM and 2A.77 TS)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import IntEnum
from typing import Final

from careloom.core.errors import FormatError

_GRAMMAR: Final = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,9}))?)?)?)?)?)?([+-]\d{4}|Z)?", re.ASCII
)
_WIDEST_OFFSET: Final = timedelta(hours=15)


class Precision(IntEnum):
    """How far a time is known; a larger one is finer."""

    YEAR = 1
    MONTH = 2
    DAY = 3
    HOUR = 4
    MINUTE = 5
    SECOND = 6
    FRACTION = 7


@dataclass(frozen=True, slots=True)
class HL7Time:
    """A time and how far it is known. What is not known is the first of its kind: month 1, day 1, hour 0.

    `datetime` is aware when the sender gave an offset, else naive: in the sender's local time.
    """

    datetime: datetime
    precision: Precision

    @property
    def date(self) -> date:
        """The calendar day, as the sender wrote it."""
        return self.datetime.date()

    @property
    def offset(self) -> timedelta | None:
        """The offset from UTC, None when the sender gave none."""
        return self.datetime.utcoffset()


def parse_time(text: str, location: str = "") -> HL7Time:
    """The time that `text` says. FormatError, without the value and at `location`, when it says none."""
    found = _GRAMMAR.fullmatch(text.strip())
    if found is None:
        raise FormatError("not an HL7 time; written YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+ZZZZ]", location)
    *parts, fraction, offset = found.groups()
    known = [int(part) for part in parts if part is not None]
    year, month, day, hour, minute, second = (*known, *(0, 1, 1, 0, 0, 0)[len(known) :])
    microsecond = int(fraction[:6].ljust(6, "0")) if fraction else 0
    zone = _zone(offset, location) if offset else None
    try:
        moment = datetime(year, month, day, hour, minute, second, microsecond, zone)
    except ValueError:
        moment = None
    if moment is None:
        raise FormatError("not a time of the calendar: a part is out of its range", location)
    return HL7Time(moment, Precision.FRACTION if fraction else Precision(len(known)))


def format_time(moment: datetime, precision: Precision = Precision.SECOND) -> str:
    """The time as HL7 writes it; with the offset when `moment` has one. A fraction has four digits."""
    day = (moment.year * 100 + moment.month) * 100 + moment.day
    text = f"{((day * 100 + moment.hour) * 100 + moment.minute) * 100 + moment.second:014}"
    if precision is not Precision.SECOND:
        fraction = f".{moment.microsecond // 100:04}"
        text = text + fraction if precision is Precision.FRACTION else text[: precision * 2 + 2]
    return text + ("+0000" if moment.tzinfo is UTC else _offset(moment.utcoffset()))


def _offset(offset: timedelta | None) -> str:
    """The offset in whole minutes, `""` when there is none."""
    if offset is None:
        return ""
    minutes = offset // timedelta(minutes=1)
    hours, minutes = divmod(abs(minutes), 60)
    return f"{'-' if offset < timedelta() else '+'}{hours:02}{minutes:02}"


def _zone(text: str, location: str) -> tzinfo:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))
    if int(text[3:5]) > 59 or offset > _WIDEST_OFFSET:
        raise FormatError("the offset from UTC is out of its range", location)
    return timezone(-offset if text[0] == "-" else offset)
