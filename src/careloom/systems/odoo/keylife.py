"""How long the API key still holds, and who is told before it ends.

A user without administrator's rights gets keys for 90 days at most (`odoo/CONTRACT.md` section 1). Odoo tells a user
when its keys end, but not which of them is in use, so each answer says how sure it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from careloom.core.clock import Clock
from careloom.core.errors import AccessRefused, ConfigurationError, PermanentError
from careloom.systems.odoo.connection import Connection
from careloom.systems.seam import Memory, Trouble, Troubles

LONGEST_DAYS: Final = 90
_WARNINGS: Final = (1, 7, 30)
_MEMORY: Final = "api-key"
_DAY: Final = timedelta(days=1)


class Bound(StrEnum):
    """How the end of a key is meant."""

    EXACT = "exactly"
    AT_LEAST = "at least"  # one of several keys, and the first of them to end ends then
    AT_MOST = "at most"  # it was first seen so long ago, and holds for 90 days from when it was made


@dataclass(frozen=True, slots=True)
class KeyLife:
    """When the key in use ends; None for never. `source` is who says so: `odoo`, `rotation`, `first seen`."""

    expires: datetime | None
    bound: Bound
    source: str

    def days(self, now: datetime) -> int | None:
        """Whole days that are left; below 0 when it ended."""
        return None if self.expires is None else (self.expires - now) // _DAY

    def card(self, now: datetime) -> Mapping[str, Any]:
        """For the connection card."""
        expires = self.expires and self.expires.isoformat()
        return {"expires": expires, "days": self.days(now), "bound": self.bound.value, "source": self.source}


class Remembered(msgspec.Struct, kw_only=True):
    """What is kept of the key in use: a keyed digest that tells it from its successor, never the key."""

    fingerprint: str
    first_seen: datetime
    id: int | None = None
    expires: datetime | None = None
    warned: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key of the API user, as Odoo lists it."""

    id: int
    name: str
    expires: datetime | None


class KeyNotes:
    """Keeps `Remembered` in the memory of the system."""

    def __init__(self, memory: Memory, digest: Callable[[str], bytes], clock: Clock) -> None:
        self._memory = memory
        self._digest = digest
        self._clock = clock

    async def of(self, key: str) -> Remembered:
        """What is known of this key. One that was not seen before is seen now."""
        known = await self.latest()
        if known is None or known.fingerprint != self.fingerprint(key):
            known = Remembered(fingerprint=self.fingerprint(key), first_seen=self._clock.now())
            await self.keep(known)
        return known

    async def latest(self) -> Remembered | None:
        """What was kept last, of whichever key."""
        kept = await self._memory.get(_MEMORY)
        return None if kept is None else msgspec.json.decode(kept, type=Remembered)

    async def keep(self, remembered: Remembered) -> None:
        """Keep it in place of what was kept."""
        await self._memory.put(_MEMORY, msgspec.json.encode(remembered))

    def fingerprint(self, key: str) -> str:
        """16 keyed bytes that stand for a key."""
        return self._digest(f"odoo key {key}").hex()


def own_keys(rows: Sequence[Mapping[str, Any]]) -> list[OwnKey]:
    """Rows of res.users.apikeys that open the API: those for other things (a second factor's devices) are left out."""
    return [
        OwnKey(row["id"], row["name"], moment(row["expiration_date"]))
        for row in rows
        if row["scope"] in (False, None, "rpc")
    ]


def moment(text: Any) -> datetime | None:
    """A datetime of Odoo, which are UTC without saying so."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


FIELDS: Final = ("name", "expiration_date", "scope")


class KeyWatch:
    """Looks how long the key holds, and opens a case at 30, 7 and 1 days before its end, once each."""

    def __init__(
        self, connection: Connection, key: Callable[[], str], notes: KeyNotes, troubles: Troubles, clock: Clock
    ) -> None:
        self._connection = connection
        self._key = key
        self._notes = notes
        self._troubles = troubles
        self._clock = clock
        self._seen: str | None = None
        self.life: KeyLife | None = None

    async def look(self) -> None:
        """Look once; `life` says what was found. Raises what a call raises when Odoo does not answer."""
        known = await self._notes.of(self._key())
        self._seen = known.fingerprint
        self.life = life = await self._life(known)
        left = life.days(self._clock.now())
        due = [one for one in _WARNINGS if left is not None and left < one]
        if not due:
            await self._settle(_WARNINGS, "the key was renewed, or holds for long enough")
        elif due[0] not in known.warned:
            await self._warn(due[0], life)
            known.warned = (*known.warned, *due)
            await self._notes.keep(known)

    def renewed(self) -> bool:
        """Whether there is another key than the last look was about."""
        try:
            return self._seen is not None and self._notes.fingerprint(self._key()) != self._seen
        except ConfigurationError:
            return False

    async def _life(self, known: Remembered) -> KeyLife:
        listed = await self._listed()
        ours = [one for one in listed if one.id == known.id] or listed
        if len(ours) == 1:
            return KeyLife(ours[0].expires, Bound.EXACT, "odoo")
        if known.expires is not None:
            return KeyLife(known.expires, Bound.EXACT, "rotation")
        ends = [one.expires for one in ours if one.expires is not None]
        if ends:
            return KeyLife(min(ends), Bound.AT_LEAST, "odoo")
        if ours:
            return KeyLife(None, Bound.EXACT, "odoo")
        return KeyLife(known.first_seen + LONGEST_DAYS * _DAY, Bound.AT_MOST, "first seen")

    async def _listed(self) -> list[OwnKey]:
        user_id = await self._connection.user_id()
        asked = {"domain": [["user_id", "=", user_id]], "fields": list(FIELDS)}
        try:
            rows = await self._connection.call("res.users.apikeys", "search_read", asked, repeatable=True)
        except PermanentError as error:
            if isinstance(error, AccessRefused) and getattr(error, "stops", False):
                raise  # the key itself is refused
            return []
        return own_keys(rows)

    async def _warn(self, days: int, life: KeyLife) -> None:
        """The case at this many days; the ones before it say nothing more."""
        assert life.expires is not None
        await self._settle([one for one in _WARNINGS if one > days], f"the warning at {days} days took its place")
        end = f"{life.bound.value.replace('exactly', 'on')} {life.expires:%Y-%m-%d %H:%M} UTC"
        reason = f"the API key ends {end}; run `careloom odoo rotate-key {self._connection.system}`"
        await self._troubles.report(Trouble(kind="key-expiry", reason=reason, place=_place(days)))

    async def _settle(self, warnings: Sequence[int], resolution: str) -> None:
        for days in warnings:
            await self._troubles.settle("key-expiry", _place(days), resolution=resolution)


def _place(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
