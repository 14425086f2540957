"""What goes on, for those who follow it: which message all of this is about, and the span that is open, if any.

Rooms below telemetry only say where something begins and ends; they do not know who follows, and nobody may. A trace is
known by the id of the message that everything came from, so that it goes on in another process, after days too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final, Protocol
from uuid import UUID


class Active(Protocol):
    """A span that is open."""

    @property
    def traceparent(self) -> str:
        """How others go on with it (W3C Trace Context section 3.2)."""

    def call(self, name: str) -> AbstractContextManager[None]:
        """A call to another system within it."""

    def batch(self, others: Sequence[Active]) -> AbstractContextManager[None]:
        """Work that is done for it and for these at once."""


CORRELATION: Final[ContextVar[UUID | None]] = ContextVar("careloom_correlation", default=None)
"""The message that what goes on here is about."""
ACTIVE: Final[ContextVar[Active | None]] = ContextVar("careloom_active", default=None)
"""The span that is open here; None: nobody follows."""
INCOMING: Final[ContextVar[str]] = ContextVar("careloom_incoming", default="")
"""The `traceparent` that a caller of ours gave, if it was one."""
_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def note_incoming(header: str) -> None:
    """Keep a caller's `traceparent` for this request; what is none is left out (W3C Trace Context section 3.2.2)."""
    if _TRACEPARENT.fullmatch(header):
        INCOMING.set(header)


def outgoing() -> dict[str, str]:
    """The header by which the other side goes on with the trace; none when nobody follows."""
    active = ACTIVE.get()
    return {} if active is None else {"traceparent": active.traceparent}


@contextmanager
def together(asked: Sequence[Active | None]) -> Iterator[None]:
    """Around work that is done for several at once, by a task that belongs to none of them."""
    found = [one for one in asked if one is not None]
    token = ACTIVE.set(None)
    try:
        if not found:
            yield
            return
        with found[0].batch(found[1:]):
            yield
    finally:
        ACTIVE.reset(token)
