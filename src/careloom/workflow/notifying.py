"""Tells people something, once: by mail or by signed webhook, with their consent and not in their quiet hours.

    done = await notify(run, REMINDER, recipient, Reminder(day="2 March", place="North clinic"), key=appointment)
    if not done.sent:
        ...  # done.why says for what reason

Staff are told ids and links only, patients what the template names (`workflow/templates.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from careloom.cases.telling import SOURCE
from careloom.core.clock import Clock
from careloom.core.envelope import Kind, Position, Recorded
from careloom.core.errors import AmbiguousError, CareloomError, ConfigurationError, HeldBack, Rejected, Unavailable
from careloom.core.outcomes import ErrorKind, Outcome, Park, Retry, Skip
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.systems.seam import Target
from careloom.systems.smtp.mailer import Mailer
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import length_of
from careloom.workflow.run import Run
from careloom.workflow.templates import Audience, Notice, Templates

_SQL = queries("notices")
ChannelName = Literal["mail", "webhook", "chat"]
TYPE: Final = "notice.told"
WINDOW: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day in which nobody is told anything, from `begin` until before `end`, over midnight if that is
    earlier; in a time zone of the IANA names. Raises ConfigurationError for one that there is not."""

    begin: time
    end: time
    zone: str

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigurationError("there is no such time zone; write one of the IANA names") from None
        if self.begin == self.end or self.begin.tzinfo or self.end.tzinfo:
            raise ConfigurationError("quiet hours begin and end at different times of the day, without an offset")

    def until(self, now: datetime) -> datetime | None:
        """When they end, as they are now; None outside of them."""
        local = now.astimezone(ZoneInfo(self.zone))
        clock, over_midnight = local.time(), self.begin > self.end
        inside = clock >= self.begin or clock < self.end if over_midnight else self.begin <= clock < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.begin else 0)
        ends = datetime.combine(day, self.end, ZoneInfo(self.zone))
        end = ends.astimezone(UTC)
        # Where clocks are set back the same hour comes twice, and this may be the second one.
        return end if end > now else ends.replace(fold=1).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told. `id` tells people apart, and is kept as a keyed digest only; `consents` are the channels that they
    agreed to."""

    id: str
    audience: Audience
    mail: str = ""
    consents: frozenset[ChannelName] = frozenset()
    quiet: Quiet | None = None


class Notified(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether somebody was told; `why` not."""

    sent: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is handed to a channel. `key` is the same in every try: who gets it twice can tell."""

    notice: str
    subject: str
    text: str
    key: UUID
    at: datetime


class Channel(Protocol):
    """A way to reach people."""

    async def tell(self, recipient: Recipient, message: Message) -> str:
        """Why it left it out, else nothing. Raises CareloomError when it could not."""


class MailChannel:
    """By the mail server of a system of kind `smtp`."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    async def tell(self, recipient: Recipient, message: Message) -> str:
        if not recipient.mail:
            return "no mail address is known"
        try:
            mail = self._mailer.message(message.subject, message.text, key=str(message.key), to=[recipient.mail])
        except ValueError:
            raise Rejected("the mail address cannot stand in a mail", "mail") from None
        await self._mailer.send(mail)
        return ""


class WebhookChannel:
    """By a system of kind `webhook_out`, which signs it; `webhook-id` is the message's key."""

    def __init__(self, target: Target, master: MasterKey) -> None:
        self._target = target
        self._master = master

    async def tell(self, recipient: Recipient, message: Message) -> str:
        token = self._master.token(f"notice recipient/{recipient.id}")
        body = {
            "notice": message.notice, "recipient": str(token), "subject": message.subject, "text": message.text,
        }  # fmt: skip
        event = Recorded(
            id=message.key, kind=Kind.EVENT, type=TYPE, source=SOURCE, subject="", token=token, time=message.at,
            data=msgspec.json.encode(body), datacontenttype="application/json", correlation=message.key,
            causation=None, position=Position(0, 0), recorded=message.at,
        )  # fmt: skip
        return _came_to(await self._target.post(event))


