"""The runs of a deployment in the hands of people beside the hub: read, acted on, begun; driven by the hub alone."""

from __future__ import annotations

from typing import Any

from careloom.cases.book import Cases
from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.core.ids import IdFactory
from careloom.hub.configuration import Configuration
from careloom.hub.flowlist import find_flows, find_kinds
from careloom.hub.runs import registry_of
from careloom.log.keyring import Keyring
from careloom.log.lanes import open_lanes
from careloom.log.writing import Writer
from careloom.store.database import Database
from careloom.workflow.calling import Calls
from careloom.workflow.journal import RunStore
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.telling import Teller
from careloom.workflow.work import RunWork, runwork


async def open_runwork(
    configuration: Configuration, database: Database, keyring: Keyring, clock: Clock, new_id: IdFactory
) -> RunWork:
    """Over the store of a deployment, whether its hub runs or not. Raises ConfigurationError."""
    hub = configuration.settings.hub
    flows = find_flows(hub.flows, configuration.base)
    book = Cases(clock, new_id, find_kinds(hub.flows, configuration.base))
    async with database.acquire() as connection:
        lanes = await open_lanes(connection, hub.lanes)
    teller = Teller(Writer(lanes, new_id, erased=keyring.forget), keyring, book, clock, lambda _: 0)
    store = RunStore(database, keyring, teller, clock)
    registry = registry_of(flows, configuration.settings.flows)
    around = Surroundings(store, registry, book.kinds, Calls(_nothing), clock, new_id)
    acting = [flow for flow in flows if flow.name in configuration.settings.flows]
    return runwork(around, backfills=[one for flow in acting for one in flow.backfills])


def _nothing(workflow: str, parameter: str, wanted: Any) -> object:  # noqa: ARG001
    raise ConfigurationError(f"{workflow} is driven by the hub, not here")
