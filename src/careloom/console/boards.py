"""What each dashboard shows: its figures read in one snapshot, and the address of the rows behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from careloom.console.addresses import address
from careloom.console.charts import Chart, Counted, chart
from careloom.console.house import House
from careloom.console.period import Period
from careloom.console.rendering import TEMPLATES, length
from careloom.console.rights import Right
from careloom.telemetry.figures import FIGURES, ONLY, Figure, Leads, Line, Summed, Window, summed
from careloom.telemetry.silence import FeedStanding

FRESH_SECONDS, STILL_SECONDS = 5.0, 30.0
"""A reading is made anew after so long; meanwhile the one before is shown, with its moment, for so long at most."""
LONGEST_SECONDS: Final = 10
_LOOK_BACK: Final = timedelta(days=1)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard: who may see it, and its figures under headings. `money`: only what moves money is counted."""

    name: str
    title: str
    right: Right
    groups: Mapping[str, tuple[str, ...]]
    money: bool = False
    feeds: bool = False

    @property
    def figures(self) -> Sequence[Figure]:
        """All of them."""
        return [FIGURES[name] for names in self.groups.values() for name in names]


BOARDS: Final = (
    Board(
        "operations", "Operations", Right.SEE_OPERATIONS,
        MappingProxyType(
            {
                "Whether processes move": ("completion", "adherence", "late"),
                "Exceptions": ("waiting", "opened", "resolution", "resolved"),
                "What systems do not agree on": ("unsynchronised", "unmatched", "rejected"),
                "What comes of it": ("unaided", "sourced"),
            }
        ),
        feeds=True,
    ),
    Board(
        "finance", "Finance", Right.SEE_FINANCE,
        MappingProxyType(
            {
                "From the service to the invoice, from the payment to its posting": ("invoicing", "posting"),
                "Not posted, not matched": ("rejected", "unmatched"),
                "Processes that move money": ("completion", "adherence", "late", "unaided", "sourced"),
                "Exceptions of those who answer for them": ("waiting", "opened", "resolution"),
            }
        ),
        money=True,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure on a dashboard, with its chart if it has one."""

    of: Summed
    chart: Chart | None


def parts_of(board: Board, figure: Figure, house: House) -> Sequence[str] | None:
    """Which parts of a figure a dashboard counts, by what runs here; None: all of them."""
    if not board.money or figure.name in ONLY:
        return None
    flows = [flow for flow in house.flows if flow.money]
    if figure.leads is Leads.RUN:
        return sorted(one.name for flow in flows for one in flow.workflows)
    owners = {flow.owner for flow in flows}
    money = {name for names in ONLY.values() for name in names}
    return sorted(one.name for one in house.work.reader.kinds if one.owner in owners or one.name in money)


async def read(house: House, board: Board, period: Period) -> Mapping[str, Shown]:
    """Its figures by name, all of one moment; of a period that ends now as old as these say."""
    if not period.name:
        return await _read(house, board, period.window)
    key = f"board {board.name} {period.name}"
    return await house.shelf.kept(
        key, house.clock.monotonic, FRESH_SECONDS, lambda: _read(house, board, period.window), STILL_SECONDS
    )


async def _read(house: House, board: Board, window: Window) -> Mapping[str, Shown]:
    found = {}
    async with (
        house.database.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute(f"set local statement_timeout = '{LONGEST_SECONDS}s'")
        for figure in board.figures:
            one = await summed(connection, figure, window, parts_of(board, figure, house))
            found[figure.name] = Shown(one, _chart(board, one))
    return found


def rows_path(board: Board, one: Summed, **more: Any) -> str:
    """The page of the rows behind a figure, or of those of them that `more` says. The window stands in it, so that the
    rows are those that were counted, whenever it is opened."""
    window = more.pop("window", one.window)
    asked = {"from": window.begin.isoformat(), "to": window.end.isoformat(), **more}
    return address(f"/dashboards/{board.name}/{one.figure.name}", asked)


def _chart(board: Board, one: Summed) -> Chart | None:
    if not one.bars:
        return None
    made = []
    for bar in one.bars:
        if isinstance(bar.begin, datetime) and isinstance(bar.end, datetime):
            window = Window(bar.begin, bar.end)
            label = f"{_time(bar.begin, window, one.window)} to {_time(bar.end, window, one.window)}"
            path, short = rows_path(board, one, window=window), _time(bar.begin, window, one.window)
        else:
            label, short = _between(bar.begin, bar.end), _from(bar.begin)
            path = rows_path(board, one, least=bar.begin or None, most=bar.end)
        made.append(Counted(label, short, bar.rows, path))
    return chart(made)


def _time(moment: datetime, bar: Window, whole: Window) -> str:
    if (bar.end - bar.begin).total_seconds() >= _DAY:
        return f"{moment:%d %b}"
    return f"{moment:%d %H:%M}" if (whole.end - whole.begin).total_seconds() > _DAY else f"{moment:%H:%M}"


def _between(begin: Any, end: Any) -> str:
    if end is None:
        return f"{length(begin)} and more"
    return f"less than {length(end)}" if not begin else f"{length(begin)} to {length(end)}"


def _from(begin: Any) -> str:
    return "0" if not begin else f"{length(begin)}+"


def exact(seconds: float | None) -> str:
    """A length of time to the second below a day, and to the minute above."""
    if seconds is None:
        return "none"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
    said = []
    for size, name in units:
        count, whole = divmod(whole, size)
        if count:
            said.append(f"{count} {name}")
    return " ".join(said[:3])


def share(line: Line) -> str:
    """In hundredths."""
    return "none" if line.share is None else f"{100 * line.share:.1f}%"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new a feed is, in a word with its class; `path` leads to the hours in which it sent."""

    feed: FeedStanding
    word: str
    tone: str
    path: str


def freshness(board: Board, feed: FeedStanding, now: datetime) -> Freshness:
    """From half of the time that it may be quiet it ages, at the end of it it is silent."""
    if not feed.watched:
        word, tone = "not watched", "quiet"
    elif feed.due is None or feed.aging_at is None:
        word, tone = "not known yet how often it sends", "quiet"
    elif feed.rests:
        word, tone = "may be quiet", "quiet"
    elif now >= feed.due:
        word, tone = "silent", "bad"
    else:
        word, tone = ("ageing", "warn") if now >= feed.aging_at else ("fresh", "good")
    window = Window((feed.last or now) - _LOOK_BACK, now)
    one = Summed(FIGURES["feeds"], window, Line(None, 0, None, None, None, None), ())
    return Freshness(feed, word, tone, rows_path(board, one, part=feed.system))


async def feeds_of(house: House, board: Board) -> Sequence[Freshness]:
    """Of all that send; none where nobody follows them."""
    if house.feeds is None or not board.feeds:
        return ()
    now = house.clock.now()
    known = await house.shelf.kept("feeds", house.clock.monotonic, FRESH_SECONDS, house.feeds)
    return [freshness(board, one, now) for one in known if one.system in house.systems]


TEMPLATES.filters |= {"exact": exact, "share": share}
