"""The hash chain of a lane: link = SHA-256(previous link, lane, sequence, digest of the entry).

The digest covers the sealed body, so the chain verifies without any key, also after a subject was erased.
"""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

_FIXED = struct.Struct(">16s16s16s16sqqqhc")
_PLACE = struct.Struct(">hq")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_CAUSE = bytes(16)


def genesis(lane: int) -> bytes:
    """What the first entry of a lane links to."""
    return hashlib.sha256(b"careloom lane %d" % lane).digest()


class Row(NamedTuple):
    """An entry as the database holds it, without its place and link."""

    id: UUID
    kind: str
    type: str
    source: str
    token: UUID
    key: int
    time: datetime
    recorded: datetime
    contenttype: str
    correlation: UUID
    causation: UUID | None
    joins: int
    body: bytes


def digest(row: Row) -> bytes:
    """SHA-256 over every column of the entry. Texts are ended by NUL, which none of them may contain."""
    fixed = _FIXED.pack(
        row.id.bytes,
        row.token.bytes,
        row.correlation.bytes,
        row.causation.bytes if row.causation else _NO_CAUSE,
        row.key,
        (row.time - _EPOCH) // _MICROSECOND,
        (row.recorded - _EPOCH) // _MICROSECOND,
        row.joins,
        row.kind.encode(),
    )
    texts = f"{row.type}\0{row.source}\0{row.contenttype}\0".encode()
    return hashlib.sha256(fixed + texts + row.body).digest()


def link(previous: bytes, lane: int, sequence: int, entry: bytes) -> bytes:
    """The chain's next value, from the one before and the digest of the entry at this place."""
    return hashlib.sha256(previous + _PLACE.pack(lane, sequence) + entry).digest()