@dataclass(frozen=True)
class Notifier:
    """What steps that tell people work with: one per deployment."""

    database: Database
    master: MasterKey
    templates: Templates
    clock: Clock
    channels: Mapping[ChannelName, Channel] = field(default_factory=dict)

    async def tell(self, asked: Telling, claim: UUID) -> Notified:
        """Tell it, unless it may not be or was told. Raises CareloomError; told or not, a repeat is harmless."""
        to, channel = asked.recipient, self.channels.get(asked.channel)
        if channel is None:
            raise ConfigurationError(f"no system is there to tell people by {asked.channel}")
        if to.audience != asked.notice.audience:
            raise ConfigurationError(f"{asked.notice.name} is for {asked.notice.audience}, not for {to.audience}")
        if asked.channel not in to.consents:
            return Notified(sent=False, why=f"there is no consent to {asked.channel}")
        subject, text = self.templates.write(asked.notice, asked.values)
        token, now = self._token(asked), self.clock.now()
        claimed = (token, claim, asked.notice.name, asked.channel, now, now + asked.window)
        async with self.database.acquire() as connection:
            if await connection.fetchval(_SQL.claim, *claimed) is None:
                return Notified(sent=False, why="it was told before")
        try:
            left_out = await channel.tell(to, Message(asked.notice.name, subject, text, claim, now))
        except CareloomError as error:
            if error.kind is not ErrorKind.AMBIGUOUS:  # nothing was handed over, so another step may try
                await self._settle(_SQL.let_go, token, claim)
            raise
        if left_out:
            await self._settle(_SQL.let_go, token, claim)
            return Notified(sent=False, why=left_out)
        await self._settle(_SQL.sent, token, claim, self.clock.now())
        return Notified(sent=True)

    async def was_told(self, asked: Telling, claim: UUID) -> bool:
        """Whether this very claim was handed over: a try after a failure beside it need not tell it again."""
        async with self.database.acquire() as connection:
            return bool(await connection.fetchval(_SQL.was_sent, self._token(asked), claim))

    def _token(self, asked: Telling) -> UUID:
        parts = [asked.notice.name, asked.channel, asked.recipient.id, asked.key]
        return self.master.token("notice/" + msgspec.json.encode(parts).decode())

    async def _settle(self, sql: str, *arguments: object) -> None:
        async with self.database.acquire() as connection:
            await connection.execute(sql, *arguments)


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told to whom, how; `key` says about what: the same is told once within `window`."""

    notice: Notice
    recipient: Recipient
    values: msgspec.Struct
    key: str
    channel: ChannelName
    window: timedelta


async def tell(asked: Telling, notifier: Notifier, attempt: Attempt) -> Notified:
    """The step: the same in every try."""
    return await notifier.tell(asked, attempt.key)


async def notify(
    run: Run,
    notice: Notice,
    to: Recipient,
    values: msgspec.Struct,
    *,
    key: str,
    channel: ChannelName = "mail",
    urgent: bool = False,
    window: str | timedelta = WINDOW,
) -> Notified:
    """Tell somebody, once for this key within the window; in their quiet hours the run sleeps until these end, unless
    it is urgent. Raises StepFailed when it cannot be told."""
    if to.quiet is not None and not urgent:
        now = await run.now()
        end = to.quiet.until(now)
        if end is not None:
            await run.sleep(end - now)
    asked = Telling(notice, to, values, key, channel, length_of(window))
    return await run.step(tell, asked, name=f"notify {notice.name}")


def _came_to(outcome: Outcome) -> str:
    """Why it was left out, else nothing. Raises what it came to."""
    if isinstance(outcome, Skip):
        return outcome.reason
    if isinstance(outcome, Retry):
        if outcome.kind is ErrorKind.AMBIGUOUS:
            raise AmbiguousError(outcome.reason)
        raise (Unavailable if outcome.counted else HeldBack)(outcome.reason, outcome.after)
    if isinstance(outcome, Park):
        if outcome.kind is ErrorKind.AMBIGUOUS:
            raise AmbiguousError(outcome.reason)
        raise Rejected(outcome.reason, outcome.field)
    return ""
