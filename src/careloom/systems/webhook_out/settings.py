"""The settings of an endpoint that we send webhooks to."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from careloom.core.secrets import SecretRef
from careloom.systems.http.cloudevents import Subject
from careloom.systems.http.origin import OriginSettings, is_private
from careloom.systems.outward import PORTS, Network, Outward, network
from careloom.systems.rotation import Secret

AllowedNetwork = Annotated[Network, BeforeValidator(lambda given: network(given) if isinstance(given, str) else given)]
Wait = Annotated[float, Field(ge=0.1, le=7 * 86_400)]
Port = Annotated[int, Field(ge=1, le=65_535)]

HOUR = 3600.0
SCHEDULE = (5.0, 300.0, 1800.0, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds from one attempt to the next, as Standard Webhooks advises: dense at first, then over three days."""


class Settings(OriginSettings):
    """One endpoint. Times in seconds."""

    own_headers: ClassVar[frozenset[str]] = frozenset(
        {"content-type", "webhook-id", "webhook-timestamp", "webhook-signature"}
    )

    secret: SecretRef | None = Field(default=None, description="where the one signing secret is kept, whsec_...")
    secrets: tuple[Secret, ...] = Field(default=(), description="several, while they are rotated; signed with each")
    algorithm: Literal["v1", "v1a"] = Field(default="v1", description="v1: HMAC-SHA256; v1a: Ed25519, secret whsk_...")
    subject: Subject = Field(default="token", description="what `subject` holds: keyed digest, natural key, nothing")
    facilities: frozenset[str] = Field(default=frozenset(), description="only events of these; empty: of all")
    sources: frozenset[str] = Field(default=frozenset(), description="only events from these systems; empty: from all")
    idempotent: bool = Field(default=True, description="the endpoint drops a webhook-id that it has seen")
    schedule: tuple[Wait, ...] = Field(
        default=SCHEDULE, max_length=50, description="seconds from one attempt of an event to the next; then a case"
    )
    disable_after: float = Field(
        default=5 * 86_400.0, gt=0, description="seconds of nothing but failures after which nothing more is sent"
    )
    disable_failures: int = Field(default=10, ge=1, description="and at least so many failures in that time")
    allow: tuple[AllowedNetwork, ...] = Field(default=(), description="networks that may be called although private")
    ports: tuple[Port, ...] = Field(default=PORTS, min_length=1, description="ports that may be called")

    @field_validator("schedule")
    @classmethod
    def _some(cls, schedule: tuple[float, ...]) -> tuple[float, ...]:
        if not schedule:
            raise ValueError("give at least one wait; an event that is refused once is not lost for good")
        return schedule

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if (self.secret is None) == (not self.secrets):
            raise ValueError("give `secret`, or `secrets` while they are rotated; every webhook is signed")
        if not is_private(self.url):
            raise ValueError("webhooks are sent over https only; the URL is http")
        if (problem := self.outward.problem(self.url)) is not None:
            raise ValueError(f"url: {problem}")
        return self

    @property
    def outward(self) -> Outward:
        """What may be called."""
        return Outward(self.allow, self.ports)

    @property
    def rotation(self) -> tuple[Secret, ...]:
        """All secrets."""
        return self.secrets or ((Secret(ref=self.secret),) if self.secret else ())
