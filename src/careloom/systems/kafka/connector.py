"""The settings of a Kafka system, and what is made of them."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from careloom.core.secrets import SecretRef
from careloom.mapping.reading import FORMATS
from careloom.systems import broker
from careloom.systems.broker import KnownBy, Publisher
from careloom.systems.kafka.consumer import Consumer
from careloom.systems.kafka.wire import open_kafka, servers
from careloom.systems.reception import Reception
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings
from careloom.systems.tls import TlsClient

Seconds = Annotated[float, Field(gt=0, le=3600)]
Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.{}-]{1,200}$")]
_LOCAL: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})

broker.opens("kafka", "kafka", open_kafka)
broker.opens("kafka", "kafkas", open_kafka)


class Settings(BaseModel):
    """One topic, read or written. Times in seconds, sizes in octets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="kafkas://one:9093,two:9093; kafka:// without TLS")
    direction: Literal["in", "out"] = Field(default="out", description="`in` reads the topic, `out` writes to it")
    topic: Topic = Field(description="{type} in it stands for the event's type; `in` reads one topic")
    format: str = Field(default="json", description=f"in: what records are: {', '.join(FORMATS)}")
    known_by: KnownBy = Field(
        default="id", description="in: a repeat is known by its `ce_id`, or by what is in it (batches)"
    )
    auto_offset_reset: Literal["earliest", "latest"] = Field(
        default="earliest", description="in: where a topic that was never read begins"
    )
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="SASL, where there is an account"
    )
    user: str | None = Field(default=None, description="the account, where the brokers want one")
    password: SecretRef | None = Field(default=None, description="its password, by reference")
    tls: TlsClient | None = Field(default=None, description="own CA or client certificate, with kafkas://")
    every: float = Field(default=0.5, gt=0, le=3600, description="in: seconds between two looks; a look drains it")
    wait: float = Field(default=1.0, gt=0, le=60, description="in: seconds that a look waits for one more record")
    batch: int = Field(default=500, ge=1, le=10_000, description="in: records read at once")
    connections: int = Field(default=16, ge=1, le=1000, description="out: events at a time")
    largest: int = Field(default=1024 * 1024, ge=1024, description="out: octets of the largest event")
    connect_timeout: Seconds = 10.0
    answer_timeout: Seconds = 10.0

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.format not in FORMATS:
            raise ValueError(f"format: there are {', '.join(FORMATS)}")
        if self.direction == "in" and "{" in self.topic:
            raise ValueError("direction in reads one topic: write its name")
        return self

    @model_validator(mode="after")
    def _private(self) -> Settings:
        parts = urlsplit(self.url)
        if "@" in parts.netloc or parts.path.strip("/") or parts.query:
            raise ValueError("the address is brokers only: write `topic`, `user`, `password` and the settings")
        if self.tls is not None and parts.scheme != "kafkas":
            raise ValueError("tls is set and the address is not kafkas://")
        hosts = {one.rpartition(":")[0] or one for one in servers(self.url)}
        if self.user is not None and parts.scheme == "kafka" and not hosts <= _LOCAL:
            raise ValueError("an account is sent over kafkas:// only, except to this machine")
        return self


def connect(settings: Settings, around: Surroundings) -> Consumer | Publisher:
    """A consumer or a publisher, by `direction`. Raises ConfigurationError when the extra is not installed."""
    secured = settings.tls or (TlsClient() if settings.url.startswith("kafkas:") else None)
    options = {
        "name": f"careloom-{around.system}",
        "settings": settings,
        "secrets": around.secrets,
        "tls": secured.context(around.secrets) if secured else None,
    }
    wire = broker.open_wire("kafka", settings.url, options)
    if settings.direction == "out":
        gate = Gate(Breaker(around.system, around.clock), TokenBucket(around.clock, None), settings.connections)
        return Publisher(wire, settings.topic, gate)
    reception = Reception(around.system, settings.format, around.intake, around.clock, around.source)
    return Consumer(wire, settings.topic, reception, around, settings)
