"""Begins the runs of schedules when they are due; kept by the engine of the node that owns lane 0.

That two nodes believe so for a moment harms nothing: the run of a due time has one id, and what was handled is read and
written under one lock.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from careloom.core.errors import ConfigurationError, TransientError
from careloom.log.ports import Connection, NewCase
from careloom.log.steps import place_of
from careloom.security.sealing import DataKey
from careloom.store.sql import queries
from careloom.workflow.calendars import Calendar
from careloom.workflow.schedule import Schedule
from careloom.workflow.surroundings import Beginning, Surroundings

_SQL = queries("schedules")
_log = logging.getLogger(__name__)
AT_ONCE: Final = 100
"""Due times that are made up for in one transaction."""
_AGAIN: Final = timedelta(minutes=1)


class Timer:
    """The schedules of a deployment. Raises ConfigurationError for two of one name, for an unknown calendar, and for a
    workflow that the deployment does not have."""

    def __init__(
        self, around: Surroundings, schedules: Sequence[Schedule], calendars: Mapping[str, Calendar] | None = None
    ) -> None:
        self._around = around
        self._schedules = {one.name: one for one in schedules}
        if len(self._schedules) < len(schedules):
            raise ConfigurationError("two schedules have one name; rename one of them")
        for one in schedules:
            if around.registry.of(one.workflow.name, one.workflow.version) is None:
                raise ConfigurationError(f"schedule {one.name}: there is no workflow {one.workflow.name}; register it")
        self.times = {one.name: one.times(calendars or {}) for one in schedules}
        self._next: dict[str, datetime | None] | None = None

    def forget(self) -> None:
        """It is another node's now; what this one knew is void."""
        self._next = None

    async def tick(self, now: datetime) -> datetime | None:
        """Begin what is due; gives when the next is, None for never. Raises what the store raises."""
        if (following := self._next) is None:
            following = self._next = await self._enrol(now)
        for name, due in following.items():
            if due is not None and due <= now:
                following[name] = await self._attempt(self._schedules[name], now)
        return min((due for due in following.values() if due is not None), default=None)

    async def _enrol(self, now: datetime) -> dict[str, datetime | None]:
        found: dict[str, datetime | None] = {}
        async with self._around.store.database.acquire() as connection:
            for name, one in self._schedules.items():
                upto = await connection.fetchval(_SQL.enrol, name, one.fingerprint, now)
                found[name] = self.times[name].after(upto)
        return found

    async def _attempt(self, schedule: Schedule, now: datetime) -> datetime | None:
        """A schedule whose own code fails holds up no other, and no run."""
        try:
            return await self._fire(schedule, now)
        except TransientError:
            raise
        except Exception as error:
            _log.error("schedule %s could not begin a run and is tried again: %s", schedule.name, place_of(error))
            return now + _AGAIN

    async def _fire(self, schedule: Schedule, now: datetime) -> datetime | None:
        store, times = self._around.store, self.times[schedule.name]
        async with store.database.acquire() as connection:
            key = (await store.keyring.ensure(connection, [schedule.subject]))[schedule.subject]
            async with connection.transaction():
                upto = await connection.fetchval(_SQL.lock_schedule, schedule.name)
                due = list(times.between(upto, now))
                chosen = _chosen(schedule, due, now)
                for one in chosen:
                    await self._around.write(connection, _beginning(schedule, one, key, now))
                upto = await self._keep(connection, schedule, due, chosen, now) or upto
        self._around.woken()
        return times.after(upto)

    async def _keep(
        self, connection: Connection, schedule: Schedule, due: list[datetime], chosen: list[datetime], now: datetime
    ) -> datetime | None:
        """What was handled, up to when; and a case when some of it should have been long before."""
        if not due:
            return None
        upto = chosen[-1] if schedule.catch_up == "all" else due[-1]
        handled = [one for one in due if one <= upto]
        passed = [one for one in handled if one not in chosen]
        runs = [schedule.run_at(one) for one in chosen]
        await connection.execute(_SQL.keep_fires, schedule.name, chosen, runs, now)
        await connection.execute(_SQL.handled_upto, schedule.name, upto, max(passed, default=None))
        missed = [one for one in handled if now - one > schedule.length]
        if missed:
            await self._around.store.teller.write(connection, (), [_silence(schedule, missed, len(chosen))])
        return upto


def _beginning(schedule: Schedule, due: datetime, key: DataKey, now: datetime) -> Beginning:
    """What begins after its window is told of by its silence; it has as long once more."""
    late_at = (due if now - due <= schedule.length else now) + schedule.length
    run, given = schedule.run_at(due), schedule.given_at(due)
    return Beginning(run, schedule.workflow, given, key, since=due, late_at=late_at)


def _chosen(schedule: Schedule, due: list[datetime], now: datetime) -> list[datetime]:
    if schedule.catch_up == "all":
        return due[:AT_ONCE]
    last = due[-1:]
    if schedule.catch_up == "none":
        return [one for one in last if now - one <= schedule.length]
    return last


def _silence(schedule: Schedule, missed: list[datetime], begun: int) -> NewCase:
    times = f"{len(missed)} due time{'s' if len(missed) > 1 else ''}"
    reason = (
        f"nothing began at {times} of this schedule, from {missed[0]:%Y-%m-%d %H:%M} UTC on, within its window; "
        f"{begun} run{'' if begun == 1 else 's'} began now"
    )
    return NewCase(
        "silence", schedule.name, reason, owner=schedule.workflow.owner, type=schedule.workflow.name,
        criticality=schedule.workflow.criticality,
    )  # fmt: skip
