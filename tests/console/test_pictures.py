"""Pictures of processes: boxes apart, arrows clear of them, everything said in words too."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.console.drawing import drawing
from careloom.console.layout import MARGIN, WIDE, Layout, layout
from careloom.workflow.graph import Arrow, Graph, Node

NAMES = [f"n{number}" for number in range(9)]
# The first draw is slow where others keep the machine busy.
BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
LINKS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=24)
HEIGHTS = {name: 35.0 + 17 * (number % 3) for number, name in enumerate(NAMES)}


def boxes_apart(made: Layout) -> bool:
    """Whether no box lies on another, and all of them in the picture."""
    for (one, a), (other, b) in combinations(made.tops.items(), 2):
        beside = abs(a.x - b.x) >= WIDE
        below = a.y + HEIGHTS[one] <= b.y or b.y + HEIGHTS[other] <= a.y
        if not (beside or below):
            return False
    return all(
        WIDE / 2 <= top.x <= made.width - WIDE / 2 and MARGIN <= top.y <= made.height - HEIGHTS[name]
        for name, top in made.tops.items()
    )


@BUSY
@given(LINKS)
def test_boxes_stay_apart_whatever_leads_where(links: list[tuple[str, str]]) -> None:
    made = layout(HEIGHTS, links)
    assert boxes_apart(made)
    assert set(made.ways) == set(links) and set(made.tops) == set(NAMES)
    for (start, end), way in made.ways.items():
        assert way[0].y == made.tops[start].y + HEIGHTS[start] and way[-1].y == made.tops[end].y


@BUSY
@given(LINKS)
def test_what_leads_on_leads_down_and_only_loops_lead_back(links: list[tuple[str, str]]) -> None:
    made = layout(HEIGHTS, links)
    on = set(links) - made.back
    for link in on:
        assert all(one.y <= other.y for one, other in pairwise(made.ways[link]))
    assert all(made.tops[end].y <= made.tops[start].y for start, end in made.back)
    ordered = all(NAMES.index(start) < NAMES.index(end) for start, end in links)
    assert not (ordered and made.back), "without a loop nothing leads back"


@BUSY
@given(LINKS)
def test_long_arrows_pass_beside_the_boxes_of_the_layers_between(links: list[tuple[str, str]]) -> None:
    made = layout(HEIGHTS, links)
    for link, way in made.ways.items():
        for one, other in pairwise(way) if link not in made.back else ():
            if one.x != other.x:
                continue
            for name, top in made.tops.items():
                inside = one.y < top.y + HEIGHTS[name] and top.y < other.y
                assert name in link or not inside or abs(top.x - one.x) >= WIDE / 2


def test_the_same_is_placed_alike_and_nothing_is_nothing() -> None:
    links = [("n0", "n1"), ("n1", "n0")]
    assert layout(HEIGHTS, links) == layout(HEIGHTS, links)
    assert layout(HEIGHTS, links).back == {("n1", "n0")}
    assert layout({}, []).tops == {}


def test_a_long_chain_is_placed_without_end_of_stack() -> None:
    heights = dict.fromkeys((f"c{number}" for number in range(3_000)), 35.0)
    made = layout(heights, list(pairwise(heights)))
    assert len({top.y for top in made.tops.values()}) == 3_000


LOOP = Graph(
    (
        Node("start", "start", "ward.admit v2"),
        Node("n1", "question", "each bed of beds"),
        Arrow("start", "n1"),
        Node("n2", "step", "reserve <b>the</b> very long name of a step that no box could ever hold in three lines"),
        Arrow("n1", "n2", "next"),
        Node("n3", "undo", "release"),
        Arrow("n2", "n3", "undo", "undo"),
        Arrow("n2", "n1"),
        Node("done", "end", "completed"),
        Arrow("n1", "done", "done"),
    ),
    {"n1": "now", "n2": "failed", "start": "done"},
)


def test_a_picture_says_in_words_what_it_shows() -> None:
    made = drawing(LOOP)
    assert [(one.label.partition(" ")[0], one.mark) for one in made.said] == [
        ("ward.admit", "done"), ("each", "now"), ("reserve", "failed"), ("release", ""), ("completed", "")
    ]  # fmt: skip
    assert made.said[1].then[1] == "done: completed" and made.said[2].then[0] == "to undo it: release"
    by_mark = {box.lines[0].text.partition(" ")[0]: (box.mark, box.lines[-1].text, box.look) for box in made.boxes}
    assert by_mark["each"] == ("now", "now", "warn") and by_mark["reserve"] == ("failed", "failed", "bad")
    [long] = [box for box in made.boxes if box.sort == "step"]
    assert len(long.lines) == 4 and long.lines[2].text.endswith("…")
    assert [way.label.text for way in made.ways if way.label] == ["next", "undo", "done"]
    assert len({(way.path, way.head) for way in made.ways}) == len(made.ways) == 5


@pytest.mark.parametrize("sort", ["start", "end", "failure"])
def test_ends_are_round(sort: str) -> None:
    [box] = drawing(Graph((Node("a", sort, "x"),), {})).boxes
    assert box.corner == box.height / 2
