"""The settings of a mail server, and the mailer made from them."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from careloom.core.errors import ConfigurationError
from careloom.core.secrets import SecretRef
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings
from careloom.systems.smtp.mailer import Mailer, Server
from careloom.systems.tls import TlsClient

Seconds = Annotated[float, Field(gt=0, le=3600)]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>\",;]+@[^@\s<>\",;]+$", max_length=254)]
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseModel):
    """One mail server, and to whom events are told. Times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, description="the server's name")
    port: int = Field(default=587, ge=1, le=65_535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="`none` on this machine only")
    tls: TlsClient | None = Field(default=None, description="own CA or client certificate")
    user: str | None = Field(default=None, description="the account, where the server wants one")
    password: SecretRef | None = Field(default=None, description="its password, by reference")
    sender: Address = Field(description="the address that mails come from")
    recipients: tuple[Address, ...] = Field(min_length=1, description="who is told of events")
    subject: str = Field(
        default="{type}",
        max_length=120,
        description="subject of a mail; {type}, {source} and {id} stand for the event's",
    )
    link: str = Field(default="", description="where to look, with {id}: https://hub.example.org/trace/{id}")
    rate: float | None = Field(default=None, gt=0, description="mails a second at most")
    connect_timeout: Seconds = 15.0
    answer_timeout: Seconds = 60.0

    @model_validator(mode="after")
    def _is_private(self) -> Settings:
        if self.security == "none" and self.host not in _LOCAL:
            raise ValueError("mails leave this machine over TLS only; set security to starttls or tls")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        return self


def connect(settings: Settings, around: Surroundings) -> Mailer:
    """The mailer. Raises ConfigurationError when the extra is not installed."""
    server = Server(
        host=settings.host,
        port=settings.port,
        security=settings.security,
        tls=(settings.tls or TlsClient()).context(around.secrets) if settings.security != "none" else None,
        user=settings.user,
        password=settings.password,
        connect_timeout=settings.connect_timeout,
        answer_timeout=settings.answer_timeout,
    )
    gate = Gate(Breaker(around.system, around.clock), TokenBucket(around.clock, settings.rate), 1)
    return Mailer(
        _library(), server, gate, around.secrets, settings.sender, settings.recipients, settings.subject, settings.link
    )


def _library() -> Any:
    try:
        return import_module("aiosmtplib")
    except ImportError:
        raise ConfigurationError("mail needs a library: pip install 'careloom[mail]'") from None
