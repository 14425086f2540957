"""Acknowledgements of what came in, and those that come back: 999 (005010X231) and TA1 (ASC X12.5)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, Literal, TypeAlias

import msgspec

from careloom.formats.x12.building import BuiltSet, build
from careloom.formats.x12.drafting import Draft, DraftLoop, loop, segment
from careloom.formats.x12.envelope import GroupSummary, InterchangeSummary, SetSummary
from careloom.formats.x12.findings import KINDS, Fault
from careloom.formats.x12.validation import Assessment
from careloom.formats.x12.writing import Parties, write

VERSION: Final = "005010X231A1"
Verdict: TypeAlias = Literal["accepted", "accepted-with-errors", "partly-accepted", "rejected"]
_LETTERS: Final[dict[Verdict, str]] = {
    "accepted": "A", "accepted-with-errors": "E", "partly-accepted": "P", "rejected": "R",
}  # fmt: skip
VERDICTS: Final[dict[str, Verdict]] = {letter: verdict for verdict, letter in _LETTERS.items()} | dict.fromkeys(
    ("M", "W", "X"), "rejected"
)
_MOST_CODES: Final = 5
_DEPENDENT: Final = {"original-reference-missing": ("REF", ("5", "3"))}
"""Findings about a segment that another one asks for: the missing segment, and the element that asks (for CTX)."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An acknowledgement, ready to send. `kind` is 999 or TA1, `verdict` the worst that it says."""

    kind: Literal["999", "TA1"]
    data: bytes
    verdict: Verdict


def acknowledge(
    assessment: Assessment,
    *,
    time: datetime,
    control: int,
    tolerated: Container[str] = (),
    usage: Literal["P", "T"] = "P",
) -> list[Reply]:
    """A 999 for each interchange with groups, sent back to its sender; ISA13 counts on from `control`.

    A set with an error is rejected, or accepted with errors where all its error codes are in `tolerated`. Groups of
    acknowledgements (GS01 FA) are never acknowledged. No value of what came in is repeated in a reply.
    """
    replies: list[Reply] = []
    for number, interchange in enumerate(assessment.interchanges, 1):
        groups = [(at, group) for at, group in enumerate(interchange.groups, 1) if group.functional != "FA"]
        if not groups:
            continue
        sets, verdicts = [], list[Verdict]()
        for at, group in groups:
            found = [f for f in assessment.findings if (f.interchange, f.group) == (number, at) and _counts(f)]
            built, verdict = _group(group, found, tolerated)
            sets.append(built)
            verdicts.append(verdict)
        parties = _back(interchange, groups[0][1])
        data = write(sets, parties, time=time, control=control + len(replies), usage=usage)
        replies.append(Reply(kind="999", data=data, verdict=max(verdicts, key=list(_LETTERS).index)))
    return replies


def acknowledge_interchange(
    assessment: Assessment, *, time: datetime, control: int, usage: Literal["P", "T"] = "P"
) -> list[Reply]:
    """A TA1 for each interchange, whether it asked for one (ISA14) or not, sent back to its sender.

    It is about the envelope alone: what is wrong inside of a group does not reject the interchange.
    """
    replies: list[Reply] = []
    for number, interchange in enumerate(assessment.interchanges, 1):
        found = [
            finding for finding in assessment.findings
            if finding.interchange == number and KINDS[finding.code].level == "interchange" and _counts(finding)
        ]  # fmt: skip
        note = KINDS[found[0].code].acknowledgement if found else "000"
        verdict: Verdict = "rejected" if found else "accepted"
        header = interchange.header
        answer = segment("TA1", header[13], header[9], header[10], _LETTERS[verdict], note)
        at = control + len(replies)
        data = write([], _back(interchange), time=time, control=at, acknowledgements=[answer], usage=usage)
        replies.append(Reply(kind="TA1", data=data, verdict=verdict))
    return replies


def _counts(finding: Fault) -> bool:
    return finding.severity == "error"


def _back(interchange: InterchangeSummary, group: GroupSummary | None = None) -> Parties:
    """Its sender as our receiver."""
    header = [part.strip() for part in interchange.header]
    return Parties(
        sender=header[8], sender_qualifier=header[7], receiver=header[6], receiver_qualifier=header[5],
        application_sender=group.receiver if group else "", application_receiver=group.sender if group else "",
    )  # fmt: skip


