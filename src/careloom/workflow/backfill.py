"""Backfills: many runs begun from a query or a list, slowly, while live work goes first.

A backfill is itself a run, so it is found, held, resumed and cancelled as any other, and its progress is that of its
loop. What it begins has the urgency of a backfill too: it is driven in slots of its own, after what is live.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from careloom.log.operators import Act, audit_of
from careloom.store.sql import queries
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import RUNS, Told
from careloom.workflow.loop import Counted
from careloom.workflow.run import Run
from careloom.workflow.starting import Begun
from careloom.workflow.surroundings import BACKFILL, Beginning, Surroundings

_SQL = queries("runs")
_LOG = queries("log")


async def listed(items: list[Any], cursor: int | None, chunk: int) -> tuple[Sequence[Any], int | None]:
    """A source that gives what a backfill was begun with: its query is the list of items."""
    start, end = cursor or 0, (cursor or 0) + chunk
    return items[start:end], end if end < len(items) else None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill was begun with."""

    query: msgspec.Raw
    rate: float


@dataclass(frozen=True)
class Backfill:
    """Begins a run of `workflow` for each item that `source(query, cursor, chunk, ...)` gives (see `Run.begin_each`).

    `query` is the type of what a backfill is begun with. A flow declares it by `Flow.backfill`.
    """

    name: str
    workflow: Workflow
    key: Callable[[Any], str]
    subject: Callable[[Any], str]
    source: Callable[..., Awaitable[tuple[Sequence[Any], Any]]] = listed
    given: Callable[[Any], Any] | None = None
    query: Any = list[str]
    rate: float = 50.0

    @cached_property
    def process(self) -> Workflow:
        """The run that begins the others."""

        async def begin_all(run: Run, asked: Asked) -> Counted:
            query = msgspec.json.decode(asked.query, type=self.query)
            total = len(query) if self.source is listed else None
            return await run.begin_each(
                self.source, self.workflow, query, key=self.key, subject=self.subject, given=self.given,
                rate=asked.rate, total=total,
            )  # fmt: skip

        return Workflow(f"backfill-{self.name}", begin_all, owner=self.workflow.owner, criticality="low")

    def asked(self, query: Any, rate: float | None = None) -> Asked:
        """What it is begun with."""
        return Asked(query=msgspec.Raw(msgspec.json.encode(query)), rate=rate or self.rate)

    async def begin(
        self, around: Surroundings, query: Any, told: Told, *, rate: float | None = None, run: UUID | None = None
    ) -> Begun:
        """Begin it, at most `rate` runs a second; its run is what a `RunDesk` suspends, resumes and cancels. With the
        same `run` it is begun once."""
        id_, now, store = run or around.new_id(), around.clock.now(), around.store
        asked = self.asked(query, rate)
        subject = f"Backfill/{self.name}"
        async with store.database.acquire() as connection:
            key = (await store.keyring.ensure(connection, [subject]))[subject]
            async with connection.transaction():
                fresh = await around.write(connection, Beginning(id_, self.process, asked, key, urgency=BACKFILL))
                if fresh:
                    await connection.execute(_SQL.keep_act, around.new_id(), id_, now, told.by, "began", told.why)
                    act = Act(told.by, told.why)
                    await connection.execute(_LOG.notify, RUNS)
                    await store.teller.write(
                        connection, [audit_of("run.began.v1", act, "", [str(id_)], around.new_id(), now)]
                    )
        around.woken()
        return Begun(id_, fresh)
