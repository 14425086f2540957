"""How systems and subscriptions stand, each in a word. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from careloom.console.glance import Glance
from careloom.console.house import House
from careloom.log.handling import Subscription

_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "closed": ("well", "good"),
    "open": ("down", "bad"),
    "half-open": ("being tried", "warn"),
    "refused": ("refuses us", "bad"),
    "maintenance": ("maintenance", "warn"),
    "disabled": ("disabled", "bad"),
    "not running": ("not running", "warn"),
}


@dataclass(frozen=True, slots=True)
class SubscriptionShown:
    """One subscription: `lag` is the status board's row of it, `row` what says who paused it why. `rate` is what it
    ends in a minute. `known` is None for one that no code here has any more."""

    name: str
    word: str
    tone: str
    lag: Mapping[str, Any]
    row: Mapping[str, Any]
    rate: float
    known: Subscription | None

    @property
    def paused(self) -> bool:
        """Whether somebody paused it."""
        return bool(self.row["paused"])


@dataclass(frozen=True, slots=True)
class SystemShown:
    """One system: `state` is the breaker's, `card` what the connector tells. `came` and `handled` are per minute,
    `behind` and `oldest` (seconds) those of the subscriptions that call it."""

    name: str
    kind: str
    word: str
    tone: str
    state: str
    until: str
    came: float
    handled: float
    behind: int
    oldest: float
    parked: int
    subscriptions: Sequence[SubscriptionShown] = ()
    card: Mapping[str, Any] = field(default_factory=dict)


def subscriptions_shown(house: House, seen: Glance) -> Sequence[SubscriptionShown]:
    """All that were ever worked, in the order of the status."""
    lags = {row["name"]: row for row in house.status().get("subscriptions", ())}
    known = {one.name: one for one in house.subscriptions}
    return [
        _subscription(name, row, lags.get(name, _NO_LAG), seen.handled.get(name, 0.0), known.get(name))
        for name, row in seen.subscriptions.items()
    ]


_NO_LAG: Final[Mapping[str, Any]] = {"behind": 0, "oldest_seconds": 0.0, "parked": 0, "retrying": 0, "late": False}


def _subscription(
    name: str, row: Mapping[str, Any], lag: Mapping[str, Any], rate: float, known: Subscription | None
) -> SubscriptionShown:
    if known is None:
        word, tone = "not in the code", "quiet"
    elif row["paused"]:
        word, tone = "paused", "warn"
    elif lag["late"]:
        word, tone = "late", "bad"
    elif lag["parked"]:
        word, tone = "waits for people", "warn"
    else:
        word, tone = ("catching up", "warn") if lag["retrying"] else ("well", "good")
    return SubscriptionShown(name, word, tone, lag, row, rate, known)


def systems_shown(house: House, seen: Glance) -> Sequence[SystemShown]:
    """All of the settings, in their order."""
    subscriptions = subscriptions_shown(house, seen)
    standings = house.status().get("systems", {})
    return [
        _system(
            name, kind, standings.get(name, {}), seen.came.get(name, 0.0), name in house.senders,
            [one for one in subscriptions if one.known is not None and name in one.known.systems],
        )
        for name, kind in house.systems.items()
    ]  # fmt: skip


def _system(
    name: str, kind: str, stands: Mapping[str, Any], came: float, sends: bool, uses: Sequence[SubscriptionShown]
) -> SystemShown:
    state = str(stands.get("state", "no breaker"))
    word, tone = _STATES.get(state, ("takes in", "good") if sends else ("unknown", "quiet"))
    if tone == "good" and uses and all(one.paused for one in uses):
        word, tone = "paused", "warn"
    elif tone == "good" and any(one.lag["late"] for one in uses):
        word, tone = "late", "bad"
    return SystemShown(
        name, kind, word, tone, state, str(stands.get("maintenance", "")), came,
        sum(one.rate for one in uses), sum(one.lag["behind"] for one in uses),
        max((one.lag["oldest_seconds"] for one in uses), default=0.0), sum(one.lag["parked"] for one in uses),
        uses, stands.get("card", {}),
    )  # fmt: skip
