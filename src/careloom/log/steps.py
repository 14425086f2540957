"""What handling one entry came to, in the words of the database."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

from careloom.core.envelope import Event, Kind, Position, Recorded
from careloom.core.errors import CareloomError
from careloom.core.outcomes import Category, Done, Outcome, Park, Retry, Skip
from careloom.log.handling import Handled, RetryPolicy
from careloom.security.sealing import DataKey

_LONGEST_TEXT = 2_000


_LEAST_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Item:
    """An entry to be worked, and how it stands: None when new, else its state among the parked.

    `edited` names the entry whose body stands in for its own; `row` has that body then.
    """

    position: Position
    id: UUID
    kind: Kind
    type: str
    source: str
    token: UUID
    message: UUID
    causation: UUID | None
    joins: int
    key: int
    row: Any
    state: str | None = None
    attempts: int = 0
    due: datetime | None = None
    edited: UUID | None = None

    @classmethod
    def of(cls, row: Any, *, parked: bool = False) -> Item:
        """From a row of `read_lanes` or `parked_entries`."""
        return cls(
            position=Position(row["lane"], row["seq"]),
            id=row["id"],
            kind=Kind(row["kind"]),
            type=row["type"],
            source=row["source"],
            token=row["token"],
            message=row["correlation"],
            causation=row["causation"],
            joins=row["joins"],
            key=row["key"],
            row=row,
            state=row["state"] if parked else None,
            attempts=row["attempts"] if parked else 0,
            due=row["due"] if parked else None,
            edited=row["edited"] if parked else None,
        )

    def opened(self, key: DataKey) -> Recorded:
        """The event itself; of an edited one, the edit, which was caused by it. Raises SealBroken."""
        id_ = self.edited or self.id
        subject, data = key.open(self.row["body"], id_)
        return Recorded(
            id=id_,
            kind=self.kind,
            type=self.type,
            source=self.source,
            subject=subject,
            token=self.token,
            time=self.row["time"],
            data=data,
            datacontenttype=self.row["contenttype"],
            correlation=self.message,
            causation=self.id if self.edited else self.causation,
            position=self.position,
            recorded=self.row["recorded"],
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """The entry is dealt with. `outcome` None: a join, which leaves no delivery of its own."""

    item: Item
    outcome: str | None
    attempts: int
    reference: str | None = None
    reason: str | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """The entry, and so its subject, waits. `case` and `field` are set when a person is needed."""

    item: Item
    state: str
    attempts: int
    due: datetime | None
    error: str = ""
    reason: str = ""
    field: str | None = None
    case: str | None = None
    tried: bool = False
    category: Category | None = None


Step: TypeAlias = Ended | Held


def step_of(item: Item, handled: Handled, policy: RetryPolicy, now: datetime, held_for: float) -> Step:
    """Turn an outcome into a step. While the gate is closed (`held_for` > 0) a failed attempt is not counted."""
    outcome = handled.outcome
    attempts = item.attempts + 1
    if isinstance(outcome, Done):
        reference = None if outcome.reference is None else _text(outcome.reference)
        return Ended(item, "done", attempts, reference, None, handled.events)
    if isinstance(outcome, Skip):
        return Ended(item, "skipped", attempts, None, _text(outcome.reason))
    if isinstance(outcome, Park):
        return _case(item, outcome, attempts)
    return _retry(item, outcome, attempts, policy, now, held_for)


def _retry(item: Item, outcome: Retry, attempts: int, policy: RetryPolicy, now: datetime, held_for: float) -> Step:
    if held_for > 0 or not outcome.counted:
        due = now + timedelta(seconds=max(held_for, outcome.after or _LEAST_SECONDS))
        reason = _text(outcome.reason)
        return Held(item, "retry", item.attempts, due, outcome.kind.value, reason, category=outcome.category)
    if attempts >= policy.attempts:
        reason = f"{outcome.reason} (given up after {attempts} attempts)"
        return _case(item, Park(reason, outcome.kind, category=outcome.category), attempts)
    pause = outcome.after if outcome.after is not None else policy.pause(attempts)
    due = now + timedelta(seconds=pause)
    reason = _text(outcome.reason)
    return Held(item, "retry", attempts, due, outcome.kind.value, reason, tried=True, category=outcome.category)


def _case(item: Item, outcome: Park, attempts: int) -> Held:
    return Held(
        item,
        "case",
        attempts,
        None,
        outcome.kind.value,
        _text(outcome.reason),
        None if outcome.field is None else _text(outcome.field),
        _text(outcome.case),
        tried=True,
        category=outcome.category,
    )


def _text(text: str) -> str:
    """As PostgreSQL can store it: a handler's choice of words must not stop the commit of a lane."""
    return text[:_LONGEST_TEXT].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def outcome_of(error: Exception) -> Outcome:
    """A typed error is its own outcome; anything else that escapes a handler is a bug and needs a person.

    A bug's message may quote what it choked on, so only its type and place are kept.
    """
    if isinstance(error, CareloomError):
        return error.outcome()
    return Park(f"the handler failed: {place_of(error)}", category=Category.UNKNOWN)


def place_of(error: Exception) -> str:
    """The type of an error and where it arose, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"
