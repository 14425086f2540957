"""The telemetry of a node: its counters, its page of metrics, its tracer, put together from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

from opentelemetry.sdk.trace import SpanProcessor

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError, ConfigurationError
from careloom.core.secrets import Resolver
from careloom.flows import Flow
from careloom.flows.binding import needs_systems
from careloom.gateway.services import AuditEntry
from careloom.hub.configuration import Configuration, Settings
from careloom.log.handling import Subscription
from careloom.log.node import LogNode
from careloom.security.secrets import resolver
from careloom.store.database import Database
from careloom.systems.resilience import BreakerState
from careloom.telemetry.exporting import to_collector
from careloom.telemetry.exposition import Own, exposed
from careloom.telemetry.following import followed
from careloom.telemetry.objectives import Objective, bounds_of, flow_of, objectives_of
from careloom.telemetry.reading import Reader
from careloom.telemetry.tally import Labels, Tally, hand_on
from careloom.telemetry.tracing import Tracer
from careloom.telemetry.watching import CountedSteps, WatchedIntake

EVERY_SECONDS: Final = 5.0
_STATES: Final = (*(one.value for one in BreakerState), "maintenance", "disabled")


@dataclass(slots=True)
class Telemetry:
    """Of one process."""

    database: Database
    clock: Clock
    tally: Tally
    reader: Reader
    objectives: Sequence[Objective]
    tracer: Tracer | None
    is_open: bool
    is_on: bool = True
    silence: Callable[[], Mapping[Labels, float]] = field(default=dict)

    def followed(self, subscriptions: Sequence[Subscription]) -> list[Subscription]:
        """The same, in spans where there is a tracer."""
        tracer = self.tracer
        return list(subscriptions) if tracer is None else [followed(one, tracer) for one in subscriptions]

    def counted(self, audit: Callable[[AuditEntry], None]) -> Callable[[AuditEntry], None]:
        """The same audit, which counts the calls of each route too."""

        def told(entry: AuditEntry) -> None:
            self.tally.observe("api_seconds", entry.seconds, entry.route, f"{entry.status // 100}xx")
            audit(entry)

        return told

    def page(self, status: Callable[[], Mapping[str, Any]]) -> Callable[[], Awaitable[bytes]] | None:
        """What `/metrics` answers; None when it is off."""
        if not self.is_on:
            return None

        async def page() -> bytes:
            await self.hand_on()
            own = {**_of_systems(status()), "flow_objective_ratio": _of_flows(self.objectives)}
            own["silence_due_seconds"] = self.silence()
            return exposed(await self.reader.reading(), own, self.clock.now())

        return page

    async def hand_on(self) -> None:
        """Add what was counted here to the totals of the deployment; while the store is away it is kept."""
        with suppress(CareloomError, OSError):
            await hand_on(self.tally, self.database)

    async def keep_counting(self) -> None:
        """For ever."""
        while True:
            await self.clock.sleep(EVERY_SECONDS)
            await self.hand_on()


def open_telemetry(
    configuration: Configuration,
    flows: Sequence[Flow],
    log: LogNode,
    clock: Clock,
    stack: AsyncExitStack,
    spans: SpanProcessor | None = None,
) -> Telemetry:
    """From the settings; what is traced goes to `spans`, if given. Raises ConfigurationError."""
    settings = configuration.settings
    _must_be_loopback(settings)
    tally = Tally()
    objectives = objectives_of(acting(flows, settings))
    log.watch = CountedSteps(tally, clock, flow_of, bounds_of(objectives))
    tracer = _tracer(settings, resolver(configuration.base), clock, spans)
    log.intake.watch = WatchedIntake(tally, tracer)
    if tracer is not None:
        stack.push_async_callback(asyncio.to_thread, tracer.close)
    return Telemetry(
        database=log.database,
        clock=clock,
        tally=tally,
        reader=Reader(log.database, clock),
        objectives=objectives,
        tracer=tracer,
        is_open=settings.telemetry.metrics == "open",
        is_on=settings.telemetry.metrics != "off",
    )


def acting(flows: Sequence[Flow], settings: Settings) -> list[Flow]:
    """Those that do something here: they are named in the settings, or need no system."""
    return [flow for flow in flows if flow.name in settings.flows or not needs_systems(flow)]


def _tracer(settings: Settings, secrets: Resolver, clock: Clock, spans: SpanProcessor | None) -> Tracer | None:
    asked = settings.telemetry
    if not asked.traces:
        return None
    if spans is None and not asked.collector:
        raise ConfigurationError("telemetry.collector: say where traces go, or set `traces` to 0")
    key = asked.collector_key
    headers = {"authorization": f"Bearer {secrets(key)}"} if key and spans is None else {}
    return Tracer(settings.hub.name, spans or to_collector(asked.collector, headers), clock, asked.traces)


def _must_be_loopback(settings: Settings) -> None:
    if settings.telemetry.metrics != "open" or settings.api.host == "localhost":
        return
    try:
        is_here = ip_address(settings.api.host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise ConfigurationError(
            "telemetry.metrics: `open` is for an API on loopback; give the scraper a key with the scope metrics:read"
        )


def _of_systems(status: Mapping[str, Any]) -> Own:
    held: dict[Labels, float] = {}
    states: dict[Labels, float] = {}
    for name, one in status.get("systems", {}).items():
        held[name,] = float(one["retry_after"])
        for state in _STATES:
            states[name, state] = float(one["state"] == state)
    return {"breaker_held_seconds": held, "breaker_state": states}


def _of_flows(objectives: Sequence[Objective]) -> Mapping[Labels, float]:
    return {(one.flow,): one.ratio for one in objectives}