def _group(group: GroupSummary, found: Sequence[Fault], tolerated: Container[str]) -> tuple[BuiltSet, Verdict]:
    """The 999 of one group."""
    answers: list[DraftLoop] = []
    verdicts: list[Verdict] = []
    for number, summary in enumerate(group.sets, 1):
        own = [finding for finding in found if finding.set == number]
        verdict = _verdict(summary, own, tolerated)
        verdicts.append(verdict)
        answers.append(_set(summary, own, verdict))
    wrong = _codes(finding for finding in found if KINDS[finding.code].level == "group")
    overall = _overall(verdicts, wrong)
    accepted = 0 if overall == "rejected" else sum(verdict != "rejected" for verdict in verdicts)
    said = group.said if group.said.isdecimal() and len(group.said) <= 6 else len(group.sets)
    content: list[Draft | DraftLoop] = [
        segment("AK1", group.functional, group.control, group.version or None), *answers,
        segment("AK9", _LETTERS[overall], said, len(group.sets), accepted, *wrong),
    ]  # fmt: skip
    return build("999", VERSION, content, checked=False), overall


def _verdict(summary: SetSummary, own: Sequence[Fault], tolerated: Container[str]) -> Verdict:
    if not summary.errors and not own:
        return "accepted"
    complete = summary.errors <= len(own)
    tolerable = complete and all(finding.code in tolerated for finding in own)
    return "accepted-with-errors" if tolerable else "rejected"


def _overall(verdicts: Sequence[Verdict], wrong: Sequence[str]) -> Verdict:
    if wrong or (verdicts and all(verdict == "rejected" for verdict in verdicts)):
        return "rejected"
    if "rejected" in verdicts:
        return "partly-accepted"
    return "accepted-with-errors" if "accepted-with-errors" in verdicts else "accepted"


def _set(summary: SetSummary, own: Sequence[Fault], verdict: Verdict) -> DraftLoop:
    """AK2 with an IK3 for each segment in error, and IK5."""
    codes = _codes(finding for finding in own if KINDS[finding.code].level == "set")
    inside = [finding for finding in own if KINDS[finding.code].level in ("segment", "element")]
    if inside or (summary.errors and not codes):
        codes = ["5", *codes]
    version = summary.version if "X" in summary.version else None
    errors = [part for _, group in groupby(inside, key=lambda f: f.segment) for part in _segment_errors(list(group))]
    return loop(
        "2000", segment("AK2", summary.id, summary.control, version), *errors,
        segment("IK5", _LETTERS[verdict], *codes[:_MOST_CODES]),
    )  # fmt: skip


def _segment_errors(found: Sequence[Fault]) -> Iterator[DraftLoop]:
    """An IK3 for each thing wrong with a segment as such, and one for all its elements."""
    elements: list[Fault] = []
    for finding in found:
        if KINDS[finding.code].level == "element" and finding.element:
            elements.append(finding)
        elif finding.code in _DEPENDENT:
            missing, asked = _DEPENDENT[finding.code]
            trigger = segment("CTX", "SITUATIONAL TRIGGER", finding.segment_id, finding.segment, _loop(finding), asked)
            yield loop("2100", _ik3(finding, "I6", missing), trigger)
        else:
            yield loop("2100", _ik3(finding, KINDS[finding.code].acknowledgement))
    if elements:
        yield loop("2100", _ik3(elements[0], "8"), *(loop("2110", _ik4(finding)) for finding in elements))


def _ik3(finding: Fault, code: str, missing: str = "") -> Draft:
    return segment("IK3", missing or finding.segment_id, finding.segment, _loop(finding), code)


def _loop(finding: Fault) -> str | None:
    """The loop as IK303 can name it: its data element 447 has four characters, so 2010AA is 2010 there."""
    return finding.loop[:4] or None


def _ik4(finding: Fault) -> Draft:
    where = (finding.element, finding.component or None, finding.repetition or None)
    return segment("IK4", where, None, KINDS[finding.code].acknowledgement)


def _codes(found: Iterator[Fault]) -> list[str]:
    return list(dict.fromkeys(KINDS[finding.code].acknowledgement for finding in found))[:_MOST_CODES]
