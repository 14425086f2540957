"""What stands in the way of a deployment, found before the first message instead of by it."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError, Unavailable
from careloom.core.ids import Uuid7
from careloom.core.receipts import Receipt, Received, Refusal
from careloom.flows import Flow
from careloom.flows.needs import models_read, models_written
from careloom.hub.configuration import Configuration
from careloom.hub.flowlist import find_flows
from careloom.hub.lookups import make_lookups
from careloom.hub.node import subscriptions_of
from careloom.hub.storage import Storage
from careloom.hub.systems import open_systems
from careloom.systems.odoo.connector import Odoo
from careloom.systems.seam import Checked, Obstacle

# Contacts, which flows and what Odoo itself tells are about; the rest is read from the flows that act here.
NEEDS: Final[Mapping[str, Collection[str]]] = {
    "res.partner": (
        "name", "is_company", "ref", "street", "street2", "city", "zip", "state_id", "country_id", "phone", "email",
        "active",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, and what to do about it. One that stops nothing, and is good to know, is not `blocking`."""

    system: str
    problem: str
    remedy: str
    blocking: bool = True


async def findings(configuration: Configuration, store: Storage, clock: Clock, stack: AsyncExitStack) -> list[Finding]:
    """All of them; empty when nothing stands in the way."""
    new_id = Uuid7(clock)
    systems = open_systems(configuration, store, NoIntake(), clock, new_id, stack)
    subscriptions_of(configuration, store, systems, new_id)  # raises for flows that cannot be bound
    make_lookups(configuration.settings.api, systems, clock)  # raises for systems that cannot answer
    found: list[Finding] = []
    for name, system in systems.items():
        found.extend(await _of_system(name, system, bound_to(configuration, name)))
    return found


def bound_to(configuration: Configuration, system: str) -> Sequence[Flow]:
    """The flows that act here and use this system."""
    settings = configuration.settings
    acting = [flow for flow in find_flows(settings.hub.flows, configuration.base) if flow.name in settings.flows]
    return [flow for flow in acting if system in dict(settings.flows[flow.name]).values()]


async def _of_system(name: str, system: object, flows: Sequence[Flow]) -> list[Finding]:
    try:
        if isinstance(system, Odoo):
            written = {model: () for flow in flows for model in sorted(models_written(flow))}
            reads = sorted({model for flow in flows for model in models_read(flow)})
            return [_told(name, one) for one in await system.check({**written, **NEEDS}, reads)]
        if isinstance(system, Checked):
            return [_told(name, one) for one in await system.check()]
    except CareloomError as error:
        return [Finding(name, str(error), "correct this and check again")]
    return []


def _told(name: str, one: Obstacle) -> Finding:
    return Finding(name, one.problem, one.advice, getattr(one, "blocking", True))


class NoIntake:
    """Takes nothing: checking only asks."""

    def accept(self, received: Received) -> Future[Receipt]:
        """Refuse it, for whatever sends now means the hub."""
        raise Unavailable(f"{received.system}: this is a check, the hub is not running")

    def refuse(self, refusal: Refusal) -> None:
        """Drop it: the sender has been told, and sends it to the hub."""
