"""What flows promise: which share of events and runs is handled in time, over which stretch of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from careloom.core.errors import ConfigurationError
from careloom.flows import Flow
from careloom.workflow.declaration import length_of

DEFAULTS: Final[Mapping[str, str]] = {"high": "99.5% in 30d", "normal": "99% in 30d", "low": "95% in 30d"}
TRANSLATE: Final = "translate"
_SLO: Final = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)% in ([1-9]\d*d)")
Indicator = Literal["events", "runs"]


@dataclass(frozen=True, slots=True)
class Objective:
    """A promise. `ratio` of what `indicator` counts is good, over `window`; good is what was done within `within`."""

    flow: str
    ratio: float
    window: timedelta
    indicator: Indicator
    within: timedelta
    owner: str
    criticality: str
    runbook: str


def parsed(text: str, whose: str) -> tuple[float, timedelta]:
    """Share and window of `99.5% in 30d`. Raises ConfigurationError."""
    found = _SLO.fullmatch(text)
    if found is None or not 0 < float(found[1]) < 100:
        raise ConfigurationError(
            f"flow {whose}: slo is written as `99.5% in 30d`, above 0% and below 100%, not {text!r}"
        )
    return float(found[1]) / 100, length_of(found[2])


def objectives_of(flows: Iterable[Flow]) -> list[Objective]:
    """Of these flows: of their events where they react to some, of their runs where they have any; by name.

    Translating is one more, as fast as the fastest flow for which something is translated. Raises ConfigurationError.
    """
    found = []
    for flow in sorted(flows, key=lambda one: one.name):
        if flow.reactions and flow.bound:
            found.append(_objective(flow, "events", length_of(flow.bound)))
        if flow.workflows:
            found.append(_objective(flow, "runs", flow.sla_time))
    serving = [flow for flow in flows if flow.translators and flow.bound]
    if serving:
        fastest = min(serving, key=lambda flow: length_of(flow.bound))
        found.append(_objective(fastest, "events", length_of(fastest.bound), TRANSLATE))
    return found


def bounds_of(objectives: Iterable[Objective]) -> dict[str, float]:
    """Within how many seconds an event of a flow is to be handled."""
    return {one.flow: one.within.total_seconds() for one in objectives if one.indicator == "events"}


def flow_of(subscription: str) -> str:
    """The flow that a subscription counts for: `registration` of `registration.open_account`. One that only begins
    runs, or forwards, counts for none: the runs do."""
    head = subscription.partition(".")[0]
    return "" if head in ("runs", "deliver", "route") else head


def _objective(flow: Flow, indicator: Indicator, within: timedelta, name: str = "") -> Objective:
    ratio, window = parsed(flow.slo or DEFAULTS[flow.criticality], flow.name)
    return Objective(
        flow=name or flow.name,
        ratio=ratio,
        window=window,
        indicator=indicator,
        within=within,
        owner=flow.owner,
        criticality=flow.criticality,
        runbook=flow.runbook,
    )
