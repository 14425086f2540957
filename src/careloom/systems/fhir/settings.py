"""The settings of a FHIR system."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from careloom.core.secrets import SecretRef
from careloom.formats.fhir import resource_types
from careloom.mapping.fhir.bundles import READERS
from careloom.systems.http.origin import OriginSettings, Seconds, is_private

Served = Literal[
    "Appointment", "ChargeItem", "Claim", "Coverage", "Encounter", "Invoice", "Patient", "PaymentNotice",
    "SupplyDelivery",
]  # fmt: skip


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SmartSettings(_Table):
    """SMART backend services: a token for a signed statement (SMART App Launch 2.0, asymmetric clients)."""

    client_id: str = Field(min_length=1, description="the client id that the server gave")
    key: SecretRef = Field(description="the private key, as PEM or JWK, by reference")
    key_id: str = Field(min_length=1, description="the `kid` under which the server knows the public key")
    algorithm: Literal["RS384", "ES384"] = Field(default="RS384", description="how it is signed, by the kind of key")
    scopes: tuple[str, ...] = Field(default=("system/*.read",), min_length=1, description="what the token is for")
    token_url: str | None = Field(default=None, description="where tokens are; else the server is asked")

    @field_validator("token_url")
    @classmethod
    def _private(cls, url: str | None) -> str | None:
        if url is not None and not is_private(url):
            raise ValueError("tokens are fetched over https only")
        return url


class ServerSettings(OriginSettings):
    """The server that is called. Times in seconds, sizes in octets."""

    own_headers: ClassVar[frozenset[str]] = frozenset({"accept", "content-type", "prefer", "if-match", "if-none-exist"})

    smart: SmartSettings | None = Field(default=None, description="tokens by a signed statement; else `token`, or none")
    user: str | None = Field(default=None, description="for basic authentication")
    password: SecretRef | None = None
    largest_answer: int = Field(default=32 * 1024 * 1024, ge=1024, description="octets of an answer, or of a bulk file")
    pages: int = Field(default=1000, ge=1, description="pages of one search at most")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("basic authentication takes a user and a password")
        if sum(one is not None for one in (self.smart, self.user, self.token)) > 1:
            raise ValueError("give one of smart, token, and user with password")
        if (self.smart is not None or self.user is not None) and not is_private(self.url):
            raise ValueError("credentials are sent over https only; the URL is http")
        return self


class PollSettings(_Table):
    """What is looked for at the server, again and again."""

    types: tuple[str, ...] = Field(min_length=1, description="resource types that are looked for")
    every: Seconds = 60.0
    overlap: float = Field(default=120.0, ge=0, le=86_400, description="seconds that each look goes back over")
    count: int = Field(default=100, ge=1, le=1000, description="resources a page")
    include: tuple[str, ...] = Field(default=(), description="what comes along, Appointment:patient")
    start: str = Field(default="", description="FHIR instant from which on; empty: from the first look")

    @field_validator("types")
    @classmethod
    def _known(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        for one in types:
            if one not in READERS:
                raise ValueError("no events are made of one of these types; see the reference of the format")
        return types


class Settings(_Table):
    """A FHIR system: an endpoint here, and with `server` one that is called."""

    server: ServerSettings | None = None
    poll: PollSettings | None = None
    base: str = Field(default="", description="our address as others know it, for Location and messages")
    max_body: int = Field(default=16 * 1024 * 1024, ge=1024, description="octets of the largest request")
    types: tuple[str, ...] = Field(default=(), description="types that may be created here; empty: all that are mapped")
    serve: tuple[Served, ...] = Field(
        default=(), description="types that may be read and searched here, as the log was last told; empty: none"
    )

    @field_validator("types")
    @classmethod
    def _of_r4(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(types) - set(resource_types()):
            raise ValueError(f"{len(unknown)} of these are no resource types of FHIR R4")
        return types

    @model_validator(mode="after")
    def _poll_needs_a_server(self) -> Self:
        if self.poll is not None and self.server is None:
            raise ValueError("poll needs a server")
        return self

    @property
    def accepted(self) -> tuple[str, ...]:
        """The types that may be created here."""
        return self.types or tuple(sorted(READERS))
