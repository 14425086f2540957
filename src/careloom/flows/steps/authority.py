"""What of a patient a system may set, by the table of authority: the rest is refused, or proposed to a steward."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from careloom.core.envelope import Recorded
from careloom.identity.crosswalk.authority import Authority, Decision
from careloom.model import Patient

ENTITY: Final = "patient"
FIELDS: Final = ("name", "address", "telecom")
"""What we write of a patient and several systems may say; numbers are not among them, since each has its assigner."""


class Allowed(NamedTuple):
    """`patient` and `cleared` without what the sender may not set, and why that is so, by field."""

    patient: Patient
    cleared: tuple[str, ...]
    refused: dict[str, str]
    proposed: dict[str, str]

    @property
    def kept_back(self) -> str:
        """What an operator reads; no value is in it."""
        return "; ".join((*self.refused.values(), *(f"proposed: {one}" for one in self.proposed.values())))

    @property
    def says(self) -> bool:
        """Whether anything is left to be written."""
        return any(says(self.patient, self.cleared, field) for field in FIELDS)


def source_of(source: str) -> str:
    """The name of a system in the source of an event."""
    return source.rpartition("/")[2]


def allowed(
    patient: Patient, cleared: tuple[str, ...], facility: str | None, envelope: Recorded, authority: Authority
) -> Allowed:
    """What the sender of this event may set of its patient."""
    return allowed_to(source_of(envelope.source), patient, cleared, facility, authority)


def allowed_to(
    source: str, patient: Patient, cleared: tuple[str, ...], facility: str | None, authority: Authority
) -> Allowed:
    """The same, by the name of a system."""
    refused: dict[str, str] = {}
    proposed: dict[str, str] = {}
    for field in FIELDS if authority.rules else ():
        if not says(patient, cleared, field):
            continue
        verdict = authority.may(source, ENTITY, field, facility)
        if not verdict.accepted:
            into = proposed if verdict.decision is Decision.PROPOSE else refused
            into[field] = verdict.reason(source, ENTITY, field)
    return Allowed(*without(patient, cleared, (*refused, *proposed)), refused, proposed)


def says(patient: Patient, cleared: tuple[str, ...], field: str) -> bool:
    """Whether something is said of the field: a value, or that it is none any more."""
    return bool(getattr(patient, field)) or any(_is_of(path, field) for path in cleared)


def without(patient: Patient, cleared: tuple[str, ...], fields: Iterable[str]) -> tuple[Patient, tuple[str, ...]]:
    """The patient of whom nothing is said of these fields."""
    gone = tuple(fields)
    left = tuple(path for path in cleared if not any(_is_of(path, field) for field in gone))
    return msgspec.structs.replace(patient, **dict.fromkeys(gone, ())), left


def _is_of(path: str, field: str) -> bool:
    return path == f"{ENTITY}.{field}" or path.startswith(f"{ENTITY}.{field}.")
