"""What a mapping gives."""

from __future__ import annotations

import msgspec

from careloom.mapping.source import Issue
from careloom.model import CanonicalEvent


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """What a message became: events, or the reason why it became none; and what was dropped on the way."""

    events: tuple[CanonicalEvent, ...] = ()
    filtered: str | None = None
    issues: tuple[Issue, ...] = ()
