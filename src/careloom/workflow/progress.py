"""How far the loops of a run are, for who looks on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.workflow.standing import Shown

_SQL = queries("runs")


@dataclass(frozen=True, slots=True)
class Progress(Shown):
    """One loop. `total` is None where nobody knows it, `pace` (items a second, lately) before the first chunk."""

    path: str
    name: str
    done: int
    aside: int
    total: int | None
    pace: float | None
    began: datetime
    changed: datetime
    ended: bool

    @property
    def seconds_left(self) -> float | None:
        """How long it still takes at this pace, where that is known."""
        if self.ended:
            return 0.0
        if self.total is None or not self.pace:
            return None
        return max(0, self.total - self.done - self.aside) / self.pace

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with `seconds_left`."""
        return {**Shown.as_dict(self), "seconds_left": self.seconds_left}


async def progress_of(database: Database, run: UUID) -> list[Progress]:
    """The loops of a run that have begun, the first to begin first."""
    async with database.acquire() as connection:
        rows = await connection.fetch(_SQL.progress, run)
    return [
        Progress(
            row["path"], row["name"], row["done"], row["aside"], row["total"], row["pace"], row["began"],
            row["changed"], row["state"] != "going",
        )
        for row in rows
    ]  # fmt: skip
