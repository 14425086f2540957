"""Sends messages by MLLP and waits for what the receiver says to each.

What came of a message is told by raising, so that an outbound delivery can class it: refused to connect, or
an AR/CR: Unavailable, it was not taken; an AE/CE: Rejected; no answer, or the line lost after the bytes left:
AmbiguousError, for the receiver may have taken it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from asyncio import Future
from dataclasses import dataclass
from typing import cast

from careloom.core.errors import AccessRefused, AmbiguousError, FormatError, Rejected, Unavailable
from careloom.formats import hl7v2
from careloom.systems.mllp.framing import Deframer, frame

_POSITIVE = frozenset({"AA", "CA"})
_ERRONEOUS = frozenset({"AE", "CE"})
_REJECTED = frozenset({"AR", "CR"})
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_LARGEST_ANSWER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What MSA and ERR of an answer say: the code of MSA-1, the control id of MSA-2, the ERR-2 location, if any."""

    code: str
    control_id: str
    location: str | None = None


def read_acknowledgement(data: bytes) -> Acknowledgement:
    """The acknowledgement in `data`. Raises FormatError at `MSA-1` when it is none."""
    # Only ids and codes are read: ISO 8859-1 takes any octets, so an odd MSH-18 does not hide the answer.
    message = hl7v2.parse(data, charset="8859/1")
    told = message.segment("MSA")
    code = told.raw_field(1) if told else ""
    if told is None or code not in _POSITIVE | _ERRONEOUS | _REJECTED:
        raise FormatError("no acknowledgement code", "MSA-1")
    return Acknowledgement(code, told.raw_field(2), _location(message))


def _location(message: hl7v2.Message) -> str | None:
    """ERR-2 in our way of writing it; None when it is not the plain place that it should be."""
    segment, sequence, field = message.get("ERR-2.1"), message.get("ERR-2.2") or "1", message.get("ERR-2.3")
    if not _SEGMENT.fullmatch(segment) or not sequence.isdecimal():
        return None
    return f"{segment}[{sequence}]" + (f"-{field}" if field.isdecimal() else "")


class _Line(asyncio.Protocol):
    """One connection to a receiver and the messages on it that are not answered yet."""

    def __init__(self) -> None:
        self.pending: dict[str, Future[Acknowledgement]] = {}
        self.usable = False
        self.strays = 0
        self._deframer = Deframer(_LARGEST_ANSWER)
        self._writable = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._writable.set()
        self.usable = True

    def data_received(self, data: bytes) -> None:
        self._deframer.feed(data)
        while (block := self._deframer.take()) is not None:
            if not isinstance(block, bytes):
                self._give_up("the receiver answered with a broken block")
                return
            try:
                self._answered(read_acknowledgement(block))
            except FormatError:
                self._give_up("the receiver answered with what is no acknowledgement")
                return

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.usable = False
        self._writable.set()
        waiting, self.pending = self.pending, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(AmbiguousError("the connection was lost after sending and before the answer"))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def send(self, control_id: str, message: bytes) -> Future[Acknowledgement]:
        """Write the message; the future is its answer."""
        future: Future[Acknowledgement] = asyncio.get_running_loop().create_future()
        self.pending[control_id] = future
        self._transport.write(frame(message))
        return future

    async def writable(self) -> None:
        """Return when the receiver has taken most of what was written."""
        await self._writable.wait()

    def retire(self, control_id: str) -> None:
        """Send nothing more on it, since `control_id` got no answer; close it once the others have theirs."""
        self.usable = False
        self.pending.pop(control_id, None)
        self._close_if_done()

    def close(self) -> None:
        self.usable = False
        self._transport.close()

    def _answered(self, acknowledgement: Acknowledgement) -> None:
        future = self.pending.pop(acknowledgement.control_id, None)
        if future is None:
            self.strays += 1
        elif not future.done():
            future.set_result(acknowledgement)
        if not self.usable:
            self._close_if_done()

    def _close_if_done(self) -> None:
        if not self.pending:
            self._transport.close()

    def _give_up(self, reason: str) -> None:
        self.usable = False
        for future in self.pending.values():
            if not future.done():
                future.set_exception(AmbiguousError(f"{reason}; whether it took the message is not known"))
        self.pending.clear()
        self._transport.abort()


class MllpSender:
    """Sends to one receiver on a persistent connection, `window` messages at a time, in the order of calls."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        window: int = 1,
        connect_timeout: float = 10.0,
        answer_timeout: float = 30.0,
    ) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._window = asyncio.Semaphore(window)
        self._turn = asyncio.Lock()
        self._connect_timeout = connect_timeout
        self._answer_timeout = answer_timeout
        self._line: _Line | None = None

    async def send(self, message: bytes) -> Acknowledgement:
        """Send one HL7 v2 message and return the AA or CA that it got.

        Raises Rejected (AE, CE), Unavailable (not sent, or AR, CR), AmbiguousError (sent, no answer), AccessRefused
        (the receiver's certificate is not trusted) and FormatError (the message has no header or no MSH-10).
        """
        control_id = hl7v2.peek(message).control_id
        if not control_id:
            raise FormatError("the message control id is missing; without it no answer can be matched", "MSH-10")
        async with self._window:
            async with self._turn:
                line = await self._connected()
                if control_id in line.pending:
                    raise Unavailable("a message with the same control id is waiting for its answer; send it later")
                answer = line.send(control_id, message)
            return _judged(await self._answer(line, control_id, answer))

    async def close(self) -> None:
        """Close the connection. Messages without an answer end as ambiguous."""
        if self._line is not None and self._line.usable:
            self._line.close()
        self._line = None

    async def _answer(self, line: _Line, control_id: str, answer: Future[Acknowledgement]) -> Acknowledgement:
        try:
            async with asyncio.timeout(self._answer_timeout):
                await line.writable()
                return await answer
        except TimeoutError:
            line.retire(control_id)
            raise AmbiguousError(
                f"no answer from {self._host}:{self._port} within {self._answer_timeout:g} s after sending"
            ) from None
        except asyncio.CancelledError:
            line.retire(control_id)
            raise

    async def _connected(self) -> _Line:
        if self._line is not None and self._line.usable:
            return self._line
        loop = asyncio.get_running_loop()
        name = self._host if self._tls is not None else None
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, self._line = await loop.create_connection(
                    _Line, self._host, self._port, ssl=self._tls, server_hostname=name
                )
        except ssl.SSLCertVerificationError as error:
            where = f"{self._host}:{self._port}"
            raise AccessRefused(
                f"the certificate of {where} is not trusted: {error.verify_message}; check the CA file"
            ) from None
        except (OSError, TimeoutError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise Unavailable(f"cannot connect to {self._host}:{self._port} by MLLP: {reason}") from None
        return self._line


def _judged(acknowledgement: Acknowledgement) -> Acknowledgement:
    if acknowledgement.code in _POSITIVE:
        return acknowledgement
    said = f"the receiver answered {acknowledgement.code}"
    if acknowledgement.code in _ERRONEOUS:
        where = f" at {acknowledgement.location}" if acknowledgement.location else ""
        raise Rejected(f"{said}: it refuses the message{where}", field=acknowledgement.location)
    raise Unavailable(f"{said}: it did not take the message")
