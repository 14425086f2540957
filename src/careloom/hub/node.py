"""A running node: everything a configuration asks for, started in order and stopped in the reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.trace import SpanProcessor
from starlette.applications import Starlette

from careloom.cases.book import Cases
from careloom.cases.recording import Recorder
from careloom.cases.resolving import Resolver
from careloom.cases.work import Casework, casework
from careloom.console.visiting import BASE
from careloom.core.clock import Clock, SystemClock
from careloom.core.errors import CareloomError, ConfigurationError
from careloom.core.ids import IdFactory, Uuid7
from careloom.flows.binding import needs_systems, subscriptions
from careloom.flows.forwarding import forwarding
from careloom.flows.resolution import Resolution
from careloom.flows.routing import Table, routing
from careloom.flows.steps.refusals import Refusals, ToldOnce
from careloom.flows.stores import Stores
from careloom.flows.translation import translation
from careloom.gateway.app import create_app
from careloom.gateway.journal import LogJournal
from careloom.gateway.server import serve
from careloom.gateway.services import Services
from careloom.hub.alarms import Alarms
from careloom.hub.alerts import alerts_of
from careloom.hub.calendars import calendars_of
from careloom.hub.calls import CallAudit
from careloom.hub.cards import Cards
from careloom.hub.configuration import Configuration
from careloom.hub.flowlist import find_flows, find_kinds
from careloom.hub.governance import authority_of
from careloom.hub.identity import index_of
from careloom.hub.invalidation import Invalidation
from careloom.hub.keys import ApiKeys, cancel
from careloom.hub.lookups import make_lookups
from careloom.hub.measuring import Telemetry, open_telemetry
from careloom.hub.noticing import make_notifier
from careloom.hub.outages import Outages, outages_of
from careloom.hub.pages import codework, console_of, people_of, senders_of
from careloom.hub.polling import Polling
from careloom.hub.publishers import Publishers
from careloom.hub.retention import Retention
from careloom.hub.runs import Runs, make_runs, registry_of, teller_on
from careloom.hub.sections import RouteSection
from careloom.hub.silences import silences_of
from careloom.hub.sources import sources_of
from careloom.hub.status import StatusBoard
from careloom.hub.storage import Storage, storage
from careloom.hub.surroundings import SystemMemory
from careloom.hub.systems import endpoints, http_intakes, open_systems
from careloom.identity.crosswalk.imports import ProposalResolver
from careloom.identity.crosswalk.ledger import NOTICE as CROSSWALK
from careloom.identity.index.answering import QuestionResolver
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.teaching import Teaching
from careloom.log.handling import Subscription
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.log.operators import Operators
from careloom.log.ports import stored_id
from careloom.systems.seam import Connection, Listening, Polled, Target
from careloom.telemetry.silence import Silences
from careloom.workflow.desk import RunResolver
from careloom.workflow.feeding import feeding
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.work import runwork


@dataclass(slots=True)
class Node:
    """What a running hub consists of. `ports` are where it listens, by system name; the API as `api`. `welcome` is the
    token of the first administrator's link, where nobody can sign in yet."""

    store: Storage
    log: LogNode
    keys: ApiKeys
    operators: Operators
    status: StatusBoard
    systems: Mapping[str, Connection]
    subscriptions: Sequence[Subscription]
    alarms: Alarms
    retention: Retention
    work: Casework
    cards: Cards
    runs: Runs
    telemetry: Telemetry
    silences: Silences
    outages: Outages
    persons: PersonIndex
    teaching: Teaching
    ports: dict[str, int] = field(default_factory=dict)
    welcome: str | None = None


@asynccontextmanager
async def running_node(
    configuration: Configuration,
    *,
    clock: Clock | None = None,
    new_id: IdFactory | None = None,
    spans: SpanProcessor | None = None,
) -> AsyncIterator[Node]:
    """A hub for the length of the block. Listeners stop first, then the workers finish, the store closes last.

    `spans` gets what is traced in place of the collector of the settings.
    """
    clock = clock or SystemClock()
    new_id = new_id or Uuid7(clock, stored_id)
    hub = configuration.settings.hub
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(storage(configuration, own=True))
        node = await _assemble(configuration, store, clock, new_id, stack, listens=True, spans=spans)
        await stack.enter_async_context(_working(node, here=hub.work and hub.processes == 1))
        await _listen(configuration, node, clock, stack)
        yield node


@asynccontextmanager
async def working_node(configuration: Configuration) -> AsyncIterator[Node]:
    """A process beside a hub that shares its store and only works: no listeners, no API."""
    clock = SystemClock()
    new_id = Uuid7(clock, stored_id)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(storage(configuration, own=False, start=False))
        node = await _assemble(configuration, store, clock, new_id, stack, listens=False)
        await stack.enter_async_context(_working(node, here=True))
        yield node


