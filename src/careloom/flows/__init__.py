"""The surface that integration engineers touch: a `Flow`, and three ways to hang code on it.

    intake = Flow("patient-intake", owner="patient-access", sla="2h", criticality="high")

    @intake.translates("hl7v2", "ADT^A04", "ADT^A08")
    def admissions(message: hl7v2.Message, sender: Settings) -> Iterable[CanonicalEvent] | Skip: ...

    @intake.on(RegistrationCreated)
    async def open_account(event: RegistrationCreated, erp: Odoo) -> Outcome: ...

A handler's parameters are filled by their annotation: the event's class gives the event, `Recorded` the envelope around
it, `Stores` our own tables, and the class of a connector the system that the settings bind to the parameter's name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeAlias, TypeVar

from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import Outcome, Skip
from careloom.mapping.source import Settings
from careloom.model import CanonicalEvent

Criticality: TypeAlias = Literal["high", "normal", "low"]
Translated: TypeAlias = Iterable[CanonicalEvent] | Skip
F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Translator:
    """Makes canonical events of messages. `types` are message types of the format; `ADT` covers every `ADT^...`."""

    format: str
    types: tuple[str, ...]
    function: Callable[[Any, Settings], Translated]


@dataclass(frozen=True, slots=True)
class Reaction:
    """Handles canonical events, in order per subject."""

    name: str
    events: tuple[type[CanonicalEvent], ...]
    function: Callable[..., Awaitable[Outcome]]
    concurrency: int


@dataclass(frozen=True)
class Flow:
    """One business process: who owns it, how fast it must be, and the code that does it.

    `sla` is written as `30s`, `15m`, `2h` or `1d`. Raises ConfigurationError for any other.
    """

    name: str
    owner: str
    sla: str
    criticality: Criticality = "normal"
    translators: list[Translator] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)

    def __post_init__(self) -> None:
        _ = self.sla_time  # wrong ones are found where they are written

    @property
    def sla_time(self) -> timedelta:
        """The service level as a length of time."""
        number, unit = self.sla[:-1], self.sla[-1:]
        if not number.isdigit() or unit not in _UNITS:
            raise ConfigurationError(f"flow {self.name}: sla is written as 30s, 15m, 2h or 1d, not {self.sla!r}")
        return timedelta(**{_UNITS[unit]: int(number)})

    def translates(self, format: str, *types: str) -> Callable[[F], F]:
        """The function makes events of these messages; it only computes, and says Skip(reason) for what it drops.

        It is given the parsed message and what is known of how its sender writes (`careloom.mapping.source.Settings`).
        """

        def register(function: F) -> F:
            self.translators.append(Translator(format, types, function))
            return function

        return register

    def on(self, *events: type[CanonicalEvent], concurrency: int = 64) -> Callable[[F], F]:
        """The coroutine function handles these events as a subscription of its own, `<flow>.<function>`.

        It runs for up to `concurrency` subjects at a time, and for one subject in order.
        """

        def register(function: F) -> F:
            name = f"{self.name}.{function.__name__}"
            self.reactions.append(Reaction(name, events, function, concurrency))
            return function

        return register


__all__ = ["Criticality", "Flow", "Reaction", "Translated", "Translator"]
