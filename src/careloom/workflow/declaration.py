"""What a process declares: when it starts, which events may reach it, and how its steps are tried."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from careloom.core.errors import ConfigurationError
from careloom.log.handling import RetryPolicy
from careloom.model import CanonicalEvent, decode

E = TypeVar("E", bound=CanonicalEvent)
DEFAULT_RETRY: Final = RetryPolicy(attempts=6, first_seconds=0.5, longest_seconds=300.0)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def length_of(text: str | timedelta) -> timedelta:
    """A length of time from `30s`, `15m`, `2h` or `10d`. Raises ConfigurationError for any other text."""
    if isinstance(text, timedelta):
        return text
    number, unit = text[:-1], text[-1:]
    if not number.isdigit() or unit not in _UNITS:
        raise ConfigurationError(f"a length of time is written as 30s, 15m, 2h or 10d, not {text!r}")
    return timedelta(**{_UNITS[unit]: int(number)})


@dataclass(frozen=True)
class Signal(Generic[E]):
    """Events of one type, or of `others` with the same answer in them, that runs may wait for; `by` tells which of them
    is for whom. `by` gives None for an event that is for nobody. An event that came before a run waited for it, but
    after the run began, reaches it too."""

    name: str
    event: type[E]
    by: Callable[[E], str | None]
    others: tuple[type[E], ...] = ()

    @property
    def events(self) -> tuple[type[E], ...]:
        """All types that it takes."""
        return (self.event, *self.others)

    def kept(self, type_: str, body: bytes) -> bytes:
        """An event as a run keeps it; what was erased stays empty."""
        return type_.encode() + b" " + body if self.others and body else body

    def read(self, kept: bytes) -> E:
        """And back."""
        type_, body = self.event.type, kept
        if self.others:
            name, _, body = kept.partition(b" ")
            type_ = name.decode()
        found = decode(type_, body)
        assert isinstance(found, self.events), "the log gave another type than the signal's"
        return found


@dataclass(frozen=True)
class Workflow:
    """A process as code. `function(run, input, ...systems)` is what a run does; it is replayed, so whatever it learns
    from outside it learns by `run`.

    `start` are the events that begin a run. A run finishes on the `version` that began it: raise the version when the
    order or the names of steps change, and keep the old function as long as `careloom workflow diff` shows runs on it.
    `once` names what there is one run for, whichever event is the first and however many follow; `given` makes what the
    run is given of the event. `about` gives the keys by which runs are found: the order, the account. A run later than
    `sla` is told of, one older than `deadline` is undone. Unless `waiting_counts`, the time in which a run waits for
    events, and for nothing else, is no part of its `sla`.
    """

    name: str
    function: Callable[..., Awaitable[Any]]
    start: tuple[type[CanonicalEvent], ...] = ()
    version: int = 1
    owner: str = ""
    criticality: str = "normal"
    about: Callable[[Any], Iterable[str]] | None = None
    sla: timedelta | None = None
    deadline: timedelta | None = None
    retry: RetryPolicy = DEFAULT_RETRY
    retired: bool = False
    once: Callable[[Any], str | None] | None = None
    given: Callable[[Any], Any] | None = None
    waiting_counts: bool = True

    @cached_property
    def code(self) -> str:
        """A fingerprint of the function's source: other code, other fingerprint."""
        try:
            source = inspect.getsource(self.function)
        except (OSError, TypeError):
            source = repr(getattr(self.function, "__code__", self.function))
        return hashlib.blake2b(source.encode(), digest_size=8).hexdigest()

    @cached_property
    def input_type(self) -> Any:
        """What the second parameter of the function is annotated with."""
        hints = inspect.get_annotations(self.function, eval_str=True)
        names = list(inspect.signature(self.function).parameters)
        if len(names) < 2:
            raise ConfigurationError(f"{self.name}: a workflow takes the run and what it is about")
        return hints.get(names[1], Any)


@dataclass(frozen=True)
class Registry:
    """The workflows and signals of a deployment."""

    workflows: Sequence[Workflow] = ()
    signals: Sequence[Signal[Any]] = ()
    _by_version: dict[tuple[str, int], Workflow] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for workflow in self.workflows:
            if (workflow.name, workflow.version) in self._by_version:
                raise ConfigurationError(f"two workflows are named {workflow.name} in version {workflow.version}")
            self._by_version[workflow.name, workflow.version] = workflow
        names = [signal.name for signal in self.signals]
        if doubled := {name for name in names if names.count(name) > 1}:
            raise ConfigurationError(f"two signals are named {', '.join(sorted(doubled))}")

    def of(self, name: str, version: int) -> Workflow | None:
        """The code that a run began on; None when this deployment does not have it."""
        return self._by_version.get((name, version))

    def current(self, name: str) -> Workflow | None:
        """The newest version that new runs begin on."""
        found = [one for (known, _), one in self._by_version.items() if known == name and not one.retired]
        return max(found, key=lambda one: one.version, default=None)

    def starting(self) -> list[Workflow]:
        """The newest version of each that events begin."""
        names = {workflow.name for workflow in self.workflows}
        found = (self.current(name) for name in sorted(names))
        return [one for one in found if one is not None and one.start]

    def signal_for(self, event: type[CanonicalEvent], workflow: str) -> Signal[Any]:
        """The signal by which runs of this workflow wait for an event: that of its own flow, else the only one there
        is. Raises ConfigurationError where that leaves none, or several."""
        every = [signal for signal in self.signals if signal.events == (event,)]
        found = [signal for signal in every if _flow_of(signal.name) == _flow_of(workflow)] or every
        if len(found) != 1:
            raise ConfigurationError(
                f"{workflow} waits for {event.type}, for which {len(found)} signals fit; declare one by `awaits` of "
                "its flow, and where that has several, wait for the one that is meant"
            )
        return found[0]


def _flow_of(name: str) -> str:
    """Workflows and signals are named after their flow."""
    return name.rpartition(".")[0]
