"""Dates of birth in one form. Which of two numbers is the day is the sender's habit; a swap of them is left to the
comparison, since it cannot be seen in one record."""

from __future__ import annotations

import re
from calendar import monthrange
from functools import lru_cache

from careloom.identity.matching import placeholders

_YEAR_FIRST = re.compile(r"(\d{4})[-/. ]?(\d{2})[-/. ]?(\d{2})(?:\D.*|\d{4,6})?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[ T].*)?")
_PARTIAL = re.compile(r"(\d{4})(?:[-/]?(\d{2}))?")
_NAMED = re.compile(r"(?:(\d{1,2})\D{0,3}[ -])?([a-z]{3})[a-z]*\.?[ -]?(?:(\d{1,2})\D{0,3},?[ -])?,? ?(\d{4})")
_MONTHS = {
    name: at
    for at, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_OLDEST, _NEWEST = 1880, 2100
_PIVOT = 30


@lru_cache(maxsize=65_536)
def date_of(text: str, *, day_first: bool = False) -> str | None:
    """`YYYY-MM-DD`, or `YYYY-MM` or `YYYY` where there is no more; None for what is no date or only a default.

    `day_first` reads 03/04/1970 as the third of April. Where one order gives no day of the calendar, the other is
    taken. Two digits of a year are of 1930 to 2029.
    """
    found = _parts(text.strip(), day_first)
    if found is None:
        return None
    year, month, day = found
    if not _OLDEST <= year < _NEWEST:
        return None
    if month > 12 >= day > 0:
        month, day = day, month
    if month > 12 or (month and day > monthrange(year, month)[1]):
        return None
    full = f"{year:04}-{month:02}-{day:02}" if day and month else f"{year:04}-{month:02}" if month else f"{year:04}"
    return None if full in placeholders.DATES else full


def _parts(text: str, day_first: bool) -> tuple[int, int, int] | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _YEAR_LAST.fullmatch(text):
        one, two, year = int(match[1]), int(match[2]), _century(match[3])
        return (year, two, one) if day_first else (year, one, two)
    if match := _PARTIAL.fullmatch(text):
        return int(match[1]), int(match[2] or 0), 0
    match = _NAMED.fullmatch(text.lower())
    if match and match[2] in _MONTHS:
        return int(match[4]), _MONTHS[match[2]], int(match[1] or match[3] or 0)
    return None


def _century(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= _PIVOT else 2000)
