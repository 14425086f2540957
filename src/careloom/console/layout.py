"""Places boxes and arrows: layer by layer, long arrows led around boxes, few crossings (after Sugiyama). Pure.

Lengths are in the units of the drawing, from the top left corner.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDE, BEND, APART, LAYER_APART, MARGIN = 210.0, 20.0, 26.0, 46.0, 12.0
_SWEEPS: Final = 6
Link = tuple[str, str]
_Link = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each box has the middle of its upper edge, and the points that each arrow goes through; those
    that lead `back` go along straight lines."""

    tops: Mapping[str, Point]
    ways: Mapping[Link, tuple[Point, ...]]
    back: frozenset[Link]
    width: float
    height: float


def layout(heights: Mapping[str, float], links: Iterable[Link]) -> Layout:
    """Boxes of these heights, all as wide as `WIDE`; the first of them is at the top. An arrow that leads back, as
    those of loops do, goes up beside everything else."""
    forward, back = _parted(list(heights), list(dict.fromkeys(links)))
    layer = _layers(list(heights), forward)
    chains = {link: _chain(link, layer) for link in forward}
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for name, depth in layer.items():
        rows[depth].append(name)
    for start, *between, _ in chains.values():
        for depth, name in enumerate(between, layer[start] + 1):
            rows[depth].append(name)
    near = _neighbours(chains.values())
    _order(rows, near)
    middles = _across(rows, near, heights)
    return _placed(rows, middles, heights, chains, back)


def _parted(names: Sequence[str], links: Sequence[Link]) -> tuple[list[Link], list[Link]]:
    """Those that lead on, and those that lead back to where the way came from."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    for start, end in links:
        after[start].append(end)
    back: set[Link] = set()
    seen: set[str] = set()
    for first in names:
        way = [(first, iter(after[first]))] if first not in seen else []
        on_way = {first}
        seen.add(first)
        while way:
            name, rest = way[-1]
            found = next(rest, None)
            if found is None:
                way.pop()
                on_way.discard(name)
            elif found in on_way:
                back.add((name, found))
            elif found not in seen:
                seen.add(found)
                on_way.add(found)
                way.append((found, iter(after[found])))
    return [one for one in links if one not in back], [one for one in links if one in back]


def _layers(names: Sequence[str], links: Sequence[Link]) -> dict[str, int]:
    """Each box below all that lead to it."""
    waits = dict.fromkeys(names, 0)
    after: defaultdict[str, list[str]] = defaultdict(list)
    for start, end in links:
        waits[end] += 1
        after[start].append(end)
    layer = dict.fromkeys(names, 0)
    ready = [name for name in names if not waits[name]]
    for name in ready:
        for end in after[name]:
            layer[end] = max(layer[end], layer[name] + 1)
            waits[end] -= 1
            if not waits[end]:
                ready.append(end)
    return layer


def _chain(link: Link, layer: Mapping[str, int]) -> _Link:
    """The link through the layers between its ends."""
    start, end = link
    between = (f"{start}>{end}@{depth}" for depth in range(layer[start] + 1, layer[end]))
    return (start, *between, end)


def _neighbours(chains: Iterable[_Link]) -> Mapping[str, tuple[list[str], list[str]]]:
    """Of each the ones above and below."""
    near: defaultdict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for chain in chains:
        for above, below in itertools.pairwise(chain):
            near[above][1].append(below)
            near[below][0].append(above)
    return near


def _order(rows: list[list[str]], near: Mapping[str, tuple[list[str], list[str]]]) -> None:
    """Within each layer, next to what it is linked with; down and up in turns."""
    for sweep in range(_SWEEPS):
        side = sweep % 2
        place = {name: float(number) for row in rows for number, name in enumerate(row)}
        for row in rows if side == 0 else reversed(rows):
            wanted = {name: _mean([place[one] for one in near[name][side]], place[name]) for name in row}
            row.sort(key=wanted.__getitem__)
            place.update((name, float(number)) for number, name in enumerate(row))


def _across(
    rows: Sequence[Sequence[str]], near: Mapping[str, tuple[list[str], list[str]]], heights: Mapping[str, float]
) -> dict[str, float]:
    """The middle of each, as near below what leads to it as its neighbours in the layer allow."""
    middles: dict[str, float] = {}
    for row in rows:
        middles.update(_spread(row, dict.fromkeys(row, 0.0), heights))
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for row in rows if side == 0 else reversed(rows):
            wanted = {name: _mean([middles[one] for one in near[name][side]], middles[name]) for name in row}
            middles.update(_spread(row, wanted, heights))
    return middles


def _spread(row: Sequence[str], wanted: Mapping[str, float], heights: Mapping[str, float]) -> dict[str, float]:
    """At least so far apart as their widths ask, and together where they are wanted."""
    made: dict[str, float] = {}
    edge = float("-inf")
    for name in row:
        half = (WIDE if name in heights else BEND) / 2
        made[name] = max(wanted[name], edge + APART + half)
        edge = made[name] + half
    off = _mean([wanted[name] - made[name] for name in row], 0.0)
    return {name: middle + off for name, middle in made.items()}


def _placed(
    rows: Sequence[Sequence[str]],
    middles: Mapping[str, float],
    heights: Mapping[str, float],
    chains: Mapping[Link, _Link],
    back: Sequence[Link],
) -> Layout:
    left = min((middle for middle in middles.values()), default=0.0) - WIDE / 2 - MARGIN
    right = max((middle for middle in middles.values()), default=0.0) + WIDE / 2 - left
    tops: dict[str, Point] = {}
    floors: dict[str, float] = {}
    y = MARGIN
    for row in rows:
        floor = y + max((heights.get(name, 0.0) for name in row), default=0.0)
        tops.update((name, Point(middles[name] - left, y)) for name in row)
        floors.update(dict.fromkeys(row, floor))
        y = floor + LAYER_APART
    ways = {link: _way(chain, tops, heights, floors) for link, chain in chains.items()}
    for number, link in enumerate(back, 1):
        ways[link] = _way_back(link, tops, heights, floors, right + number * BEND)
    boxes = {name: tops[name] for name in heights}
    width = right + len(back) * BEND + MARGIN
    return Layout(boxes, ways, frozenset(back), width, y - LAYER_APART + (LAYER_APART if back else MARGIN))


def _way(
    chain: _Link, tops: Mapping[str, Point], heights: Mapping[str, float], floors: Mapping[str, float]
) -> tuple[Point, ...]:
    """Straight down through the layers between, so that it stays clear of their boxes."""
    start, *between, end = chain
    first = Point(tops[start].x, tops[start].y + heights[start])
    beside = [point for name in between for point in (tops[name], Point(tops[name].x, floors[name]))]
    return (first, *beside, tops[end])


def _way_back(
    link: Link, tops: Mapping[str, Point], heights: Mapping[str, float], floors: Mapping[str, float], lane: float
) -> tuple[Point, ...]:
    """Out below one box, beneath the others of its layer, up its own lane, and in from above the other box."""
    start, end = link
    out, into = tops[start].x + WIDE / 4, tops[end].x + WIDE / 4
    below, above = floors[start] + LAYER_APART / 4, tops[end].y - LAYER_APART / 4
    bottom = tops[start].y + heights[start]
    corners = (Point(out, below), Point(lane, below), Point(lane, above), Point(into, above))
    return (Point(out, bottom), *corners, Point(into, tops[end].y))


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise
