"""Amounts and dates as bank formats write them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

_PLAIN: Final = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})", re.ASCII)
_DAY: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_SHORT_DAY: Final = re.compile(r"(\d{2})(\d{2})(\d{2})", re.ASCII)
# Two-digit years from here on are of the last century.
_PIVOT: Final = 80


def amount_of(text: str) -> Decimal | None:
    """A plain decimal number, of at most 18 digits before its point and 9 behind; None when it is none."""
    text = text.strip()
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def day_of(text: str) -> date | None:
    """The day at the beginning of an ISO 8601 date or time, or of YYYYMMDD...; None when there is none."""
    found = _DAY.match(text.strip())
    return _day(int(found[1]), found[2], found[3]) if found else None


def short_day_of(text: str) -> date | None:
    """The day of YYMMDD; None when it is none."""
    found = _SHORT_DAY.fullmatch(text.strip())
    if found is None:
        return None
    year = int(found[1])
    return _day(year + (1900 if year >= _PIVOT else 2000), found[2], found[3])


def _day(year: int, month: str, day: str) -> date | None:
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None
