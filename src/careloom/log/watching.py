"""What the log tells whoever measures it: whole batches at once, after the commit, so that it costs next to nothing."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias
from uuid import UUID

from careloom.core.receipts import Receipt
from careloom.log.handling import Subscription
from careloom.log.steps import Step

Watch: TypeAlias = Callable[[Subscription, Sequence[Step]], None]
"""Called with what handling came to, once it is committed. Must not block, and must not raise."""


class IntakeWatch(Protocol):
    """Told of what is brought to the log. Nothing of it may block or raise."""

    def told(self, answers: Sequence[tuple[str, Receipt | None]]) -> None:
        """By system, what senders were told; None: that it could not be stored."""

    def refused(self, system: str) -> None:
        """A message of this system was refused at the door."""

    def follow(self, message: UUID, system: str) -> Callable[[Future[Receipt]], object] | None:
        """A message came, and has this id if it is new; what is to be called with its answer, if anything."""
