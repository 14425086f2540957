"""The opaque `after` of a page: how far its caller has read, lane by lane."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec

from careloom.gateway.journal import After
from careloom.gateway.problems import ProblemError

LONGEST: Final = 8_192
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_decoder = msgspec.msgpack.Decoder(dict[int, int])


def written(after: After) -> str:
    """Base64url of the lanes and sequences; no padding, so that it needs no escaping in a query."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(dict(sorted(after.items())))).rstrip(b"=").decode()


def read(text: str) -> After:
    """The places that `written` wrote. Raises ProblemError 422 for anything else."""
    try:
        if not _PLAIN.issuperset(text):
            raise ValueError
        found = _decoder.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not all(0 <= lane < 1 << 15 and 0 <= sequence < 1 << 63 for lane, sequence in found.items()):
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError):
        detail = "this is no cursor of ours; start without `after`, then use the one in the answer"
        raise ProblemError(422, "cursor-unknown", detail, location="query.after") from None
    return found
