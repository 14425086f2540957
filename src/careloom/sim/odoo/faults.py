"""Programmable misfortune: what goes wrong, for which calls, how often, and with a seed so that it can be repeated.

odoo.faults.commit_then_drop()                     the next call is done, and its answer never arrives
odoo.faults.serialization(times=3, method="load")  three lost races
odoo.faults.slow(0.2, probability=0.1)             one call in ten
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Literal, get_args

from careloom.sim.odoo.dispatch import CHANGES

Kind = Literal["page", "revoked", "serialization", "hang", "slow", "drop", "commit_then_drop"]

EVERY_KIND: frozenset[Kind] = frozenset(get_args(Kind))
AT_THE_DOOR: frozenset[Kind] = frozenset({"page", "revoked"})
"""The faults that also strike what is no call of a method: a login, a look at the version."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the proxy in front, which never is JSON."""

    status: int
    html: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule. `times` counts down with each call it strikes (None: until cleared)."""

    kind: Kind
    times: int | None = 1
    probability: float = 1.0
    model: str | None = None
    method: str | None = None
    seconds: float = 0.0
    until: asyncio.Event | None = None
    page: Page | None = None

    def concerns(self, model: str, method: str) -> bool:
        if self.times == 0 or self.model not in (None, model) or self.method not in (None, method):
            return False
        return self.kind != "serialization" or method in CHANGES


@dataclass(slots=True)
class Fate:
    """What one call has drawn."""

    strikes: Fault | None = None
    delays: list[Fault] = field(default_factory=list)
    meeting: asyncio.Barrier | None = None

    def struck_by(self, kind: Kind) -> bool:
        return self.strikes is not None and self.strikes.kind == kind


class Faults:
    """The rules in force, oldest first. Of those that answer for the server only the first strikes a call."""

    def __init__(self, seed: int, workers: int) -> None:
        self._random = random.Random(seed)
        self._workers = workers
        self._rules: list[Fault] = []
        self._meeting: asyncio.Barrier | None = None
        self._invited = 0

    def add(self, fault: Fault) -> Fault:
        """Put a rule into force; it can be taken back with `remove`."""
        self._rules.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        self._rules = [rule for rule in self._rules if rule is not fault]

    def clear(self) -> None:
        """Everything works again."""
        self._rules.clear()
        self._meeting, self._invited = None, 0

    def draw(self, model: str, method: str, kinds: frozenset[Kind] = EVERY_KIND) -> Fate:
        """The fate of a call that arrives now, as far as the `kinds` of faults can strike it."""
        fate = Fate()
        for rule in self._rules:
            if rule.kind not in kinds or not rule.concerns(model, method):
                continue
            if rule.kind != "slow" and fate.strikes is not None:
                continue
            if rule.probability < 1.0 and self._random.random() >= rule.probability:
                continue
            self._strike(rule, fate)
        if self._invited and kinds == EVERY_KIND:
            self._invited -= 1
            fate.meeting = self._meeting
        return fate

    def _strike(self, rule: Fault, fate: Fate) -> None:
        if rule.times is not None:
            rule.times -= 1
        if rule.kind in ("slow", "hang"):
            fate.delays.append(rule)
        if rule.kind != "slow":
            fate.strikes = rule

    def collide(self, calls: int = 2) -> None:
        """Let the next `calls` calls begin their transactions before any of them works: a repeatable race."""
        if calls > self._workers:
            raise ValueError(f"{calls} calls cannot run at once with {self._workers} workers; start more workers")
        self._meeting, self._invited = asyncio.Barrier(calls), calls

    def commit_then_drop(
        self, times: int | None = 1, *, probability: float = 1.0, model: str | None = None, method: str | None = None
    ) -> Fault:
        """The work is done and committed, then the connection closes without an answer."""
        return self.add(
            Fault(kind="commit_then_drop", times=times, probability=probability, model=model, method=method)
        )

    def drop(
        self, times: int | None = 1, *, probability: float = 1.0, model: str | None = None, method: str | None = None
    ) -> Fault:
        """The connection closes and nothing was done; a client cannot tell it from `commit_then_drop`."""
        return self.add(Fault(kind="drop", times=times, probability=probability, model=model, method=method))

    def hang(
        self,
        seconds: float = 0.0,
        *,
        until: asyncio.Event | None = None,
        times: int | None = 1,
        model: str | None = None,
        method: str | None = None,
    ) -> Fault:
        """The call waits `seconds` on the server's clock, or for `until`, and then commits, client or no client."""
        return self.add(Fault(kind="hang", times=times, seconds=seconds, until=until, model=model, method=method))

    def slow(
        self,
        seconds: float,
        *,
        times: int | None = None,
        probability: float = 1.0,
        model: str | None = None,
        method: str | None = None,
    ) -> Fault:
        """Latency, on top of whatever else happens."""
        rule = Fault(kind="slow", times=times, probability=probability, seconds=seconds, model=model, method=method)
        return self.add(rule)

    def serialization(self, times: int | None = 1, *, probability: float = 1.0, method: str | None = None) -> Fault:
        """Lost races: `load` answers 200 with ids false, other writing methods fail after five tries of the server."""
        return self.add(Fault(kind="serialization", times=times, probability=probability, method=method))

    def throttle(self, times: int | None = 1, *, retry_after: int = 1, probability: float = 1.0) -> Fault:
        """429 of the proxy, with `Retry-After` in seconds."""
        page = Page(429, _html("429 Too Many Requests"), {"Retry-After": str(retry_after)})
        return self.add(Fault(kind="page", times=times, probability=probability, page=page))

    def auth_revoked(self, times: int | None = None) -> Fault:
        """Every key and password is refused."""
        return self.add(Fault(kind="revoked", times=times))

    def outage(self, status: int = 502, *, times: int | None = None, probability: float = 1.0) -> Fault:
        """The proxy answers, Odoo does not: 502, 503 or 504 with its own page."""
        names = {502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable", 504: "504 Gateway Time-out"}
        return self.add(
            Fault(kind="page", times=times, probability=probability, page=Page(status, _html(names[status])))
        )

    def html_error(self, status: int = 500, *, times: int | None = 1, probability: float = 1.0) -> Fault:
        """A page of the web server where JSON was expected."""
        page = Page(status, _html(f"{status} Internal Server Error"))
        return self.add(Fault(kind="page", times=times, probability=probability, page=page))


def _html(title: str) -> str:
    return f"<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n</body>\n</html>\n"
