"""Who was first with a key, and what that means for each message of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from careloom.core.envelope import Position
from careloom.core.receipts import Accepted, Conflicting, Receipt, Received, Repeated


class _Stored(NamedTuple):
    id: UUID
    fingerprint: bytes
    acknowledgement: bytes


class Ledger:
    """The receipts that one batch touched. `fresh` are the ids that were claimed just now."""

    def __init__(self, fresh: set[UUID]) -> None:
        self.fresh = fresh
        self._stored: dict[tuple[str, str], _Stored] = {}

    def note(self, system: str, key: str, id_: UUID, fingerprint: bytes, acknowledgement: bytes) -> None:
        """The receipt that stands for this key."""
        self._stored[system, key] = _Stored(id_, fingerprint, acknowledgement)

    def verdict(self, received: Received, id_: UUID, fingerprint: bytes, places: Mapping[UUID, Position]) -> Receipt:
        """What to tell the sender of this message.

        A message that finds its own id stored without being fresh was committed by an earlier try whose answer
        was lost on the way: it is a repeat of itself.
        """
        if id_ in self.fresh:
            return Accepted(id_, places[id_], received.acknowledgement)
        stored = self._stored[received.system, received.key]
        if stored.fingerprint == fingerprint:
            return Repeated(stored.id, stored.acknowledgement)
        return Conflicting(stored.id)
