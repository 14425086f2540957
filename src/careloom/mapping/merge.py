"""PID and MRG pairs as PatientMerged (HL7 v2.5.1 chapters 3.3.40 and 3.4.9)."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from careloom.core.errors import MappingError
from careloom.mapping.identifiers import best, identifier
from careloom.mapping.patient import patient
from careloom.mapping.source import Fields, Source
from careloom.mapping.triggers import MERGES_IF_STATED, RENUMBERS
from careloom.model import Identifier, Patient, PatientMerged

Group: TypeAlias = tuple[Fields, list[Fields]]

_IF_STATED = MERGES_IF_STATED | RENUMBERS


def ending(prior: tuple[Identifier, ...], stays: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    """The numbers of a prior list (MRG-1) that are not among those that stay."""
    known = {(one.value, one.assigner) for one in stays}
    return tuple([one for one in prior if (one.value, one.assigner) not in known])


def merges(source: Source, event: str, name: str, occurred: datetime | None) -> tuple[PatientMerged, ...]:
    """One event for each prior record, in the order of the message; all of them or none.

    Raises MappingError when a group names no survivor (`PID`, `PID-3`), no prior record (`MRG-1`), or the same for both
    (`MRG-1`). A39 may do without MRG-1: it then merges no patients, and nothing comes of it. So may a change of numbers
    (A46, A47, A48), whose MRG-1 may also repeat numbers that stay.
    """
    found: list[PatientMerged] = []
    for pid, priors in _groups(source):
        survivor = patient(source, pid)
        if not priors and event not in _IF_STATED:
            raise MappingError("a merge without an MRG segment does not say which record ends", "MRG-1")
        for mrg in priors:
            retired = source.each(mrg, 1, identifier)
            if event in RENUMBERS:
                retired = ending(retired, survivor.identifier)
            if not retired and event in _IF_STATED:
                continue
            found.append(_merged(source, survivor, retired, name, occurred))
    return tuple(found)


def _merged(
    source: Source, survivor: Patient, retired: tuple[Identifier, ...], name: str, occurred: datetime | None
) -> PatientMerged:
    ends, stays = best(retired), best(survivor.identifier)
    if ends is None or stays is None:
        raise MappingError("no number of the record that ends; the sender must give one", "MRG-1")
    if (ends.value, ends.assigner) == (stays.value, stays.assigner):
        raise MappingError("the record that ends is the one that stays; correct it at the sender", "MRG-1")
    return PatientMerged(
        survivor=survivor,
        retired=(ends, *[one for one in retired if one is not ends]),
        trigger=name,
        occurred=occurred,
        facility=source.assigner,
    )


def _groups(source: Source) -> list[Group]:
    """Each PID with the MRG segments up to the next PID."""
    groups: list[Group] = []
    for segment in source.every("PID", "MRG"):
        if segment.name == "PID":
            groups.append((segment, []))
        else:
            if not groups:
                raise MappingError("an MRG segment before any PID does not say which record stays", "PID")
            groups[-1][1].append(segment)
    if not groups:
        raise MappingError("the message has no PID segment, so it names no patient", "PID")
    return groups
