"""Who may publish which events, as the settings say."""

from __future__ import annotations

from collections.abc import Mapping

from careloom.hub.sections import PublisherSection
from careloom.security.apikeys import Principal


class Publishers:
    """The gateway's `Publishing`: what is not allowed is denied."""

    def __init__(self, allowed: Mapping[str, PublisherSection]) -> None:
        self._allowed = allowed

    def system(self, principal: Principal, type: str) -> str | None:
        """See `Publishing.system`."""
        allowed = self._allowed.get(principal.name)
        return allowed.system if allowed is not None and type in allowed.events else None
