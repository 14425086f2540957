"""Takes whatever bytes a system brought (a file, a posted body, a broker's record) into the log, message by message."""

from __future__ import annotations

import asyncio
import hashlib
from asyncio import Future
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice

from careloom.core.clock import Clock
from careloom.core.errors import FormatError
from careloom.core.receipts import Accepted, Conflicting, Intake, Receipt, Received, Refusal, Repeated
from careloom.mapping.reading import Bytes, Unit, Units, Unread, reader
from careloom.mapping.source import Settings

LONGEST_KEY = 200
EXCERPT = 64 * 1024
AHEAD = 256  # messages handed to the log before the first of them is awaited
AHEAD_OCTETS = 2 * 1024 * 1024  # or so many octets of them


@dataclass(slots=True)
class Taken:
    """What became of the bytes. All that is counted here is committed, or kept with the refusals."""

    accepted: int = 0
    repeated: int = 0
    conflicting: int = 0
    refused: list[FormatError] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether every message in them is stored."""
        return not self.refused and not self.conflicting

    def __str__(self) -> str:
        return (
            f"{self.accepted} accepted, {self.repeated} repeated, {self.conflicting} conflicting, "
            f"{len(self.refused)} refused"
        )


class Reception:
    """One system's way into the log, in one format. Raises ConfigurationError for a format that there is not."""

    def __init__(self, system: str, format: str, intake: Intake, clock: Clock, settings: Settings) -> None:
        self.system = system
        self.format = format
        self._reader = reader(format)
        self._intake = intake
        self._clock = clock
        self._settings = settings

    async def take(self, data: Bytes, *, origin: str = "", key: str | None = None) -> Taken:
        """Store every message in `data`; returns once all are committed.

        An open file is read as it is stored, in formats that can be. `origin` says where they came from (a file's
        label, a peer), for refusals. `key` is the sender's own for bytes that are one message. Raises Unavailable when
        the store did not take them: bring them again, what was stored is then a repeat. A message that cannot be read
        never keeps the others back.
        """
        units = self._reader.units(data, self._settings)
        if self._settings.strict is not None or self._settings.code_lists is not None:
            units = await asyncio.to_thread(_begun, units)
        return await self.take_units(units, origin=origin, key=key)

    async def take_units(self, units: Iterable[Unit | Unread], *, origin: str = "", key: str | None = None) -> Taken:
        """The same for messages that were read already, as a stream: only some are in memory at a time."""
        taken = Taken()
        waiting: list[Future[Receipt]] = []
        octets = 0
        for one in units:
            if isinstance(one, Unread):
                self._refuse(one, origin, taken)
                continue
            try:
                waiting.append(self._intake.accept(self._received(one, key)))
            except FormatError as error:  # a key or a subject that no index can hold
                self._refuse(Unread(error=error, body=one.body, place=one.place), origin, taken)
            octets += len(one.body)
            if len(waiting) >= AHEAD or octets >= AHEAD_OCTETS:
                await _settle(waiting, taken)
                octets = 0
        await _settle(waiting, taken)
        return taken

    def _received(self, unit: Unit, key: str | None) -> Received:
        return Received(
            system=self.system,
            key=_short(key or unit.key),
            type=f"{self.format}:{unit.type}",
            subject=unit.subject,
            body=unit.body,
            acknowledgement=b"",
            time=self._clock.now(),
            datacontenttype=unit.media_type,
            others=unit.others,
        )

    def _refuse(self, unread: Unread, origin: str, taken: Taken) -> None:
        error = unread.error
        location = " ".join(part for part in (unread.place, error.location) if part)
        self._intake.refuse(Refusal(self.system, error.reason, location, unread.body[:EXCERPT], origin))
        taken.refused.append(error)


def _begun(units: Units) -> Units:
    """The same units, the first of them read: before it a whole file may be validated, which takes its time."""
    return chain(tuple(islice(units, 1)), units)


def _short(key: str) -> str:
    """The key, or a digest of one that is too long for the log's index."""
    return key if len(key) <= LONGEST_KEY else hashlib.blake2b(key.encode(), digest_size=32).hexdigest()


async def _settle(waiting: list[Future[Receipt]], taken: Taken) -> None:
    # Shielded: whoever brought the bytes may hang up, and must not cancel the commit of a whole batch.
    receipts = await asyncio.shield(asyncio.gather(*waiting))
    waiting.clear()
    for receipt in receipts:
        taken.receipts.append(receipt)
        if isinstance(receipt, Accepted):
            taken.accepted += 1
        elif isinstance(receipt, Repeated):
            taken.repeated += 1
        elif isinstance(receipt, Conflicting):
            taken.conflicting += 1
