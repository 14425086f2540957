"""The console of a hub: what its pages are given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette

from careloom.cases.work import Casework
from careloom.console.app import console
from careloom.console.house import House
from careloom.console.people import People
from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.hub.configuration import Configuration
from careloom.hub.flowlist import find_flows
from careloom.identity.index.index import PersonIndex
from careloom.log.handling import Subscription
from careloom.log.keyring import Keyring
from careloom.log.operators import Operators
from careloom.store.database import Database
from careloom.systems.seam import Endpoint, Listening, Polled, TakesMessages
from careloom.telemetry.silence import FeedStanding
from careloom.workflow.work import RunWork


def people_of(database: Database, work: Casework, clock: Clock, new_id: IdFactory) -> People:
    """The accounts of a deployment."""
    return People(database, work.recorder, clock, new_id)


def senders_of(systems: Mapping[str, object]) -> frozenset[str]:
    """Those from which something may come."""
    ways = (Listening, Polled, Endpoint, TakesMessages)
    return frozenset(name for name, system in systems.items() if isinstance(system, ways))


def console_of(
    configuration: Configuration,
    database: Database,
    keyring: Keyring,
    people: People,
    work: Casework,
    runs: RunWork,
    operators: Operators,
    subscriptions: Sequence[Subscription],
    status: Callable[[], dict[str, Any]],
    clock: Clock,
    senders: frozenset[str] = frozenset(),
    persons: PersonIndex | None = None,
    feeds: Callable[[], Awaitable[Sequence[FeedStanding]]] | None = None,
) -> Starlette:
    """The pages over these parts of a hub."""
    settings = configuration.settings
    systems: Mapping[str, str] = {name: one.kind for name, one in configuration.systems.items()}
    house = House(
        name=settings.hub.name,
        database=database,
        keyring=keyring,
        clock=clock,
        people=people,
        work=work,
        runs=runs,
        operators=operators,
        flows=find_flows(settings.hub.flows, configuration.base),
        subscriptions=subscriptions,
        systems=systems,
        status=status,
        senders=senders,
        persons=persons if settings.identity.enabled else None,
        feeds=feeds,
        contacts=settings.contacts,
        addresses={
            name: str(url).rstrip("/")
            for name, one in configuration.systems.items()
            if (url := getattr(one.settings, "url", None))
        },
    )
    return console(house)
