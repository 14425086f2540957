"""The picture of a run: boxes with text that can be read, arrows, and the same in words."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from careloom.console.layout import WIDE, Point, layout
from careloom.workflow.graph import Arrow, Graph, Node

_COLUMNS, _MOST_LINES = 28, 3
_LINE, _PAD = 17.0, 9.0
_ROUND: Final = frozenset({"start", "end", "failure", "sleep", "caught"})
_CLASSES: Final = MappingProxyType({"done": "good", "now": "warn", "failed": "bad", "undone": "quiet"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, by the middle of its foot."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """A box. `mark` is how far it is, as a word, empty where it was not come to; `look` its class."""

    x: float
    y: float
    width: float
    height: float
    corner: float
    lines: tuple[Line, ...]
    mark: str
    look: str
    sort: str


@dataclass(frozen=True, slots=True)
class Way:
    """An arrow: the path that it takes, the three points of its head, and what stands at it."""

    path: str
    head: str
    label: Line | None
    sort: str


@dataclass(frozen=True, slots=True)
class Said:
    """A box in words: what it is, how far it is, and where it leads."""

    label: str
    mark: str
    look: str
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture and its text."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]
    said: tuple[Said, ...]


def drawing(graph: Graph) -> Drawing:
    """A picture of a process, with the marks of its run."""
    texts = {node.id: _wrapped(node, graph.marks) for node in graph.nodes}
    heights = {name: len(lines) * _LINE + 2 * _PAD for name, lines in texts.items()}
    links = [(one, (one.start, one.end)) for one in graph.arrows]
    placed = layout(heights, [link for _, link in links])
    boxes = tuple(_box(one, placed.tops[one.id], texts[one.id], graph.marks) for one in graph.nodes)
    ways = tuple(_arrow(one, placed.ways[link], back=link in placed.back) for one, link in links)
    return Drawing(placed.width, placed.height, boxes, ways, _words(graph))


def _wrapped(node: Node, marks: Mapping[str, str]) -> Sequence[str]:
    columns = _COLUMNS - 4 * (node.sort in _ROUND)
    lines = textwrap.wrap(node.label, columns, max_lines=_MOST_LINES, placeholder="…") or [""]
    mark = marks.get(node.id, "")
    return [*lines, mark] if mark else lines


def _box(node: Node, top: Point, lines: Sequence[str], marks: Mapping[str, str]) -> Box:
    height = len(lines) * _LINE + 2 * _PAD
    written = tuple(Line(top.x, top.y + _PAD + _LINE * number - 4, text) for number, text in enumerate(lines, 1))
    mark = marks.get(node.id, "")
    corner = height / 2 if node.sort in _ROUND else 4.0
    look = _CLASSES.get(mark, "")
    return Box(top.x - WIDE / 2, top.y, WIDE, height, corner, written, mark, look, node.sort)


def _arrow(arrow: Arrow, points: Sequence[Point], *, back: bool) -> Way:
    path = _straight(points) if back else _curved(points)
    label = None
    if arrow.label:
        label = Line(points[1].x + 14, points[1].y - 3, arrow.label) if back else _label(points, arrow.label)
    return Way(path, _head(points[-1]), label, arrow.sort)


def _straight(points: Sequence[Point]) -> str:
    return "M" + " L".join(f"{one.x:.1f},{one.y:.1f}" for one in points)


def _curved(points: Sequence[Point]) -> str:
    """Leaving and coming straight down."""
    made = [f"M{points[0].x:.1f},{points[0].y:.1f}"]
    for one, other in itertools.pairwise(points):
        middle = (one.y + other.y) / 2
        made.append(f"C{one.x:.1f},{middle:.1f} {other.x:.1f},{middle:.1f} {other.x:.1f},{other.y:.1f}")
    return " ".join(made)


def _head(at: Point) -> str:
    return f"{at.x:.1f},{at.y:.1f} {at.x - 4:.1f},{at.y - 7:.1f} {at.x + 4:.1f},{at.y - 7:.1f}"


def _label(points: Sequence[Point], text: str) -> Line:
    return Line((points[0].x + points[1].x) / 2, (points[0].y + points[1].y) / 2 + 4, text)


def _words(graph: Graph) -> tuple[Said, ...]:
    labels = {node.id: node.label for node in graph.nodes}
    made = []
    for node in graph.nodes:
        then = tuple(_leads(arrow, labels) for arrow in graph.arrows if arrow.start == node.id)
        mark = graph.marks.get(node.id, "")
        made.append(Said(node.label, mark, _CLASSES.get(mark, ""), then))
    return tuple(made)


def _leads(arrow: Arrow, labels: Mapping[str, str]) -> str:
    when = {"undo": "to undo it", "error": "when it fails"}.get(arrow.sort, arrow.label)
    return f"{when}: {labels[arrow.end]}" if when else labels[arrow.end]
