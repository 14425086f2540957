"""The opaque `after` of a page: how far its caller has read, lane by lane, or the last thing of a list."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from careloom.gateway.journal import After
from careloom.gateway.problems import ProblemError

LONGEST: Final = 8_192
T = TypeVar("T")
_EARLIEST, _LATEST = 1900, 9000
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_decoder = msgspec.msgpack.Decoder(dict[int, int])


def written(after: After) -> str:
    """Base64url of the lanes and sequences; no padding, so that it needs no escaping in a query."""
    return _text(msgspec.msgpack.encode(dict(sorted(after.items()))))


def read(text: str) -> After:
    """The places that `written` wrote. Raises ProblemError 422 for anything else."""
    return _decoded(text, _lanes)


def place_written(place: object) -> str:
    """The same of the last thing of a list; it names no patient."""
    return _text(msgspec.json.encode(place))


def place_read(text: str, decode: Callable[[bytes], T]) -> T:
    """What `place_written` wrote. `decode` raises ValueError for what it cannot be. Raises ProblemError 422."""
    return _decoded(text, decode)


def following(path: str, asked: Mapping[str, Any], after: str | None, limit: int) -> dict[str, str]:
    """The Link header to the next page of what was asked (RFC 8288); none on the last page."""
    if after is None:
        return {}
    query = {name: value for name, value in asked.items() if value is not None}
    return {"Link": f'<{path}?{urlencode({**query, "after": after, "limit": limit})}>; rel="next"'}


def is_usual(time: datetime) -> bool:
    """Whether every system can reckon with it, in any time zone."""
    return _EARLIEST < time.year < _LATEST


def must_be_usual(place: str, time: datetime | None) -> None:
    """Raises ProblemError 422, located, for a time that is not."""
    if time is not None and not is_usual(time):
        raise ProblemError(422, "invalid-request", "this time is out of bounds", location=place)


def _lanes(packed: bytes) -> After:
    found = _decoder.decode(packed)
    if not all(0 <= lane < 1 << 15 and 0 <= sequence < 1 << 63 for lane, sequence in found.items()):
        raise ValueError
    return found


def _text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def _decoded(text: str, decode: Callable[[bytes], T]) -> T:
    try:
        if not _PLAIN.issuperset(text):
            raise ValueError
        return decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        detail = "this is no cursor of ours; start without `after`, then use the one in the answer"
        raise ProblemError(422, "cursor-unknown", detail, location="query.after") from None
