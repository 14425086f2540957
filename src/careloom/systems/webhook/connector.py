"""What the hub mounts for a sender of webhooks."""

from __future__ import annotations

import logging

from careloom.core.errors import ConfigurationError
from careloom.systems.http.calls import HttpCaller
from careloom.systems.http.origin import open_caller
from careloom.systems.reception import Reception
from careloom.systems.rotation import KeyRing
from careloom.systems.seam import Surroundings
from careloom.systems.webhook.endpoint import Webhook
from careloom.systems.webhook.missed import MissedEvents
from careloom.systems.webhook.pages import Listing
from careloom.systems.webhook.settings import PollSettings, Settings
from careloom.systems.webhook.verification import Verifier

__all__ = ["PolledWebhook", "Settings", "Webhook", "connect"]

_log = logging.getLogger(__name__)


class PolledWebhook(Webhook):
    """A webhook whose sender also has a list of its events."""

    def __init__(
        self, settings: Settings, around: Surroundings, reception: Reception, verifier: Verifier, caller: HttpCaller
    ) -> None:
        super().__init__(settings, around, reception, verifier)
        assert settings.poll is not None, "made for those that have a list"
        self._poll: PollSettings = settings.poll
        self._caller = caller
        by_id = self.by_id and settings.declared.signs_id
        self._missed = MissedEvents(self._poll, around, Listing(caller, self._poll), reception, by_id=by_id)

    @property
    def every(self) -> float:
        """Seconds between two looks into the list."""
        return self._poll.every

    async def poll(self) -> None:
        """See `MissedEvents.look`."""
        found = await self._missed.look()
        if found.missed or found.different:
            _log.warning("%s: the list had %d events that the webhook did not bring, and %d that differ",
                         self.system, found.missed, found.different)  # fmt: skip

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()


def connect(settings: Settings, around: Surroundings) -> Webhook:
    """The endpoint; it also looks into the sender's list where there is one. Raises ConfigurationError."""
    scheme = settings.declared
    keyring = KeyRing(scheme, settings.rotation, around.secrets, around.clock)
    verifier = Verifier(scheme, keyring, around.clock, tolerance=settings.tolerance, url=settings.url)
    reception = Reception(around.system, settings.format, around.intake, around.clock, around.source)
    if settings.poll is None:
        return Webhook(settings, around, reception, verifier)
    shape = around.source.json
    if shape is not None and shape.items is not None and settings.poll.ignore:
        raise ConfigurationError(
            f"systems.{around.system}.poll.ignore: cannot be used with [sources.{around.system}.json] items"
        )
    poll = settings.poll
    caller = open_caller(around.system, poll, secrets=around.secrets, clock=around.clock, limit=poll.largest_answer)
    return PolledWebhook(settings, around, reception, verifier, caller)
