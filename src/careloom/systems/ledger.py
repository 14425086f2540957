"""What we last sent for each external id, so that rows which have not changed are not sent again.

An update costs Odoo about three times an insert (6 ms a row), so this saves most of the load of a repeating feed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec


@dataclass(frozen=True, slots=True)
class Entry:
    """The record, a digest of the columns and values it last took from us, and when."""

    record_id: int
    digest: bytes
    as_of: datetime


class Ledger(Protocol):
    """Keeps entries by (system, model, external id). Losing one costs a repeated update, never a wrong one."""

    async def get_many(self, system: str, model: str, external_ids: Collection[str]) -> Mapping[str, Entry]:
        """The entries there are for these external ids."""

    async def put_many(self, system: str, model: str, entries: Mapping[str, Entry]) -> None:
        """Keep these, in place of earlier ones."""


class MemoryLedger:
    """A ledger for one process and its lifetime."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, str], Entry] = {}

    async def get_many(self, system: str, model: str, external_ids: Collection[str]) -> Mapping[str, Entry]:
        keys = ((system, model, external_id) for external_id in external_ids)
        return {key[2]: self._entries[key] for key in keys if key in self._entries}

    async def put_many(self, system: str, model: str, entries: Mapping[str, Entry]) -> None:
        self._entries |= {(system, model, external_id): entry for external_id, entry in entries.items()}


def digest(columns: Sequence[str], cells: Sequence[str], key: bytes = b"") -> bytes:
    """16 bytes that stand for a row. With a `key` nobody can find the row by guessing names and birthdays."""
    return hashlib.blake2b(msgspec.json.encode([columns, cells]), digest_size=16, key=key[:64]).digest()
