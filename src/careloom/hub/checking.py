"""What stands in the way of a deployment, found before the first message instead of by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.core.ids import Uuid7
from careloom.hub.configuration import Configuration
from careloom.hub.node import subscriptions_of
from careloom.hub.storage import Storage
from careloom.hub.systems import open_systems
from careloom.systems.odoo.connector import Odoo

# What the flows we ship write.
NEEDS: Final[Mapping[str, Collection[str]]] = {
    "res.partner": (
        "name", "is_company", "ref", "street", "street2", "city", "zip", "state_id", "country_id", "phone", "email",
        "active",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, and what to do about it."""

    system: str
    problem: str
    remedy: str


async def findings(configuration: Configuration, store: Storage, clock: Clock, stack: AsyncExitStack) -> list[Finding]:
    """All of them; empty when nothing stands in the way."""
    systems = open_systems(configuration, store, clock, stack)
    subscriptions_of(configuration, store, systems, Uuid7(clock))  # raises for flows that cannot be bound
    found: list[Finding] = []
    for name, system in systems.items():
        if isinstance(system, Odoo):
            found.extend(await _odoo(name, system))
    return found


async def _odoo(name: str, odoo: Odoo) -> list[Finding]:
    try:
        return [Finding(name, one.problem, one.advice) for one in await odoo.check(NEEDS)]
    except CareloomError as error:
        return [Finding(name, str(error), "correct this and check again")]