@asynccontextmanager
async def _working(node: Node, *, here: bool) -> AsyncIterator[None]:
    node.log.start(node.subscriptions if here else (), wanted=node.subscriptions)
    telling = asyncio.get_running_loop().create_task(node.cards.keep_fresh(), name="cards")
    counting = asyncio.get_running_loop().create_task(node.telemetry.keep_counting(), name="counts")
    try:
        async with node.runs.working() if here else nullcontext():
            yield
    finally:
        await cancel(telling)
        await node.cards.withdraw()
        await node.log.close()
        await cancel(counting)
        await node.telemetry.hand_on()


async def _assemble(
    configuration: Configuration,
    store: Storage,
    clock: Clock,
    new_id: IdFactory,
    stack: AsyncExitStack,
    *,
    listens: bool,
    spans: SpanProcessor | None = None,
) -> Node:
    settings = configuration.settings
    cases = Cases(clock, new_id, find_kinds(settings.hub.flows, configuration.base))
    log = await LogNode.open(store.database, store.master, cases, clock, new_id, lanes=settings.hub.lanes)
    keys = ApiKeys(store.database, clock, new_id)
    flows = find_flows(settings.hub.flows, configuration.base)
    telemetry = open_telemetry(configuration, flows, log, clock, stack, spans)
    systems = open_systems(configuration, store, log.intake, clock, new_id, stack, log.keyring)
    handling: list[Subscription] = []
    teller = teller_on(log, cases, clock, handling)
    index = index_of(settings.identity, settings.authority, store.database, store.master, cases, teller, clock, new_id)
    stack.push_async_callback(index.close)
    refusals = ToldOnce(store.database, Recorder(log.keyring, cases, clock, new_id), clock)
    stores = stores_of(configuration, store, clock, index, refusals)
    log.on_notice(CROSSWALK, stores.crosswalk.forget)
    calendars = calendars_of(settings.calendars)
    notifier = make_notifier(configuration, store, systems, clock)
    runs = make_runs(
        flows,
        settings.flows,
        systems,
        stores,
        log,
        teller,
        cases.kinds,
        clock,
        new_id,
        calendars,
        notifier,
        telemetry.tracer,
    )
    asked = subscriptions_of(configuration, store, systems, new_id, runs.around, stores, index)
    asked += alerts_of(configuration, notifier, telemetry.tally, clock, stack)
    made = telemetry.followed(asked)
    handling.extend(made)
    resolvers: list[Resolver] = [
        RunResolver(log.keyring, settings.approvals.for_ballots()),
        ProposalResolver(store.database, clock, new_id),
        QuestionResolver(index),
    ]
    work = casework(store.database, log.keyring, cases, clock, new_id, resolvers)
    works = settings.hub.work and settings.hub.processes == 1
    # A process that works nothing calls nobody: the breakers it has say nothing.
    cards = Cards(systems, lambda name: SystemMemory(name, store, clock), clock, works=works or not listens)
    status = StatusBoard(store.database, clock, systems if works else {}, made, lambda: cards.standings)
    return Node(
        store=store,
        log=log,
        keys=keys,
        operators=Operators(store.database, log.writer, log.keyring, cases, clock, new_id),
        status=status,
        systems=systems,
        subscriptions=made,
        alarms=Alarms(store.database, work.recorder, clock),
        work=work,
        retention=Retention(
            store.database,
            clock,
            attempts_days=settings.store.keep_attempts_days or None,
            calls_days=settings.store.keep_calls_days or None,
            answers_days=settings.store.keep_answers_days or None,
            notices_days=settings.store.keep_notices_days or None,
            runs_days=settings.store.keep_runs_days or None,
        ),
        cards=cards,
        runs=runs,
        telemetry=telemetry,
        persons=index,
        teaching=Teaching(index, store.database, clock),
        silences=silences_of(configuration, store, work.recorder, clock, systems, calendars, telemetry),
        outages=outages_of(settings.telemetry, store, work.recorder, clock, status, made),
    )


def stores_of(
    configuration: Configuration,
    store: Storage,
    clock: Clock | None = None,
    index: PersonIndex | None = None,
    refusals: Refusals | None = None,
) -> Stores:
    """The tables that flows use, with what the settings say of them."""
    settings = configuration.settings
    return Stores(
        store.database,
        store.master,
        clock=clock,
        authority=authority_of(settings.authority),
        answers_approved_by=settings.crosswalk.answers_approved_by,
        persons=index,
        refusals=refusals,
    )


def subscriptions_of(
    configuration: Configuration,
    store: Storage,
    systems: Mapping[str, object],
    new_id: IdFactory,
    runs: Surroundings | None = None,
    stores: Stores | None = None,
    index: PersonIndex | None = None,
) -> list[Subscription]:
    """All of a deployment. Without `runs` those that begin runs are named too, and cannot be worked."""
    settings = configuration.settings
    flows = find_flows(settings.hub.flows, configuration.base)
    stores = stores or stores_of(configuration, store)
    resolution = Resolution(index) if index is not None and settings.identity.enabled else None
    made = [translation(flows, new_id, sources_of(configuration), resolution)]
    for flow in flows:
        if flow.name in settings.flows or not needs_systems(flow):
            made.extend(subscriptions(flow, settings.flows.get(flow.name, {}), systems, stores))
    for name, delivery in settings.deliveries.items():
        target = _target(f"deliveries.{name}.system", systems.get(delivery.system))
        slots = _target_slots(configuration, delivery.system)
        made.append(forwarding(name, delivery.events, target, slots, delivery.system))
    for name, route in settings.routes.items():
        made.append(_routing(name, route, systems))
    made.extend(feeding(registry_of(flows, settings.flows), runs))
    return made


