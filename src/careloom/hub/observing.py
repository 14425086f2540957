"""`[telemetry]`, `[log]`, `[feeds.NAME]`, `[alerts.OWNER]`: what is measured, followed and told."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator, model_validator

from careloom.core.errors import ConfigurationError
from careloom.core.secrets import SecretRef
from careloom.hub.section import Section, Zone
from careloom.workflow.declaration import length_of

LearnedOr = Annotated[str, StringConstraints(pattern=r"^(learned|never|[1-9][0-9]{0,6}[smhd])$")]
Hours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
Length = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,6}[smhd]$")]


class TelemetrySection(Section):
    """What can be seen of the hub while it works. Nothing is sent anywhere but to a collector that is named here."""

    metrics: Literal["key", "open", "off"] = Field(
        default="key",
        description="`/metrics` asks for an API key with the scope metrics:read; `open`: for none, on loopback only",
    )
    traces: float = Field(default=0.0, ge=0, le=1, description="share of messages that are traced; 0: none, 1: all")
    collector: str = Field(
        default="",
        pattern=r"^(https?://[!-~]+)?$",
        description="where traces go, by OTLP over HTTP: http://127.0.0.1:4318/v1/traces; empty: nowhere",
    )
    collector_key: SecretRef | None = Field(
        default=None, description="the bearer token that the collector asks for, by reference"
    )

    away_after: Length = Field(
        default="5m",
        description="a system whose calls are held back for so long is a case `system-away`; its owner is told once",
    )

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.collector_key and self.collector and not _is_guarded(self.collector):
            raise ValueError("a token is sent over https only, or to this machine; correct `collector`")
        return self


class LogSection(Section):
    """The lines that the hub writes to standard error."""

    format: Literal["text", "json"] = Field(default="text", description="`json`: one object a line, for collectors")


class MaintenanceSection(Section):
    """A stretch of time in which a feed may be quiet."""

    begin: datetime = Field(description="from when on, with an offset: 2026-12-24T18:00:00Z")
    end: datetime = Field(description="until when")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begin.tzinfo is None or self.end.tzinfo is None or self.end <= self.begin:
            raise ValueError("a maintenance begins before it ends, and both are written with an offset")
        return self


class FeedSection(Section):
    """How often a system sends. It is silent when nothing came for longer, and its owner is told once."""

    expects_every: LearnedOr = Field(
        default="learned",
        description="longest time between two messages, as `15m`; `learned` from its history by hour of the week; "
        "`never`: it may be quiet",
    )
    quiet: tuple[Hours, ...] = Field(default=(), description="hours of the day that do not count, `22:00-06:00`")
    zone: Zone = Field(default="UTC", description="time zone of these hours and of the calendar, America/Chicago")
    calendar: str = Field(default="", description="a calendar, whose days without business do not count; empty: none")
    owner: str = Field(default="", description="who is told; empty: the owner of the kind of case")
    maintenance: tuple[MaintenanceSection, ...] = Field(default=(), description="announced stretches of quiet")

    @field_validator("expects_every")
    @classmethod
    def _a_length(cls, text: str) -> str:
        try:
            if text not in ("learned", "never"):
                length_of(text)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return text

    def hours(self) -> tuple[tuple[time, time], ...]:
        """The quiet ones, as times of the day."""
        parts = [one.split("-") for one in self.quiet]
        return tuple((time.fromisoformat(begin), time.fromisoformat(end)) for begin, end in parts)


class ContactSection(Section):
    """Whom to call at the vendor of a system: shown beside its exceptions and in the runbook."""

    vendor: str = Field(min_length=1, max_length=200, description="who stands behind the system")
    phone: str = Field(default="", max_length=100, description="its service desk")
    mail: str = Field(default="", max_length=200, description="the same by mail")
    hours: str = Field(default="", max_length=200, description="when it answers, and by which contract")


class AlertSection(Section):
    """Who is told when cases of an owner open or wait too long, and how. `*` is every owner that is not named."""

    mail: tuple[str, ...] = Field(default=(), description="addresses of staff; sent through `notices.mail`")
    webhook: bool = Field(default=False, description="tell it to `notices.webhook`")
    chat: SecretRef | None = Field(
        default=None, description="the incoming webhook of a chat (Slack, Teams, Mattermost), by reference"
    )
    escalate_mail: tuple[str, ...] = Field(default=(), description="who is told as well once a case is overdue")
    least: Literal["low", "normal", "high", "critical"] = Field(
        default="normal", description="cases below this severity tell nobody"
    )
    window: Length = Field(default="4h", description="of one cause nothing more is told for so long")
    link: str = Field(
        default="", pattern=r"^(https?://[!-~]+)?$", description="where cases are worked; the id is added to it"
    )


def _is_guarded(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost", "::1")
