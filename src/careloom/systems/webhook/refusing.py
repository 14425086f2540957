"""Why a webhook was refused: each reason has its code, which its sender is told, and its operators."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from careloom.core.clock import Clock
from careloom.core.receipts import Intake, Refusal
from careloom.systems.seam import Reply

MEDIA_TYPE: Final = "application/problem+json"
_KEPT_AT_ONCE: Final = 60
_KEPT_PER_SECOND: Final = 0.1


class Code(StrEnum):
    """The end of a problem's `type`, `urn:careloom:problem:<code>`."""

    SIGNATURE_MISSING = "signature-missing"
    SIGNATURE_WRONG = "signature-wrong"
    TIMESTAMP_MISSING = "timestamp-missing"
    TIMESTAMP_STALE = "timestamp-stale"
    TIMESTAMP_FUTURE = "timestamp-future"
    ID_MISSING = "id-missing"
    ID_REUSED = "id-reused"
    SECRET_EXPIRED = "secret-expired"  # noqa: S105
    BODY_UNREADABLE = "body-unreadable"
    BODY_TOO_LARGE = "body-too-large"
    METHOD_UNKNOWN = "method-unknown"


_STATUS: Final = {
    Code.SIGNATURE_MISSING: 401,
    Code.SIGNATURE_WRONG: 401,
    Code.TIMESTAMP_MISSING: 400,
    Code.TIMESTAMP_STALE: 401,
    Code.TIMESTAMP_FUTURE: 401,
    Code.ID_MISSING: 400,
    Code.ID_REUSED: 409,
    Code.SECRET_EXPIRED: 401,
    Code.BODY_UNREADABLE: 422,
    Code.BODY_TOO_LARGE: 413,
    Code.METHOD_UNKNOWN: 405,
}


class Refused(Exception):
    """A request that will not be taken. `detail` says what to do; `location` is a place, never what stands there."""

    def __init__(self, code: Code, detail: str, location: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.location = location

    def reply(self) -> Reply:
        """As RFC 9457 `application/problem+json`."""
        problem = {
            "type": f"urn:careloom:problem:{self.code.value}",
            "title": self.code.value.replace("-", " ").capitalize(),
            "status": _STATUS[self.code],
            "detail": self.detail,
        }
        if self.location:
            problem["location"] = self.location
        headers = {"Allow": "POST"} if self.code is Code.METHOD_UNKNOWN else {}
        return Reply(_STATUS[self.code], msgspec.json.encode(problem), MEDIA_TYPE, headers)


class DoorBook:
    """Keeps refusals of callers who did not prove who they are: without their bodies, and only so many."""

    def __init__(self, system: str, intake: Intake, clock: Clock) -> None:
        self._system = system
        self._intake = intake
        self._clock = clock
        self._left = float(_KEPT_AT_ONCE)
        self._at = clock.monotonic()
        self.unkept = 0

    def keep(self, refused: Refused, peer: str) -> None:
        """Keep it; in a flood only every tenth second one, which says how many were not."""
        now = self._clock.monotonic()
        self._left = min(float(_KEPT_AT_ONCE), self._left + (now - self._at) * _KEPT_PER_SECOND)
        self._at = now
        if self._left < 1:
            self.unkept += 1
            return
        self._left -= 1
        more = f" ({self.unkept} more were not kept)" if self.unkept else ""
        self.unkept = 0
        self._intake.refuse(Refusal(self._system, f"{refused}{more}", refused.location, b"", peer))
