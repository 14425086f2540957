"""The settings of a sender of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from careloom.core.secrets import SecretRef
from careloom.systems.http.origin import OriginSettings
from careloom.systems.rotation import Secret
from careloom.systems.signing import Scheme, scheme
from careloom.systems.webhook.handshake import Handshake

Format = Literal["json", "fhir", "hl7v2", "x12", "csv"]
Pointer = Annotated[str, StringConstraints(pattern=r"^(/[^/]*)*$")]
Parameter = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\[\]-]{1,64}$")]


class Paging(BaseModel):
    """How the list goes on: `link` (a Link header, or the URL at `next`), `cursor` (the value at `next`, or the id of
    the last item, is sent back as `parameter`), `page` (`parameter` counts from 1), or not at all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["none", "link", "cursor", "page"] = "none"
    parameter: Parameter = Field(default="cursor", description="query parameter of the cursor or the page")
    next: Pointer = Field(default="", description="JSON Pointer to the next URL or cursor; empty: header, last id")
    more: Pointer = Field(default="", description="JSON Pointer to whether there is more, /has_more; empty: not told")
    most: int = Field(default=10_000, ge=1, description="pages of one look; the next look goes on")


class PollSettings(OriginSettings):
    """The sender's list of events, looked into for those that its webhook did not bring. Times in seconds."""

    own_headers: ClassVar[frozenset[str]] = frozenset({"accept"})

    every: float = Field(default=300.0, ge=1, le=86_400, description="seconds between two looks")
    items: Pointer = Field(default="", description="JSON Pointer to the array of events; empty: the document is it")
    id: Pointer = Field(description="JSON Pointer in an item to the id that the webhook has for it, /id")
    event: Pointer = Field(default="", description="JSON Pointer in an item to what the webhook sends of it")
    ignore: tuple[Pointer, ...] = Field(default=(), description="what differs between both, as JSON Pointers")
    since: Parameter | None = Field(default=None, description="query parameter for where to go on, such as since")
    mark: Pointer = Field(default="", description="JSON Pointer in an item to the value that `since` takes")
    start: str = Field(default="", description="the first value of `since`; empty: from the beginning")
    overlap: float = Field(default=0.0, ge=0, description="seconds to look back again, for lists that are filled late")
    time: Pointer = Field(default="", description="JSON Pointer to when it happened: ISO 8601 or seconds since 1970")
    grace: float = Field(default=60.0, ge=0, description="seconds that the webhook has before an event is missed")
    sequence: Pointer = Field(default="", description="JSON Pointer to a number without gaps, if there is one")
    newest_first: bool = Field(default=False, description="the list begins with the newest event")
    paging: Paging = Paging()
    largest_answer: int = Field(default=16 * 1024 * 1024, ge=1024, description="octets of the largest page")

    @model_validator(mode="after")
    def _goes_on(self) -> PollSettings:
        if (self.since is None) != (not self.mark):
            raise ValueError("since and mark belong together: the parameter, and where its value stands in an item")
        return self


class Settings(BaseModel):
    """One sender of webhooks. Times in seconds, sizes in octets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: str = Field(default="standard", description="how requests are signed; a preset")
    signing: Mapping[str, str] = Field(default_factory=dict, description="what this sender does otherwise than that")
    secret: SecretRef | None = Field(default=None, description="where the one secret is kept")
    secrets: tuple[Secret, ...] = Field(default=(), description="several, while they are rotated")
    url: str = Field(default="", description="the public URL, where it is signed")
    tolerance: float = Field(default=300.0, gt=0, le=86_400, description="seconds a signed time may be off")
    format: Format = Field(default="json", description="what bodies are")
    max_body: int = Field(default=1024 * 1024, ge=256, description="octets of the largest body")
    handshake: Handshake | None = Field(default=None, description="how the sender asks whether it is wanted")
    poll: PollSettings | None = Field(default=None, description="its list of events, for those that did not come")

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if (self.secret is None) == (not self.secrets):
            raise ValueError("give `secret`, or `secrets` while they are rotated")
        if "{url}" in self.declared.signed and not self.url:
            raise ValueError("this scheme signs the URL; write it as `url`, exactly as the sender has it")
        if self.poll is not None and self.format not in ("json", "fhir"):
            raise ValueError("a list of events is JSON; poll needs format json or fhir")
        return self

    @property
    def declared(self) -> Scheme:
        """The scheme with its changes."""
        try:
            return scheme(self.scheme, self.signing)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(
                f"signing.{place}: {first['msg'].removeprefix('Value error, ')}".replace(".:", ":")
            ) from None

    @property
    def rotation(self) -> tuple[Secret, ...]:
        """All secrets."""
        return self.secrets or ((Secret(ref=self.secret),) if self.secret else ())
