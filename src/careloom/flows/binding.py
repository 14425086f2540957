"""Gives a handler its arguments, by what its parameters are annotated with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

from careloom.core.envelope import Recorded
from careloom.core.errors import ConfigurationError
from careloom.flows import Flow, Reaction
from careloom.flows.stores import Stores
from careloom.log.handling import Gate, Handled, Subscription
from careloom.log.lanes import Bank
from careloom.model import CanonicalEvent, decode
from careloom.workflow.notifying import Notifier

Bindings = Mapping[str, str]
"""Parameter name to system name, from the settings of a flow."""


def subscriptions(
    flow: Flow, bindings: Bindings, systems: Mapping[str, object], stores: Stores
) -> Iterable[Subscription]:
    """A subscription for each reaction of a flow. Raises ConfigurationError for a parameter that nothing fits."""
    for reaction in flow.reactions:
        fixed, event_at, envelope_at = _arguments(flow, reaction, bindings, systems, stores)
        yield Subscription(
            reaction.name,
            Bank.EVENTS,
            _handler(reaction.function, fixed, event_at, envelope_at),
            types=tuple(event.type for event in reaction.events),
            gate=_gate(list(fixed.values())),
            concurrency=reaction.concurrency,
            owner=flow.owner,
            sla_seconds=flow.sla_time.total_seconds(),
            criticality=flow.criticality,
            systems=tuple(name for name, one in systems.items() if any(one is used for used in fixed.values())),
        )


def needs_systems(flow: Flow) -> bool:
    """Whether any handler wants a system, so that the flow acts only where the settings give it one.

    One with workflows always does: what their steps want is known when they are called.
    """
    ours = (Recorded, Stores)
    return bool(flow.workflows) or any(
        not _is_event(wanted) and wanted not in ours
        for reaction in flow.reactions
        for name, wanted in get_type_hints(reaction.function).items()
        if name != "return"
    )


class StepBinder:
    """Gives the steps of workflows the systems that the settings bind to their flow: a `Binder`."""

    def __init__(
        self,
        bindings: Mapping[str, Bindings],
        systems: Mapping[str, object],
        stores: Stores,
        notifier: Notifier | None = None,
    ) -> None:
        self._bindings = bindings
        self._systems = systems
        self._ours: dict[object, object] = {Stores: stores} | ({} if notifier is None else {Notifier: notifier})

    def __call__(self, workflow: str, parameter: str, wanted: Any) -> object:
        """See `Binder`."""
        if isinstance(wanted, type) and wanted in self._ours:
            return self._ours[wanted]
        flow = workflow.partition(".")[0]
        where = f"flow {flow}: a step of {workflow}({parameter})"
        return _system(flow, where, parameter, wanted, self._bindings.get(flow, {}), self._systems)


def _arguments(
    flow: Flow, reaction: Reaction, bindings: Bindings, systems: Mapping[str, object], stores: Stores
) -> tuple[dict[str, object], str | None, str | None]:
    hints = get_type_hints(reaction.function)
    fixed: dict[str, object] = {}
    event_at = envelope_at = None
    for name in inspect.signature(reaction.function).parameters:
        wanted = hints.get(name)
        if _is_event(wanted):
            event_at = name
        elif wanted is Recorded:
            envelope_at = name
        elif wanted is Stores:
            fixed[name] = stores
        else:
            where = f"flow {flow.name}: {reaction.name}({name})"
            fixed[name] = _system(flow.name, where, name, wanted, bindings, systems)
    return fixed, event_at, envelope_at


def _is_event(wanted: Any) -> bool:
    if get_origin(wanted) is Union or str(get_origin(wanted)) == "<class 'types.UnionType'>":
        return all(_is_event(one) for one in get_args(wanted))
    return isinstance(wanted, type) and issubclass(wanted, CanonicalEvent)


def _system(flow: str, where: str, name: str, wanted: Any, bindings: Bindings, systems: Mapping[str, object]) -> object:
    if not isinstance(wanted, type):
        raise ConfigurationError(f"{where}: annotate it with an event, Recorded, Stores or the class of a connector")
    if name in bindings:
        system = systems.get(bindings[name])  # None for one that only sends to us
        if not isinstance(system, wanted):
            raise ConfigurationError(f"flows.{flow}.{name}: {bindings[name]} is no {wanted.__name__}")
        return system
    fitting = [system for system in systems.values() if isinstance(system, wanted)]
    if len(fitting) != 1:
        raise ConfigurationError(
            f"{where}: {len(fitting)} systems are {wanted.__name__}; name one as flows.{flow}.{name}"
        )
    return fitting[0]


def _handler(
    function: Callable[..., Any], fixed: dict[str, object], event_at: str | None, envelope_at: str | None
) -> Callable[[Recorded], Any]:
    async def handle(recorded: Recorded) -> Handled:
        arguments = dict(fixed)
        if event_at is not None:
            arguments[event_at] = decode(recorded.type, recorded.data)
        if envelope_at is not None:
            arguments[envelope_at] = recorded
        return Handled(await function(**arguments))

    return handle


def _gate(arguments: list[object]) -> Gate:
    """Closed while the breaker of any system that the handler uses is."""
    guarded = [argument for argument in arguments if hasattr(argument, "retry_after")]

    def gate() -> float:
        return max((float(system.retry_after) for system in guarded), default=0.0)

    return gate
