"""The surface that integration engineers touch: a `Flow`, and four ways to hang code on it.

    intake = Flow("patient-intake", owner="patient-access", sla="2h", criticality="high")

    @intake.translates("hl7v2", "ADT^A04", "ADT^A08")
    def admissions(message: hl7v2.Message, sender: Settings) -> Iterable[CanonicalEvent] | Skip: ...

    @intake.on(RegistrationCreated)
    async def open_account(event: RegistrationCreated, erp: Odoo) -> Outcome: ...

    decided = intake.awaits(AuthorizationGranted, by=lambda event: event.authorization.identifier[0].value)

    @intake.workflow(RegistrationCreated)
    async def admit(run: Run, registration: RegistrationCreated) -> None: ...

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
from careloom.log.handling import RetryPolicy
from careloom.mapping.source import Settings
from careloom.model import CanonicalEvent
from careloom.workflow.backfill import Backfill
from careloom.workflow.declaration import DEFAULT_RETRY, E, Signal, Workflow, length_of
from careloom.workflow.schedule import Schedule

Criticality: TypeAlias = Literal["high", "normal", "low"]
Latency: TypeAlias = Literal["real-time", "batch"]
Pattern: TypeAlias = Literal["transaction", "master data", "event", "document", "report"]
Translated: TypeAlias = Iterable[CanonicalEvent] | Skip
F = TypeVar("F", bound=Callable[..., Any])


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

    `owner` runs it, `business_owner` answers for what it does. `sla` is when one event or run of it must be done, as
    `30s`, `15m`, `2h` or `1d`: our own time, without that in which a run waits for events from outside, unless the
    flow says that `waiting_counts`; `latency` says whether somebody waits for it, and `bound` how long at most. After a
    disaster it works again within `recovery_time`, and loses at most `recovery_point` (`0s`: nothing). `pattern` is
    what it moves, `system_of_record` who is right when two systems differ, `runbook` where the operators look.
    `slo` is which share of its events is handled within `bound`, and of its runs within `sla`, over which time, as
    `99.5% in 30d`; without it that of its criticality holds (`telemetry/objectives.py`).
    `money`: it moves money, so the dashboard of finance shows how it does.
    A hub refuses a flow that leaves one of them open. Raises ConfigurationError for a length of time that is none.
    """

    name: str
    owner: str
    sla: str
    criticality: Criticality = "normal"
    business_owner: str = ""
    latency: Latency = "real-time"
    bound: str = ""
    recovery_time: str = ""
    recovery_point: str = "0s"
    pattern: Pattern | None = None
    system_of_record: str = ""
    runbook: str = ""
    waiting_counts: bool = False
    slo: str = ""
    money: bool = False
    translators: list[Translator] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    workflows: list[Workflow] = field(default_factory=list)
    signals: list[Signal[Any]] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    backfills: list[Backfill] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("sla", "bound", "recovery_time", "recovery_point"):
            if written := getattr(self, name):
                self._length(name, written)  # wrong ones are found where they are written

    @property
    def sla_time(self) -> timedelta:
        """The service level as a length of time."""
        return self._length("sla", self.sla)

    def _length(self, name: str, written: str) -> timedelta:
        try:
            return length_of(written)
        except ConfigurationError:
            raise ConfigurationError(
                f"flow {self.name}: {name} is written as 30s, 15m, 2h or 1d, not {written!r}"
            ) from None

    def undeclared(self) -> list[str]:
        """What it leaves open of what everybody must be able to read of a flow."""
        asked = ("owner", "business_owner", "bound", "recovery_time", "recovery_point", "pattern", "system_of_record",
                 "runbook")  # fmt: skip
        return [name for name in asked if not getattr(self, name)]

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

    def awaits(self, event: type[E], *others: type[E], by: Callable[[E], str | None], name: str = "") -> Signal[E]:
        """Runs of this flow may wait for these events, whichever comes first; `by` gives the key that says for whom one
        is, or None."""
        signal = Signal(f"{self.name}.{name or event.__name__}", event, by, others)
        self.signals.append(signal)
        return signal

    def workflow(
        self,
        *start: type[CanonicalEvent],
        version: int = 1,
        about: Callable[[Any], Iterable[str]] | None = None,
        deadline: str | None = None,
        retry: RetryPolicy = DEFAULT_RETRY,
        retired: bool = False,
        once: Callable[[Any], str | None] | None = None,
        given: Callable[[Any], Any] | None = None,
    ) -> Callable[[Callable[..., Awaitable[Any]]], Workflow]:
        """The coroutine function is a durable run, `<flow>.<function>`, which these events begin; see `Run`.

        `once` names what there is one run for, such as an appointment, however many events could begin it; `given`
        makes of an event what the run is given. `about` gives the keys by which its runs are found and held back. With
        `retired` no new run begins on it: it is kept for those that run on this version.
        """

        def register(function: Callable[..., Awaitable[Any]]) -> Workflow:
            made = Workflow(
                name=f"{self.name}.{function.__name__}",
                function=function,
                start=start,
                version=version,
                owner=self.owner,
                criticality=self.criticality,
                about=about,
                sla=self.sla_time,
                waiting_counts=self.waiting_counts,
                deadline=None if deadline is None else length_of(deadline),
                retry=retry,
                retired=retired,
                once=once,
                given=given,
            )
            self.workflows.append(made)
            return made

        return register

    def schedule(self, name: str, cron: str, workflow: Workflow, **others: Any) -> Schedule:
        """Begin runs of a workflow by the clock; `others` are those of `Schedule`: timezone, given, calendar, window,
        catch_up. Raises ConfigurationError for what cannot be."""
        made = Schedule(f"{self.name}.{name}", cron, workflow, **others)
        self.schedules.append(made)
        return made

    def backfill(
        self, name: str, workflow: Workflow, *, key: Callable[[Any], str], subject: Callable[[Any], str], **others: Any
    ) -> Backfill:
        """Runs of a workflow that people begin for many items at once (`careloom workflow backfill begin`), after what
        is live; `others` are those of `Backfill`: source, given, query, rate."""
        made = Backfill(f"{self.name}.{name}", workflow, key, subject, **others)
        self.backfills.append(made)
        self.workflows.append(made.process)
        return made


__all__ = ["Criticality", "Flow", "Latency", "Pattern", "Reaction", "Schedule", "Translated", "Translator"]
