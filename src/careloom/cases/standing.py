"""Cases as people see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from careloom.cases.kinds import Action, CaseKind


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as it stands. `actions` are those that its kind allows, and that whoever opened it and what waits for it
    can follow, what is suggested first; none once it has ended. `overdue` and `age_seconds` are as of when it was read.
    `cause` names the group it belongs to, `revision` grows with each change."""

    id: UUID
    kind: str
    category: str
    state: str
    priority: int
    owner: str
    assignee: str | None
    reason: str
    field: str | None
    system: str
    subscription: str | None
    run: str | None
    type: str
    event: UUID | None
    message: UUID | None
    cause: UUID
    opened: datetime
    due: datetime
    overdue: bool
    age_seconds: float
    escalated: int
    resolved: datetime | None
    resolution: str | None
    resolved_by: str | None
    asked_by: str
    resumes: str
    runbook: str
    actions: tuple[str, ...]
    revision: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON: ids and moments as text."""
        return {name: _text(value) for name, value in asdict(self).items()}


def standing(row: Mapping[str, Any], kind: CaseKind, able: frozenset[Action], now: datetime) -> Standing:
    """From a row of the case; `able` is what whatever waits for it understands."""
    ended = row["resolved"] is not None
    until = row["resolved"] or now
    return Standing(
        id=row["id"],
        kind=row["kind"],
        category=row["category"],
        state=row["state"],
        priority=row["priority"],
        owner=row["owner"],
        assignee=row["assignee"],
        reason=row["reason"],
        field=row["field"],
        system=row["system"],
        subscription=row["subscription"],
        run=row["run"],
        type=row["type"],
        event=row["event"],
        message=row["message"],
        cause=row["cause"],
        opened=row["opened"],
        due=row["due"],
        overdue=until >= row["due"],
        age_seconds=round((until - row["opened"]).total_seconds(), 3),
        escalated=row["escalated"],
        resolved=row["resolved"],
        resolution=row["resolution"],
        resolved_by=row["resolved_by"],
        asked_by=row["asked_by"],
        resumes=row["resumes"],
        runbook=kind.runbook,
        actions=() if ended else _offered(row["offers"], kind, able),
        revision=row["revision"],
    )


def _offered(offers: str, kind: CaseKind, able: frozenset[Action]) -> tuple[str, ...]:
    only = offers.split()
    return tuple(action.value for action in kind.actions if action in able and (not only or action in only))


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened to a case. `text` is what somebody wrote, or supplied: that only for those who may see
    personal data. `share` is how much of the time had passed, in percent, when it was escalated; `entry` the entry of
    the log that an edit made."""

    number: int
    at: datetime
    by: str
    what: str
    before: str | None
    after: str | None
    owner: str
    assignee: str | None
    share: int | None
    why: str
    entry: UUID | None
    text: str | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: _text(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of one cause. What is said of them is said of one, and holds for all but its numbers."""

    cause: UUID
    cases: int
    unclaimed: int
    overdue: int
    kind: str
    system: str
    subscription: str | None
    type: str
    owner: str
    field: str | None
    reason: str
    priority: int
    oldest: datetime
    due: datetime

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: _text(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many cases of a kind wait, and since when the oldest of them does."""

    kind: str
    cases: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class CasePage:
    """Some cases, and where the next ones begin: None on the last page."""

    cases: Sequence[Standing]
    after: tuple[Any, ...] | None


def _text(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value
