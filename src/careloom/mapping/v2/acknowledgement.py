"""What a receiver said of a message that it was sent (HL7 v2.5.1 chapters 2.9 and 2.14.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.mapping.v2.about import DEFAULTS, Events, occurred, translated, trigger
from careloom.mapping.v2.values import code_in, entity
from careloom.model import (
    Identifier,
    Organization,
    TransmissionAcknowledged,
    TransmissionAcknowledgement,
    TransmissionError,
)

Outcome: TypeAlias = Literal["accepted", "accepted-with-errors", "rejected"]
# Table 0008.
_OUTCOME: Final[Mapping[str, Outcome]] = {
    "AA": "accepted", "CA": "accepted", "AE": "rejected", "CE": "rejected", "AR": "rejected", "CR": "rejected",
}  # fmt: skip
_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_WARNINGS: Final = frozenset({"W", "I"})  # table 0516

DROPPED: Final[Mapping[str, str]] = {
    "MSA-3": "what is said in words may quote the message; the codes of ERR are carried",
    "ERR-7": "as MSA-3",
    "ERR-8": "as MSA-3",
    "ERR-6": "as MSA-3",
    "SFT": "the sender's software says nothing of the business",
    "NTE": "notes are free text and may hold anything",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """A `transmission.acknowledged`; filtered where MSA names no message or gives no code that we know."""
    return translated(message, settings, _events, "acknowledges no message (MSA-1, MSA-2)")


def _events(source: Source) -> Events:
    msa = source.fields("MSA")
    outcome = _OUTCOME.get((code_in(source, msa, 1) or "").upper())
    sent = code_in(source, msa, 2)
    if msa is None or outcome is None or sent is None:
        return
    errors = tuple([_error(source, err) for err in source.every("ERR")])
    if outcome == "accepted" and errors:
        outcome = "accepted-with-errors"
    rejected = outcome == "rejected"
    yield TransmissionAcknowledged(
        acknowledgement=TransmissionAcknowledgement(
            identifier=(Identifier(value=source.message.control_id, assigner=source.assigner),),
            transmission=Identifier(value=sent),
            level="transaction",
            outcome=outcome,
            kind=source.message.type.event or None,
            partner=Organization(name=source.assigner) if source.assigner else None,
            date=source.sent.isoformat() if source.sent else None,
            transactions=1,
            accepted=0 if rejected else 1,
            error=errors or _stated(source, msa, outcome),
        ),
        trigger=trigger(source.message),
        occurred=occurred(source),
        facility=source.assigner,
    )


def _stated(source: Source, msa: Fields, outcome: Outcome) -> tuple[TransmissionError, ...]:
    """MSA-6, which told the error before ERR did (until v2.6)."""
    code = code_in(source, msa, 6) if outcome == "rejected" else None
    return (TransmissionError(code=code),) if code else ()


def _error(source: Source, err: Fields) -> TransmissionError:
    """ERR-2 (place), ERR-3 (code), ERR-4 (severity); before v2.5 all in ERR-1."""
    code = entity(source, err, 3)
    place, old = _place(source, err[2], 1), source.components(err[1], 4)
    if code is None and place is None and err[1]:
        old_code = old[3] or None
        return TransmissionError(place=_place(source, err[1], 1), code=old_code)
    warning = (source.first(err, 4) or "").upper() in _WARNINGS
    return TransmissionError(
        place=place, code=code.value if code is not None else None, severity="warning" if warning else "error"
    )


def _place(source: Source, raw: str, opening: int) -> str | None:
    """An ERL: `segment^sequence^field^repetition^component`, in our way of writing it."""
    segment, sequence, field, _, component, *_ = source.components(raw, 5)
    if not _SEGMENT.fullmatch(segment):
        return None
    index = f"[{sequence}]" if sequence.isdecimal() and int(sequence[:6]) > opening else ""
    inner = f"-{field}" if field.isdecimal() else ""
    return f"{segment}{index}{inner}" + (f".{component}" if inner and component.isdecimal() else "")


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", ("ACK", "MCF"), translate),)
