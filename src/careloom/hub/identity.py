"""`[identity]`: whether the person index is asked, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from careloom.cases.book import Cases
from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.hub.governance import AuthoritySection
from careloom.hub.section import Section
from careloom.identity.crosswalk.authority import ANY, Decision
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.seam import Telling
from careloom.identity.index.survivorship import FIELDS, Authority
from careloom.identity.index.weighing import Weighing
from careloom.identity.matching.model import Model
from careloom.identity.matching.shipped import default_model
from careloom.security.sealing import MasterKey
from careloom.store.database import Database

_PATIENT = "patient"


class IdentitySection(Section):
    """The person index."""

    enabled: bool = Field(
        default=False, description="find out who each incoming patient is, over all systems, before anything is done"
    )
    region: str = Field(
        default="US", pattern=r"^[A-Z]{2}$", description="whose telephone numbers come without a country code"
    )


def index_of(
    section: IdentitySection,
    authority: Mapping[str, AuthoritySection],
    database: Database,
    master: MasterKey,
    book: Cases,
    telling: Telling,
    clock: Clock,
    new_id: IdFactory,
) -> PersonIndex:
    """The index of a deployment, for one node. Raises ConfigurationError for two rules about one field."""

    def make(model: Model) -> Weighing:
        return Weighing(model, region=section.region)

    rules = list(_rules(authority))
    return PersonIndex(
        database, master, book, telling, clock, new_id, shipped=make(default_model()), make=make, authority=rules
    )


def _rules(sections: Mapping[str, AuthoritySection]) -> Iterator[Authority]:
    """What `[authority.NAME]` says of patients, as survivorship takes it."""
    for one in sections.values():
        if one.entity != _PATIENT:
            continue
        fields = FIELDS if ANY in one.fields else tuple(field for field in FIELDS if field in one.fields)
        for field in fields:
            for facility in one.facilities or (None,):
                only = one.otherwise is not Decision.ACCEPT
                yield Authority(field=field, sources=one.systems, facility=facility, only=only)
