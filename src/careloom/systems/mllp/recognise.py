"""From the bytes of one HL7 v2 message to what the log takes in, and to what the sender is told.

Used by the MLLP listener and by the HTTP gateway, so both accept, refuse and acknowledge alike.
Which code a refusal carries follows HL7 v2.5.1 chapter 2.9.2: AR/CR for what the header alone rules out (type, event,
processing id, version: table 0357 codes 200-203) and for our own trouble (207), AE/CE for errors of content (100-103,
205).
"""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from careloom.core.clock import Clock, SystemClock
from careloom.core.errors import FormatError, MappingError
from careloom.core.receipts import Received, Refusal
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import Verdict
from careloom.log.writing import storable
from careloom.mapping.reading.hl7v2 import deviations
from careloom.mapping.source import Settings
from careloom.mapping.subject import subject_of
from careloom.systems.mllp.framing import EXCERPT, BrokenBlock

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/hl7-v2"

SEQUENCE_ERROR: Final = 100
FIELD_MISSING: Final = 101
DATA_TYPE_ERROR: Final = 102
UNSUPPORTED_TYPE: Final = 200
UNSUPPORTED_PROCESSING_ID: Final = 202
UNSUPPORTED_VERSION: Final = 203
DUPLICATE_KEY: Final = 205
INTERNAL_ERROR: Final = 207
_REJECTIONS: Final = frozenset({200, 201, 202, 203, INTERNAL_ERROR})
_UNSUPPORTED: Final = {"MSH-9": UNSUPPORTED_TYPE, "MSH-11": UNSUPPORTED_PROCESSING_ID, "MSH-12": UNSUPPORTED_VERSION}


