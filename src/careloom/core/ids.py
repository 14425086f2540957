"""UUID version 7 (RFC 9562 section 5.7): ids that sort by the time they were made.

Sorted ids keep the newest index pages of the log hot, and let a reader see age from an id alone.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from careloom.core.clock import Clock, SystemClock

IdFactory = Callable[[], UUID]

_RANDOM_BLOCK = 4096
_COUNTER_MAX = 0xFFF
_VARIANT = 2 << 62
_LAYOUT = struct.Struct(">QQ")


def _from_bytes(octets: bytes) -> UUID:
    return UUID(bytes=octets)


class Uuid7:
    """Makes strictly increasing UUIDv7s within one process.

    The 12 bits after the version are a counter within the millisecond (RFC 9562 section 6.2, method 1);
    when it overflows, or the clock steps back, the timestamp runs ahead of the clock instead of repeating.
    """

    def __init__(self, clock: Clock | None = None, make: Callable[[bytes], UUID] = _from_bytes) -> None:
        """`make` builds the id from its 16 octets, for a driver that has a UUID class of its own."""
        self._clock = clock or SystemClock()
        self._make = make
        self._millis = 0
        self._counter = 0
        self._random = b""
        self._offset = 0
        self._lock = threading.Lock()

    def __call__(self) -> UUID:
        now = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            if now > self._millis:
                self._millis, self._counter = now, 0
            elif self._counter < _COUNTER_MAX:
                self._counter += 1
            else:
                self._millis, self._counter = self._millis + 1, 0
            head = (self._millis << 16) | 0x7000 | self._counter
            tail = self._take_random() | _VARIANT
        return self._make(_LAYOUT.pack(head, tail))

    def _take_random(self) -> int:
        if self._offset >= len(self._random):
            self._random, self._offset = os.urandom(_RANDOM_BLOCK), 0
        chunk = self._random[self._offset : self._offset + 8]
        self._offset += 8
        return int.from_bytes(chunk, "big") >> 2


def made_at(id_: UUID) -> datetime:
    """The instant a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, tz=UTC)
