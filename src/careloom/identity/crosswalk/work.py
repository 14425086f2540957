"""Everything that people do with codes, put together once for whoever serves them: pages, the API."""

from __future__ import annotations

from dataclasses import dataclass

from careloom.identity.crosswalk.authority import Authority
from careloom.identity.crosswalk.imports import ImportDesk
from careloom.identity.crosswalk.lookup import Crosswalk


@dataclass(frozen=True, slots=True)
class Codework:
    """The crosswalk of one deployment. `authority` is the table of who may set which field."""

    desk: ImportDesk
    lookup: Crosswalk
    authority: Authority
