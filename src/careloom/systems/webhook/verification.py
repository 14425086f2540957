"""Whether a request is from who it says, is fresh, and which delivery it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from careloom.core.clock import Clock
from careloom.systems.rotation import KeyRing
from careloom.systems.seam import Request
from careloom.systems.signing import MOST_SIGNATURES, Scheme, covered, matches, shown_in
from careloom.systems.webhook.refusing import Code, Refused

_LONGEST_ID: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {"s": ("seconds", 11), "ms": ("milliseconds", 14)}


class Verified(NamedTuple):
    """What can be relied on. `id` is empty where the scheme does not sign one."""

    id: str


class Verifier:
    """Checks requests of one sender. `tolerance` is seconds that its clock may differ from ours, both ways."""

    def __init__(self, scheme: Scheme, keyring: KeyRing, clock: Clock, *, tolerance: float, url: str = "") -> None:
        self._scheme = scheme
        self._keyring = keyring
        self._clock = clock
        self._tolerance = timedelta(seconds=tolerance)
        self._url = url

    def verify(self, request: Request) -> Verified:
        """Raises Refused with the code of what is wrong, ConfigurationError when no secret can be read.

        A signature is judged before its time: who did not sign learns nothing about our clock.
        """
        shown = self._shown(request)
        id_ = self._id(request)
        timestamp = self._timestamp(request)
        text = covered(self._scheme, request.body, id=id_, timestamp=timestamp, url=self._url)
        self._judge(text, shown)
        if timestamp:
            self._judge_time(timestamp)
        return Verified(id_ if self._scheme.signs_id else "")

    def _shown(self, request: Request) -> list[bytes]:
        header = self._scheme.header
        value = request.headers.get(header, "") if header else request.path.rstrip("/").rpartition("/")[2]
        where = f"header {header}" if header else "the last part of the path"
        if not value:
            raise Refused(Code.SIGNATURE_MISSING, f"{where} is missing; sign the request", header)
        shown = shown_in(self._scheme, value)
        if not shown:
            raise Refused(Code.SIGNATURE_WRONG, f"{where} holds no signature of this scheme", header)
        return shown

    def _id(self, request: Request) -> str:
        header = self._scheme.id_header
        value = request.headers.get(header, "").strip() if header else ""
        if header and self._scheme.signs_id and not value:
            raise Refused(Code.ID_MISSING, f"header {header} is missing; each delivery has an id", header)
        if len(value) > _LONGEST_ID or not value.isprintable():
            raise Refused(Code.ID_MISSING, f"an id has 1 to {_LONGEST_ID} printable characters", header)
        return value

    def _timestamp(self, request: Request) -> str:
        scheme = self._scheme
        if not scheme.timestamp_header:
            return ""
        value = request.headers.get(scheme.timestamp_header, "")
        if scheme.timestamp_prefix:
            pieces = value.split(scheme.separator or ",", MOST_SIGNATURES)
            found = (piece.strip() for piece in pieces if piece.strip().startswith(scheme.timestamp_prefix))
            value = next(found, "").removeprefix(scheme.timestamp_prefix)
        if not value.strip():
            detail = f"header {scheme.timestamp_header} has no time; sign the time of sending"
            raise Refused(Code.TIMESTAMP_MISSING, detail, scheme.timestamp_header)
        return value.strip()

    def _judge(self, text: bytes, shown: list[bytes]) -> None:
        keys = self._keyring.keys()
        # Every pair is compared, so that the time it takes does not tell which one was right.
        current = [matches(self._scheme, key, text, one) for key in keys.current for one in shown]
        ended = [matches(self._scheme, key, text, one) for key in keys.ended for one in shown]
        if any(current):
            return
        if any(ended):
            raise Refused(Code.SECRET_EXPIRED, "this secret has ended; sign with the new one", self._scheme.header)
        raise Refused(Code.SIGNATURE_WRONG, "the signature does not fit this request", self._scheme.header)

    def _judge_time(self, timestamp: str) -> None:
        header = self._scheme.timestamp_header
        unit, digits = _UNITS[self._scheme.timestamp_unit]
        if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > digits:
            raise Refused(Code.TIMESTAMP_MISSING, f"header {header} has no time: write whole {unit} since 1970", header)
        sent = _EPOCH + timedelta(**{unit: int(timestamp)})
        now = self._clock.now()
        if sent < now - self._tolerance:
            raise Refused(Code.TIMESTAMP_STALE, "the request is too old; send it again with the time of now", header)
        if sent > now + self._tolerance:
            raise Refused(Code.TIMESTAMP_FUTURE, "the request is from the future; set the sender's clock", header)
