"""The map of what flows where: systems, the log, what reads it, the systems that these call. Pure: places, lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from careloom.console.glance import Glance
from careloom.console.health import SubscriptionShown, SystemShown
from careloom.console.house import House
from careloom.log.lanes import Bank

WIDTH: Final = 190
HEIGHT: Final = 46
_ROW: Final = 60
_GAP: Final = 50
_EDGE: Final = 10
_BOLDEST: Final = 8.0


@dataclass(frozen=True, slots=True)
class Node:
    """A box: where it stands in pixels, what it is called, how it is in a word, and the page of it."""

    name: str
    x: int
    y: int
    word: str
    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one box to another; `rate` is per minute, None where it is not counted by itself."""

    source: str
    target: str
    rate: float | None
    line: str
    width: float


@dataclass(frozen=True, slots=True)
class Map:
    """The whole of it, in pixels."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    width: int
    height: int


def flow_map(
    house: House, seen: Glance, systems: Sequence[SystemShown], subscriptions: Sequence[SubscriptionShown]
) -> Map:
    """Five columns: systems that send, the log, what translates, what handles events, systems that are called.

    A system that sends and is called stands on both sides.
    """
    live = [one for one in subscriptions if one.known is not None]
    first = [one for one in live if one.known and one.known.bank is Bank.MESSAGES]
    then = [one for one in live if one.known and one.known.bank is Bank.EVENTS]
    columns = [
        [
            ("from:" + one.name, one.word, one.tone, f"/systems/{one.name}")
            for one in systems
            if one.name in house.senders
        ],
        [("the log", *_log_word(house), "/journeys?show=newest")],
        [_reader(one) for one in first],
        [_reader(one) for one in then],
        [_system("to", one) for one in systems if one.subscriptions],
    ]
    nodes = list(_placed(columns))
    rates = list(_lines(house, seen, systems, first, then))
    height = max(len(column) for column in columns) * _ROW + 2 * _EDGE
    return Map(nodes, _drawn(nodes, rates), 5 * WIDTH + 4 * _GAP + 2 * _EDGE, height)


def _log_word(house: House) -> tuple[str, str]:
    away = house.status().get("store", "ok") != "ok"
    return ("away", "bad") if away else ("well", "good")


def _system(side: str, one: SystemShown) -> tuple[str, str, str, str]:
    return f"{side}:{one.name}", one.word, one.tone, f"/systems/{one.name}"


def _reader(one: SubscriptionShown) -> tuple[str, str, str, str]:
    return one.name, one.word, one.tone, f"/subscriptions/{one.name}"


def _placed(columns: Sequence[Sequence[tuple[str, str, str, str]]]) -> Iterator[Node]:
    """Each column in the middle of the height of the longest."""
    longest = max(len(column) for column in columns)
    for across, column in enumerate(columns):
        above = (longest - len(column)) * _ROW // 2 + _EDGE
        for down, (name, word, tone, path) in enumerate(column):
            yield Node(name, _EDGE + across * (WIDTH + _GAP), above + down * _ROW, word, tone, path)


def _lines(
    house: House,
    seen: Glance,
    systems: Sequence[SystemShown],
    first: Sequence[SubscriptionShown],
    then: Sequence[SubscriptionShown],
) -> Iterator[tuple[str, str, float | None]]:
    for one in systems:
        if one.name in house.senders:
            yield "from:" + one.name, "the log", seen.came.get(one.name, 0.0)
    for reader in first:
        yield "the log", reader.name, reader.rate
        for other in then:
            yield reader.name, other.name, other.rate
    for reader in then:
        uses = reader.known.systems if reader.known else ()
        for name in uses:
            yield reader.name, "to:" + name, reader.rate if len(uses) == 1 else None


def _drawn(nodes: Sequence[Node], lines: Sequence[tuple[str, str, float | None]]) -> Sequence[Edge]:
    at = {node.name: node for node in nodes}
    most = max((rate or 0.0 for _, _, rate in lines), default=0.0) or 1.0
    made = []
    for source, target, rate in lines:
        begin, end = at[source], at[target]
        x1, y1, x2, y2 = begin.x + WIDTH, begin.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
        bend = (x1 + x2) // 2
        width = 1.0 + (_BOLDEST - 1.0) * (rate or 0.0) / most
        made.append(Edge(source, target, rate, f"M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}", round(width, 1)))
    return made
