"""The settings of a RabbitMQ system, and what is made of them."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from careloom.core.secrets import SecretRef
from careloom.mapping.reading import FORMATS
from careloom.systems import broker
from careloom.systems.broker import KnownBy, Publisher
from careloom.systems.rabbitmq.consumer import Consumer
from careloom.systems.rabbitmq.wire import open_rabbitmq
from careloom.systems.reception import Reception
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings
from careloom.systems.tls import TlsClient

Seconds = Annotated[float, Field(gt=0, le=3600)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,127}$")]
Exchange = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{0,127}$")]
RoutingKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:{}-]{1,120}$")]
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})

broker.opens("rabbitmq", "amqp", open_rabbitmq)
broker.opens("rabbitmq", "amqps", open_rabbitmq)


class Settings(BaseModel):
    """One queue that is read, or one exchange that is written to. Times in seconds, sizes in octets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="amqps://host:5671/vhost; amqp:// with an account only to this machine")
    direction: Literal["in", "out"] = Field(default="out", description="`in` reads a queue, `out` feeds an exchange")
    queue: Name | None = Field(default=None, description="in: the queue to read")
    exchange: Exchange = Field(default="careloom", description='out: where events go; "" is the default exchange')
    routing_key: RoutingKey = Field(
        default="{type}", description="out: {type} stands for the event's type, {token} for its subject's token"
    )
    declare_it: bool = Field(
        default=False, alias="declare", description="make what is missing: a durable topic exchange, or a durable queue"
    )
    format: str = Field(default="json", description=f"in: what messages are: {', '.join(FORMATS)}")
    known_by: KnownBy = Field(
        default="id",
        description="in: a repeat is known by its `message_id`, or by what is in it (batches)",
    )
    user: str | None = Field(default=None, description="the account, where it is not guest")
    password: SecretRef | None = Field(default=None, description="its password, by reference")
    tls: TlsClient | None = Field(default=None, description="own CA or client certificate, with amqps://")
    every: float = Field(default=0.5, gt=0, le=3600, description="in: seconds between two looks; a look drains it")
    wait: float = Field(default=5.0, gt=0, le=300, description="in: seconds that a look waits for one more message")
    prefetch: int = Field(default=200, ge=1, le=10_000, description="in: messages on the way to us at most")
    connections: int = Field(default=16, ge=1, le=1000, description="out: events at a time")
    largest: int = Field(default=16 * 1024 * 1024, ge=1024, description="out: octets of the largest event")
    heartbeat: int = Field(default=30, ge=5, le=600, description="seconds after which a silent side counts as dead")
    connect_timeout: Seconds = 5.0
    answer_timeout: Seconds = 10.0

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if self.direction == "in" and self.queue is None:
            raise ValueError("direction in needs the queue to read")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.format not in FORMATS:
            raise ValueError(f"format: there are {', '.join(FORMATS)}")
        return self

    @model_validator(mode="after")
    def _private(self) -> Settings:
        parts = urlsplit(self.url)
        if parts.username or parts.password or parts.query:
            raise ValueError("the address holds no account and no options: write `user`, `password` and the settings")
        if self.tls is not None and parts.scheme != "amqps":
            raise ValueError("tls is set and the address is not amqps://")
        if self.user is not None and parts.scheme == "amqp" and parts.hostname not in _LOCAL:
            raise ValueError("an account is sent over amqps:// only, except to this machine")
        return self


def connect(settings: Settings, around: Surroundings) -> Consumer | Publisher:
    """A consumer or a publisher, by `direction`. Raises ConfigurationError when the extra is not installed."""
    secured = settings.tls or (TlsClient() if settings.url.startswith("amqps:") else None)
    options = {
        "name": f"careloom {around.system}",
        "settings": settings,
        "secrets": around.secrets,
        "tls": secured.context(around.secrets) if secured else None,
    }
    wire = broker.open_wire("rabbitmq", settings.url, options)
    if settings.direction == "out":
        bucket = TokenBucket(around.clock, None)
        gate = Gate(Breaker(around.system, around.clock), bucket, settings.connections)
        return Publisher(wire, settings.routing_key, gate)
    assert settings.queue is not None, "the settings have checked it"
    reception = Reception(around.system, settings.format, around.intake, around.clock, around.source)
    return Consumer(wire, settings.queue, reception, around, settings)
