"""The settings that every kind has that calls one HTTP origin, and the client made from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.core.secrets import Resolver, SecretRef
from careloom.systems.http.calls import HttpCaller
from careloom.systems.http.client import LARGEST_ANSWER, HttpClient, Origin, Resolve
from careloom.systems.resilience import Breaker, BreakerLimits, Gate, TokenBucket
from careloom.systems.tls import TlsClient

Seconds = Annotated[float, Field(gt=0, le=3600)]
_URL: Final = re.compile(r"https?://[!-~]+")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class OriginSettings(BaseModel):
    """One URL and how it is called. Times in seconds. A kind names the headers that it sets itself in `own_headers`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    own_headers: ClassVar[frozenset[str]] = frozenset()

    url: str = Field(description="the only address that is ever called")
    token: SecretRef | None = Field(default=None, description="where the bearer token is kept")
    headers: dict[str, str] = Field(default_factory=dict, description="further headers; no secrets")
    secret_headers: dict[str, SecretRef] = Field(
        default_factory=dict, description="headers whose values are secrets, such as an API key, by reference"
    )
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

    @field_validator("headers", "secret_headers")
    @classmethod
    def _harmless_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            lowered = name.lower()
            if not _HEADER.fullmatch(name) or not value.isprintable() or not value.isascii():
                raise ValueError("a header is a token and printable ASCII")
            if lowered in _FRAMING or lowered in cls.own_headers or lowered.startswith("ce-"):
                raise ValueError(f"{lowered} is set by careloom; for a bearer token write `token`")
        return headers

    @model_validator(mode="after")
    def _tls_fits(self) -> OriginSettings:
        if self.tls is not None and not self.url.startswith("https:"):
            raise ValueError("tls is set and the URL is not https")
        if (self.token is not None or self.secret_headers) and not is_private(self.url):
            raise ValueError("a token is sent over https only; the URL is http")
        return self


_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "authorization"})


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent to this URL: https, or this machine."""
    return url.startswith("https:") or urlsplit(url).hostname in _LOCAL


def open_client(
    settings: OriginSettings, *, secrets: Resolver, clock: Clock, resolve: Resolve | None = None
) -> HttpClient:
    """A client for the origin of the URL, not connected yet. Raises ConfigurationError when its TLS files cannot be
    used. `resolve` says which addresses may be connected to (`careloom.systems.outward`)."""
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
        resolve=resolve,
    )
    return HttpClient(origin, clock.monotonic)


def open_gate(system: str, settings: OriginSettings, clock: Clock, limits: BreakerLimits | None = None) -> Gate:
    """What every call to the system passes."""
    return Gate(Breaker(system, clock, limits), TokenBucket(clock, settings.rate), settings.connections)


def open_caller(
    system: str,
    settings: OriginSettings,
    *,
    secrets: Resolver,
    clock: Clock,
    resolve: Resolve | None = None,
    limit: int = LARGEST_ANSWER,
) -> HttpCaller:
    """A caller for `system`, with its gate. Raises ConfigurationError as `open_client`."""
    return HttpCaller(
        settings.url,
        open_client(settings, secrets=secrets, clock=clock, resolve=resolve),
        open_gate(system, settings, clock),
        clock,
        headers=fixed_headers(settings, secrets),
        limit=limit,
    )


def fixed_headers(settings: OriginSettings, secrets: Resolver) -> Callable[[], Mapping[str, str]]:
    """Gives the headers of the settings, with the token as it is now."""
    fixed = {name.lower(): value for name, value in settings.headers.items()}
    secret = {name.lower(): reference for name, reference in settings.secret_headers.items()}
    token = settings.token
    if token is None and not secret:
        return lambda: fixed

    def with_secrets() -> Mapping[str, str]:
        found = {**fixed, **{name: printable_secret(reference, secrets) for name, reference in secret.items()}}
        if token is not None:
            found["authorization"] = f"Bearer {printable_secret(token, secrets)}"
        return found

    return with_secrets


def printable_secret(reference: str, secrets: Resolver) -> str:
    """A secret that may stand in a header. Raises ConfigurationError otherwise."""
    secret = secrets(reference)
    if not (secret.isascii() and secret.isprintable()):
        raise ConfigurationError(f"the secret {reference} holds a character that cannot be in a header")
    return secret
