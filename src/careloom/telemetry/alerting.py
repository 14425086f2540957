"""Tells the owner of a case that it opened, and more people that it is overdue: once for a cause, never for a message.

A subscription to what the log tells of cases: an alert survives a restart, and is tried again while a channel is
away.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from careloom.cases.kinds import PRIORITIES
from careloom.core.envelope import Recorded
from careloom.core.errors import CareloomError
from careloom.core.outcomes import Done, ErrorKind, Outcome, Retry, Skip
from careloom.log.handling import Handled, RetryPolicy, Subscription
from careloom.log.lanes import Bank
from careloom.model import ExceptionEscalated, ExceptionRaised, decode
from careloom.store.sql import queries
from careloom.telemetry.tally import Tally
from careloom.workflow.notifying import ChannelName, Notifier, Recipient, Telling
from careloom.workflow.templates import CASE_OPENED, CASE_OVERDUE, CaseTold

_CASES = queries("cases")
_log = logging.getLogger(__name__)
NAME: Final = "alerts"
EVERYBODY: Final = "*"
_PATIENT: Final = RetryPolicy(attempts=30, first_seconds=5.0, longest_seconds=600.0)


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of the cases of one owner, and by what. `notifier` has the channels, that of a chat too."""

    notifier: Notifier
    ways: Sequence[tuple[ChannelName, str]]
    later: Sequence[str]
    least: int
    window: timedelta
    link: str


def alerting(owners: Mapping[str, Told], tally: Tally) -> Subscription:
    """The subscription. `owners` has who is told by owner; `*` for all that are not named."""
    alerts = _Alerts(owners, tally)
    types = (ExceptionRaised.type, ExceptionEscalated.type)
    return Subscription(
        NAME, Bank.EVENTS, alerts.handle, types=types, retry=_PATIENT, concurrency=8, owner="operations"
    )


class _Alerts:
    def __init__(self, owners: Mapping[str, Told], tally: Tally) -> None:
        self._owners = owners
        self._tally = tally

    async def handle(self, event: Recorded) -> Handled:
        fact = decode(event.type, event.data)
        assert isinstance(fact, ExceptionRaised | ExceptionEscalated)
        told = self._owners.get(fact.case.owner, self._owners.get(EVERYBODY))
        if told is None:
            return Handled(Skip("nobody is told of cases of this owner"))
        if PRIORITIES[fact.case.severity] > told.least:
            return Handled(Skip("cases of this severity tell nobody"))
        if isinstance(fact, ExceptionEscalated) and fact.level != "overdue":
            return Handled(Skip("it has half of its time left"))
        case = UUID(fact.case.identifier[0].value)
        cause = await self._open_cause(told.notifier, case)
        if cause is None:
            return Handled(Skip("it has ended meanwhile"))
        overdue = isinstance(fact, ExceptionEscalated)
        return Handled(await self._tell_all(event, told, case, cause, overdue=overdue))

    async def _open_cause(self, notifier: Notifier, case: UUID) -> UUID | None:
        async with notifier.database.acquire() as connection:
            row = await connection.fetchrow(_CASES.one, case)
        return None if row is None or row["resolved"] is not None else row["cause"]

    async def _tell_all(self, event: Recorded, told: Told, case: UUID, cause: UUID, *, overdue: bool) -> Outcome:
        failed: CareloomError | None = None
        sent = 0
        for channel, address in _ways(told, overdue=overdue):
            try:
                sent += await self._tell(event, told, channel, address, case, cause, overdue=overdue)
            except CareloomError as error:
                self._tally.count("notices_total", channel, "failed")
                _log.warning("an alert was not told by %s: %s", channel, type(error).__name__)
                # What is not known is not told twice; what was refused for good would be refused again.
                failed = error if error.kind is ErrorKind.TRANSIENT else failed
        if failed is not None:
            return Retry(f"some were not told: {type(failed).__name__}", category=failed.category)
        return Done(f"told {sent}") if sent else Skip("this cause was told of before")

    async def _tell(
        self, event: Recorded, told: Told, channel: ChannelName, address: str, case: UUID, cause: UUID, *, overdue: bool
    ) -> int:
        recipient = Recipient(id=address or channel, audience="staff", mail=address, consents=frozenset({channel}))
        notice, key = (CASE_OVERDUE, f"overdue/{case}") if overdue else (CASE_OPENED, f"cause/{cause}")
        asked = Telling(notice, recipient, CaseTold(case=case, link=f"{told.link}{case}"), key, channel, told.window)
        claim = uuid5(event.id, f"{channel}/{address}")
        if await told.notifier.was_told(asked, claim):
            return 0
        came = await told.notifier.tell(asked, claim)
        self._tally.count("notices_total", channel, "sent" if came.sent else "left-out")
        return int(came.sent)


def _ways(told: Told, *, overdue: bool) -> Iterator[tuple[ChannelName, str]]:
    yield from told.ways
    if overdue:
        yield from (("mail", address) for address in told.later)
