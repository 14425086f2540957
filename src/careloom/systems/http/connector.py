"""The settings of an HTTP target, and the target made from them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from careloom.core.clock import Clock, SystemClock
from careloom.core.secrets import Resolver
from careloom.systems.http.cloudevents import Mode, Subject
from careloom.systems.http.origin import OriginSettings, fixed_headers, open_client, open_gate
from careloom.systems.http.target import HttpTarget
from careloom.systems.seam import Surroundings


class Settings(OriginSettings):
    """One HTTP target. Times in seconds."""

    own_headers: ClassVar[frozenset[str]] = frozenset({"content-type", "idempotency-key"})

    mode: Mode = Field(default="binary", description="CloudEvents content mode")
    subject: Subject = Field(default="token", description="what `subject` holds: keyed digest, natural key, nothing")
    idempotent: bool = Field(default=False, description="the target drops a second POST with the same Idempotency-Key")


def open_target(system: str, settings: Settings, *, secrets: Resolver, clock: Clock | None = None) -> HttpTarget:
    """A target for `system`, not connected yet. Raises ConfigurationError when its TLS files cannot be used."""
    clock = clock or SystemClock()
    return HttpTarget(
        settings.url,
        open_client(settings, secrets=secrets, clock=clock),
        gate=open_gate(system, settings, clock),
        mode=settings.mode,
        subject=settings.subject,
        idempotent=settings.idempotent,
        headers=fixed_headers(settings, secrets),
        clock=clock,
    )


def connect(settings: Settings, around: Surroundings) -> HttpTarget:
    """The target that deliveries post to."""
    return open_target(around.system, settings, secrets=around.secrets, clock=around.clock)
