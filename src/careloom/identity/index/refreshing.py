"""Writes what sources say newly of records where nothing of it is compared: a language, a marital status."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from careloom.identity.index.arriving import GATE, Comer
from careloom.identity.index.sealed import Seal
from careloom.identity.index.seam import Resolved
from careloom.log.ports import Connection
from careloom.store.sql import queries

_SQL = queries("persons")


async def refresh(connection: Connection, seal: Seal, comers: Sequence[Comer]) -> list[Resolved | None]:
    """Who each is, in their order; inside the caller's transaction. None for one whose record went, or of which
    something else is compared meanwhile: it asks again. Of several with one number the newest is kept."""
    wanted: dict[UUID, list[Comer]] = {}
    for comer in comers:
        wanted.setdefault(comer.number, []).append(comer)
    await connection.execute(_SQL.in_passing, GATE)
    found: dict[UUID, tuple[bytes, Resolved]] = {}
    changes: list[tuple[UUID, bytes, bytes]] = []
    for row in await connection.fetch(_SQL.contents, list(wanted)):
        id_ = row["id"]
        resolved = Resolved(row["person"], id_, seal.open_known(row["lead"], row["first"]))
        found[row["number"]] = (row["compared"], resolved)
        mine = [one for one in wanted[row["number"]] if one.compared == row["compared"]]
        newest = max(mine, key=lambda one: one.arrival.occurred, default=None)
        if newest is not None and seal.open_content(id_, row["content"]).occurred <= newest.arrival.occurred:
            content = seal.content(id_, newest.arrival.patient, newest.arrival.occurred)
            changes.append((id_, newest.digest, content))
    if changes:
        await connection.execute(_SQL.refresh, *map(list, zip(*changes, strict=True)))
    return [_answer(found.get(comer.number), comer) for comer in comers]


def _answer(found: tuple[bytes, Resolved] | None, comer: Comer) -> Resolved | None:
    return found[1] if found is not None and found[0] == comer.compared else None
