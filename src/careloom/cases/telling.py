"""The events that tell of cases: raised, escalated, resolved. Each case is a subject of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal
from uuid import UUID

from careloom.cases.kinds import PRIORITIES
from careloom.core.envelope import Event
from careloom.core.ids import IdFactory
from careloom.model import (
    CanonicalEvent,
    Case,
    ExceptionEscalated,
    ExceptionRaised,
    ExceptionResolved,
    Identifier,
    Reference,
    encode,
    subject_key,
)

SOURCE: Final = "careloom"
Level = Literal["half-time", "overdue"]
_SEVERITIES: Final[Mapping[int, Literal["critical", "high", "normal", "low"]]] = MappingProxyType(
    {priority: severity for severity, priority in PRIORITIES.items()}  # type: ignore[misc]
)
_STATUS: Final[Mapping[str, Literal["open", "in-progress", "resolved", "dismissed"]]] = MappingProxyType(
    {
        "open": "open",
        "claimed": "in-progress",
        "waiting": "in-progress",
        "resolved": "resolved",
        "waived": "dismissed",
        "discarded": "dismissed",
    }
)
_UNSAID: Final = "no reason was given"


def subject_of(case: UUID) -> str:
    """The ordering key of a case, under which what belongs to it is sealed."""
    return subject_key("Case", _identifier(case))


def raised(row: Any, new_id: IdFactory) -> Event:
    """A case was opened; `row` is that of the case."""
    return _event(row, ExceptionRaised(case=_case(row), trigger=SOURCE, occurred=row["opened"]), row["opened"], new_id)


def resolved(row: Any, new_id: IdFactory) -> Event:
    """A case ended."""
    told = ExceptionResolved(case=_case(row), trigger=SOURCE, occurred=row["resolved"])
    return _event(row, told, row["resolved"], new_id)


def escalated(row: Any, new_id: IdFactory) -> Event:
    """A case has waited for half of its time, or for all of it."""
    level: Level = "half-time" if row["escalated"] < 100 else "overdue"
    told = ExceptionEscalated(case=_case(row), trigger=SOURCE, occurred=row["changed"], level=level)
    return _event(row, told, row["changed"], new_id)


def _event(row: Any, told: CanonicalEvent, now: datetime, new_id: IdFactory) -> Event:
    """Correlated by the case, not by the message: what a message owes does not grow by being told of."""
    return Event(
        id=new_id(),
        type=told.type,
        source=SOURCE,
        subject=subject_of(row["id"]),
        time=now,
        data=encode(told),
        correlation=row["id"],
        causation=row["event"] or row["message"],
    )


def _identifier(case: UUID) -> Identifier:
    return Identifier(value=str(case), assigner=SOURCE)


def _case(row: Any) -> Case:
    return Case(
        identifier=(_identifier(row["id"]),),
        kind=row["kind"],
        status=_STATUS[row["state"]],
        severity=_SEVERITIES[row["priority"]],
        reason=row["reason"] or _UNSAID,
        place=row["field"] or None,
        owner=row["owner"] or "integration",
        assignee=row["assignee"] or None,
        flow=row["run"] or row["subscription"] or None,
        regarding=_regarding(row),
        opened=_text(row["opened"]),
        due=_text(row["due"]),
        resolved=_text(row["resolved"]),
        resolution=row["resolution"] or None,
    )


def _regarding(row: Any) -> Reference | None:
    for column, kind in (("event", "Event"), ("message", "Message")):
        if row[column] is not None:
            return Reference(type=kind, identifier=Identifier(value=str(row[column]), assigner=SOURCE))
    return None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
