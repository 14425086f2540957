"""Finds what changed at a FHIR server by search, and takes it in."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.fhir import Resource, encode, instant, when
from careloom.mapping.fhir.elements import child, children, text
from careloom.systems.fhir.client import FhirClient
from careloom.systems.fhir.settings import PollSettings
from careloom.systems.reception import Reception, Taken
from careloom.systems.seam import Surroundings, Trouble

TROUBLE: Final = "fhir-search"
_log = logging.getLogger(__name__)


class Poller:
    """Looks type by type. How far is remembered once the search of a type is read to its end: a look that is cut in the
    middle is done again, and what it had taken is then known."""

    def __init__(self, settings: PollSettings, client: FhirClient, reception: Reception, around: Surroundings) -> None:
        self._settings = settings
        self._client = client
        self._reception = reception
        self._around = around

    async def look(self) -> Taken:
        """All types once. Raises what a call may raise, Unavailable when the store is away."""
        everything = Taken()
        for kind in self._settings.types:
            await self._look_at(kind, everything)
        return everything

    async def _look_at(self, kind: str, everything: Taken) -> None:
        since = await self._since(kind)
        newest, bad = since, 0
        async for page in self._client.search(kind, self._asked(kind, since)):
            taken = await self._reception.take(encode(_without_outcomes(page)), origin=f"search of {kind}")
            bad += len(taken.refused) + taken.conflicting
            _add(everything, taken)
            newest = max([newest, *_times(page, kind)])
        if bad:
            reason = f"{bad} resources of a search could not be taken; they are kept with the refusals"
            await self._around.troubles.report(Trouble(TROUBLE, reason, kind))
        else:
            await self._around.troubles.settle(TROUBLE, kind, resolution="a later search was taken whole")
        await self._around.memory.put(_key(kind), instant(newest).encode())
        _log.info("%s: search of %s: %s", self._around.system, kind, everything)

    def _asked(self, kind: str, since: datetime) -> list[tuple[str, str]]:
        from_ = since - timedelta(seconds=self._settings.overlap)
        asked = [
            ("_lastUpdated", f"ge{instant(from_)}"),
            ("_sort", "_lastUpdated"),
            ("_count", str(self._settings.count)),
        ]
        return asked + [("_include", one) for one in self._settings.include if one.startswith(f"{kind}:")]

    async def _since(self, kind: str) -> datetime:
        """The newest time seen; at the first look the start of the settings, else now, which is kept at once."""
        kept = await self._around.memory.get(_key(kind))
        said = kept.decode() if kept is not None else self._settings.start
        return when(said, "poll.start").start if said else self._around.clock.now()


def _times(page: Resource, kind: str) -> list[datetime]:
    found = []
    for entry in children(page, "entry"):
        resource = child(entry, "resource")
        said = text(child(resource, "meta"), "lastUpdated")
        if said and resource.get("resourceType") == kind:
            try:
                found.append(when(said).start)
            except FormatError:
                continue  # its resource is taken all the same; the overlap finds it again
    return found


def _without_outcomes(page: Resource) -> Resource:
    """The page without what the server says of the search itself."""
    entries = page.get("entry")
    if not isinstance(entries, list):
        return page
    kept = [one for one in entries if not isinstance(one, dict) or text(child(one, "search"), "mode") != "outcome"]
    return {**page, "entry": kept}


def _add(everything: Taken, taken: Taken) -> None:
    everything.accepted += taken.accepted
    everything.repeated += taken.repeated
    everything.conflicting += taken.conflicting
    everything.refused += taken.refused


def _key(kind: str) -> str:
    return f"poll/{kind}"
