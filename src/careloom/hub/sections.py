"""The tables of `careloom.toml` that say what a deployment is made of; `Settings` holds them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator, model_validator

from careloom.cases.rights import AmountLimits
from careloom.core.errors import ConfigurationError
from careloom.core.secrets import SecretRef
from careloom.flows.routing import Rule
from careloom.formats.csv import Layout
from careloom.gateway.limits import Limits
from careloom.hub.agreements import code_lists_of, profile_of
from careloom.hub.section import Name, Section, Zone
from careloom.mapping.declared import Rules
from careloom.mapping.source import JsonShape
from careloom.mapping.source import Settings as SenderSettings

T = TypeVar("T")
LookupShape = Literal[
    "patient", "appointment", "eligibility", "invoice-status", "stock", "supplier", "partner", "balance", "dimensions"
]


class HubSection(Section):
    """The node itself."""

    name: Name = Field(default="careloom", description="the name of this deployment")
    lanes: int | None = Field(default=None, ge=1, le=1024, description="lanes in each bank; fixed at creation (64)")
    flows: tuple[str, ...] = Field(
        default=("careloom.flows.registration", "careloom.flows.standards"),
        description="modules whose flows run; the project's own go by name",
    )
    work: bool = Field(default=True, description="work subscriptions; false: this node only takes messages in")
    processes: int = Field(
        default=1, ge=1, le=64, description="processes of this node; with more than 1, the first only takes messages in"
    )


class StoreSection(Section):
    """Where the log is kept."""

    url: SecretRef | None = Field(default=None, description="a PostgreSQL by reference; empty: the embedded one")
    data: str | None = Field(default=None, description="data folder of the embedded PostgreSQL and the master key")
    connections: int = Field(default=8, ge=2, le=100, description="connections of this node")
    keep_attempts_days: int = Field(
        default=90,
        ge=0,
        le=36_500,
        description="days that `careloom deliveries` goes back; 0: for ever",
    )
    keep_calls_days: int = Field(
        default=400, ge=0, le=36_500, description="days that `careloom audit calls` goes back; 0: for ever"
    )
    keep_answers_days: int = Field(
        default=400,
        ge=0,
        le=36_500,
        description="days that an answer which was awaited and came is remembered; 0: for ever",
    )
    keep_notices_days: int = Field(
        default=90,
        ge=0,
        le=36_500,
        description="days that a notice is known once it may be told again; 0: for ever",
    )
    keep_runs_days: int = Field(
        default=400,
        ge=0,
        le=36_500,
        description="days that a run is kept after its end, with its steps, approvals and what scheduled it; then its "
        "key, or a replay of its event, begins another. A run with an open case stays. 0: for ever",
    )


class SecuritySection(Section):
    """Keys."""

    master_key: SecretRef | None = Field(
        default=None, description="64 hexadecimal digits by reference; empty: made in the data folder on first run"
    )


class PublisherSection(Section):
    """What one API key may publish."""

    system: Name = Field(description="the system in whose name it publishes; one of its own, that sends nothing else")
    events: tuple[str, ...] = Field(min_length=1, description="event types, appointment.booked.v1")


class LookupSection(Section):
    """A question that callers may ask directly, bounded, and why it does not go through the log."""

    shape: LookupShape = Field(description="what is asked")
    system: Name = Field(description="the system that is asked")
    owner: str = Field(min_length=1, description="the team that answers for it")
    reason: str = Field(min_length=20, description="why it is direct")
    budget_seconds: float = Field(default=2.0, gt=0, le=10, description="how long a caller waits; then it may poll")
    timeout_seconds: float = Field(default=30.0, gt=0, le=120, description="how long the call goes on")
    cache_seconds: float = Field(default=0.0, ge=0, le=3600, description="how long an answer is kept")
    stale_seconds: float | None = Field(
        default=None,
        ge=0,
        le=86_400,
        description="how old an answer may be that is told, labelled, while the system is away; 0: none is; empty: an "
        "hour, and none of phi or where nothing is cached",
    )
    invalidated_by: tuple[str, ...] | None = Field(
        default=None, description="event types that make kept answers stale; empty: those of the shape"
    )


class ApiSection(Section):
    """The HTTP API."""

    enabled: bool = Field(default=True, description="serve the HTTP API")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65_535, description="0 takes a free port")
    console: bool = Field(default=True, description="serve the pages for people beside the API")
    limits: Limits = Field(default=Limits(), description="what each API key may ask for")
    publishers: Mapping[str, PublisherSection] = Field(
        default_factory=dict, description="which API keys may publish events, by name of the key"
    )
    lookups: Mapping[Name, LookupSection] = Field(default_factory=dict, description="direct look-ups, by name")


class JsonSection(Section):
    """Where a system's JSON documents say what they are, as JSON Pointers (RFC 6901); empty: nowhere."""

    dialect: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="tells documents of different vendors apart")
    type: str = Field(default="", description="what kind of document it is")
    key: str = Field(default="", description="the id it is known by; empty: a digest of its bytes")
    subject: str = Field(default="", description="what order matters for; empty: the key")
    noun: str = Field(default="Record", pattern=r"^[A-Z][A-Za-z]*$", description="what the subject is, Contact")
    items: str | None = Field(default=None, description="the array whose members are the documents, if there is one")


