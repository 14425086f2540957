"""What the hub mounts, delivers to and polls for a FHIR system."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from careloom.core.envelope import Recorded
from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import Outcome
from careloom.systems.fhir.client import FhirClient
from careloom.systems.fhir.credentials import credentials
from careloom.systems.fhir.endpoint import FhirEndpoint
from careloom.systems.fhir.lookup import APPOINTMENT, PATIENT, FhirLookups
from careloom.systems.fhir.notifications import Notifications
from careloom.systems.fhir.polling import Poller
from careloom.systems.fhir.settings import PollSettings, ServerSettings, Settings
from careloom.systems.fhir.sources import FhirSource
from careloom.systems.fhir.target import FhirTarget
from careloom.systems.fhir.told import ToldResources
from careloom.systems.http.origin import open_caller
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Obstacle, Surroundings

__all__ = ["FhirServer", "PolledFhirServer", "Settings", "connect"]


class FhirServer(FhirEndpoint):
    """An endpoint here, and a server there that takes events."""

    client: FhirClient
    _target: FhirTarget
    _lookups: FhirLookups

    def calling(self, client: FhirClient) -> None:
        """The server that is called."""
        self.client = client
        self._target = FhirTarget(client)
        self._lookups = FhirLookups(client, self._around.source.zone)

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._target.retry_after

    async def post(self, event: Recorded) -> Outcome:
        """See `FhirTarget.post`."""
        return await self._target.post(event)

    @property
    def answers(self) -> Collection[str]:
        """The shapes of look-ups that it answers."""
        return (PATIENT, APPOINTMENT)

    async def look_up(
        self,
        shape: str,
        parameters: Any,
        budget_seconds: float,  # noqa: ARG002 - an answer that comes later is fetched
    ) -> Mapping[str, Any] | None:
        """See `FhirLookups`. Raises ConfigurationError for another shape."""
        if shape == PATIENT:
            return await self._lookups.patient(parameters)
        if shape == APPOINTMENT:
            return await self._lookups.appointment(parameters)
        raise ConfigurationError(f"{self._around.system} answers no {shape} look-ups")

    async def check(self) -> list[Obstacle]:
        """See `FhirTarget.check`."""
        return list(await self._target.check())

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()


class PolledFhirServer(FhirServer):
    """A server that is also searched for what changed."""

    _poll: PollSettings
    _poller: Poller

    def polling(self, settings: PollSettings, poller: Poller) -> None:
        """What is looked for, and how."""
        self._poll = settings
        self._poller = poller

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return self._poll.every

    async def poll(self) -> None:
        """See `look`."""
        await self.look()

    async def look(self) -> Taken:
        """See `Poller.look`."""
        return await self._poller.look()

    async def check(self) -> list[Obstacle]:
        """What deliveries need, and that the types are searched."""
        return list(await self._target.check(self._poll.types))


def connect(settings: Settings, around: Surroundings, source: FhirSource | None = None) -> FhirEndpoint:
    """The endpoint; with `server` also a target, with `poll` also looked at. `source` answers reads and searches in
    place of the log; a project that has one connects its own kind with it. Raises ConfigurationError."""
    if source is None and settings.serve:
        source = ToldResources(settings.serve, around.history)
    reception = Reception(around.system, "fhir", around.intake, around.clock, around.source)
    if settings.server is None:
        return FhirEndpoint(settings, around, reception, Notifications(around, reception), source)
    client = open_fhir(settings.server, around)
    if settings.poll is None:
        server = FhirServer(settings, around, reception, Notifications(around, reception, client), source)
        server.calling(client)
        return server
    poller = Poller(settings.poll, client, reception, around)
    polled = PolledFhirServer(
        settings, around, reception, Notifications(around, reception, client, poller.look), source
    )
    polled.calling(client)
    polled.polling(settings.poll, poller)
    return polled


def open_fhir(settings: ServerSettings, around: Surroundings) -> FhirClient:
    """A client for a server, not connected yet. Raises ConfigurationError when its TLS files cannot be used."""
    caller = open_caller(
        around.system, settings, secrets=around.secrets, clock=around.clock, limit=settings.largest_answer
    )
    who = credentials(around.system, settings, caller, around.secrets, around.clock)
    return FhirClient(caller, who, pages=settings.pages)
