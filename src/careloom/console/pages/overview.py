"""The first page: whether everything that came in has an outcome, how it flows, what waits, what changed lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from careloom.console.flowmap import HEIGHT, WIDTH, flow_map
from careloom.console.glance import Glance, glance
from careloom.console.health import SubscriptionShown, subscriptions_shown, systems_shown
from careloom.console.house import House
from careloom.console.rights import Right
from careloom.console.visiting import Page, Visit

_ROWS = {
    "received": "/journeys?show=newest",
    "delivered": "/journeys?show=newest",
    "filtered": "/journeys?show=filtered",
    "parked": "/journeys?show=parked",
    "in_flight": "/journeys?show=in-flight",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """Whether a flow keeps to its service level now: `oldest` seconds is what waits longest, `late` how many of its
    subscriptions and runs are late."""

    flow: str
    sla: float
    oldest: float
    late: int
    path: str


async def _overview(visit: Visit) -> Response:
    house = visit.house
    seen = await glance(house)
    subscriptions = subscriptions_shown(house, seen)
    runs: Counter[str] = Counter()
    for count in seen.runs:
        runs[count.state] += count.runs
    return visit.show(
        "overview.html", title="Overview", status_of=house.status(), rows_of=_ROWS, seen=seen,
        runs=sorted(runs.items()),
        map=flow_map(house, seen, systems_shown(house, seen), subscriptions), box=(WIDTH, HEIGHT),
        promises=_promises(house, seen, subscriptions),
    )  # fmt: skip


def _promises(house: House, seen: Glance, subscriptions: Sequence[SubscriptionShown]) -> Sequence[Promise]:
    """Of the flows that are at work here."""
    found = []
    for flow in house.flows:
        begins = (f"{flow.name}.", f"runs.{flow.name}.")
        own = [one for one in subscriptions if one.known is not None and one.name.startswith(begins)]
        late_runs = sum(one.late for one in seen.runs if one.workflow.startswith(f"{flow.name}."))
        if own:
            oldest = max(float(one.lag["oldest_seconds"]) if one.lag["behind"] else 0.0 for one in own)
            late = sum(bool(one.lag["late"]) for one in own) + late_runs
            path = f"/subscriptions/{max(own, key=lambda one: one.lag['oldest_seconds']).name}"
            found.append(Promise(flow.name, flow.sla_time.total_seconds(), oldest, late, path))
    return found


PAGES = (Page("/", Right.SEE, _overview, "Overview"),)
