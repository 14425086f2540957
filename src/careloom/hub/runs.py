"""The durable runs of a hub: their engine, and what people do with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from careloom.cases.book import Cases
from careloom.cases.kinds import CaseKinds
from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.flows import Flow
from careloom.flows.binding import Bindings, StepBinder
from careloom.flows.stores import Stores
from careloom.log.handling import Subscription
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.telemetry.following import FollowedCalls, FollowedSurroundings
from careloom.telemetry.tracing import Tracer
from careloom.workflow.calendars import Calendar
from careloom.workflow.declaration import Registry
from careloom.workflow.desk import RUNS, RunDesk
from careloom.workflow.engine import Engine
from careloom.workflow.journal import RunStore
from careloom.workflow.notifying import Notifier
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.telling import Teller
from careloom.workflow.timer import Timer


@dataclass
class Runs:
    """Of one process."""

    around: Surroundings
    engine: Engine
    desk: RunDesk

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Drive them for the length of the block; what is in hand is finished."""
        driving = asyncio.get_running_loop().create_task(self.engine.run(), name="runs")
        try:
            yield
        finally:
            self.engine.stop()
            await driving


def registry_of(flows: Iterable[Flow], named: Mapping[str, Bindings]) -> Registry:
    """The workflows and signals of the flows that act here: those that the settings name."""
    acting = [flow for flow in flows if flow.name in named]
    return Registry(
        [workflow for flow in acting for workflow in flow.workflows], [one for flow in acting for one in flow.signals]
    )


def make_runs(
    flows: Sequence[Flow],
    named: Mapping[str, Bindings],
    systems: Mapping[str, object],
    stores: Stores,
    log: LogNode,
    teller: Teller,
    kinds: CaseKinds,
    clock: Clock,
    new_id: IdFactory,
    calendars: Mapping[str, Calendar],
    notifier: Notifier,
    tracer: Tracer | None = None,
) -> Runs:
    """The runs of these flows on this log. Raises ConfigurationError for two workflows of one name and version, and for
    a schedule whose calendar is not known."""
    store = RunStore(log.database, log.keyring, teller, clock)
    calls = FollowedCalls(StepBinder(named, systems, stores, notifier), tracer)
    make = Surroundings if tracer is None else FollowedSurroundings
    around = make(store, registry_of(flows, named), kinds, calls, clock, new_id)
    if isinstance(around, FollowedSurroundings) and tracer is not None:
        around.tracer = tracer
    timer = Timer(around, [one for flow in flows if flow.name in named for one in flow.schedules], calendars)
    engine = Engine(around, log.session, timer)
    log.on_notice(RUNS, engine.wake)
    return Runs(around, engine, RunDesk(around))


def teller_on(log: LogNode, book: Cases, clock: Clock, handling: Sequence[Subscription]) -> Teller:
    """Tells on behalf of runs and of the person index. `handling` are all subscriptions of the deployment, as they will
    be: who is owed the events."""

    def owed(type_: str) -> int:
        return sum(1 for one in handling if one.bank is Bank.EVENTS and one.wants(type_))

    return Teller(log.writer, log.keyring, book, clock, owed)
