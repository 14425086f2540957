"""The runbook: what to do, whose it is here, and whom to call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from careloom.cases.kinds import CaseKind
from careloom.console.handbook import sections
from careloom.console.house import House
from careloom.console.rights import Right
from careloom.console.visiting import Page, Visit
from careloom.flows import Flow


async def _runbook(visit: Visit) -> Response:
    house = visit.house
    return visit.show(
        "runbook.html", title="Runbook", sections=sections(), kinds=_kinds(house), flows=_flows(house),
        contacts=house.contacts, systems=house.systems,
    )  # fmt: skip


def _kinds(house: House) -> Mapping[str, Sequence[CaseKind]]:
    """By the section that they lead to."""
    found: dict[str, list[CaseKind]] = defaultdict(list)
    for kind in house.work.reader.kinds:
        found[kind.runbook].append(kind)
    return found


def _flows(house: House) -> Mapping[str, Sequence[Flow]]:
    found: dict[str, list[Flow]] = defaultdict(list)
    for flow in house.flows:
        found[flow.runbook].append(flow)
    return found


PAGES = (Page("/runbook", Right.SEE, _runbook, "Runbook"),)
