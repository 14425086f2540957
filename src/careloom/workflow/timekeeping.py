"""How each schedule stands: what waits within its window is no failure, what is past it is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.workflow.schedule import Schedule
from careloom.workflow.states import State
from careloom.workflow.timer import Timer

_SQL = queries("schedules")


class Stand(StrEnum):
    """How the last due time of a schedule came out, so far."""

    RESTING = "resting"  # nothing was due yet
    WAITING = "waiting"  # it is due and has not ended; its window has not either
    LATE = "late"  # it has not ended within its window
    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"  # it was passed over after an outage, as its `catch_up` says


@dataclass(frozen=True, slots=True)
class Standing:
    """`due` is the due time that this is about, `until` the end of its window, `next` the due time after now."""

    schedule: str
    stand: Stand
    due: datetime | None = None
    until: datetime | None = None
    run: UUID | None = None
    ended: datetime | None = None
    next: datetime | None = None


async def standings(database: Database, schedules: Sequence[Schedule], timer: Timer, now: datetime) -> list[Standing]:
    """How these stand, in their order; one that no node has begun to keep rests."""
    async with database.acquire() as connection:
        rows = await connection.fetch(_SQL.standing, [one.name for one in schedules])
    known = {row["name"]: row for row in rows}
    return [_standing(one, known.get(one.name), timer, now) for one in schedules]


def _standing(schedule: Schedule, row: Any, timer: Timer, now: datetime) -> Standing:
    times = timer.times[schedule.name]
    following = times.after(now)
    if row is None:
        return Standing(schedule.name, Stand.RESTING, next=following)
    unhandled = times.after(row["upto"])
    if unhandled is not None and unhandled <= now:  # no node is there to begin it
        return _open(schedule, unhandled, now, None, following)
    if row["passed"] is not None and (row["due"] is None or row["passed"] > row["due"]):
        return Standing(schedule.name, Stand.MISSED, row["passed"], row["passed"] + schedule.length, next=following)
    if row["due"] is None:
        return Standing(schedule.name, Stand.RESTING, next=following)
    if row["ended"] is None:
        return _open(schedule, row["due"], now, row["run"], following)
    stand = Stand.DONE if row["state"] == State.COMPLETED else Stand.FAILED
    until = row["due"] + schedule.length
    return Standing(schedule.name, stand, row["due"], until, row["run"], row["ended"], following)


def _open(schedule: Schedule, due: datetime, now: datetime, run: UUID | None, following: datetime | None) -> Standing:
    until = due + schedule.length
    stand = Stand.LATE if now > until else Stand.WAITING
    return Standing(schedule.name, stand, due, until, run, None, following)
