"""When something is to happen: TQ1, and the TQ fields that it replaced (HL7 v2.5.1 chapters 4.3 and 4.5.4)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from careloom.mapping.source import Fields, Source
from careloom.mapping.v2.codes import PRIORITY, Priority
from careloom.mapping.v2.values import moment, number, period
from careloom.model import Period

_TQ_DURATION: Final = re.compile(r"([SMHDW]?)(\d{1,6})", re.ASCII)
_MINUTES: Final[dict[str, Decimal]] = {
    "S": Decimal(1) / 60, "SEC": Decimal(1) / 60, "SECOND": Decimal(1) / 60, "SECONDS": Decimal(1) / 60,
    "M": Decimal(1), "MIN": Decimal(1), "MINS": Decimal(1), "MINUTE": Decimal(1), "MINUTES": Decimal(1),
    "H": Decimal(60), "HR": Decimal(60), "HRS": Decimal(60), "HOUR": Decimal(60), "HOURS": Decimal(60),
    "D": Decimal(1440), "DAY": Decimal(1440), "DAYS": Decimal(1440), "W": Decimal(10080),
}  # fmt: skip
_LONGEST: Final = 527_040  # minutes of a leap year: a longer appointment is a wrong unit


class Timing(NamedTuple):
    """From when to when, for how many minutes, and how urgent."""

    start: str | None = None
    end: str | None = None
    minutes: int | None = None
    priority: Priority | None = None

    @property
    def period(self) -> Period | None:
        """From when to when; None when neither is known."""
        return period(self.start, self.end)


def of_tq1(source: Source, tq1: Fields | None) -> Timing:
    """A TQ1: start, end and priority."""
    if tq1 is None:
        return Timing()
    return Timing(source.moment(tq1, 7), source.moment(tq1, 8), None, priority(source.first(tq1, 9)))


def of_tq(source: Source, fields: Fields | None, field: int) -> Timing:
    """A TQ field: `quantity^interval^duration^start^end^priority`; its first repetition."""
    if fields is None or not fields[field]:
        return Timing()
    raw = next(iter(source.repetitions(fields, field)), "")
    parts = source.components(raw, 6)
    place = f"{fields.place}-{field}"
    start, end = moment(source, parts[3], f"{place}.4"), moment(source, parts[4], f"{place}.5")
    return Timing(start, end, _tq_minutes(parts[2]), priority(parts[5]))


def priority(code: str | None) -> Priority | None:
    """How urgent, by tables 0485 and 0027; None for the many codes that say something else."""
    return PRIORITY.get(code.upper()) if code else None


def _tq_minutes(text: str) -> int | None:
    found = _TQ_DURATION.fullmatch(text.upper())
    return _whole(Decimal(found[2]), found[1] or "M") if found else None


def minutes(source: Source, fields: Fields, field: int, unit: int) -> int | None:
    """A duration in whole minutes; minutes are meant where no unit is given."""
    value = number(source, fields, field)
    if value is None:
        return None
    found = _whole(value, (source.first(fields, unit) or "M").upper())
    if found is None:
        source.drop(f"{fields.place}-{field}", "is no duration that we know the unit of; dropped")
    return found


def _whole(value: Decimal, unit: str) -> int | None:
    factor = _MINUTES.get(unit)
    if factor is None or not 0 <= value * factor <= _LONGEST:
        return None
    return int((value * factor).to_integral_value())


def after(start: str | None, length: int | None) -> str | None:
    """The end of what begins then and takes so many minutes; None where the time of day is not known."""
    if start is None or length is None or "T" not in start:
        return None
    try:
        return (datetime.fromisoformat(start) + timedelta(minutes=length)).isoformat()
    except OverflowError:
        return None
