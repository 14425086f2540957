"""999, 997 and TA1: whether a partner could read what it was sent (guide X231, ASC X12.20, X12.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from careloom.core.errors import MappingError
from careloom.formats.x12 import Interchange, Transaction
from careloom.formats.x12.values import date_of
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.source import Row, Source, clean
from careloom.model import (
    Identifier,
    Organization,
    TransmissionAcknowledged,
    TransmissionAcknowledgement,
    TransmissionError,
)

_DEFAULTS = Settings()
Outcome: TypeAlias = Literal["accepted", "accepted-with-errors", "partially-accepted", "rejected"]
# Data elements 715 (AK901), 717 (IK501) and I17 (TA104).
_OUTCOME: Final[Mapping[str, Outcome]] = {
    "A": "accepted", "E": "accepted-with-errors", "P": "partially-accepted", "R": "rejected", "M": "rejected",
    "W": "rejected", "X": "rejected",
}  # fmt: skip
_NO_ERROR = "000"

DROPPED: Mapping[str, str] = {
    "AK1": "which kind of group it was: its control number names it",
    "CTX": "the value or the segment that an error hangs together with may name a person",
    "IK404": "a copy of the bad value may name a person",
    "AK404": "a copy of the bad value may name a person",
}


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """999 or 997: a `transmission.acknowledged` for the group. Raises MappingError without the group's control number
    (`AK102`) or a result (`AK901`)."""
    source = Source(transaction, settings)
    ak1, ak9 = (Row(source, source.root, next(transaction.find(id), None)) for id in ("AK1", "AK9"))
    if not ak1 or ak1.text(2) is None:
        raise MappingError("the control number of the group is missing; the sender must give it", "AK102")
    outcome = _OUTCOME.get(ak9.text(1) or "")
    if outcome is None:
        raise MappingError("no result that we know; the sender must give one", "AK901")
    rejected, errors = _sets(source)
    acknowledgement = TransmissionAcknowledgement(
        identifier=(Identifier(value=f"{transaction.group.control_number}/{transaction.control_number}"),),
        transmission=Identifier(value=ak1.text(2) or "-"),
        level="group",
        outcome=outcome,
        kind=source.trigger,
        partner=_partner(source.facility),
        date=source.occurred.isoformat() if source.occurred else None,
        transactions=_count(ak9, 2),
        accepted=_count(ak9, 4),
        rejected=tuple(Identifier(value=number) for number in rejected),
        error=tuple(errors),
    )
    return source.translation([source.event(TransmissionAcknowledged, acknowledgement=acknowledgement)], "")


def translate_interchange(interchange: Interchange, settings: Settings = _DEFAULTS) -> Translation:  # noqa: ARG001
    """TA1: a `transmission.acknowledged` for each interchange that it speaks of. Raises MappingError for one without
    its control number (`TA101`) or a result (`TA104`)."""
    events = []
    for ta1 in interchange.acknowledgements:
        number, code = clean(ta1[1]), clean(ta1[5])
        outcome = _OUTCOME.get(clean(ta1[4]) or "")
        if number is None or outcome is None:
            raise MappingError("no control number or no result that we know", "TA101" if number is None else "TA104")
        day = date_of(ta1[2])
        acknowledgement = TransmissionAcknowledgement(
            transmission=Identifier(value=number),
            level="interchange",
            outcome=outcome,
            kind="TA1",
            partner=_partner(clean(interchange.sender)),
            date=day.isoformat() if day else None,
            error=(TransmissionError(place="ISA", code=code),) if code and code != _NO_ERROR else (),
        )
        events.append(
            TransmissionAcknowledged(trigger="TA1", facility=clean(interchange.sender), acknowledgement=acknowledgement)
        )
    return Translation(events=tuple(events), filtered=None if events else "holds no TA1")


def _partner(name: str | None) -> Organization | None:
    return Organization(identifier=(Identifier(value=name, type="ISA"),)) if name else None


def _count(row: Row, element: int) -> int | None:
    text = row.text(element)
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _sets(source: Source) -> tuple[list[str], list[TransmissionError]]:
    """Control numbers of the sets that were refused, and what was wrong, in order."""
    rejected: list[str] = []
    errors: list[TransmissionError] = []
    control, place = None, None
    for row in _rows(source):
        id = row.segment.id if row.segment else ""
        if id == "AK2":
            control = row.text(2)
        elif id in ("IK3", "AK3"):
            place = "/".join(part for part in (row.text(3), row.text(1)) if part) + f" at segment {row.text(2) or '?'}"
            errors.append(TransmissionError(transaction=control, place=place, code=row.text(4)))
        elif id in ("IK4", "AK4"):
            errors.append(_element(row, control, place))
        elif id in ("IK5", "AK5"):
            if _OUTCOME.get(row.text(1) or "", "rejected") == "rejected" and control:
                rejected.append(control)
            codes = [code for element in range(2, 7) if (code := row.text(element))]
            errors += [TransmissionError(transaction=control, place="ST", code=code) for code in codes]
        elif id == "AK9":
            codes = [code for element in range(5, 10) if (code := row.text(element))]
            errors += [TransmissionError(place="GS", code=code) for code in codes]
    return rejected, errors


def _rows(source: Source) -> Iterator[Row]:
    return (Row(source, source.root, segment) for segment in source.transaction.segments)


def _element(row: Row, control: str | None, place: str | None) -> TransmissionError:
    element, component, repetition, *_ = row.parts(1, 3)
    at = (
        f"element {element or '?'}" + (f"-{component}" if component else "") + (f"[{repetition}]" if repetition else "")
    )
    return TransmissionError(transaction=control, place=f"{place or '?'}, {at}", code=row.text(3))


MAPPINGS = (
    SetMapping("x12", ("997", "999"), translate),
    SetMapping("x12", ("TA1",), translate_interchange),
)
