"""What an acknowledgement that came back says: 999, 997 (the older form), TA1."""

from __future__ import annotations

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.x12.acknowledgement import VERDICTS, Verdict
from careloom.formats.x12.segment import Segment
from careloom.formats.x12.transaction import Transaction


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """One error that the receiver found: where, and its code (IK304, or IK403 where `element` is not 0)."""

    segment_id: str
    segment: int
    loop: str
    code: str
    element: int = 0
    component: int = 0
    repetition: int = 0


class SetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one set: ST01, ST02, the verdict (IK501), its codes, and the errors inside."""

    set_id: str
    control: str
    version: str
    verdict: Verdict
    codes: tuple[str, ...] = ()
    complaints: tuple[Complaint, ...] = ()


class GroupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a group: GS01, GS06 and GS08 of the group that is answered, the verdict (AK901), the
    counts of AK9.

    A receiver may leave out sets that it accepted: those not in `sets` share the group's verdict.
    """

    functional: str
    control: str
    version: str
    verdict: Verdict
    received: int
    accepted: int
    codes: tuple[str, ...] = ()
    sets: tuple[SetAnswer, ...] = ()


class InterchangeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an interchange: its ISA13, ISA09 and ISA10, the verdict (TA104), and the note (TA105, 000
    for none)."""

    control: str
    date: str
    time: str
    verdict: Verdict
    note: str


def read_acknowledgement(transaction: Transaction) -> GroupAnswer:
    """A 999 or 997. FormatError, located, where it lacks what an answer needs, and for other sets."""
    if transaction.set_id not in ("999", "997"):
        raise FormatError("this set is no 999 and no 997", "ST01")
    about, result = _first(transaction, "AK1"), _first(transaction, "AK9")
    sets: list[list[Segment]] = []
    for segment in transaction.segments:
        if segment.id == "AK2":
            sets.append([])
        if sets and segment.id not in ("AK9", "SE"):
            sets[-1].append(segment)
    return GroupAnswer(
        functional=about[1], control=about[2], version=about[3], verdict=_verdict(result, 1),
        received=_count(result, 3), accepted=_count(result, 4), codes=_codes(result, 5),
        sets=tuple(_set(own) for own in sets),
    )  # fmt: skip


def read_interchange_acknowledgement(segment: Segment) -> InterchangeAnswer:
    """A TA1 segment. FormatError, located, where it lacks the control number or the verdict."""
    if segment.id != "TA1" or not segment[1]:
        raise FormatError("no TA1 segment with a control number", "TA101")
    return InterchangeAnswer(
        control=segment[1], date=segment[2], time=segment[3], verdict=_verdict(segment, 4), note=segment[5]
    )


def _set(own: list[Segment]) -> SetAnswer:
    head = own[0]
    end = next((segment for segment in own if segment.id in ("IK5", "AK5")), None)
    if end is None:
        raise FormatError("no IK5 says what became of the set", f"AK2, segment {head.ordinal}")
    return SetAnswer(
        set_id=head[1], control=head[2], version=head[3], verdict=_verdict(end, 1), codes=_codes(end, 2),
        complaints=tuple(_complaints(own)),
    )  # fmt: skip


def _complaints(own: list[Segment]) -> list[Complaint]:
    """An IK3 without IK4s is a complaint of its own; one that only says "element errors" (8) is not, with them."""
    found: list[Complaint] = []
    at: Complaint | None = None
    for segment in own:
        if segment.id in ("IK3", "AK3"):
            at = Complaint(segment_id=segment[1], segment=_count(segment, 2), loop=segment[3], code=segment[4])
            found.append(at)
        elif segment.id in ("IK4", "AK4") and at is not None:
            if found[-1] is at and at.code in ("8", ""):
                found.pop()
            found.append(
                msgspec.structs.replace(
                    at, code=segment[3], element=_count(segment, 1, 1), component=_count(segment, 1, 2),
                    repetition=_count(segment, 1, 3),
                )
            )  # fmt: skip
    return found


def _first(transaction: Transaction, id: str) -> Segment:
    found = next(transaction.find(id), None)
    if found is None:
        raise FormatError(f"the acknowledgement has no {id}", id)
    return found


def _verdict(segment: Segment, element: int) -> Verdict:
    verdict = VERDICTS.get(segment[element].strip())
    if verdict is None:
        raise FormatError("no code of an acknowledgement", f"{segment.id}{element:02}, segment {segment.ordinal}")
    return verdict


def _codes(segment: Segment, start: int) -> tuple[str, ...]:
    return tuple(code for code in segment.elements[start - 1 :] if code)


def _count(segment: Segment, element: int, component: int = 1) -> int:
    text = segment.component(element, component).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0
