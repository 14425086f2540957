"""Dates, times and numbers as X12 writes them (ASC X12.6: types DT, TM, Nn and R), to and from Python."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

_REAL: Final = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d+", re.ASCII)
_TIME: Final = re.compile(r"([01]\d|2[0-3])([0-5]\d)(?:([0-5]\d)(\d{1,2})?)?", re.ASCII)
_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_LONGEST: Final = 40


def decimal_of(text: str) -> Decimal | None:
    """The number that an R or N0 element holds; None for what is none (and for absurdly long ones)."""
    return Decimal(text) if len(text) <= _LONGEST and _REAL.fullmatch(text) else None


def implied_decimal(text: str, places: int) -> Decimal | None:
    """The number that an Nn element holds, its last `places` digits being decimals."""
    return Decimal(text).scaleb(-places) if len(text) <= _LONGEST and _WHOLE.fullmatch(text) else None


def date_of(text: str) -> date | None:
    """A day written CCYYMMDD, or YYMMDD (of the century nearest to 2000); None for what is no day."""
    if len(text) == 6:
        text = ("19" if text[:2] >= "50" else "20") + text
    if len(text) != 8 or not _DIGITS.fullmatch(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def time_of(text: str) -> time | None:
    """A time written HHMM, HHMMSS, or with tenths or hundredths of a second; None for what is no time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute, second, part = found.groups()
    return time(int(hour), int(minute), int(second or 0), int((part or "0").ljust(2, "0")) * 10_000)


def period_of(qualifier: str, text: str) -> tuple[date, date] | None:
    """First and last day of a DTP03 or DMG02 under its format qualifier (D8, RD8, DT, ...); None where it does
    not fit."""
    known = _PERIODS.get(qualifier)
    if known is None:
        return None
    width, is_range = known
    halves = text.split("-") if is_range else [text, text]
    if len(halves) != 2 or any(len(half) != width for half in halves):
        return None
    first, last = (_day(half, qualifier) for half in halves)
    return (first, last) if first and last else None


_PERIODS: Final = {
    "D8": (8, False), "RD8": (8, True), "D6": (6, False), "RD6": (6, True), "DT": (12, False), "RDT": (12, True),
}  # fmt: skip


def _day(text: str, qualifier: str) -> date | None:
    if qualifier.endswith("DT") and time_of(text[8:]) is None:
        return None
    return date_of(text[:8])


def fits_format(qualifier: str, text: str) -> bool:
    """Whether a DTP03 follows its DTP02. A qualifier we do not know fits everything."""
    if qualifier in ("TM", "RTM"):
        halves = text.split("-") if qualifier == "RTM" else [text]
        return len(halves) == 1 + (qualifier == "RTM") and all(time_of(half) for half in halves)
    return qualifier not in _PERIODS or period_of(qualifier, text) is not None


def is_npi(text: str) -> bool:
    """Whether ten digits carry the check digit of a National Provider Identifier (45 CFR 162.406: Luhn with 80840)."""
    if len(text) != 10 or not _DIGITS.fullmatch(text) or text[0] not in "12":
        return False
    total = 24  # what the prefix 80840 adds
    for index, digit in enumerate(reversed(text)):
        doubled = int(digit) * (1 + index % 2)
        total += doubled // 10 + doubled % 10
    return total % 10 == 0


def format_decimal(value: Decimal | int) -> str:
    """A number as an R element writes it: no exponent, no zeros that mean nothing, no plus."""
    text = format(Decimal(value), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def format_moment(value: date | datetime | time) -> str:
    """A day as CCYYMMDD, a moment as CCYYMMDDHHMM, a time as HHMM or HHMMSS."""
    if isinstance(value, datetime):
        return value.strftime("%Y%m%d%H%M").rjust(12, "0")
    if isinstance(value, date):
        return f"{value.year:04}{value.month:02}{value.day:02}"
    return value.strftime("%H%M%S" if value.second else "%H%M")
