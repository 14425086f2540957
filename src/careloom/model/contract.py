"""What is promised of an event, beside its shape."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

import msgspec

from careloom.model.events import CanonicalEvent
from careloom.model.personal import personal_paths

Publisher: TypeAlias = Literal[
    "ehr",
    "scheduling",
    "laboratory",
    "pharmacy",
    "payer",
    "clearinghouse",
    "payment-gateway",
    "bank",
    "supplier",
    "warehouse",
    "crm",
    "engagement",
    "documents",
    "service-desk",
    "hr",
    "odoo",
    "careloom",
]
"""A kind of system that may publish an event; `careloom` are our own flows."""

DataClass: TypeAlias = Literal["phi", "financial", "operational", "personnel"]
"""What an event holds: health information of a person, money, the running of the house, staff."""

Retry: TypeAlias = Literal["urgent", "standard", "bulk"]
"""What a consumer owes an event that it could not handle; RETRIES says it in words."""

RETRIES: dict[Retry, str] = {
    "urgent": "Try again within seconds; a person is told within minutes, since care, stock or money waits for it.",
    "standard": "Try again for some hours with growing pauses; then a case is opened.",
    "bulk": "Try again until the next full load brings the same facts; only then a case is opened.",
}


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """A promise to the readers of an event: its name, its shape, the team that answers for it, its one meaning.

    `source_of_truth` is the system that decides where two disagree; `publishers` are the kinds of system that may
    publish it. `retention_years` is how long it is kept unless settings say longer. From `sunset` on, no version of
    the event may be published any more; null while none is planned.
    """

    event: type[CanonicalEvent]
    owner: str
    meaning: str
    source_of_truth: str
    publishers: tuple[Publisher, ...]
    data_classes: tuple[DataClass, ...]
    retention_years: int
    retry: Retry = "standard"
    sunset: date | None = None

    @property
    def type(self) -> str:
        return self.event.type

    @property
    def personal(self) -> tuple[str, ...]:
        """Paths into the JSON of the event whose values tell who a person is, for masking."""
        return personal_paths(self.event)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the events of one domain have in common."""

    owner: str
    source_of_truth: str
    publishers: tuple[Publisher, ...]
    data_classes: tuple[DataClass, ...]
    retention_years: int
    retry: Retry = "standard"

    def contract(self, event: type[CanonicalEvent], retry: Retry | None = None, meaning: str = "") -> Contract:
        """The contract of an event of this domain; unless said, it means the first paragraph of its docstring."""
        return Contract(
            event=event,
            owner=self.owner,
            meaning=meaning or _first_paragraph(event),
            source_of_truth=self.source_of_truth,
            publishers=self.publishers,
            data_classes=self.data_classes,
            retention_years=self.retention_years,
            retry=retry or self.retry,
        )


def _first_paragraph(event: type[CanonicalEvent]) -> str:
    return " ".join((event.__doc__ or event.type).partition("\n\n")[0].split())