class SourceSection(Section):
    """How a system writes what it sends."""

    zone: Zone = Field(default="UTC", description="time zone of times without an offset, America/Chicago")
    social_security: bool = Field(default=False, description="carry PID-19 into events; otherwise it stays behind")
    json_: JsonSection | None = Field(default=None, alias="json", description="what its JSON documents look like")
    layout: Path | None = Field(default=None, description="the file that declares the layout of its rows")
    mapping: Path | None = Field(
        default=None, description="the file of rules by which its documents and rows become events; empty: its kind's"
    )
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of amounts without one")
    strict: bool | None = Field(
        default=None,
        description="refuse HL7 v2, X12 and FHIR that deviate from their standard: true any, false what no reader can"
        " rely on; empty: nothing is validated but for a `profile` or `code_lists`",
    )
    profile: Path | None = Field(
        default=None, description="the file of what its HL7 v2 messages must have, and may not, beyond the standard"
    )
    code_lists: Path | None = Field(
        default=None, description="the file that lists the codes its X12 may have, by place"
    )

    @field_validator("layout", "mapping", "profile", "code_lists")
    @classmethod
    def _below_the_settings(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        base = (info.context or {}).get("base")
        found = file if file is None or base is None else base / file
        if found is not None:
            _READ[str(info.field_name)](found)
        return found

    def for_mapping(self, kind: Path | None = None) -> SenderSettings:
        """The same as mappings take it. `kind` are the rules of the system's kind, which hold where none are named."""
        file = self.mapping or kind
        rules = rules_of(file) if file else None
        shape = JsonShape(**self.json_.model_dump()) if self.json_ else rules.shape if rules else None
        return SenderSettings(
            zone=ZoneInfo(self.zone),
            social_security=self.social_security,
            currency=self.currency,
            json=shape,
            layout=_layout(self.layout) if self.layout else None,
            rules=rules,
            strict=self.strict,
            profile=profile_of(self.profile) if self.profile else None,
            code_lists=code_lists_of(self.code_lists) if self.code_lists else None,
        )


def _layout(file: Path) -> Layout:
    return _read(file, Layout.load)


def rules_of(file: Path) -> Rules:
    """The rules in a file. Raises ValueError that names the file and all that is wrong with it."""
    return _read(file, Rules.load)


def _read(file: Path, load: Callable[[str], T]) -> T:
    try:
        return load(file.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    except ConfigurationError as error:
        raise ValueError(f"{file}: {error}") from None


_READ: Mapping[str, Callable[[Path], object]] = {
    "layout": _layout,
    "mapping": rules_of,
    "profile": profile_of,
    "code_lists": code_lists_of,
}


class NoticesSection(Section):
    """By which systems runs tell people things."""

    mail: str = Field(default="", description="a system of kind `smtp`; empty: nobody is told by mail")
    webhook: str = Field(default="", description="a system of kind `webhook_out`; empty: nobody is told by webhook")


class ApprovalsSection(Section):
    """What people may approve."""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of the limits")
    limits: Mapping[str, Annotated[Decimal, Field(ge=0)] | Literal["any"]] = Field(
        default_factory=dict,
        description="role = the most it may approve, or `any`; empty: amounts are not looked at. A role that is not "
        "named approves no amounts",
    )

    def for_ballots(self) -> AmountLimits:
        """The same as those who count votes take it."""
        limits = {role: None if limit == "any" else limit for role, limit in self.limits.items()}
        return AmountLimits(limits, self.currency)


class DeliverySection(Section):
    """Events that go to a system as they are."""

    system: Name = Field(description="a system that takes events, such as one of kind http")
    events: tuple[str, ...] = Field(min_length=1, description="event types, registration.created.v1")


class RuleSection(Section):
    """One line of a routing table."""

    when: Mapping[str, str | tuple[str, ...]] = Field(
        default_factory=dict, description="JSON Pointers and the texts that fit; `*`: anything, empty: nothing there"
    )
    to: Name | None = Field(default=None, description="the system that gets the event")
    skip: str | None = Field(default=None, min_length=3, description="why it goes nowhere, in place of `to`")

    @model_validator(mode="after")
    def _one_end(self) -> RuleSection:
        if (self.to is None) == (self.skip is None):
            raise ValueError("a rule has either `to`, a system, or `skip`, a reason")
        return self

    def for_routing(self) -> Rule:
        """The same as routing takes it."""
        when = {pointer: frozenset([fits] if isinstance(fits, str) else fits) for pointer, fits in self.when.items()}
        return Rule(when=when, to=self.to, skip=self.skip)


class RouteSection(Section):
    """A routing table: the first rule that fits decides; an event that none fits becomes a case."""

    events: tuple[str, ...] = Field(min_length=1, description="event types, service.completed.v1")
    rules: tuple[RuleSection, ...] = Field(min_length=1, description="in order")
    owner: str = Field(default="", description="who answers for what no rule fits")
