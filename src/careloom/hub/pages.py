"""The console of a hub: what its pages are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette

from careloom.cases.work import Casework
from careloom.console.app import console
from careloom.console.house import House
from careloom.console.people import People
from careloom.core.clock import Clock
from careloom.core.ids import IdFactory, Uuid7
from careloom.hub.configuration import Configuration
from careloom.hub.flowlist import find_flows
from careloom.hub.governance import authority_of
from careloom.identity.crosswalk.imports import ImportDesk
from careloom.identity.crosswalk.lookup import Crosswalk
from careloom.identity.crosswalk.work import Codework
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.together import QuestionSets
from careloom.log.handling import Subscription
from careloom.log.keyring import Keyring
from careloom.log.operators import Operators
from careloom.log.ports import stored_id
from careloom.store.database import Database
from careloom.systems.seam import Endpoint, Listening, Polled, TakesMessages
from careloom.workflow.work import RunWork


def people_of(database: Database, work: Casework, clock: Clock, new_id: IdFactory) -> People:
    """The accounts of a deployment."""
    return People(database, work.recorder, clock, new_id)


def senders_of(systems: Mapping[str, object]) -> frozenset[str]:
    """Those from which something may come."""
    ways = (Listening, Polled, Endpoint, TakesMessages)
    return frozenset(name for name, system in systems.items() if isinstance(system, ways))


def question_sets(database: Database, index: PersonIndex, work: Casework, clock: Clock) -> QuestionSets:
    """The questions of an index, to be answered together."""
    return QuestionSets(database, index.reviewing, work.desk, work.recorder, clock, Uuid7(clock, stored_id))


def codework(configuration: Configuration, database: Database, work: Casework, clock: Clock) -> Codework:
    """The crosswalk of a deployment, for people."""
    settings = configuration.settings
    desk = ImportDesk(database, work.recorder, clock, Uuid7(clock, stored_id), settings.crosswalk.approvers)
    return Codework(desk, Crosswalk(database, clock.monotonic), authority_of(settings.authority))


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
) -> Starlette:
    """The pages over these parts of a hub."""
    settings = configuration.settings
    index = persons if settings.identity.enabled else None
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
        contacts=settings.contacts,
        persons=index,
        questions=None if index is None else question_sets(database, index, work, clock),
        codes=codework(configuration, database, work, clock),
        addresses={
            name: str(url).rstrip("/")
            for name, one in configuration.systems.items()
            if (url := getattr(one.settings, "url", None))
        },
    )
    return console(house)
