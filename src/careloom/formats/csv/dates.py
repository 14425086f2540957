"""Dates in the formats that files use, in strptime's own directives; ISO 8601 when none is declared."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

_ISO_DATE: Final = "%Y-%m-%d"
_DIRECTIVE: Final = re.compile(r"%([Ymd])")
_WIDTHS: Final = {"Y": 4, "m": 2, "d": 2}


def date_reader(pattern: str) -> Callable[[str], date]:
    """Reads a date; the reader raises ValueError. Plain formats are cut by position, many times as fast as strptime."""
    pattern = pattern or _ISO_DATE
    shape = _shape(pattern)

    def slow(text: str) -> date:
        return datetime.strptime(text, pattern).date()

    if shape is None:
        return slow

    def fast(text: str) -> date:
        found = shape.fullmatch(text)
        if found is None:
            return slow(text)
        return date(int(found["Y"]), int(found["m"]), int(found["d"]))

    return fast


def datetime_reader(pattern: str) -> Callable[[str], datetime]:
    """Reads a date and time; the reader raises ValueError."""
    if not pattern:
        return datetime.fromisoformat
    return lambda text: datetime.strptime(text, pattern)


def written_date(value: date, pattern: str) -> str:
    """A date, or date and time, in a format. The year has four digits, which strftime does not give everywhere."""
    if not pattern:
        return value.isoformat()
    return value.strftime(pattern.replace("%Y", f"{value.year:04d}"))


def _shape(pattern: str) -> re.Pattern[str] | None:
    """A plain format as an expression; None when it holds other directives, or not each of the three once."""
    parts = _DIRECTIVE.split(pattern)
    if sorted(parts[1::2]) != ["Y", "d", "m"] or any("%" in part for part in parts[0::2]):
        return None
    pieces = [
        rf"(?P<{part}>\d{{{_WIDTHS[part]}}})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    ]
    return re.compile("".join(pieces), re.ASCII)
