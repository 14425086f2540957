"""The settings of a payment gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from careloom.systems.http.origin import OriginSettings
from careloom.systems.webhook.settings import Paging, Pointer, PollSettings
from careloom.systems.webhook.settings import Settings as WebhookSettings

Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./{}-]{1,200}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\[\]-]{1,64}$")]


class EventList(PollSettings):
    """The gateway's list of events, looked into for those that its webhook did not bring. Times in seconds.

    By default a list that begins with the newest, has its events at `/data` and goes on behind the last id.
    """

    items: Pointer = Field(
        default="/data", description="JSON Pointer to the array of events; empty: the document is it"
    )
    id: Pointer = Field(default="/id", description="JSON Pointer in an item to the id that the webhook has for it")
    ignore: tuple[Pointer, ...] = Field(
        default=("/pending_webhooks", "/request"), description="what differs between both, as JSON Pointers"
    )
    since: Word | None = Field(default="created[gte]", description="query parameter for where to go on")
    mark: Pointer = Field(default="/created", description="JSON Pointer in an item to the value that `since` takes")
    overlap: float = Field(default=300.0, ge=0, description="seconds to look back again")
    time: Pointer = Field(default="/created", description="JSON Pointer to when it happened")
    newest_first: bool = Field(default=True, description="the list begins with the newest event")
    paging: Paging = Paging(by="cursor", parameter="starting_after", more="/has_more")


class Words(BaseModel):
    """How the gateway's own interface calls things: paths below its URL, and parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    payment_path: Path = Field(default="payments/{id}", description="one payment")
    refunds_path: Path = Field(default="refunds", description="to make refunds and to list them")
    disputes_path: Path = Field(default="disputes", description="the list of disputes")
    payment: Word = Field(default="payment", description="parameter for the payment")
    amount: Word = Field(default="amount", description="parameter for the amount in minor units")
    currency: Word = Field(default="", description="parameter for the currency; empty: it is that of the payment")
    reason: Word = Field(default="reason", description="parameter for the reason")
    reasons: Mapping[str, str] = Field(default_factory=dict, description="what the gateway calls our reasons")
    cursor: Word = Field(default="starting_after", description="parameter for the last id of the page before")
    items: Pointer = Field(default="/data", description="JSON Pointer to the array in a list")
    more: Pointer = Field(default="/has_more", description="JSON Pointer to whether a list goes on")


class ApiSettings(OriginSettings):
    """The gateway's own interface: refunds, and looks at payments and disputes. Times in seconds."""

    own_headers: ClassVar[frozenset[str]] = frozenset({"content-type", "accept", "idempotency-key"})

    style: Literal["form", "json"] = Field(default="form", description="how parameters are written")
    words: Words = Words()


class Settings(WebhookSettings):
    """One payment gateway. Times in seconds, sizes in octets."""

    scheme: str = Field(default="stripe", description="how its events are signed; a preset of webhooks")
    format: Literal["json"] = Field(default="json", description="what its events are")
    poll: EventList | None = Field(default=None, description="its list of events, for those that did not come")
    api: ApiSettings | None = Field(default=None, description="its own interface, for refunds and looks")
