"""What polling has seen: the last state of every watched record, so that a change can be told by what it was before.

States lie in the connector's memory, 64 records to a key. They are kept here too, for as long as no other node has
written: each writer leaves its mark, and finds there whether another one came between.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec

from careloom.systems.seam import Memory

_WIDTH: Final = 64
_MARK: Final = "feed/mark"


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One record as it was seen: how often its state changed, when it was written, and the state."""

    revision: int
    written: str
    state: dict[str, Any]

    def differs(self, state: Mapping[str, Any]) -> bool:
        """Whether a field that is known has another value; one that is new to the watch says nothing."""
        return any(self.state[name] != value for name, value in state.items() if name in self.state)


class Seen:
    """The states of all models. Changes are in memory until `save`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._pieces: dict[str, dict[int, Record]] = {}
        self._changed: set[str] = set()
        self._mark: bytes | None = None

    async def refresh(self) -> None:
        """Forget what is kept here if another node has written since, or if something was not saved."""
        mark = await self._memory.get(_MARK)
        if mark != self._mark or self._changed:
            self._pieces.clear()
            self._changed.clear()
            self._mark = mark

    async def get(self, model: str, id: int) -> Record | None:
        """The record as it was seen last; None when it never was."""
        return (await self._piece(_key(model, id))).get(id)

    async def put(self, model: str, id: int, record: Record | None) -> None:
        """This is how it is now; None when it is gone."""
        key = _key(model, id)
        piece = await self._piece(key)
        if record is None:
            piece.pop(id, None)
        else:
            piece[id] = record
        self._changed.add(key)

    async def save(self) -> None:
        """Keep the changes."""
        if not self._changed:
            return
        self._mark = uuid4().bytes
        await self._memory.put(_MARK, self._mark)
        for key in sorted(self._changed):
            if self._pieces[key]:
                await self._memory.put(key, _encode(self._pieces[key]))
            else:
                await self._memory.delete(key)
        self._changed.clear()

    async def records(self, model: str) -> dict[int, Record]:
        """Every record of a model."""
        found: dict[int, Record] = {}
        for key in await self._memory.keys(_prefix(model)):
            found |= await self._piece(key)
        return found

    async def clear(self, model: str) -> None:
        """Forget a model."""
        for key in await self._memory.keys(_prefix(model)):
            self._pieces.pop(key, None)
            self._changed.discard(key)
            await self._memory.delete(key)

    async def _piece(self, key: str) -> dict[int, Record]:
        piece = self._pieces.get(key)
        if piece is None:
            kept = await self._memory.get(key)
            piece = self._pieces[key] = {} if kept is None else _decode(kept)
        return piece


def _prefix(model: str) -> str:
    return f"feed/seen/{model}/"


def _key(model: str, id: int) -> str:
    return f"{_prefix(model)}{id // _WIDTH:09}"


def _encode(piece: Mapping[int, Record]) -> bytes:
    return msgspec.json.encode({str(id): record for id, record in piece.items()})


def _decode(kept: bytes) -> dict[int, Record]:
    return {int(id): record for id, record in msgspec.json.decode(kept, type=dict[str, Record]).items()}