@dataclass(slots=True)
class Recognised:
    """A message that may be stored; `received.acknowledgement` is to be sent once it is."""

    received: Received
    header: hl7v2.Header


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that may not. `answer` is the acknowledgement that says so; empty when the sender wants none. `fault`
    is the first of those that it names."""

    refusal: Refusal
    fault: hl7v2.Fault
    answer: bytes


@dataclass(frozen=True, slots=True)
class Accepts:
    """What one system may send. Empty `versions` means any."""

    processing_ids: frozenset[str] = frozenset({"P", "T", "D"})
    versions: frozenset[str] = frozenset()


class Recogniser:
    """Recognises the messages of one system. `source` says how strictly they are validated, and by which profile."""

    def __init__(
        self,
        system: str,
        *,
        accepts: Accepts | None = None,
        clock: Clock | None = None,
        source: Settings | None = None,
    ) -> None:
        self.system = system
        self._accepts = accepts or Accepts()
        self._source = source or Settings()
        self._now = (clock or SystemClock()).now
        # MSH-10 of acknowledgements: unique over restarts and nodes by chance, within a process by counting.
        self._prefix = secrets.token_hex(4).upper()
        self._numbers = itertools.count(1)

    def recognise(self, body: bytes, peer: str = "", *, key: str | None = None) -> Recognised | Refused:
        """What `body` is. `key` replaces MSH-10 as the ground for dedupe. Never raises: a bug of ours refuses too."""
        header: hl7v2.Header | None = None
        try:
            header = hl7v2.peek(body)
            fault = self._objection(header)
            if fault is None:
                received = self._received(body, header, key or header.control_id)
                fault = _unstorable(received)
                faults = hl7v2.faults_of(deviations(body, self._source)) if fault is None else []
                if faults:
                    return self._refused(body, header, faults, peer)
                if fault is None:
                    return Recognised(received, header)
        except (FormatError, MappingError) as error:
            fault = _fault_of(error)
        except Exception as error:
            # Its text may quote the message: only the type is told.
            kind = type(error).__name__
            log.error("recognising a message of %s failed with %s; report this as a bug", self.system, kind)
            fault = hl7v2.Fault(INTERNAL_ERROR, f"internal error ({kind}), not stored", "MSH")
        return self._refused(body, header, [fault], peer)

    def broken(self, block: BrokenBlock, peer: str = "") -> Refused:
        """The refusal of a block that did not follow the framing; answered to its MSH-10 when that can be read."""
        fault = hl7v2.Fault(SEQUENCE_ERROR, f"{block.reason} ({block.location} of the block)", "MSH")
        return self._refused(block.body, _header_of(block.body), [fault], peer, Verdict.REJECT)

    def conflicting(self, recognised: Recognised) -> bytes:
        """The answer to other bytes under a key that was stored before."""
        words = "this control id was used before for another message; send it under a new one"
        return self._answer(recognised.header, Verdict.ERROR, self._now(), hl7v2.Fault(DUPLICATE_KEY, words, "MSH-10"))

    def unavailable(self, recognised: Recognised) -> bytes:
        """The answer when nothing could be stored."""
        fault = hl7v2.Fault(INTERNAL_ERROR, "not stored, send again", "MSH")
        return self._answer(recognised.header, Verdict.REJECT, self._now(), fault)

    def _objection(self, header: hl7v2.Header) -> hl7v2.Fault | None:
        accepts = self._accepts
        if header.processing_id not in accepts.processing_ids:
            words = f"this system accepts processing id {_words(accepts.processing_ids)}"
            return hl7v2.Fault(UNSUPPORTED_PROCESSING_ID, words, "MSH-11")
        if accepts.versions and header.version not in accepts.versions:
            words = f"this system accepts version {_words(accepts.versions)}"
            return hl7v2.Fault(UNSUPPORTED_VERSION, words, "MSH-12")
        return None

    def _received(self, body: bytes, header: hl7v2.Header, key: str) -> Received:
        subject, others = subject_of(body, header)
        now = self._now()
        answer = self._answer(header, Verdict.ACCEPT, now)
        return Received(self.system, key, f"hl7v2:{header.type}", subject, body, answer, now, MEDIA_TYPE, others)

    def _refused(
        self,
        body: bytes,
        header: hl7v2.Header | None,
        faults: Sequence[hl7v2.Fault],
        peer: str,
        verdict: Verdict | None = None,
    ) -> Refused:
        rejected = any(fault.code in _REJECTIONS for fault in faults)
        verdict = verdict or (Verdict.REJECT if rejected else Verdict.ERROR)
        first, *others = faults
        reason = f"{first.message}; and {len(others)} more" if others else first.message
        refusal = Refusal(self.system, reason, first.location, body[:EXCERPT], peer)
        return Refused(refusal, first, self._answer(header, verdict, self._now(), faults))

    def _answer(
        self,
        header: hl7v2.Header | None,
        verdict: Verdict,
        now: datetime,
        fault: hl7v2.Fault | Sequence[hl7v2.Fault] | None = None,
    ) -> bytes:
        code = hl7v2.wanted_acknowledgements(header).code(verdict)
        if code is None:
            return b""
        control_id = f"{self._prefix}{next(self._numbers):X}"
        return hl7v2.acknowledge(header, code, time=now, control_id=control_id, error=fault)


def _unstorable(received: Received) -> hl7v2.Fault | None:
    """What the store cannot index: an octet that HL7 does not allow either, in what the message is known by."""
    texts = {"MSH-10": received.key, "MSH-9": received.type, "PID-3": "".join((received.subject, *received.others))}
    for field, text in texts.items():
        if not storable(text):
            return hl7v2.Fault(DATA_TYPE_ERROR, "holds a NUL or half a surrogate pair", field)
    return None


def _header_of(body: bytes) -> hl7v2.Header | None:
    try:
        return hl7v2.peek(body)
    except FormatError:
        return None


def _fault_of(error: FormatError | MappingError) -> hl7v2.Fault:
    """The table 0357 code that fits what is wrong and where."""
    location = error.location if isinstance(error, FormatError) else error.field
    field = location.partition(".")[0]
    if "missing" in error.reason:
        code = FIELD_MISSING
    else:
        code = _UNSUPPORTED.get(field, DATA_TYPE_ERROR if "-" in field else SEQUENCE_ERROR)
    return hl7v2.Fault(code, error.reason, location)


def _words(allowed: Iterable[str]) -> str:
    return " or ".join(sorted(allowed))
