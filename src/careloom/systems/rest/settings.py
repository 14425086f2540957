"""The settings of a system with a REST API: how it is asked, what it is told, and who we are to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from careloom.core.secrets import SecretRef
from careloom.systems.http.origin import OriginSettings, is_private

Pointer = Annotated[str, StringConstraints(pattern=r"^(/[^/]*)*$")]
Parameter = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.$\[\]-]{1,64}$")]
Path = Annotated[str, StringConstraints(pattern=r"^/[!-~]*$")]
Method = Literal["POST", "PUT", "PATCH", "DELETE"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Auth(_Table):
    """Who we are. Secrets by reference. A key in the query is refused: URLs stand in the logs of every proxy."""

    by: Literal["none", "bearer", "basic", "header", "client_credentials", "query"] = Field(
        default="none", description="how we say it; `query` is refused"
    )
    token: SecretRef | None = Field(default=None, description="bearer: the token")
    user: str = Field(default="", description="basic: the user name")
    password: SecretRef | None = Field(default=None, description="basic: the password")
    name: str = Field(default="X-Api-Key", pattern=r"^[A-Za-z0-9-]+$", description="header: which one")
    key: SecretRef | None = Field(default=None, description="header: the key")
    token_url: str = Field(default="", description="client_credentials: where tokens are given (RFC 6749 4.4)")
    client_id: str = Field(default="", description="client_credentials: our name there")
    client_secret: SecretRef | None = Field(default=None, description="client_credentials: our secret")
    scope: str = Field(default="", description="client_credentials: what the token is for")

    @model_validator(mode="after")
    def _complete(self) -> Auth:
        if self.by == "query":
            raise ValueError("a key in the URL would stand in logs; ask the vendor for a header, a token or OAuth")
        needed: Mapping[str, tuple[str, ...]] = {
            "bearer": ("token",),
            "basic": ("user", "password"),
            "header": ("key",),
            "client_credentials": ("token_url", "client_id", "client_secret"),
        }
        missing = [name for name in needed.get(self.by, ()) if not getattr(self, name)]
        if missing:
            raise ValueError(f"auth by {self.by} needs {', '.join(missing)}")
        if self.token_url and (not urlsplit(self.token_url).hostname or not is_private(self.token_url)):
            raise ValueError("token_url is the https URL that gives tokens")
        return self


class ListPaging(_Table):
    """How a list goes on.

    `link`: a Link header (RFC 8288), or the URL at `next`. `cursor`: the value at `next` is sent back as `parameter`.
    `page`: `parameter` counts from `first`. `offset`: `parameter` is how many items came before.
    """

    style: Literal["none", "link", "cursor", "page", "offset"] = Field(default="none", description="in which way")
    parameter: Parameter = Field(default="cursor", description="of the cursor, the page or the offset")
    next: Pointer = Field(default="", description="JSON Pointer to the next URL or cursor; empty: the Link header")
    more: Pointer = Field(default="", description="JSON Pointer to whether there is more; empty: not told")
    first: int = Field(default=1, ge=0, le=1, description="the number of the first page")
    size: int | None = Field(default=None, ge=1, le=10_000, description="items of a page to ask for")
    size_parameter: Parameter = Field(default="limit", description="what asks for it")
    most: int = Field(default=1000, ge=1, le=100_000, description="pages of one look; the next look goes on there")

    @model_validator(mode="after")
    def _cursor_stands_somewhere(self) -> ListPaging:
        if self.style == "cursor" and not self.next:
            raise ValueError('say where the next cursor stands: next = "/meta/next"')
        return self


class Resource(_Table):
    """A list that is looked into. Times in seconds."""

    path: Path = Field(description="below the URL of the system, /contacts")
    query: Mapping[Parameter, str] = Field(default_factory=dict, description="fixed parameters; no secrets")
    every: float = Field(default=300.0, ge=1, le=86_400, description="seconds between two looks")
    items: Pointer = Field(default="", description="JSON Pointer to the array; empty: the document is it")
    id: Pointer = Field(default="", description="JSON Pointer in an item to its id; empty: as the mapping says, /id")
    updated: Pointer = Field(
        default="", description="JSON Pointer in an item to its version or last change; empty: as the mapping says"
    )
    subject: Pointer = Field(default="", description="JSON Pointer in an item to what order matters for; empty: its id")
    ignore: tuple[Pointer, ...] = Field(default=(), description="what changes without meaning, as JSON Pointers")
    since: Parameter | None = Field(default=None, description="parameter for where to go on: the newest `updated`")
    start: str = Field(default="", description="the first value of `since`; empty: from the beginning")
    overlap: float = Field(default=60.0, ge=0, description="seconds to look back again; repeats are dropped")
    newest_first: bool = Field(default=False, description="the list begins with the newest")
    paging: ListPaging = Field(default=ListPaging(), description="how it goes on")


class Find(_Table):
    """How to learn whether a thing is there already: asked before it is made, and again after doubt."""

    path: Path = Field(description="with {paths} into the event, /tickets")
    query: Mapping[Parameter, str] = Field(default_factory=dict, description="values with {paths} into the event")
    body: Mapping[str, Any] | None = Field(
        default=None, description="asked by POST with this document, as `body` of operations: no number in a URL"
    )
    items: Pointer = Field(default="", description="JSON Pointer to the array that is found; empty: the document")
    id: Pointer = Field(default="/id", description="JSON Pointer in what is found to its id, {found} of `update`")


class Update(_Table):
    """What is done to a thing that is there."""

    method: Method = Field(default="PUT", description="how it is changed")
    path: Path = Field(description="with {found}, the vendor's id, and {paths} into the event")


class Operation(_Table):
    """What the system is told of some events. `body` is a document by rules, or the name of one in the mapping."""

    events: tuple[str, ...] = Field(min_length=1, description="event types, ticket.opened.v1")
    method: Method = Field(default="POST", description="how a new thing is made")
    path: Path = Field(description="with {paths} into the event, /tickets/{ticket.identifier[0].value}")
    body: str | Mapping[str, Any] | None = Field(default=None, description="empty: no body")
    idempotency: str = Field(
        default="", pattern=r"^[A-Za-z0-9-]*$", description="header of the key by which it drops repeats"
    )
    find: Find | None = Field(default=None, description="look before making")
    update: Update | None = Field(default=None, description="when it was found; empty: nothing more is done")

    @model_validator(mode="after")
    def _updates_what_it_finds(self) -> Operation:
        if self.update is not None and self.find is None:
            raise ValueError("update needs find, which says what is there")
        return self


class Settings(OriginSettings):
    """One system with a REST API. Times in seconds, sizes in octets."""

    own_headers: ClassVar[frozenset[str]] = frozenset({"content-type", "accept"})

    auth: Auth = Field(default=Auth(), description="who we are")
    resources: Mapping[Name, Resource] = Field(default_factory=dict, description="lists that are looked into, by name")
    operations: Mapping[Name, Operation] = Field(default_factory=dict, description="what it is told, by name")
    largest_answer: int = Field(default=16 * 1024 * 1024, ge=1024, description="octets of the largest page")

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if self.auth.by != "none":
            if self.token is not None:
                raise ValueError("give either token or auth")
            if not is_private(self.url):
                raise ValueError("credentials are sent over https only; the URL is http")
        told = [type for operation in self.operations.values() for type in operation.events]
        twice = next((type for type in told if told.count(type) > 1), None)
        if twice:
            raise ValueError(f"two operations are about {twice}; one event is one operation")
        if urlsplit(self.url).query:
            raise ValueError("write parameters as query of a resource; the URL is what all paths stand below")
        return self