def _routing(name: str, route: RouteSection, systems: Mapping[str, object]) -> Subscription:
    rules = tuple(rule.for_routing() for rule in route.rules)
    targets = {rule.to: _target(f"routes.{name}", systems.get(rule.to)) for rule in rules if rule.to}
    return routing(Table(name=name, events=route.events, rules=rules, owner=route.owner), targets)


def _target_slots(configuration: Configuration, system: str) -> int:
    """As many events at a time as the target has connections."""
    return int(getattr(configuration.systems[system].settings, "connections", 1))


def _target(path: str, system: object | None) -> Target:
    if not isinstance(system, Target):
        raise ConfigurationError(f"{path}: this system takes no events; name one that does")
    return system


async def _listen(configuration: Configuration, node: Node, clock: Clock, stack: AsyncExitStack) -> None:
    await node.keys.refresh()
    await node.status.refresh()
    forever: list[Coroutine[Any, Any, None]] = [
        node.keys.keep_fresh(),
        node.status.keep_fresh(),
        node.alarms.keep_looking(),
        node.work.escalations.keep_looking(),
        node.retention.keep_looking(),
        node.silences.keep_looking(),
        node.outages.keep_looking(),
    ]
    if configuration.settings.identity.enabled:
        forever.append(node.teaching.keep_looking())
    for background in forever:
        stack.push_async_callback(cancel, asyncio.get_running_loop().create_task(background))
    for name, system in node.systems.items():
        if isinstance(system, Listening):
            await system.start()
            stack.push_async_callback(system.close)
            if port := getattr(system, "port", 0):
                node.ports[name] = port
    polling = Polling(
        {name: system for name, system in node.systems.items() if isinstance(system, Polled)},
        node.store.database,
        clock,
    )
    polling.start()
    stack.push_async_callback(polling.close)
    api = configuration.settings.api
    if api.enabled:
        services = await _services(configuration, node, clock, stack)
        pages = await _console(configuration, node, services, clock) if api.console else {}
        serving = await serve(create_app(services, pages), api.host, api.port)
        stack.push_async_callback(serving.close)
        node.ports["api"] = serving.port


async def _services(configuration: Configuration, node: Node, clock: Clock, stack: AsyncExitStack) -> Services:
    """What the gateway needs; its background work ends with the stack, after the gateway."""
    api, database = configuration.settings.api, node.store.database
    audit = CallAudit(database, clock)
    stack.push_async_callback(_write_last, audit)
    stack.push_async_callback(cancel, asyncio.get_running_loop().create_task(audit.keep_writing()))
    lookups = make_lookups(api, node.systems, clock)
    stack.push_async_callback(lookups.close)
    invalidation = Invalidation(lookups, database, node.log.lanes, clock)
    stack.push_async_callback(cancel, asyncio.get_running_loop().create_task(invalidation.keep_looking()))
    readers = [one for one in node.subscriptions if one.bank is Bank.EVENTS]
    return Services(
        intake=node.log.intake,
        keys=node.keys,
        systems=http_intakes(node.systems),
        status=node.status.as_dict,
        clock=clock,
        endpoints=endpoints(node.systems),
        scopes=node.keys.scopes,
        limits=api.limits,
        audit=node.telemetry.counted(audit.record),
        publishing=Publishers(api.publishers),
        journal=LogJournal(database, node.log.keyring, node.log.lanes),
        consumers=lambda type_: [one.name for one in readers if one.wants(type_)],
        lookups=lookups,
        cases=node.work,
        runs=runwork(node.runs.around, node.runs.desk),
        persons=node.persons if configuration.settings.identity.enabled else None,
        codes=codework(configuration, database, node.work, clock),
        metrics=node.telemetry.page(node.status.as_dict),
        metrics_open=node.telemetry.is_open,
        traced=node.telemetry.tracer is not None,
    )


async def _console(
    configuration: Configuration, node: Node, services: Services, clock: Clock
) -> Mapping[str, Starlette]:
    """The pages, and the way in for the first person."""
    people = people_of(node.store.database, node.work, clock, Uuid7(clock, stored_id))
    node.welcome = await people.first_link()
    assert services.runs is not None, "a hub has its runs"
    made = console_of(
        configuration, node.store.database, node.log.keyring, people, node.work, services.runs, node.operators,
        node.subscriptions, node.status.as_dict, clock, senders=senders_of(node.systems),
        persons=node.persons,
    )  # fmt: skip
    return {BASE: made}


async def _write_last(audit: CallAudit) -> None:
    with suppress(CareloomError):
        await audit.write()
