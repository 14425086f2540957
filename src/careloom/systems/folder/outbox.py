"""A folder that files are written into, each in one step."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import CareloomError
from careloom.core.outcomes import Done, Outcome
from careloom.systems.broker import cloud_event
from careloom.systems.folder.place import beside
from careloom.systems.resilience import Gate

Naming: TypeAlias = Literal["event", "day"]


class FolderOut:
    """Writes events as CloudEvents, and whatever files flows make.

    With `naming` event each is a file of its own, `<id>.json`; written again, it is the same file. With day they are
    lines of `<day>.ndjson`, as analytics reads them. After a crash a line may stand there twice, with the same id, or a
    part of one alone, which is no JSON.
    """

    def __init__(self, folder: Path, naming: Naming, gate: Gate) -> None:
        self._folder = folder
        self._naming = naming
        self._gate = gate
        self._turn = asyncio.Lock()

    @property
    def retry_after(self) -> float:
        """Seconds until a write has a chance; 0 when writes go through."""
        return self._gate.breaker.retry_after

    async def post(self, event: Recorded) -> Outcome:
        """Deliver one event."""
        line = msgspec.json.encode(cloud_event(event))
        try:
            if self._naming == "event":
                await self.write(f"{event.id}.json", line)
                return Done(f"{event.id}.json")
            return Done(await self._append(event, line + b"\n"))
        except CareloomError as error:
            return error.outcome()

    async def write(self, name: str, data: bytes) -> None:
        """A whole file of this name, in one step; in place of an earlier one. Raises Unavailable, AccessRefused."""
        await self._gate.run(lambda: beside(lambda: _write(self._folder / name, data)))

    async def close(self) -> None:
        """Nothing is open between two files."""

    async def _append(self, event: Recorded, line: bytes) -> str:
        name = f"{event.recorded:%Y-%m-%d}.ndjson"
        async with self._turn:
            await self._gate.run(lambda: beside(lambda: _append(self._folder / name, line)))
        return name


def _write(file: Path, data: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    with draft.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
    _sync(file.parent)


def _append(file: Path, line: bytes) -> None:
    """A whole line or none. What a crash left of one stays alone on its line, so that the next can be read."""
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        octets = b"\n" + line if torn else line
        if os.write(descriptor, octets) < len(octets):
            os.ftruncate(descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """The name of a file is durable once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
