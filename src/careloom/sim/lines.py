"""The simulated EHR's side of MLLP: a connection that sends anything, broken messages too, and reads answers.

`MllpSender` refuses to send what has no control id; a bad EHR does not.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from careloom.core.errors import AmbiguousError, FormatError, Unavailable
from careloom.formats import hl7v2
from careloom.systems.mllp.framing import Deframer, frame

_LONGEST_ANSWER = 64 * 1024
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """MSA-1 and MSA-2, and where ERR-2 says the trouble is (`MSH-10`), "" when it does not."""

    code: str
    control_id: str
    location: str = ""

    @property
    def accepted(self) -> bool:
        return self.code in ("AA", "CA")


def read_answer(data: bytes) -> Answer:
    """The answer in an acknowledgement. Raises FormatError when it is none."""
    message = hl7v2.parse(data, charset="8859/1")
    code = message.get("MSA-1")
    if not code:
        raise FormatError("no acknowledgement code", "MSA-1")
    segment, field = message.get("ERR-2.1"), message.get("ERR-2.3")
    return Answer(code, message.get("MSA-2"), "-".join(part for part in (segment, field) if part))


class EhrLine:
    """One connection, one message at a time: the next one leaves when the last one is answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._deframer = Deframer(_LONGEST_ANSWER)

    @classmethod
    async def open(cls, host: str, port: int) -> EhrLine:
        """Connect. Raises Unavailable."""
        try:
            return cls(*await asyncio.open_connection(host, port))
        except OSError as error:
            raise Unavailable(f"the EHR cannot connect to {host}:{port} by MLLP: {error.strerror}") from None

    async def send(self, body: bytes) -> Answer:
        """Send it and wait for what is said to it. Raises AmbiguousError when nothing is."""
        self._writer.write(frame(body))
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return read_answer(await self._next())
        except (TimeoutError, OSError):
            raise AmbiguousError("the hub did not answer a message of the EHR") from None

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()

    async def _next(self) -> bytes:
        while True:
            block = self._deframer.take()
            if isinstance(block, bytes):
                return block
            chunk = b"" if block is not None else await self._reader.read(65_536)
            if not chunk:
                raise OSError("the line was closed or its framing broken")
            self._deframer.feed(chunk)
