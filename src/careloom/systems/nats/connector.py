"""The settings of a JetStream system, and what is made of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from careloom.core.secrets import SecretRef
from careloom.mapping.reading import FORMATS
from careloom.systems import broker
from careloom.systems.broker import KnownBy, Publisher
from careloom.systems.nats.consumer import Consumer
from careloom.systems.nats.wire import open_nats
from careloom.systems.reception import Reception
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings
from careloom.systems.tls import TlsClient

Seconds = Annotated[float, Field(gt=0, le=3600)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Subject = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*>{}-]{1,200}$")]

broker.opens("nats", "nats", open_nats)
broker.opens("nats", "tls", open_nats)


class Settings(BaseModel):
    """One JetStream stream, read or written. Times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="nats://host:4222, or tls://host:4222")
    direction: Literal["in", "out"] = Field(default="out", description="`in` reads the stream, `out` writes to it")
    stream: Name | None = Field(default=None, description="in: the stream to read")
    subject: Subject = Field(default="careloom.{type}", description="out: where events go; in: which are read, >: all")
    format: str = Field(default="json", description=f"in: what records are: {', '.join(FORMATS)}")
    known_by: KnownBy = Field(
        default="id", description="in: a repeat is known by its `Nats-Msg-Id`, or by what is in it (batches)"
    )
    user: str | None = Field(default=None, description="the account, where the server wants one")
    password: SecretRef | None = Field(default=None, description="its password, by reference")
    token: SecretRef | None = Field(default=None, description="or its token, by reference")
    tls: TlsClient | None = Field(default=None, description="own CA or client certificate, with tls://")
    every: float = Field(default=0.5, gt=0, le=3600, description="in: seconds between two looks; a look drains it")
    batch: int = Field(default=500, ge=1, le=10_000, description="in: records read at once")
    connections: int = Field(default=16, ge=1, le=1000, description="out: events at a time")
    connect_timeout: Seconds = 5.0
    answer_timeout: Seconds = 10.0

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if self.direction == "in" and self.stream is None:
            raise ValueError("direction in needs the stream to read")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.format not in FORMATS:
            raise ValueError(f"format: there are {', '.join(FORMATS)}")
        return self


def connect(settings: Settings, around: Surroundings) -> Consumer | Publisher:
    """A consumer or a publisher, by `direction`. Raises ConfigurationError when the extra is not installed."""
    options = {
        "settings": settings,
        "secrets": around.secrets,
        "tls": settings.tls.context(around.secrets) if settings.tls else None,
    }
    wire = broker.open_wire("nats", settings.url, options)
    if settings.direction == "out":
        bucket = TokenBucket(around.clock, None)
        return Publisher(
            wire, settings.subject, Gate(Breaker(around.system, around.clock), bucket, settings.connections)
        )
    assert settings.stream is not None, "the settings have checked it"
    reception = Reception(around.system, settings.format, around.intake, around.clock, around.source)
    return Consumer(wire, settings.stream, _filter(settings.subject), reception, around, settings)


def _filter(subject: str) -> str:
    return ">" if "{" in subject else subject
