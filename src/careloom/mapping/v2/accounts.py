"""BAR messages as billing accounts (HL7 v2.5.1 chapters 6.3.2 to 6.3.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from careloom.core.errors import MappingError
from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.mapping.v2.about import DEFAULTS, About, Events, all_of, one, sections, translated
from careloom.mapping.v2.dropped import PATIENT, VISIT
from careloom.mapping.v2.request import distinct
from careloom.mapping.v2.values import code_in, coding, count, money
from careloom.model import Account, AccountDiagnosis, AccountUpdated, Coding, Encounter, Identifier

Status: TypeAlias = Literal["active", "inactive"]
# P02 purges accounts and P06 ends them: charges may no longer be posted on either.
STATUS: Final[Mapping[str, Status]] = {
    "P01": "active", "P02": "inactive", "P05": "active", "P06": "inactive", "P10": "active", "P12": "active",
}  # fmt: skip
_DIAGNOSIS: Final[Mapping[str, Literal["admitting", "working", "final"]]] = {
    "A": "admitting", "W": "working", "F": "final",
}  # fmt: skip

DROPPED: Final[Mapping[str, str]] = {
    **PATIENT,
    **VISIT,
    "PV1-47": "sums are made of the charges",
    "PV1-48": "as PV1-47",
    "PV1-49": "as PV1-47",
    "DG1-4": "a diagnosis is carried as its code alone",
    "DG1-16": "who made a diagnosis is not needed for billing",
    "PR1-4": "a procedure is carried as its code alone",
    "PR1-8": "who took part in a procedure is told by its charges",
    "PR1-11": "as PR1-8",
    "OBX": "clinical values never leave the message",
    "UB1": "what a paper claim needs is told by the claim",
    "UB2": "as UB1",
    "GP1": "ambulatory groups are told by the payer's answer",
    "GP2": "as GP1",
    "ABS": "abstracts are clinical",
    "BLC": "blood codes are clinical",
    "RMI": "risk management is the sender's own",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """An `account.updated` for each patient of the message.

    Raises MappingError without a patient (`PID`, `PID-3`) or a number of the account (`PID-18`).
    """
    status = STATUS.get(message.type.event)
    if status is None:
        return Translation(filtered="no mapping for BAR with this trigger event (MSH-9.2)")
    return translated(message, settings, lambda source: _events(source, status), "changes no account")


def _events(source: Source, status: Status) -> Events:
    parts = sections(all_of(source))
    for section in parts:
        about = About(source, section, alone=len(parts) == 1)
        yield AccountUpdated(account=_account(source, about, section, status), occurred=about.occurred(), **about.parts)


def _account(source: Source, about: About, section: Sequence[Fields], status: Status) -> Account:
    visit: Encounter | None = about.parts["encounter"]
    numbers = about.parts["patient"].account or _of_visit(visit)
    if not numbers:
        raise MappingError("no number of the account; the sender must give one", "PID-18")
    pv1 = one(section, "PV1")
    return Account(
        identifier=numbers,
        status=status,
        type=code_in(source, pv1, 18),
        service_period=visit.period if visit is not None else None,
        balance=money(source, pv1, 46) if pv1 is not None else None,
        diagnosis=tuple(_diagnoses(source, section)),
        procedure=distinct([_code(source, fields) for fields in section if fields.name == "PR1"]),
    )


def _of_visit(visit: Encounter | None) -> tuple[Identifier, ...]:
    """Where PID-18 is empty, a visit has an account of its own, under its own number."""
    return visit.identifier if visit is not None else ()


def _code(source: Source, fields: Fields) -> Coding | None:
    return coding(source, fields[3].partition(source.repetition)[0]) if fields[3] else None


def _diagnoses(source: Source, section: Sequence[Fields]) -> Iterator[AccountDiagnosis]:
    for place, fields in enumerate([each for each in section if each.name == "DG1"], 1):
        code = _code(source, fields)
        if code is not None:
            yield AccountDiagnosis(
                sequence=count(source, fields, 1) or place,
                code=code,
                type=_DIAGNOSIS.get((source.first(fields, 6) or "").upper()),
                date=source.day(fields, 5),
            )
    drg = one(section, "DRG")
    code = coding(source, drg[1]) if drg is not None and drg[1] else None
    if code is not None:
        yield AccountDiagnosis(code=code, type="drg")


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", ("BAR",), translate),)
