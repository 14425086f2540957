"""The settings of a payer or a clearinghouse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Literal, TypeAlias

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from careloom.core.secrets import SecretRef
from careloom.formats import x12
from careloom.mapping.x12.sending import Envelope
from careloom.model import ContactPoint, Identifier, Organization
from careloom.systems.exchange import ExchangeSettings
from careloom.systems.http.origin import OriginSettings, is_private
from careloom.systems.interchange import InterchangeSettings

Style: TypeAlias = Literal["core-mime", "core-soap", "json", "raw"]


class RealTime(OriginSettings):
    """Questions that are answered at once, over HTTP. Times in seconds, sizes in octets."""

    own_headers: ClassVar[frozenset[str]] = frozenset({"content-type", "accept", "soapaction"})

    style: Style = Field(
        default="core-mime",
        description="what the set travels in: the MIME form or the SOAP envelope of CAQH CORE, JSON, or nothing",
    )
    user: str = Field(default="", description="CORE: the user name in the envelope")
    password: SecretRef | None = Field(default=None, description="CORE: where the password in the envelope is kept")
    knows_repeats: bool = Field(
        default=False, description="the payer drops a request (278) whose control and trace numbers it has seen"
    )
    largest: int = Field(default=16 * 1024 * 1024, ge=1024, description="largest answer that is read")

    @model_validator(mode="after")
    def _core_credentials(self) -> RealTime:
        if (self.user or self.password) and not self.style.startswith("core"):
            raise ValueError("user and password stand in a CORE envelope; for other styles give a token or headers")
        if self.password is not None and not is_private(self.url):
            raise ValueError("a password is sent over https only; the URL is http")
        return self


class Batch(ExchangeSettings):
    """Claims that go out together, and answers that come as files. Times in seconds."""

    claims: int = Field(default=100, ge=1, le=5000, description="most claims in one interchange")
    wait: float = Field(default=60.0, gt=0, le=86_400, description="longest that a claim waits for others")
    acknowledge: tuple[Literal["999", "TA1"], ...] = Field(
        default=(), description="what comes in is acknowledged so, into the outbox"
    )


class Desk(BaseModel):
    """Who asks, and about which payers: in look-ups, and in questions of events that do not name them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str = Field(min_length=1, max_length=60, description="the name of who asks (NM1 1P)")
    number: str = Field(pattern="^[0-9]{10}$", description="and its NPI")
    payers: Mapping[str, str] = Field(min_length=1, description="names of the payers that are asked here, by their ids")


class Settings(InterchangeSettings):
    """Who exchanges with whom, and how."""

    submitter: str = Field(default="", max_length=60, description="claims: the name of who hands them in (NM1 41)")
    submitter_number: str = Field(default="", max_length=80, description="and its electronic number; ISA06 if left out")
    submitter_phone: str = Field(default="", description="and whom to call about them")
    answer_within: float | None = Field(
        default=None, gt=0, description="seconds until an answer that did not come is a case; by default by its kind"
    )
    realtime: RealTime | None = Field(default=None, description="questions over HTTP")
    batch: Batch | None = Field(default=None, description="claims and answers as files")
    desk: Desk | None = Field(
        default=None,
        description="who asks in look-ups of the HTTP API, which need `realtime`, and where an event does not say it",
    )

    @model_validator(mode="after")
    def _some_way(self) -> Settings:
        if self.realtime is None and self.batch is None:
            raise ValueError("give `realtime`, `batch` or both; without them nothing can be exchanged")
        if self.desk is not None and self.realtime is None:
            raise ValueError("look-ups of `desk` are asked in real time; give `realtime`")
        return self

    def envelope(self, control: int, time: datetime, *, acknowledge: bool = False) -> Envelope:
        """The interchange with this control number, and with who hands in claims."""
        envelope = super().envelope(control, time, acknowledge=acknowledge)
        return msgspec.structs.replace(envelope, submitter=self._submitter())

    def within(self, expectation: x12.Expectation) -> timedelta:
        """How long an answer may take."""
        return expectation.within if self.answer_within is None else timedelta(seconds=self.answer_within)

    def _submitter(self) -> Organization | None:
        if not self.submitter:
            return None
        number = Identifier(value=self.submitter_number or self.sender, type="ETIN")
        phone = (ContactPoint(system="phone", value=self.submitter_phone),) if self.submitter_phone else ()
        return Organization(name=self.submitter, identifier=(number,), telecom=phone)
