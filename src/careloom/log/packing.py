"""A micro-batch as one JSON text and its bodies, which `append_messages` in the database takes apart.

One text costs a fraction of as many arrays as there are columns: the driver looks at each element of an array.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from careloom.core.receipts import Received
from careloom.log.writing import Prepared


class Claim(Protocol):
    """A message of the batch, as far as its receipt is concerned."""

    @property
    def received(self) -> Received: ...

    @property
    def fingerprint(self) -> bytes: ...


class _Entry(msgspec.Struct, gc=False):
    """`append_entry` of the migration; octets as PostgreSQL's hexadecimal form."""

    lane: int
    id: str
    kind: str
    type: str
    source: str
    token: str
    key: int
    time: datetime
    recorded: datetime
    contenttype: str
    correlation: str
    causation: str | None
    joins: int
    digest: str
    sender_key: str | None
    fingerprint: str | None
    acknowledgement: str | None


_encode = msgspec.json.Encoder().encode


def packed(prepared: Sequence[Prepared], claims: Iterable[Claim]) -> tuple[str, list[bytes]]:
    """The entries in order, and their bodies; the claims are those of the messages among them, in the same order."""
    waiting = iter(claims)
    entries = [_entry(one, next(waiting) if one.row.kind == "m" else None) for one in prepared]
    return _encode(entries).decode(), [one.row.body for one in prepared]


def _entry(prepared: Prepared, claim: Claim | None) -> _Entry:
    row = prepared.row
    return _Entry(
        prepared.lane,
        str(row.id),
        row.kind,
        row.type,
        row.source,
        str(row.token),
        row.key,
        row.time,
        row.recorded,
        row.contenttype,
        str(row.correlation),
        _text(row.causation),
        row.joins,
        _octets(prepared.digest),
        claim.received.key if claim else None,
        _octets(claim.fingerprint) if claim else None,
        _octets(claim.received.acknowledgement) if claim else None,
    )


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _octets(octets: bytes) -> str:
    return "\\x" + octets.hex()
