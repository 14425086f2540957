"""The backfills of a deployment in the hands of people: begin one, see how far it is, hold it, have it go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from careloom.workflow.backfill import Backfill
from careloom.workflow.desk import RunDesk, Told, must_say
from careloom.workflow.errors import NoSuchRun, NoSuchWorkflow
from careloom.workflow.progress import Progress, progress_of
from careloom.workflow.reading import RunReader, WantedRuns
from careloom.workflow.standing import RunStanding
from careloom.workflow.starting import Begun, must_be_same, read_as, run_under


@dataclass(frozen=True, slots=True)
class BackfillStanding:
    """How far one is."""

    run: RunStanding
    loops: Sequence[Progress]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"run": self.run.as_dict(), "progress": [one.as_dict() for one in self.loops]}


@dataclass(frozen=True, slots=True)
class Backfills:
    """Those that the flows declare. Raises NoSuchWorkflow and NoSuchRun; then nothing has changed."""

    desk: RunDesk
    reader: RunReader
    known: Sequence[Backfill] = ()

    async def begin(
        self, name: str, body: bytes, told: Told, *, rate: float | None = None, key: str | None = None
    ) -> Begun:
        """Begin one. `body` is JSON for what its query takes: a list of items, unless it has a source of its own.

        With a `key` a repeat gives the same run. Raises FormatError for want of a reason and for a query that it does
        not take, AlreadyBegun for a key that was used for another query.
        """
        must_say(told)
        one = self._called(name)
        query = read_as(one.query, body, one.name)
        run = None if key is None else run_under(key, one.process.name, told.by)
        begun = await one.begin(self.desk.around, query, told, rate=rate, run=run)
        if not begun.fresh:
            await must_be_same(self.desk, begun.run, one.process, one.asked(query, rate))
        return begun

    async def list(self, limit: int = 20) -> Sequence[BackfillStanding]:
        """Of each that is declared the last to begin, at most so many."""
        found = [await self.reader.page(WantedRuns(one.process.name), None, limit) for one in self.known]
        return [await self._standing(run) for page in found for run in page.runs]

    async def one(self, run: UUID) -> BackfillStanding:
        """How far it is."""
        return await self._standing(await self._run(run))

    async def hold(self, run: UUID, told: Told) -> None:
        """No further run is begun; those that were begun go on."""
        await self._run(run)
        await self.desk.suspend(run, told)

    async def resume(self, run: UUID, told: Told) -> None:
        """Have it go on where it was held."""
        await self._run(run)
        await self.desk.resume(run, told)

    def _called(self, name: str) -> Backfill:
        for one in self.known:
            if one.name == name:
                return one
        known = ", ".join(sorted(one.name for one in self.known)) or "none"
        raise NoSuchWorkflow(f"no flow that acts here declares a backfill of this name; there are: {known}")

    async def _run(self, run: UUID) -> RunStanding:
        found = await self.reader.one(run)
        if found.workflow not in {one.process.name for one in self.known}:
            raise NoSuchRun(f"run {run} is no backfill; `careloom workflow backfill progress` shows those that are")
        return found

    async def _standing(self, run: RunStanding) -> BackfillStanding:
        return BackfillStanding(run, await progress_of(self.desk.around.store.database, run.id))
