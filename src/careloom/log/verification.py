"""Recomputes the hash chains and names the first place that is not as it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from careloom.core.envelope import Position
from careloom.log.chain import Row, digest, genesis, link
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("operator")
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken_at` is None when every chain holds; else the first bad position, and what is wrong there."""

    entries: int
    broken_at: Position | None = None
    problem: str = ""


async def verify(database: Database) -> Verdict:
    """Read every lane to its end and recompute each link."""
    total = 0
    async with database.acquire() as connection:
        heads = await connection.fetch(_SQL.chain_heads)
        verdict = await _verify_lanes(connection, heads)
        if verdict is not None:
            return verdict
        for head in heads:
            verdict = await _verify_lane(connection, head)
            total += verdict.entries
            if verdict.broken_at is not None:
                return Verdict(total, verdict.broken_at, verdict.problem)
    return Verdict(total)


async def _verify_lanes(connection: Any, heads: Sequence[Any]) -> Verdict | None:
    """Whole lanes may be gone, or entries stand where no lane is."""
    for expected, head in enumerate(heads):
        if head["lane"] != expected:
            return Verdict(0, Position(expected, 0), "the lane is missing")
    span = await connection.fetchrow(_SQL.chain_span)
    for lane in (span["first"], span["last"]):
        if lane is not None and not 0 <= lane < len(heads):
            return Verdict(0, Position(lane, 0), "entries stand in a lane that does not exist")
    return None


async def _verify_lane(connection: Any, head: Any) -> Verdict:
    lane, sequence, previous = head["lane"], 0, genesis(head["lane"])
    while sequence < head["head"]:
        rows = await connection.fetch(_SQL.chain_page, lane, sequence, _PAGE)
        for row in rows[: head["head"] - sequence]:
            problem = _problem(row, sequence + 1, previous)
            if problem:
                return Verdict(sequence, Position(lane, sequence + 1), problem)
            sequence, previous = row["seq"], row["hash"]
        if not rows:
            return Verdict(sequence, Position(lane, sequence + 1), "entries are missing from here to the lane's head")
    if head["last"] > head["head"]:
        return Verdict(sequence, Position(lane, sequence + 1), "an entry stands behind the lane's head")
    if previous != head["hash"]:
        return Verdict(sequence, Position(lane, sequence), "the lane's head does not match its last entry")
    return Verdict(sequence)


def _problem(row: Any, expected: int, previous: bytes) -> str:
    if row["seq"] != expected:
        return "an entry is missing here"
    entry = Row(*(row[name] for name in Row._fields))
    if link(previous, row["lane"], row["seq"], digest(entry)) != row["hash"]:
        return "the entry or its link was altered"
    return ""
