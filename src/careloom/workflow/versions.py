"""What a deploy would strand: the runs that have not ended, beside the code as it is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloom.store.sql import queries
from careloom.workflow.declaration import Workflow
from careloom.workflow.errors import NoSuchRun
from careloom.workflow.rehearsal import rehearse
from careloom.workflow.standing import plain
from careloom.workflow.surroundings import Surroundings

_SQL = queries("runs")
MOST: Final = 1_000
CURRENT, OLDER, CHANGED, MISSING = "current", "older", "changed", "missing"


@dataclass(frozen=True, slots=True)
class VersionStanding:
    """The unfinished runs on one code of one version, and how they fare with the code that is here.

    `code` is `current`; `older`: the same code, and new runs begin on a newer version; `changed`: other code under the
    same version; `missing`: no such version. Of changed code up to `MOST` runs, the oldest, were `replayed`: `stranded`
    of them would stop, `example` at `difference`. Of a missing one all would.
    """

    workflow: str
    version: int
    fingerprint: str
    runs: int
    oldest: datetime
    code: str
    replayed: int = 0
    stranded: int = 0
    example: UUID | None = None
    difference: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        made: dict[str, Any] = plain({name: getattr(self, name) for name in self.__slots__})
        return made


async def compare(around: Surroundings, most: int = MOST) -> Sequence[VersionStanding]:
    """By workflow and version. Reads and replays only: nothing is done, nothing changes."""
    async with around.store.database.acquire() as connection:
        rows = await connection.fetch(_SQL.codes)
    return [await _compared(around, row, most) for row in rows]


async def _compared(around: Surroundings, row: Any, most: int) -> VersionStanding:
    name, version, fingerprint = row["workflow"], row["version"], row["code"]
    workflow = around.registry.of(name, version)
    known = (name, version, fingerprint, row["runs"], row["oldest"])
    if workflow is None:
        return VersionStanding(
            *known, MISSING, stranded=row["runs"], difference=f"there is no {name} version {version}"
        )
    if workflow.code == fingerprint:
        return VersionStanding(*known, CURRENT if around.registry.current(name) is workflow else OLDER)
    async with around.store.database.acquire() as connection:
        ids = [one["id"] for one in await connection.fetch(_SQL.runs_on, name, version, fingerprint, most)]
    strands = [(run, why) for run in ids if (why := await _strands(around, run, workflow)) is not None]
    example, difference = strands[0] if strands else (None, None)
    return VersionStanding(*known, CHANGED, len(ids), len(strands), example, difference)


async def _strands(around: Surroundings, run: UUID, workflow: Workflow) -> str | None:
    try:
        found = await rehearse(await around.store.load(run), workflow, around)
    except NoSuchRun:
        return None  # it ended just now, or whom it was about was erased: no code strands it
    return None if found.difference is None else str(found.difference)
