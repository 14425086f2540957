"""The settings of an HTTP target, and the target made from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from careloom.core.clock import Clock, SystemClock
from careloom.core.errors import ConfigurationError
from careloom.core.secrets import Resolver, SecretRef
from careloom.systems.http.client import HttpClient, Origin
from careloom.systems.http.cloudevents import Mode, Subject
from careloom.systems.http.target import HttpTarget
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings
from careloom.systems.tls import TlsClient

Seconds = Annotated[float, Field(gt=0, le=3600)]
_URL: Final = re.compile(r"https?://[!-~]+")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "content-type", "idempotency-key"}
)


class Settings(BaseModel):
    """One HTTP target. Times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="where events are posted; the only address that is ever called")
    mode: Mode = Field(default="binary", description="CloudEvents content mode")
    subject: Subject = Field(default="token", description="what `subject` holds: keyed digest, natural key, nothing")
    idempotent: bool = Field(default=False, description="the target drops a second POST with the same Idempotency-Key")
    token: SecretRef | None = Field(default=None, description="where the bearer token is kept")
    headers: dict[str, str] = Field(default_factory=dict, description="further headers; no secrets")
    tls: TlsClient | None = Field(default=None, description="own CA or client certificate; https only")
    connections: int = Field(default=32, ge=1, le=1000, description="connections, and so requests, at a time")
    rate: float | None = Field(default=None, gt=0, description="requests a second at most")
    connect_timeout: Seconds = 10.0
    answer_timeout: Seconds = 30.0
    keep_alive: Seconds = Field(default=15.0, description="age of an idle connection that is still used")

    @field_validator("url")
    @classmethod
    def _plain_url(cls, url: str) -> str:
        parts = urlsplit(url) if _URL.fullmatch(url) else None
        if parts is None or not parts.hostname or parts.fragment:
            raise ValueError("write an http or https URL, without a fragment, in ASCII")
        if parts.username is not None or parts.password is not None:
            raise ValueError("credentials do not belong into the URL; give a token by reference")
        if parts.port == 0:
            raise ValueError("port 0 cannot be called")
        return url

    @field_validator("headers")
    @classmethod
    def _harmless_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            lowered = name.lower()
            if not _HEADER.fullmatch(name) or not value.isprintable() or not value.isascii():
                raise ValueError("a header is a token and printable ASCII")
            if lowered in _OURS or lowered.startswith("ce-") or lowered == "authorization":
                raise ValueError(f"{lowered} is set by careloom; for a bearer token write `token`")
        return headers

    @model_validator(mode="after")
    def _tls_fits(self) -> Settings:
        if self.tls is not None and not self.url.startswith("https:"):
            raise ValueError("tls is set and the URL is not https")
        if self.token is not None and not self.url.startswith("https:") and not _is_local(self.url):
            raise ValueError("a token is sent over https only; the URL is http")
        return self


def open_target(system: str, settings: Settings, *, secrets: Resolver, clock: Clock | None = None) -> HttpTarget:
    """A target for `system`, not connected yet. Raises ConfigurationError when its TLS files cannot be used."""
    clock = clock or SystemClock()
    parts = urlsplit(settings.url)
    assert parts.hostname is not None, "the settings have checked it"
    secure = parts.scheme == "https"
    origin = Origin(
        host=parts.hostname,
        port=parts.port or (443 if secure else 80),
        tls=(settings.tls or TlsClient()).context(secrets) if secure else None,
        connections=settings.connections,
        connect_timeout=settings.connect_timeout,
        answer_timeout=settings.answer_timeout,
        keep_alive=settings.keep_alive,
    )
    return HttpTarget(
        settings.url,
        HttpClient(origin, clock.monotonic),
        gate=Gate(Breaker(system, clock), TokenBucket(clock, settings.rate), settings.connections),
        mode=settings.mode,
        subject=settings.subject,
        idempotent=settings.idempotent,
        headers=_headers(settings, secrets),
        clock=clock,
    )


def connect(settings: Settings, around: Surroundings) -> HttpTarget:
    """The target that deliveries post to."""
    return open_target(around.system, settings, secrets=around.secrets, clock=around.clock)


def _headers(settings: Settings, secrets: Resolver) -> Callable[[], Mapping[str, str]]:
    fixed = {name.lower(): value for name, value in settings.headers.items()}
    reference = settings.token
    if reference is None:
        return lambda: fixed

    def with_token() -> Mapping[str, str]:
        token = secrets(reference)
        if not (token.isascii() and token.isprintable()):
            raise ConfigurationError(f"the token {reference} holds a character that cannot be in a header")
        return {**fixed, "authorization": f"Bearer {token}"}

    return with_token


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in {"127.0.0.1", "::1", "localhost"}
