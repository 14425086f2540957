"""The settings of an MLLP system, and the listener or sender made from them."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from careloom.core.clock import Clock, SystemClock
from careloom.core.receipts import Intake
from careloom.core.secrets import Resolver
from careloom.mapping.source import Settings as Source
from careloom.mapping.v2.writing import Outgoing
from careloom.systems.mllp.connection import Limits
from careloom.systems.mllp.listener import Endpoint, MllpListener
from careloom.systems.mllp.recognise import Accepts, Recogniser
from careloom.systems.mllp.target import MllpTarget
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings
from careloom.systems.tls import TlsClient, TlsServer

MEBIBYTE: Final = 1024 * 1024
_INBOUND: Final = frozenset({
    "tls", "networks", "max_message", "max_junk", "max_in_flight", "max_connections", "frame_timeout", "idle_timeout",
    "processing_ids", "versions",
})  # fmt: skip
_OUTBOUND: Final = frozenset({
    "server_tls", "window", "connect_timeout", "answer_timeout", "sending_application", "sending_facility",
    "receiving_application", "receiving_facility", "version", "processing_id",
})  # fmt: skip

Version = Annotated[str, StringConstraints(pattern=r"^2\.[1-9](\.[0-9])?$")]
Written = Literal["2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2"]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Settings(BaseModel):
    """One MLLP system. Sizes in octets, times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Literal["in", "out"] = Field(default="in", description="`in` listens, `out` sends")
    host: str = Field(default="127.0.0.1", description="the address to listen on, or the receiver's name")
    port: int = Field(ge=0, le=65_535, description="0 listens on a free port")

    tls: TlsServer | None = Field(default=None, description="in: speak TLS, with client certificates if `client_ca`")
    networks: tuple[IPv4Network | IPv6Network, ...] = Field(default=(), description="in: peers allowed; empty: any")
    max_message: int = Field(default=16 * MEBIBYTE, ge=1024, le=1024 * MEBIBYTE, description="in: largest message")
    max_junk: int = Field(default=1024, ge=0, description="in: octets other than CR and LF borne between two blocks")
    max_in_flight: int = Field(default=64, ge=1, le=10_000, description="in: unanswered messages of one connection")
    max_connections: int = Field(default=512, ge=1, le=65_535, description="in: connections at a time")
    frame_timeout: Seconds = Field(default=30.0, description="in: longest time for one block to arrive")
    idle_timeout: float = Field(default=3600.0, ge=0, description="in: silence after which a line is closed; 0: never")
    processing_ids: frozenset[Literal["P", "T", "D"]] = Field(
        default=frozenset({"P", "T", "D"}), min_length=1, description="in: values of MSH-11 that are taken"
    )
    versions: frozenset[Version] = Field(default=frozenset(), description="in: values of MSH-12 taken; empty: any")

    server_tls: TlsClient | None = Field(default=None, description="out: speak TLS and check the receiver")
    window: int = Field(default=1, ge=1, le=1000, description="out: messages sent before their answers are there")
    connect_timeout: Seconds = Field(default=10.0, description="out: longest time to connect")
    answer_timeout: Seconds = Field(default=30.0, description="out: longest time to an answer; then it is ambiguous")

    sending_application: str = Field(default="CARELOOM", max_length=180, description="out: MSH-3 of delivered events")
    sending_facility: str = Field(default="", max_length=180, description="out: MSH-4; empty: the event's own facility")
    receiving_application: str = Field(default="", max_length=180, description="out: MSH-5")
    receiving_facility: str = Field(default="", max_length=180, description="out: MSH-6")
    version: Written = Field(default="2.5.1", description="out: MSH-12, and how messages are built")
    processing_id: Literal["P", "T", "D"] = Field(default="P", description="out: MSH-11")

    @model_validator(mode="after")
    def _only_what_is_used(self) -> Settings:
        foreign = self.model_fields_set & (_OUTBOUND if self.direction == "in" else _INBOUND)
        if foreign:
            raise ValueError(f"direction {self.direction} does not use {_list(foreign)}; remove it")
        if self.direction == "out" and self.port == 0:
            raise ValueError("direction out needs the receiver's port")
        return self


def open_listener(
    system: str,
    settings: Settings,
    intake: Intake,
    *,
    secrets: Resolver,
    clock: Clock | None = None,
    source: Source | None = None,
) -> MllpListener:
    """A listener for `system`, not started. Raises ConfigurationError when its TLS files cannot be used."""
    limits = Limits(
        message=settings.max_message,
        junk=settings.max_junk,
        in_flight=settings.max_in_flight,
        connections=settings.max_connections,
        frame_timeout=settings.frame_timeout,
        idle_timeout=settings.idle_timeout,
    )
    tls = settings.tls.context(secrets) if settings.tls else None
    endpoint = Endpoint(settings.host, settings.port, tls, settings.networks, limits)
    accepts = Accepts(processing_ids=frozenset(settings.processing_ids), versions=settings.versions)
    recogniser = Recogniser(system, accepts=accepts, clock=clock, source=source)
    return MllpListener(endpoint, recogniser, intake, clock=clock)


def open_target(system: str, settings: Settings, *, secrets: Resolver, clock: Clock | None = None) -> MllpTarget:
    """A sender that takes events too, not connected yet. Raises ConfigurationError when its TLS files are of no use."""
    clock = clock or SystemClock()
    gate = Gate(Breaker(system, clock), TokenBucket(clock, None), settings.window)
    names = Outgoing(
        control_id="",
        time=clock.now(),
        sending_application=settings.sending_application,
        sending_facility=settings.sending_facility,
        receiving_application=settings.receiving_application,
        receiving_facility=settings.receiving_facility,
        version=settings.version,
        processing_id=settings.processing_id,
    )
    return MllpTarget(
        settings.host,
        settings.port,
        gate=gate,
        names=names,
        tls=settings.server_tls.context(secrets) if settings.server_tls else None,
        window=settings.window,
        connect_timeout=settings.connect_timeout,
        answer_timeout=settings.answer_timeout,
    )


def connect(settings: Settings, around: Surroundings) -> MllpListener | MllpTarget:
    """A listener or a target, by `direction`."""
    if settings.direction == "out":
        return open_target(around.system, settings, secrets=around.secrets, clock=around.clock)
    return open_listener(
        around.system, settings, around.intake, secrets=around.secrets, clock=around.clock, source=around.source
    )


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
