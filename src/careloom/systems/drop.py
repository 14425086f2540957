"""Files that partners leave for us, wherever they leave them: seen whole, taken once, and put aside with an outcome.

A file lies where it was dropped until every message in it is stored; then it moves, in one step, to the archive or to
the rejected files. So a process that ends in between finds it again, and what was stored is then a repeat.

Names of files may name patients. Beyond the two folders a file is known by its label: a digest of its name.
"""

from __future__ import annotations

import fnmatch
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Final, Protocol, cast

from careloom.core.clock import Clock
from careloom.core.errors import FormatError
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Trouble, Troubles

log = logging.getLogger(__name__)

UNFINISHED: Final = (".*", "*.tmp", "*.part", "*.partial", "*.filepart", "*.crdownload", "*~")
REFUSED: Final = "file-refused"
STUCK: Final = "file-unfinished"
IN_MEMORY: Final = 8 * 1024 * 1024
"""Octets of a file up to which it is held in memory; what is longer is read from a temporary file without a name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as a listing shows it. Size in octets; `changed` in seconds since 1970, as the other side counts them."""

    name: str
    size: int
    changed: float


class Place(Protocol):
    """Where files are dropped: a folder here, or on a server. Raises Unavailable, or AccessRefused."""

    async def list(self) -> Sequence[Entry]:
        """The files there are, without folders and links."""

    async def open(self, name: str, limit: int) -> IO[bytes]:
        """A file as it is now, to be closed. FormatError when it is longer than `limit` octets.

        What is given is a copy on this machine (see `spooled`): a share that hangs must not hang whoever reads it.
        """

    async def move(self, name: str, folder: str, new_name: str) -> None:
        """Put it into a folder below, which is made if need be, in one step. Nothing is overwritten."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a partner leaves files. A file is whole when it has not changed for `stable_seconds`; one that changes for
    longer than `unfinished_seconds`, or is empty so long, is a case. `largest` in octets."""

    pattern: str = "*"
    stable_seconds: float = 5.0
    unfinished_seconds: float = 3_600.0
    largest: int = 256 * 1024 * 1024
    archive: str = "archive"
    rejected: str = "rejected"


@dataclass(slots=True)
class _Seen:
    entry: Entry
    since: float
    first: float


def spooled() -> IO[bytes]:
    """A file without a name, in memory while it is small."""
    return cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))


def too_long(limit: int) -> FormatError:
    """A file that is longer than the settings take."""
    return FormatError(f"the file is longer than {limit} octets; raise `largest` if it is meant to be")


class Sweep:
    """Looks through a place and takes every file that is whole. `unwrap` opens what is wrapped (decrypts); without,
    formats that can read a file piece by piece."""

    def __init__(
        self,
        place: Place,
        reception: Reception,
        troubles: Troubles,
        clock: Clock,
        habits: Habits,
        unwrap: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._place = place
        self._reception = reception
        self._troubles = troubles
        self._clock = clock
        self._habits = habits
        self._unwrap = unwrap
        self._seen: dict[str, _Seen] = {}

    async def run(self) -> int:
        """One look; how many files were taken. Raises Unavailable when the place or the store is away."""
        entries = [one for one in await self._place.list() if self._wanted(one.name)]
        self._seen = {name: seen for name, seen in self._seen.items() if name in {one.name for one in entries}}
        taken = 0
        for entry in sorted(entries, key=lambda one: (one.changed, one.name)):
            if self._is_whole(entry):
                await self._take(entry)
                taken += 1
            else:
                await self._wait(entry)
        return taken

    def _wanted(self, name: str) -> bool:
        hidden = any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in UNFINISHED)
        return not hidden and fnmatch.fnmatchcase(name, self._habits.pattern)

    def _is_whole(self, entry: Entry) -> bool:
        """Whether it has looked the same for long enough, by our own clock: the other side's may be wrong."""
        if self._habits.stable_seconds == 0:
            return True
        now = self._clock.monotonic()
        seen = self._seen.get(entry.name)
        if seen is None or seen.entry != entry:
            self._seen[entry.name] = _Seen(entry, now, seen.first if seen else now)
            return False
        return entry.size > 0 and now - seen.since >= self._habits.stable_seconds

    async def _wait(self, entry: Entry) -> None:
        if self._clock.monotonic() - self._seen[entry.name].first >= self._habits.unfinished_seconds:
            reason = "a file is being written for very long, or is empty: ask its sender whether it is whole"
            await self._troubles.report(Trouble(STUCK, reason, label(entry.name)))

    async def _take(self, entry: Entry) -> None:
        try:
            with await self._place.open(entry.name, self._habits.largest) as file:
                source = file if self._unwrap is None else self._unwrap(file.read())
                taken = await self._reception.take(cast(BinaryIO, source), origin=label(entry.name))
        except FormatError as error:
            await self._reject(entry, str(error))
            return
        if taken.good and taken.receipts:
            await self._place.move(entry.name, self._habits.archive, self._stamped(entry))
            await self._settle(entry)
            log.info("%s: a file was taken: %s", self._reception.system, taken)
        else:
            await self._reject(entry, _why(taken))

    async def _reject(self, entry: Entry, reason: str) -> None:
        await self._troubles.report(Trouble(REFUSED, f"a file was put aside: {reason}", label(entry.name)))
        await self._place.move(entry.name, self._habits.rejected, self._stamped(entry))
        self._seen.pop(entry.name, None)

    async def _settle(self, entry: Entry) -> None:
        seen = self._seen.pop(entry.name, None)
        if seen is not None and self._clock.monotonic() - seen.first >= self._habits.unfinished_seconds:
            await self._troubles.settle(STUCK, label(entry.name), resolution="the file came whole after all")

    def _stamped(self, entry: Entry) -> str:
        return stamped(entry.name, self._clock.now())


def label(name: str) -> str:
    """What a file is called wherever people may read it who may not see patients' names."""
    return f"file {hashlib.blake2b(name.encode(errors='surrogateescape'), digest_size=4).hexdigest()}"


def stamped(name: str, now: datetime) -> str:
    """A name in the archive that no other file has: when it was put there, its label, and its own name."""
    return f"{now:%Y%m%dT%H%M%S%f}-{label(name).removeprefix('file ')}-{name}"


def _why(taken: Taken) -> str:
    if taken.refused:
        first = taken.refused[0]
        where = f" ({first.location})" if first.location else ""
        more = f", and {len(taken.refused) - 1} more" if len(taken.refused) > 1 else ""
        return f"{first.reason}{where}{more}; {taken}"
    if taken.conflicting:
        return f"ids were used before for other content; {taken}"
    return "it holds no message"
