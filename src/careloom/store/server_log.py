"""PostgreSQL's own log: one file and one older one, never more than twice the limit."""

from __future__ import annotations

import os
from pathlib import Path

LIMIT = 4 * 1024 * 1024


class ServerLog:
    """Appended to by PostgreSQL itself, so nothing stalls it when the hub is busy or gone; trimmed by the hub."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self._path = path
        self._limit = limit

    def open(self) -> int:
        """A file descriptor to give to PostgreSQL. Close it after that."""
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    @property
    def size(self) -> int:
        """Bytes in the file now."""
        return self._path.stat().st_size if self._path.exists() else 0

    def trim(self) -> None:
        """Keep the end of an overlong file as `<name>.1` and start anew. Lines written meanwhile may be lost."""
        if self.size <= self._limit:
            return
        older = os.open(self._path.with_name(self._path.name + ".1"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(older, "wb") as file:
            file.write(self._read(max(0, self.size - self._limit)))
        os.truncate(self._path, 0)

    def since(self, size: int) -> str:
        """What was written after the file had `size` bytes."""
        return self._read(size).decode("utf-8", "replace")

    def _read(self, start: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read()
