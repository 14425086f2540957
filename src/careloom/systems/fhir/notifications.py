"""Notifications of subscriptions (Subscriptions R5 Backport 1.1): taken in, counted, and caught up with where some did
not come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Final

from careloom.core.errors import CareloomError, FormatError, Unavailable
from careloom.formats import fhir
from careloom.formats.fhir import Notification, Resource, bundle, encode, parse_reference
from careloom.systems.fhir.client import FhirClient
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Surroundings, Trouble

GAP: Final = "subscription-gap"


class Notifications:
    """Takes what subscriptions tell. With a client, resources that are only named are read there, and `catch_up` looks
    for what never came."""

    def __init__(
        self,
        around: Surroundings,
        reception: Reception,
        client: FhirClient | None = None,
        catch_up: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._around = around
        self._reception = reception
        self._client = client
        self._catch_up = catch_up

    async def take(self, notification: Notification, *, origin: str = "") -> Taken:
        """What became of the resources that it told of. The number of its last event is remembered once they are
        committed, so that one that failed half way is taken again when it comes again.

        Raises Unavailable when the store or the server that it points to is away: the sender sends again.
        """
        place = _place(notification.subscription)
        last = await self._last(place)
        if notification.kind == "handshake":
            if last is None:
                await self._remember(place, notification.since_start or 0)
            return Taken()
        resources = await self._told(notification, place)
        taken = Taken()
        if resources:
            entries = [{"fullUrl": url, "resource": one} if url else {"resource": one} for url, one in resources]
            taken = await self._reception.take(encode(bundle("collection", entries)), origin=origin)
        missed = len(notification.missed(last)) if last is not None else 0
        if missed:
            await self._missed(missed, place)
        await self._remember(place, max(last or 0, notification.last))
        return taken

    async def _told(self, notification: Notification, place: str) -> list[tuple[str, Resource]]:
        found = list(notification.resources.items())
        for event in notification.events:
            if not event.focus or fhir.focus_of(notification, event) is not None:
                continue
            read = await self._read(event.focus)
            if read is not None:
                found.append(("", read))
            elif self._client is None:
                reason = "a notification names a resource without bringing it, and no server is set to read it from"
                await self._around.troubles.report(
                    Trouble(GAP, f"{reason}; set server, or ask for full-resource", place)
                )
        return found

    async def _read(self, focus: str) -> Resource | None:
        parts = parse_reference(focus)
        if self._client is None or not parts.id or parts.kind not in ("relative", "absolute"):
            return None
        if parts.kind == "absolute" and not parts.base.startswith(self._client.caller.origin + "/"):
            raise FormatError(
                "names a resource of another server than the one that is set", "Parameters.parameter(focus)"
            )
        return await self._client.read(parts.type, parts.id)

    async def _missed(self, count: int, place: str) -> None:
        """Reported, then looked for; settled only where the look succeeded."""
        troubles = self._around.troubles
        reason = f"{count} notifications of a subscription never came"
        if self._catch_up is None:
            advice = "set poll, so that they are looked for, or ask the sender for them"
            await troubles.report(Trouble(GAP, f"{reason}; {advice}", place))
            return
        await troubles.report(Trouble(GAP, f"{reason}; they are being looked for at the server", place))
        try:
            await self._catch_up()
        except Unavailable:
            raise
        except CareloomError:
            return  # the case stays open: the next poll says what stands in its way
        await troubles.settle(GAP, place, resolution="what was missed was looked for at the server and taken")

    async def _last(self, place: str) -> int | None:
        kept = await self._around.memory.get(f"subscription/{place}")
        return int(kept) if kept is not None else None

    async def _remember(self, place: str, number: int) -> None:
        await self._around.memory.put(f"subscription/{place}", str(number).encode())


def _place(subscription: str) -> str:
    """A name for the subscription: its id, or a digest of what is no plain one."""
    found = subscription.rpartition("/")[2]
    if found and len(found) <= 64 and found.replace("-", "").replace(".", "").isalnum() and found.isascii():
        return found
    return blake2b(subscription.encode(), digest_size=8).hexdigest()
