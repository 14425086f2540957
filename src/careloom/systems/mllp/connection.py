"""One MLLP connection: blocks in, acknowledgements out, in order."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

from careloom.core.errors import TransientError
from careloom.core.receipts import Accepted, Intake, Receipt, Repeated
from careloom.systems.mllp.framing import BrokenBlock, Deframer, frame
from careloom.systems.mllp.recognise import Recognised, Recogniser, Refused

log = logging.getLogger(__name__)

LINGER_SECONDS = 5.0
"""How long a connection that is being closed goes on discarding input, so that the sender can read our last answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one listener grants. Sizes in octets, times in seconds; an idle timeout of 0 is none."""

    message: int = 16 * 1024 * 1024
    junk: int = 1024
    in_flight: int = 64
    connections: int = 512
    frame_timeout: float = 30.0
    idle_timeout: float = 3600.0


@dataclass(slots=True)
class Counts:
    """What a listener has seen since it started."""

    accepted: int = 0
    repeated: int = 0
    conflicting: int = 0
    refused: int = 0
    unavailable: int = 0
    turned_away: int = 0
    timed_out: int = 0
    junk: int = 0


class Doorman(Protocol):
    """What a connection needs of its listener."""

    counts: Counts

    def admits(self, peer: str) -> str | None:
        """Why `peer` is not let in, or None."""

    def opened(self, connection: Connection) -> None:
        """It was let in."""

    def closed(self, connection: Connection) -> None:
        """It is gone."""


class _Slot:
    """A place in the order of answers; `answer` is None while the store works, and empty when none is wanted."""

    __slots__ = ("answer", "recognised")

    def __init__(self, recognised: Recognised | None, answer: bytes | None = None) -> None:
        self.recognised = recognised
        self.answer = answer


class Connection(asyncio.Protocol):
    """Speaks MLLP with one sender."""

    def __init__(
        self, recogniser: Recogniser, intake: Intake, monotonic: Callable[[], float], limits: Limits, doorman: Doorman
    ) -> None:
        self._recogniser = recogniser
        self._intake = intake
        self._monotonic = monotonic
        self._limits = limits
        self._doorman = doorman
        self._counts = doorman.counts
        self._deframer = Deframer(limits.message, limits.junk)
        self._slots: deque[_Slot] = deque()
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._paused = False
        self._ending = False
        self._ended = False
        self._flushing = False
        self._last = 0.0
        self._unfinished: float | None = None
        self._unread: float | None = None
        self._linger: float | None = None

    def __len__(self) -> int:
        """Octets held of an unfinished or waiting block."""
        return len(self._deframer)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        self._last = self._monotonic()
        self._peer = str((transport.get_extra_info("peername") or ("",))[0])
        refusal = self._doorman.admits(self._peer)
        if refusal is None:
            self._doorman.opened(self)
            return
        self._counts.turned_away += 1
        log.warning("mllp: a connection from %s was turned away: %s", self._peer, refusal)
        self._ending = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._last = self._monotonic()
        if self._ending:
            return
        self._deframer.feed(data)
        self._pump()

    def eof_received(self) -> bool:
        """The sender sends no more; it may still read the answers it waits for."""
        self._ended = True
        if self._deframer.partial and not self._ending:
            self._abandon("the connection ended inside it")
        self._ending = True
        self._end_if_answered()
        return bool(self._slots) and self._transport is not None and self._transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        self._ending = True
        self._slots.clear()
        self._deframer.clear()
        self._doorman.closed(self)

    def pause_writing(self) -> None:
        self._unread = self._monotonic()
        self._throttle()

    def resume_writing(self) -> None:
        self._unread = None
        self._resume()

    # What the listener asks for

    def finish(self) -> None:
        """Take nothing more, answer what is in flight, close."""
        self._ending = True
        self._deframer.clear()
        self._end_if_answered()

    def cut(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def check(self, now: float) -> None:
        """Close what has taken too long, by `now` on the monotonic clock."""
        if self._linger is not None:
            if now - self._linger > LINGER_SECONDS:
                self.cut()
        elif self._unread is not None:
            if now - self._unread > self._limits.frame_timeout:
                self._counts.timed_out += 1
                self.cut()
        elif self._unfinished is not None and not self._paused:
            if now - self._unfinished > self._limits.frame_timeout:
                self._counts.timed_out += 1
                self._abandon(f"the block did not end within {self._limits.frame_timeout:g} s")
        elif self._limits.idle_timeout and not self._slots and now - self._last > self._limits.idle_timeout:
            self._counts.timed_out += 1
            self.finish()

    # Blocks in

    def _pump(self) -> None:
        """Hand in every whole message that is held, as far as the bound on what is in flight allows."""
        deframer, slots, bound = self._deframer, self._slots, self._limits.in_flight
        junk, took = deframer.junk, False
        while deframer.partial and not self._ending:
            if len(slots) >= bound:
                self._throttle()
                break
            block = deframer.take()
            if block is None:
                break
            took = True
            self._handle(block)
        self._counts.junk += deframer.junk - junk
        if not deframer.partial:
            self._unfinished = None
        elif took or self._unfinished is None:
            self._unfinished = self._last
        if self._ending:
            self._end_if_answered()

    def _handle(self, block: bytes | BrokenBlock) -> None:
        if isinstance(block, BrokenBlock):
            self._refuse(self._recogniser.broken(block, self._peer))
            self._ending = block.fatal
            return
        recognised = self._recogniser.recognise(block, self._peer)
        if isinstance(recognised, Refused):
            self._refuse(recognised)
            return
        slot = _Slot(recognised)
        self._slots.append(slot)
        self._intake.accept(recognised.received).add_done_callback(partial(self._settled, slot))

    def _refuse(self, refused: Refused) -> None:
        self._counts.refused += 1
        log.warning("mllp: refused a message of %s: %s", refused.refusal.system, refused.refusal.reason)
        self._intake.refuse(refused.refusal)
        self._slots.append(_Slot(None, refused.answer))
        self._flush()

    def _abandon(self, reason: str) -> None:
        self._ending = True
        self._refuse(self._recogniser.broken(self._deframer.abandon(reason), self._peer))

    # Answers out

    def _settled(self, slot: _Slot, future: Future[Receipt]) -> None:
        slot.answer = self._answer(slot, future)
        if len(self._slots) == 1:
            self._flush()
        elif not self._flushing:
            # The store settles a whole batch in one turn of the loop: write its answers together.
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _answer(self, slot: _Slot, future: Future[Receipt]) -> bytes:
        counts, recognised = self._counts, slot.recognised
        assert recognised is not None
        try:
            receipt = future.result()
        except (Exception, asyncio.CancelledError) as error:
            counts.unavailable += 1
            if not isinstance(error, TransientError):
                log.error("mllp: the intake failed with %s; nothing was acknowledged", type(error).__name__)
            return self._recogniser.unavailable(recognised)
        if isinstance(receipt, Accepted):
            counts.accepted += 1
            return receipt.acknowledgement
        if isinstance(receipt, Repeated):
            counts.repeated += 1
            return receipt.acknowledgement
        counts.conflicting += 1
        return self._recogniser.conflicting(recognised)

    def _flush(self) -> None:
        self._flushing = False
        slots, ready = self._slots, []
        while slots and (answer := slots[0].answer) is not None:
            slots.popleft()
            if answer:
                ready.append(frame(answer))
        if ready and self._transport is not None:
            self._transport.write(ready[0] if len(ready) == 1 else b"".join(ready))
        if self._paused:
            self._resume()
        if self._ending:
            self._end_if_answered()

    # Reading stops and goes on

    def _throttle(self) -> None:
        if not self._paused and self._transport is not None and not self._ending:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if not self._paused or self._unread is not None or len(self._slots) >= self._limits.in_flight:
            return
        self._paused = False
        if self._transport is None:
            return
        self._transport.resume_reading()
        self._last = self._monotonic()
        self._unfinished = None
        # Blocks that came in with the last chunk wait in the buffer, and no new octets may ever come to wake them.
        self._loop.call_soon(self._pump)

    def _end_if_answered(self) -> None:
        """Close once the last answer is written, keeping the line open until the sender has had time to read it."""
        if not self._ending or self._slots or self._transport is None or self._linger is not None:
            return
        self._linger = self._monotonic()
        self._deframer.clear()
        if self._ended or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()
