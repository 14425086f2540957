"""Connects the systems of a configuration, whatever their kinds are."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.core.receipts import Intake
from careloom.gateway.services import HttpIntake
from careloom.hub.configuration import Configuration
from careloom.hub.sources import source_of
from careloom.hub.storage import Storage
from careloom.hub.surroundings import LogHistory, surroundings
from careloom.log.keyring import Keyring
from careloom.systems.registry import kinds
from careloom.systems.seam import Connection, Endpoint, TakesMessages


def open_systems(
    configuration: Configuration,
    store: Storage,
    intake: Intake,
    clock: Clock,
    new_id: IdFactory,
    stack: AsyncExitStack,
    keyring: Keyring | None = None,
) -> dict[str, Connection]:
    """Every system's connection by name, none of them started; closed with the stack. `keyring` is that of the log,
    where one is open."""
    known = kinds(configuration.base)
    history = LogHistory(store, keyring or Keyring(store.master))
    opened: dict[str, Connection] = {}
    for system in configuration.systems.values():
        source = source_of(configuration, system.name)
        around = surroundings(system.name, store, history, intake, clock, new_id, configuration.base, source)
        made = known[system.kind].connect(system.settings, around)
        stack.push_async_callback(made.close)
        opened[system.name] = made
    return opened


def http_intakes(systems: Mapping[str, object]) -> dict[str, HttpIntake]:
    """What HL7 v2 may be posted to the gateway: for every inbound system, whichever way it usually sends."""
    return {
        name: HttpIntake(recogniser=system.recogniser, max_message=system.max_message, principals=system.principals)
        for name, system in systems.items()
        if isinstance(system, TakesMessages)
    }


def endpoints(systems: Mapping[str, object]) -> dict[str, Endpoint]:
    """What answers HTTP requests by itself."""
    return {name: system for name, system in systems.items() if isinstance(system, Endpoint)}
