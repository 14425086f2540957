"""Blocks of the HL7 Minimal Lower Layer Protocol, release 1: VT, the message, FS, CR.

The release forbids every octet below 0x20 but CR inside a block, so a VT or FS found there is never content.
"""

from __future__ import annotations

from dataclasses import dataclass

VT, LF, CR, FS = 0x0B, 0x0A, 0x0D, 0x1C

EXCERPT = 65_536
"""Bytes kept of a block that is refused before its end: enough for its header and for the operators to know it."""


def frame(message: bytes) -> bytes:
    """The block that carries `message`."""
    return b"\x0b%b\x1c\r" % message


@dataclass(frozen=True, slots=True)
class BrokenBlock:
    """A block that did not follow the protocol. `location` is an octet of it, counted from its VT (0).

    `fatal` means that nothing after it can be trusted to be a block: answer, then close the connection.
    """

    reason: str
    location: str
    body: bytes
    fatal: bool = False


class Deframer:
    """Cuts a stream into messages. Feed it what arrives, then `take` until it has no more.

    It holds at most one unfinished block of `max_message` octets and the chunk fed last. `junk` counts the octets other
    than CR and LF found between blocks.
    """

    __slots__ = ("_at", "_data", "_max_junk", "_max_message", "_scanned", "_since_block", "junk")

    def __init__(self, max_message: int, max_junk: int = 1024) -> None:
        self._max_message = max_message
        self._max_junk = max_junk
        self._data: bytes | bytearray = b""
        self._at = 0
        self._scanned = 0
        self._since_block = 0
        self.junk = 0

    def __len__(self) -> int:
        """Octets held."""
        return len(self._data) - self._at

    @property
    def partial(self) -> bool:
        """Whether octets are held; once `take` has returned None, they are the start of an unfinished block."""
        return len(self._data) > self._at

    def feed(self, chunk: bytes) -> None:
        """Add what has arrived. A chunk that meets an empty buffer is kept as it is, not copied."""
        if self._at >= len(self._data):
            self._data, self._at, self._scanned = chunk, 0, 0
            return
        if isinstance(self._data, bytes):
            self._data = bytearray(memoryview(self._data)[self._at :])
        else:
            del self._data[: self._at]
        self._scanned = max(self._scanned - self._at, 0)
        self._at = 0
        self._data += chunk

    def take(self) -> bytes | BrokenBlock | None:
        """The next message, or what was wrong with the next block, or None when more octets are needed."""
        data, start = self._data, self._at
        if start >= len(data):
            return None
        if data[start] != VT:
            return self._skip()
        scanned = self._scanned if self._scanned > start else start + 1
        end = data.find(FS, scanned)
        again = data.find(VT, scanned, end if end >= 0 else len(data))
        if again >= 0:
            return self._broken("the block was cut short: another one begins inside it", again)
        size = (end if end >= 0 else len(data)) - start - 1
        if size > self._max_message:
            return self._too_large(start + 1 + self._max_message)
        if end < 0 or end + 1 == len(data):
            self._scanned = len(data) if end < 0 else end
            return None
        if data[end + 1] != CR:
            return self._broken("the FS that ends the block is not followed by CR", end + 1)
        self._at = end + 2
        self._since_block = 0
        return data[start + 1 : end] if isinstance(data, bytes) else bytes(memoryview(data)[start + 1 : end])

    def abandon(self, reason: str) -> BrokenBlock:
        """Give up on the unfinished block that is held."""
        broken = self._broken(reason, len(self._data), fatal=True)
        self.clear()
        return broken

    def clear(self) -> None:
        """Forget everything held."""
        self._data, self._at, self._scanned = b"", 0, 0

    def _skip(self) -> bytes | BrokenBlock | None:
        begin = self._data.find(VT, self._at)
        until = begin if begin >= 0 else len(self._data)
        between = bytes(memoryview(self._data)[self._at : until])
        octets = len(between) - between.count(b"\r") - between.count(b"\n")
        self.junk += octets
        self._since_block += octets
        self._at = until
        if self._since_block > self._max_junk:
            self.clear()
            return BrokenBlock("the octets between blocks are no MLLP", "octet 0", between[:EXCERPT], fatal=True)
        return self.take()

    def _too_large(self, octet: int) -> BrokenBlock:
        broken = self._broken(f"the message is larger than {self._max_message} octets", octet, fatal=True)
        self.clear()
        return broken

    def _broken(self, reason: str, until: int, *, fatal: bool = False) -> BrokenBlock:
        start = self._at
        body = bytes(memoryview(self._data)[start + 1 : min(until, start + 1 + EXCERPT)])
        self._at = until
        return BrokenBlock(reason, f"octet {until - start}", body.removesuffix(b"\x1c"), fatal)
