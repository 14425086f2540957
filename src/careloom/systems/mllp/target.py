"""Delivers canonical events to one receiver as HL7 v2 messages."""

from __future__ import annotations

import ssl
from typing import Final
from uuid import UUID

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import CareloomError
from careloom.core.outcomes import Done, Outcome, Skip
from careloom.mapping.v2.writing import FORMS, Outgoing, to_message
from careloom.model import decode
from careloom.systems.mllp.sender import MllpSender
from careloom.systems.resilience import Gate

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WIDTH: Final = 20  # MSH-10 of v2.5.1; receivers cut what is longer


def control_id_of(event: UUID) -> str:
    """MSH-10 for an event: its last 100 bits as 20 characters of Crockford's base 32. The same event has the same one,
    so that a receiver can tell a repeat."""
    number = event.int
    return "".join(_DIGITS[number >> (5 * place) & 31] for place in reversed(range(_WIDTH)))


class MllpTarget(MllpSender):
    """A sender that also takes events. `names` say who sends to whom, and in which version."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        gate: Gate,
        names: Outgoing,
        tls: ssl.SSLContext | None = None,
        window: int = 1,
        connect_timeout: float = 10.0,
        answer_timeout: float = 30.0,
    ) -> None:
        super().__init__(
            host, port, tls=tls, window=window, connect_timeout=connect_timeout, answer_timeout=answer_timeout
        )
        self._gate = gate
        self._names = names

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._gate.breaker.retry_after

    async def post(self, event: Recorded) -> Outcome:
        """Deliver one event: Done for an AA or CA, Retry for what will pass, Park for what a person must look at, Skip
        for an event that HL7 v2 has no message for. Its time is MSH-7, so that a repeat is the same to the byte."""
        if event.type not in FORMS:
            return Skip(f"there is no HL7 v2 message for {event.type}")
        try:
            message = self._message(event)
            answer = await self._gate.run(lambda: self.send(message))
        except CareloomError as error:
            return error.outcome()
        return Done(f"{answer.code} {answer.control_id}")

    def _message(self, event: Recorded) -> bytes:
        told = decode(event.type, event.data)
        names = msgspec.structs.replace(self._names, control_id=control_id_of(event.id), time=event.time)
        return to_message(told, names)
