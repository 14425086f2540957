"""What groups cases: the same thing gone wrong at the same place, whatever the numbers in it."""

from __future__ import annotations

import hashlib
import re
from uuid import UUID

from careloom.log.ports import NewCase

_QUOTED = re.compile(r"(?<!\w)(['\"`]).*?\1")
# Identifiers, numbers and moments differ from case to case; words without digits are what went wrong.
_VARIES = re.compile(r"\S*\d\S*")
# A place keeps its short numbers: PID-3 is not PID-5. Ids, and how far down a list it was, are left out.
_PLACED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4,}|\[\d+\]")
_SPACES = re.compile(r"\s+")


def signature(reason: str) -> str:
    """The reason without what differs between two of a kind: quoted text, and every word with a digit in it."""
    return _SPACES.sub(" ", _VARIES.sub("#", _QUOTED.sub("…", reason.casefold()))).strip()


def cause_of(case: NewCase) -> UUID:
    """The same for cases that one cause has made: kind, system, subscription, type, place and what went wrong."""
    place = _PLACED.sub("#", case.field or "")
    parts = (case.kind, case.system, case.subscription or "", case.type, place, signature(case.reason))
    return UUID(bytes=hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).digest()[:16])
