"""An MLLP sender as hospitals run them: one message at a time on a line, again and again until it is acknowledged."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.feed import Sending

START, END = b"\x0b", b"\x1c\r"
ANSWER_SECONDS = 20.0
AGAIN_SECONDS = 0.05  # a sender's own pause before it tries again


class Allowance:
    """How many messages may leave now, over all lines."""

    def __init__(self) -> None:
        self._left = 0
        self._more = asyncio.Condition()

    async def grant(self, count: int) -> None:
        async with self._more:
            self._left += count
            self._more.notify_all()

    async def take(self) -> None:
        async with self._more:
            await self._more.wait_for(lambda: self._left > 0)
            self._left -= 1


@dataclass
class Account:
    """What the senders have seen."""

    acknowledged: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    broken_lines: int = 0
    waiting: int = 0


class Line:
    """One connection, made anew whenever it breaks."""

    def __init__(self, port: int, account: Account) -> None:
        self._port = port
        self._account = account
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send_all(self, sendings: Sequence[Sending], allowance: Allowance) -> None:
        """Return once each is acknowledged, or refused for good."""
        for sending in sendings:
            await allowance.take()
            self._account.waiting += 1
            while not await self._tried(sending):
                await asyncio.sleep(AGAIN_SECONDS)
            self._account.waiting -= 1
        self._hang_up()

    async def _tried(self, sending: Sending) -> bool:
        try:
            code, about = await self._exchange(sending.body)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self._account.broken_lines += 1
            self._hang_up()
            return False
        self._account.answers[code] += 1
        if code in ("AA", "CA") and about == sending.control_id:
            self._account.acknowledged.add(sending.control_id)
            return True
        if code in ("AR", "CR"):
            return False  # "not stored, send again"
        self._account.refused.append(f"{sending.control_id}: {code} about {about}")
        return True

    async def _exchange(self, body: bytes) -> tuple[str, str]:
        async with asyncio.timeout(ANSWER_SECONDS):
            if self._writer is None or self._reader is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._writer.write(START + body + END)
            return answer_of(await self._reader.readuntil(END))

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def answer_of(block: bytes) -> tuple[str, str]:
    """MSA-1 and MSA-2 of an acknowledgement."""
    for segment in block.split(b"\r"):
        if segment.startswith(b"MSA|"):
            fields = segment.decode().split("|")
            return fields[1], fields[2]
    return "", ""
