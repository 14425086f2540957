"""A payment gateway, as the hub mounts it and flows use it."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from careloom.core.errors import CareloomError, ConfigurationError
from careloom.model import Dispute, Money, PaymentNotice, Refund
from careloom.systems.http.origin import open_caller
from careloom.systems.payments.api import Api
from careloom.systems.payments.reception import SHAPE, PaymentReception
from careloom.systems.payments.settings import Settings
from careloom.systems.rotation import KeyRing
from careloom.systems.seam import Finding, Reply, Request, Surroundings
from careloom.systems.webhook.endpoint import Webhook
from careloom.systems.webhook.missed import MissedEvents
from careloom.systems.webhook.pages import Listing
from careloom.systems.webhook.verification import Verifier

__all__ = ["Payments", "Settings", "connect"]

_log = logging.getLogger(__name__)
_NEVER: Final = 3600.0


class Payments:
    """One gateway: its events come in signed, and what its webhook did not bring is looked for; refunds go out.

    `expectations` keeps the timers of what must follow its payments, for the flow that settles them.
    """

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        self.system = around.system
        self.clock = around.clock
        self.expectations = around.expectations
        self._settings = settings
        shape = around.source.json or SHAPE
        around = dataclasses.replace(around, source=msgspec.structs.replace(around.source, json=shape))
        self._reception = PaymentReception(around.system, "json", around.intake, around.clock, around.source)
        self._door = self._opened(around)
        self._api = Api(settings.api, around) if settings.api is not None else None
        poll = settings.poll
        self._caller = None
        if poll is not None:
            limit = poll.largest_answer
            self._caller = open_caller(around.system, poll, secrets=around.secrets, clock=around.clock, limit=limit)
            by_id = self._door.by_id and settings.declared.signs_id
            self._missed = MissedEvents(poll, around, Listing(self._caller, poll), self._reception, by_id=by_id)

    @property
    def authenticates(self) -> bool:
        """Gateways have no API key: they sign."""
        return True

    @property
    def max_body(self) -> int:
        """Octets of the largest event."""
        return self._door.max_body

    @property
    def every(self) -> float:
        """Seconds between two looks into the list of events."""
        return self._settings.poll.every if self._settings.poll is not None else _NEVER

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._api.retry_after if self._api is not None else 0.0

    async def answer(self, request: Request) -> Reply:
        """Store an event and say so; see `Webhook.answer`."""
        return await self._door.answer(request)

    async def poll(self) -> None:
        """Take what the list of events has and the webhook did not bring. Raises what a call may raise."""
        if self._caller is None:
            return
        found = await self._missed.look()
        if found.missed or found.different:
            said = "%s: the list had %d events that the webhook did not bring, and %d that differ"
            _log.warning(said, self.system, found.missed, found.different)

    async def refund(self, payment: str, amount: Money, reason: str, key: str) -> Refund:
        """Give money back, once for each key; see `Api.refund`."""
        return await self._calls().refund(payment, amount, reason, key)

    async def payment(self, number: str) -> PaymentNotice:
        """A payment as the gateway has it now."""
        return await self._calls().payment(number)

    async def refunds(self, payment: str) -> list[Refund]:
        """All refunds of a payment."""
        return await self._calls().refunds(payment)

    async def disputes(self, payment: str | None = None) -> list[Dispute]:
        """All disputes, or those of one payment."""
        return await self._calls().disputes(payment)

    async def check(self) -> Sequence[Finding]:
        """Whether the gateway's interface answers, where one is configured."""
        if self._api is None:
            return []
        try:
            await self._api.look()
        except CareloomError as error:
            return [Finding(str(error), "correct `api`: its url, its token, its words")]
        return []

    async def close(self) -> None:
        """Close the connections."""
        if self._api is not None:
            await self._api.close()
        if self._caller is not None:
            await self._caller.close()

    def _opened(self, around: Surroundings) -> Webhook:
        settings = self._settings
        scheme = settings.declared
        keyring = KeyRing(scheme, settings.rotation, around.secrets, around.clock)
        verifier = Verifier(scheme, keyring, around.clock, tolerance=settings.tolerance, url=settings.url)
        return Webhook(settings, around, self._reception, verifier)

    def _calls(self) -> Api:
        if self._api is None:
            raise ConfigurationError(f"systems.{self.system}: refunds and looks need `api`, the gateway's interface")
        return self._api


def connect(settings: Settings, around: Surroundings) -> Payments:
    """The gateway; nothing is connected yet. Raises ConfigurationError."""
    return Payments(settings, around)
