"""Dates on labels: six digits YYMMDD whose century and last day are not written."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

from careloom.core.errors import FormatError
from careloom.identity.codes.checkdigit import only_digits

REFERENCE_YEAR: Final = 2026
"""The year that two-digit years are read around. A constant and no clock, so that a label reads alike on every day; two
digits lie between 49 years before and 50 after it (General Specifications section 7.12)."""


def day_of(text: str, place: str) -> date:
    """The day of YYMMDD; day 00 is the last of the month (General Specifications 3.4). Raises FormatError."""
    only_digits(text, (6,), place)
    year, month, day = year_of(int(text[:2])), int(text[2:4]), int(text[4:])
    if not 1 <= month <= 12:
        raise FormatError(f"there is no month {text[2:4]}", f"{place} characters 3 and 4")
    last = monthrange(year, month)[1]
    if day > last:
        raise FormatError(f"month {text[2:4]} has no day {text[4:]}", f"{place} characters 5 and 6")
    return date(year, month, day or last)


def year_of(two_digits: int) -> int:
    """The four digits of a year."""
    century = REFERENCE_YEAR - REFERENCE_YEAR % 100
    apart = two_digits - REFERENCE_YEAR % 100
    if apart >= 51:
        return century - 100 + two_digits
    return century + (100 if apart <= -50 else 0) + two_digits
