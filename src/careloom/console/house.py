"""What pages read and act on, handed in by whoever starts the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from careloom.cases.work import Casework
from careloom.console.people import People
from careloom.console.shelf import Shelf
from careloom.core.clock import Clock
from careloom.flows import Flow
from careloom.identity.crosswalk.work import Codework
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.together import QuestionSets
from careloom.log.handling import Subscription
from careloom.log.keyring import Keyring
from careloom.log.operators import Operators
from careloom.store.database import Database
from careloom.workflow.work import RunWork


class Contact(Protocol):
    """Whom to call at the vendor of a system."""

    @property
    def vendor(self) -> str: ...

    @property
    def phone(self) -> str: ...

    @property
    def mail(self) -> str: ...

    @property
    def hours(self) -> str: ...


@dataclass(frozen=True, slots=True)
class House:
    """The running hub as pages see it. All lists come from it, none is written down here.

    `status` gives what `careloom status` shows; `systems` are the kinds of the configured systems by name, `senders`
    those from which something may come, `addresses` where those answer that have a URL. `persons` is
    the index of who is who, None where none is kept; `questions` are its questions that are answered
    together; `codes` is the crosswalk, `contacts` the vendors of systems.
    """

    name: str
    database: Database
    keyring: Keyring
    clock: Clock
    people: People
    work: Casework
    runs: RunWork
    operators: Operators
    flows: Sequence[Flow]
    subscriptions: Sequence[Subscription]
    systems: Mapping[str, str]
    status: Callable[[], dict[str, Any]]
    senders: frozenset[str] = frozenset()
    addresses: Mapping[str, str] = field(default_factory=dict)
    persons: PersonIndex | None = None
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    questions: QuestionSets | None = None
    codes: Codework | None = None
    shelf: Shelf = field(default_factory=Shelf)
