"""Where the endpoint finds what it is asked for: what the log was told (`serve`), or a source of a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from careloom.formats.fhir import Query, Resource


class FhirSource(Protocol):
    """Answers reads and searches of some types: `ToldResources`, or a projection of a project."""

    @property
    def types(self) -> Sequence[str]:
        """The types that it knows."""

    async def read(self, kind: str, id: str) -> Resource | None:
        """One resource, None where there is none."""

    async def search(self, query: Query) -> Sequence[Resource]:
        """What matches, in the order asked for; all of it. FormatError, located, for a search that is not answered."""
