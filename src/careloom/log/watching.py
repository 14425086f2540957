"""What the log tells whoever measures it: after the commit, a whole pass over a lane at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from careloom.log.handling import Subscription
from careloom.log.steps import Step

Watch: TypeAlias = Callable[[Subscription, Sequence[Step]], None]
"""Called with what handling came to, once it is committed. Must not block, and must not raise."""
