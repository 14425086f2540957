"""Pages from templates, which escape whatever they are given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import jinja2
from starlette.responses import HTMLResponse

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("careloom.console"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    auto_reload=False,  # else each part of each page is looked for on disk
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """The page of a template. Raises jinja2.UndefinedError for a name that the context lacks."""
    return HTMLResponse(TEMPLATES.get_template(template).render(context), status)


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago, in the two units that a person needs: `3 h 5 min`; `in 2 d` for what is to come."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    text = length(abs(seconds))
    return text if seconds >= 0 else f"in {text}"


def length(seconds: float | timedelta) -> str:
    """A length of time in words that fit a table."""
    total = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    if total < _MINUTE:
        return f"{total} s"
    if total < _HOUR:
        return f"{total // _MINUTE} min"
    if total < _DAY:
        hours, rest = divmod(total, _HOUR)
        return f"{hours} h {rest // _MINUTE} min" if rest >= _MINUTE else f"{hours} h"
    days, rest = divmod(total, _DAY)
    return f"{days} d {rest // _HOUR} h" if rest >= _HOUR else f"{days} d"


def moment(when: datetime | None) -> str:
    """A time as it is shown everywhere: UTC, to the second."""
    return "" if when is None else when.strftime("%Y-%m-%d %H:%M:%S UTC")


def number(value: float) -> str:
    """Thousands apart."""
    return f"{value:,}"


TEMPLATES.filters |= {"age": age, "length": length, "moment": moment, "number": number}
