"""A folder of this machine as a `Place`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import IO, Final, TypeVar

from careloom.core.errors import AccessRefused, Unavailable
from careloom.systems.drop import Entry, spooled, too_long

T = TypeVar("T")
_PIECE: Final = 1 << 20


class LocalPlace:
    """The files of one folder. Moves are renames, so the archive is on the same volume."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def list(self) -> Sequence[Entry]:
        """See `Place.list`."""
        return await beside(self._list)

    async def open(self, name: str, limit: int) -> IO[bytes]:
        """See `Place.open`."""
        return await beside(lambda: self._copied(name, limit))

    async def move(self, name: str, folder: str, new_name: str) -> None:
        """See `Place.move`."""
        await beside(lambda: self._move(name, folder, new_name))

    def _list(self) -> Sequence[Entry]:
        found: list[Entry] = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if S_ISREG(status.st_mode):
                    found.append(Entry(entry.name, status.st_size, status.st_mtime))
        return found

    def _copied(self, name: str, limit: int) -> IO[bytes]:
        descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW)
        copy = spooled()
        try:
            with os.fdopen(descriptor, "rb") as file:
                while octets := file.read(_PIECE):
                    copy.write(octets)
                    if copy.tell() > limit:
                        raise too_long(limit)
            copy.seek(0)
        except BaseException:
            copy.close()
            raise
        return copy

    def _move(self, name: str, folder: str, new_name: str) -> None:
        target = self._folder / folder
        target.mkdir(parents=True, exist_ok=True)
        if (target / new_name).exists():  # names are stamped: only a clock that was set back gets here
            raise FileExistsError(None, "a file of that name was put aside before")
        (self._folder / name).rename(target / new_name)


async def beside(work: Callable[[], T]) -> T:
    """Beside the event loop: a share that hangs must not hang the hub."""
    with _told():
        return await asyncio.to_thread(work)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise AccessRefused("the folder may not be read or written by this user; correct its rights") from None
    except FileNotFoundError:
        raise Unavailable("the folder, or a file in it, is not there: mount it, or correct its path") from None
    except OSError as error:
        raise Unavailable(f"the folder cannot be used: {error.strerror or type(error).__name__}") from None
