"""Bars as SVG, drawn here: one for each count, with the same numbers for a table beside them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT = 480.0, 120.0
"""Of a chart, without the line of text below it."""
_FOOT, _TOP, _GAP = 18.0, 14.0, 3.0
_LEAST: Final = 1.5
"""How high a bar is that counts anything, however little."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a bar stands for: its name, how many, and where the rows behind it are; `short` stands below the bar."""

    label: str
    short: str
    rows: int
    path: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, from its top left corner; `middle` is where its texts stand."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    of: Counted


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars with the size of the picture."""

    width: float
    height: float
    foot: float
    bars: Sequence[Bar]
    rows: int


def chart(counted: Sequence[Counted]) -> Chart:
    """The highest bar is as high as the picture; nothing is higher than nothing."""
    most = max((one.rows for one in counted), default=0)
    step = WIDTH / max(len(counted), 1)
    bars = []
    for number, one in enumerate(counted):
        high = max((HEIGHT - _TOP) * one.rows / most, _LEAST) if one.rows else 0.0
        left = number * step + _GAP
        bars.append(Bar(left, HEIGHT - high, step - 2 * _GAP, high, (number + 0.5) * step, one))
    return Chart(WIDTH, HEIGHT + _FOOT, HEIGHT, bars, sum(one.rows for one in counted))
