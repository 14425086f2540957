"""Events of who is who: what the person index decided, by itself or by a steward."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from careloom.model.contract import Contract, Terms
from careloom.model.datatypes import Person
from careloom.model.entities import Patient
from careloom.model.events import CanonicalEvent
from careloom.model.subject import About


def _resolved(*patients: Patient) -> None:
    if any(patient.person is None for patient in patients):
        raise ValueError("Expected `person` of each patient, since it says who is meant")


class PersonMerged(CanonicalEvent, frozen=True, kw_only=True):
    """Two persons of the index are one: what was known of `retired` belongs to the survivor from now on.

    The number of `retired` is the one of the two that does not stand for the person any more.
    `survivor` holds what is known of the person now, by authority and recency; its `person` says who it is.
    """

    type: ClassVar[str] = "person.merged.v1"
    about: ClassVar[tuple[About, ...]] = (About("Patient", "survivor.identifier"),)
    also: ClassVar[tuple[About, ...]] = (About("Person", "retired"),)

    survivor: Patient
    retired: Person

    def __post_init__(self) -> None:
        _resolved(self.survivor)


class PersonSplit(CanonicalEvent, frozen=True, kw_only=True):
    """One person of the index became several, or is known by another id: `person` is the one that was.

    `parts` are those that are, the oldest first, each with what is known of it now; its `person` says who it is.
    """

    type: ClassVar[str] = "person.split.v1"
    about: ClassVar[tuple[About, ...]] = (About("Person", "person"),)
    also: ClassVar[tuple[About, ...]] = (About("Person", "parts.person"),)

    person: Person
    parts: Annotated[tuple[Patient, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        _resolved(*self.parts)


_INDEX = Terms(
    owner="health-information",
    source_of_truth="the person index of Careloom",
    publishers=("careloom",),
    data_classes=("phi",),
    retention_years=6,
    retry="urgent",
)

CONTRACTS: tuple[Contract, ...] = (_INDEX.contract(PersonMerged), _INDEX.contract(PersonSplit))
