"""Addresses of pages: what is asked in them, and where a list goes on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from careloom.console.visiting import BASE, Refused, Visit

PAGE: Final = 50
"""How many rows a page of a list has."""
LONGEST_WORD: Final = 200
_LONGEST_AGE: Final = timedelta(days=3660)
_EARLIEST, _LATEST = 1900, 9000
T = TypeVar("T")
_Time = Annotated[datetime, msgspec.Meta(tz=True)]
BY_URGENCY: Final = msgspec.json.Decoder(tuple[Annotated[int, msgspec.Meta(ge=0, le=9)], _Time, UUID])
BY_TIME: Final = msgspec.json.Decoder(tuple[_Time, UUID])
BY_WEIGHT: Final = msgspec.json.Decoder(tuple[float, UUID])
"""Where lists go on: the columns by which they are sorted, of the last row."""


def address(path: str, asked: Mapping[str, Any], **changed: Any) -> str:
    """A page with what is asked of it, in parameters; what is empty is left out."""
    given = {name: value for name, value in {**asked, **changed}.items() if value not in (None, "", False)}
    return f"{BASE}{path}?{urlencode(given)}" if given else f"{BASE}{path}"


def place_written(place: object) -> str:
    """The last row of a page, for the address of the next one; it names no patient."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place_read(text: str, decoder: msgspec.json.Decoder[T]) -> T | None:
    """What `place_written` wrote; None for nothing. Raises Refused for anything else."""
    if not text:
        return None
    try:
        found = decoder.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not all(is_usual(one) for one in cast(tuple[Any, ...], found) if isinstance(one, datetime)):
            raise ValueError
        return found
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise Refused("this is no page of the list; begin with its first page", 400) from None


def is_usual(time: datetime) -> bool:
    """Whether every system can reckon with it, in any time zone."""
    return _EARLIEST < time.year < _LATEST


def word(visit: Visit, name: str) -> str | None:
    """A parameter of the address; None where it is not there. Raises Refused for what nobody would type."""
    text = visit.asked(name)
    if len(text) > LONGEST_WORD or "\0" in text:
        raise Refused(f"{name} has up to {LONGEST_WORD} characters", 400)
    return text or None


def uuid_of(visit: Visit, name: str) -> UUID | None:
    """The same for an id. Raises Refused."""
    text = word(visit, name)
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise Refused(f"{name} is no id", 400) from None


def hours(visit: Visit, name: str) -> timedelta:
    """The same for a length of time; none where it is not there. Raises Refused."""
    text = word(visit, name)
    try:
        found = timedelta(hours=float(text or 0))
    except (ValueError, OverflowError):
        found = -_LONGEST_AGE
    if not timedelta(0) <= found <= _LONGEST_AGE:
        raise Refused(f"{name} is a number of hours", 400)
    return found


def day(visit: Visit, name: str) -> datetime | None:
    """The same for a day, as its first moment in UTC. Raises Refused."""
    text = word(visit, name)
    try:
        found = None if text is None else datetime.fromisoformat(f"{text}T00:00:00+00:00")
    except ValueError:
        raise Refused(f"{name} is a day, such as 2026-03-14", 400) from None
    if found is not None and not is_usual(found):
        raise Refused(f"{name} is out of bounds", 400)
    return found
