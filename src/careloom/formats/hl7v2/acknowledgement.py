"""Acknowledgements: which are wanted, and their bytes (HL7 v2.5.1 chapters 2.9, 2.14 and 2.15; table 0357)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from careloom.formats.hl7v2.dates import format_time
from careloom.formats.hl7v2.header import Header
from careloom.formats.hl7v2.separators import Separators
from careloom.formats.inspection import Finding

ERROR_CODES: Final[dict[int, str]] = {
    0: "Message accepted",
    100: "Segment sequence error",
    101: "Required field missing",
    102: "Data type error",
    103: "Table value not found",
    200: "Unsupported message type",
    201: "Unsupported event code",
    202: "Unsupported processing id",
    203: "Unsupported version id",
    204: "Unknown key identifier",
    205: "Duplicate key identifier",
    206: "Application record locked",
    207: "Application internal error",
}
_CODE_OF: Final = {
    "segment-order": 100,
    "segment-misplaced": 100,
    "segment-missing": 100,
    "group-missing": 100,
    "body-missing": 100,
    "segment-unknown": 100,
    "count-differs": 100,
    "field-missing": 101,
    "component-missing": 101,
    "value-missing": 101,
    "value-type-missing": 101,
    "condition-unmet": 101,
    "code-unknown": 103,
    "type-missing": 101,
    "type-unknown": 200,
    "structure-differs": 200,
    "event-differs": 201,
    "version-unknown": 203,
}
_CODE_OF_ANY: Final = 102
_CODES: Final = frozenset({"AA", "AE", "AR", "CA", "CE", "CR"})
_LOCATION: Final = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+))?(?:\.(\d+))?)?", re.ASCII
)
_UNREADABLE: Final = Header(Separators())


class Fault(NamedTuple):
    """Why a message is refused: a code of table 0357, words without any value of the message, and the place."""

    code: int
    message: str
    location: str = ""


class Verdict(StrEnum):
    """What is answered: taken; wrong in itself; or refused for a reason of ours (or a header we do not serve)."""

    ACCEPT = "A"
    ERROR = "E"
    REJECT = "R"


class Wanted(NamedTuple):
    """Which acknowledgements a sender waits for from a hub that stores first and processes later.

    `level` is `A` (application) or `C` (accept), the level of the one answer given on the same connection.
    """

    level: str
    on_success: bool
    on_failure: bool

    def code(self, verdict: Verdict) -> str | None:
        """MSA-1 for a verdict, such as `CA` or `AE`; None when the sender wants no answer."""
        wanted = self.on_success if verdict is Verdict.ACCEPT else self.on_failure
        return self.level + verdict if wanted else None


_CONDITIONS: Final = {"AL": (True, True), "NE": (False, False), "ER": (False, True), "SU": (True, False)}


def wanted_acknowledgements(header: Header | None) -> Wanted:
    """The one answer a sender expects (v2.5.1 chapter 2.9.2 original mode, 2.9.3 enhanced mode, table 0155).

    MSH-15 and MSH-16 both empty, or no readable header: original mode, always AA, AE or AR. Else MSH-15 rules, with
    CA, CE or CR; where MSH-15 asks for nothing, MSH-16 does, with AA, AE or AR. An unknown condition means always,
    for a sender that waits in vain stops.
    """
    if header is None:
        return Wanted("A", True, True)
    accept, application = header.accept_ack.strip().upper(), header.application_ack.strip().upper()
    if not accept and not application:
        return Wanted("A", True, True)
    level, condition = ("C", accept) if accept not in ("", "NE") else ("A", application or "NE")
    return Wanted(level, *_CONDITIONS.get(condition, (True, True)))


def acknowledge(
    header: Header | None, code: str, *, time: datetime, control_id: str, error: Fault | Sequence[Fault] | None = None
) -> bytes:
    """The acknowledgement of a message, in its own separators, version and character set, sender and receiver swapped.

    `code` is MSA-1, `control_id` ours (MSH-10 of the answer). `header` None answers bytes that had no usable header.
    Several errors are an ERR segment each, before v2.5 repetitions of ERR-1; `faults_of` makes them from findings.
    Nothing of the message is echoed but its ids. ValueError when `code` is not one of table 0008.
    """
    if code not in _CODES:
        raise ValueError(f"{code!r} is no acknowledgement code; use one of {', '.join(sorted(_CODES))}")
    to = header or _UNREADABLE
    f, component, repetition, escape, subcomponent, truncation = to.separators
    text = (
        f"MSH{f}{component}{repetition}{escape}{subcomponent}{truncation or ''}"
        f"{f}{to.receiving_application}{f}{to.receiving_facility}{f}{to.sending_application}{f}{to.sending_facility}"
        f"{f}{format_time(time)}{f}{f}{_type(to)}{f}{control_id}{f}{to.processing_id}{f}{to.version}"
        f"{_charset(to)}\rMSA{f}{code}{f}{to.control_id}{_faults(to, error) if error else ''}\r"
    )
    return text.encode(to.codec, "replace")


def _charset(header: Header) -> str:
    """MSH-13 to MSH-18, when the message declares a character set."""
    return f"{header.separators.field * 6}{header.charset}" if header.charset else ""


def _type(header: Header) -> str:
    """MSH-9 of the answer: `ACK` to v2.2, `ACK^A04` in v2.3, `ACK^A04^ACK` from v2.3.1 on."""
    version, component = header.version, header.separators.component
    if version < "2.3" or not header.event:
        return "ACK"
    if version == "2.3":
        return f"ACK{component}{header.event}"
    return f"ACK{component}{header.event}{component}ACK"


def faults_of(findings: Iterable[Finding], most: int = 10) -> list[Fault]:
    """The errors among findings as faults for an acknowledgement, at most so many."""
    errors = (one for one in findings if one.severity == "error")
    return [
        Fault(_CODE_OF.get(one.code, _CODE_OF_ANY), one.text, one.place.rpartition("/")[2])
        for one in islice(errors, most)
    ]


def _faults(header: Header, errors: Fault | Sequence[Fault]) -> str:
    separators = header.separators
    f = separators.field
    faults = [errors] if isinstance(errors, Fault) else errors
    if header.version < "2.5":
        places = separators.repetition.join(_old_place(fault, separators) for fault in faults)
        return f"{f}{_plain(faults[0].message, separators)}\rERR{f}{places}"
    return "".join(_fault(fault, separators) for fault in faults)


def _fault(error: Fault, separators: Separators) -> str:
    f = separators.field
    words = _plain(error.message, separators)
    place = _place(error.location, separators)
    where = _plain(error.location, separators)
    return f"\rERR{f}{f}{place}{f}{_coded(error.code, separators.component)}{f}E{f}{f}{f}{where}{f}{words}"


def _coded(code: int, between: str) -> str:
    return between.join((str(code), ERROR_CODES[code], "HL70357")) if code in ERROR_CODES else str(code)


def _place(location: str, separators: Separators) -> str:
    """ERL: segment, sequence, field, repetition, component, sub-component; empty when the place is no segment."""
    found = _LOCATION.fullmatch(location)
    if found is None:
        return ""
    name, nth, field, repetition, component, subcomponent = found.groups()
    parts = [name, nth or "1", field, (repetition or "1") if field else None, component, subcomponent]
    return separators.component.join(part or "" for part in parts).rstrip(separators.component)


def _old_place(error: Fault, separators: Separators) -> str:
    """ERR-1 before v2.5: segment, sequence, field, and the code, with text and table from v2.3 on."""
    name, nth, field, *_ = (*_place(error.location, separators._replace(component="^")).split("^"), "", "", "")
    coded = _coded(error.code, separators.subcomponent) if separators.subcomponent else str(error.code)
    return separators.component.join((name, nth, field, coded))


def _plain(text: str, separators: Separators) -> str:
    """Words of ours without separators or line ends; they carry nothing that would be worth an escape."""
    special = set("".join(separators[:5]) + (separators.truncation or ""))
    return "".join(" " if mark in special or not mark.isprintable() else mark for mark in text)
