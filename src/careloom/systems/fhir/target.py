"""Delivers events to a FHIR server, and looks beforehand whether it would take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from careloom.core.envelope import Recorded
from careloom.core.errors import CareloomError, ContractBroken
from careloom.core.outcomes import Done, Outcome, Skip
from careloom.formats.fhir import FHIR_VERSION, Resource, offers
from careloom.mapping.fhir.writing import to_fhir
from careloom.model import decode
from careloom.systems.fhir.client import FhirClient
from careloom.systems.fhir.refusals import FhirRejected, said_in
from careloom.systems.seam import Finding

_WRITTEN: Final = ("Patient", "Encounter", "Coverage", "Appointment")


class FhirTarget:
    """Each event is one transaction of conditional entries: sent twice, it has one effect."""

    def __init__(self, client: FhirClient) -> None:
        self._client = client

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._client.retry_after

    async def post(self, event: Recorded) -> Outcome:
        """Done with where the last resource is; Skip for an event without a form in FHIR; else what the error means."""
        try:
            bundle = to_fhir(decode(event.type, event.data))
            if bundle is None:
                return Skip(f"{event.type} has no form in FHIR")
            response = await self._client.transaction(bundle, repeatable=True)
            return Done(_where(response, len(bundle["entry"]), self._client.caller.origin))
        except CareloomError as error:
            return error.outcome()

    async def check(self, searched: Sequence[str] = ()) -> list[Finding]:
        """What the server's CapabilityStatement does not have that deliveries, and searches of types, need."""
        try:
            statement = await self._client.capabilities()
        except CareloomError as error:
            return [Finding(str(error), "correct server.url and its credentials, or have the server's owner look")]
        found = missing(statement, "transaction", _WRITTEN)
        return [*found, *[one for one in missing(statement, "", searched, "search-type") if one not in found]]


def missing(statement: Resource, system: str, kinds: Sequence[str], interaction: str = "update") -> list[Finding]:
    """What a server does not say it does."""
    found = []
    if statement.get("resourceType") != "CapabilityStatement":
        return [Finding("the server has no CapabilityStatement at metadata", "point server.url at its FHIR base")]
    if str(statement.get("fhirVersion")) != FHIR_VERSION:
        advice = f"use the server's base URL for FHIR R4 ({FHIR_VERSION})"
        found.append(Finding("the server speaks another version of FHIR", advice))
    if system and not offers(statement, "", system):
        found.append(Finding(f"the server does not say that it takes a {system}", "have its owner turn it on"))
    for kind in kinds:
        if not offers(statement, kind, interaction):
            advice = f"have its owner turn on {interaction} of {kind}, or leave the events about it out of deliveries"
            found.append(Finding(f"the server does not say that it does {interaction} with {kind}", advice))
    return found


def _where(response: Resource, expected: int, origin: str) -> str:
    """Where the last entry is. Raises FhirRejected for an entry that failed, ContractBroken for one without answer."""
    entries = response.get("entry")
    listed = entries if isinstance(entries, list) else []
    if len(listed) != expected:
        raise ContractBroken(
            f"{origin} answered {len(listed)} of {expected} entries of a transaction; look at it there"
        )
    location = ""
    for number, entry in enumerate(listed):
        said = entry.get("response") if isinstance(entry, dict) else None
        status = str(said.get("status", "")) if isinstance(said, dict) else ""
        if not status.startswith("2") or not isinstance(said, dict):
            outcome = said.get("outcome") if isinstance(said, dict) else None
            codes, _ = said_in(outcome) if isinstance(outcome, dict) else ((), ())
            place = f"Bundle.entry[{number}]"
            raise FhirRejected(f"{origin} refused {place}: {', '.join(codes) or 'without saying why'}", codes, (place,))
        location = str(said.get("location", "")) or location
    return location.partition("/_history/")[0]
