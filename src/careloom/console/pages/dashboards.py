"""Dashboards of operations and of finance, and the rows behind each of their figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from careloom.console.addresses import BY_TIME, PAGE, address, place_read, place_written, word
from careloom.console.boards import BOARDS, Board, feeds_of, parts_of, read, rows_path
from careloom.console.period import LENGTHS, period_of
from careloom.console.visiting import Page, Refused, Visit
from careloom.telemetry.figures import FIGURES, Figure, Narrowed, Summed, kept, rows

_LONGEST: Final = timedelta(days=36600).total_seconds()
_GOOD: Final = {"yes": True, "no": False, None: None}
_ASKED: Final = ("period", "from", "to", "part", "least", "most", "good")


def _board(board: Board) -> Callable[[Visit], Awaitable[Response]]:
    async def handle(visit: Visit) -> Response:
        period = period_of(visit)
        shown = await read(visit.house, board, period)
        window = next(iter(shown.values())).of.window

        def to(one: Summed, **more: Any) -> str:
            return rows_path(board, one, **more)

        return visit.show(
            "board.html", title=board.title, board=board, shown=shown, period=period, window=window, periods=LENGTHS,
            feeds=await feeds_of(visit.house, board), to=to, asked={name: visit.asked(name) for name in ("from", "to")},
        )  # fmt: skip

    return handle


def _rows(board: Board) -> Callable[[Visit], Awaitable[Response]]:
    known = {one.name: one for one in board.figures} | ({"feeds": FIGURES["feeds"]} if board.feeds else {})

    async def handle(visit: Visit) -> Response:
        figure = known.get(visit.path["figure"])
        if figure is None:
            raise Refused("this dashboard has no such figure", 404)
        period, place = period_of(visit), place_read(visit.asked("after"), BY_TIME)
        wanted = _narrowed(visit, board, figure)
        async with visit.house.database.acquire() as connection:
            found = await rows(connection, figure, period.window, wanted, place, PAGE + 1)
        asked = {name: visit.asked(name) for name in _ASKED}
        asked |= {"period": "", "from": period.window.begin.isoformat(), "to": period.window.end.isoformat()}
        path = f"/dashboards/{board.name}/{figure.name}"
        last = found[PAGE - 1] if len(found) > PAGE else None
        later = None if last is None else address(path, asked, after=place_written((last["at"], last["id"])))
        return visit.show(
            "figure.html", title=figure.title, board=board, figure=figure, rows=found[:PAGE], window=period.window,
            asked=asked, later=later, first=address(path, asked) if place is not None else None,
        )  # fmt: skip

    return handle


def _narrowed(visit: Visit, board: Board, figure: Figure) -> Narrowed:
    good, part = word(visit, "good"), word(visit, "part")
    if good not in _GOOD:
        raise Refused("good is yes or no", 400)
    parts = kept(figure, parts_of(board, figure, visit.house))
    if part is not None:
        parts = (part,) if parts is None or part in parts else ()
    return Narrowed(parts, _seconds(visit, "least"), _seconds(visit, "most"), _GOOD[good])


def _seconds(visit: Visit, name: str) -> float | None:
    text = word(visit, name)
    try:
        found = None if text is None else float(text)
    except ValueError:
        found = -1.0
    if found is not None and not 0 <= found <= _LONGEST:
        raise Refused(f"{name} is a number of seconds", 400)
    return found


PAGES = tuple(
    page
    for board in BOARDS
    for page in (
        Page(f"/dashboards/{board.name}", board.right, _board(board), board.title),
        Page(f"/dashboards/{board.name}/{{figure}}", board.right, _rows(board)),
    )
)
