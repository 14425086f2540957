"""997 (005010), the older form of a 999, which most partners outside of healthcare want (ASC X12.20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from careloom.formats import x12

VERSION: Final = "005010"
# Codes that a 999 has beside those of a 997 (data elements 620 and 621), as the nearest that a 997 has.
_SEGMENT: Final[Mapping[str, str]] = {"I4": "2", "I6": "3", "I7": "3", "I8": "5"}
_ELEMENT: Final[Mapping[str, str]] = {"I6": "7", "I9": "2", "I10": "10", "I11": "3", "I12": "7", "I13": "2"}
_ANY_SEGMENT, _ANY_ELEMENT, _ANY_SET = "8", "7", "5"


def older(data: bytes, *, time: datetime, usage: Literal["P", "T"]) -> bytes:
    """An interchange of 999s as one of 997s, under the same control number. A 997 tells no context (CTX)."""
    [interchange] = x12.parse(data)
    header = interchange.header
    transactions = list(interchange.transactions)
    ends = transactions[0].group.header
    parties = x12.Parties(
        sender_qualifier=header[5], sender=interchange.sender,
        receiver_qualifier=header[7], receiver=interchange.receiver,
        application_sender=ends[2].strip(), application_receiver=ends[3].strip(),
    )  # fmt: skip
    sets = [_set(list(one.segments)) for one in transactions]
    return x12.write(sets, parties, time=time, control=int(interchange.control_number), usage=usage)


def _set(segments: Sequence[x12.Segment]) -> x12.BuiltSet:
    outer: list[x12.Draft | x12.DraftLoop] = []
    answer: list[x12.Draft | x12.DraftLoop] = []
    place: list[x12.Draft] = []
    for segment in segments:
        match segment.id:
            case "AK1" | "AK9":
                outer.append(_copied(segment.id, segment))
            case "AK2":
                answer = [_copied("AK2", segment)]
            case "IK3":
                _close(answer, place)
                place = [
                    x12.segment(
                        "AK3", *segment.elements[:3], _SEGMENT.get(segment[4], _plain(segment[4], _ANY_SEGMENT))
                    )
                ]
            case "IK4":
                code = _ELEMENT.get(segment[3], _plain(segment[3], _ANY_ELEMENT))
                place.append(x12.segment("AK4", tuple(segment.components(1)), segment[2], code))
            case "IK5":
                _close(answer, place)
                place = []
                codes = [_plain(code, _ANY_SET) for code in segment.elements[1:]]
                outer.append(x12.loop("AK2", *answer, x12.segment("AK5", segment[1], *dict.fromkeys(codes))))
    return x12.build("997", VERSION, outer, checked=False)


def _close(answer: list[x12.Draft | x12.DraftLoop], place: list[x12.Draft]) -> None:
    if place:
        answer.append(x12.loop("AK3", *place))


def _copied(id: str, segment: x12.Segment) -> x12.Draft:
    return x12.segment(id, *segment.elements)


def _plain(code: str, otherwise: str) -> str:
    return otherwise if code.startswith("I") else code
