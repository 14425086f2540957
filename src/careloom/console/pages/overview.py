"""The first page: whether everything that came in has an outcome, and what waits longest."""

from __future__ import annotations

from starlette.responses import Response

from careloom.console.rights import Right
from careloom.console.visiting import Page, Visit


async def _overview(visit: Visit) -> Response:
    return visit.show("overview.html", title="Overview", status_of=visit.house.status())


PAGES = (Page("/", Right.SEE, _overview, "Overview"),)
