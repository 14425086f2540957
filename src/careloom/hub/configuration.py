"""`careloom.toml`: what a deployment is made of. Every problem is reported at once, each with its path."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from careloom.cases.rights import AmountLimits
from careloom.core.errors import ConfigurationError
from careloom.core.secrets import SecretRef
from careloom.flows.routing import Rule
from careloom.flows.steps.authority import ENTITY
from careloom.formats.csv import Layout
from careloom.gateway.limits import Limits
from careloom.hub.agreements import code_lists_of, profile_of
from careloom.hub.calendars import CalendarSection
from careloom.hub.governance import AuthoritySection, CrosswalkSection, authority_of
from careloom.hub.identity import IdentitySection
from careloom.hub.observing import AlertSection, FeedSection, LogSection, TelemetrySection
from careloom.mapping.declared import Rules
from careloom.mapping.source import JsonShape
from careloom.mapping.source import Settings as SenderSettings
from careloom.systems.manifest import problems
from careloom.systems.registry import settings_for

FILE = "careloom.toml"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
LookupShape = Literal[
    "patient", "appointment", "eligibility", "invoice-status", "stock", "supplier", "partner", "balance", "dimensions"
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSection(_Section):
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


class StoreSection(_Section):
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


class SecuritySection(_Section):
    """Keys."""

    master_key: SecretRef | None = Field(
        default=None, description="64 hexadecimal digits by reference; empty: made in the data folder on first run"
    )


class PublisherSection(_Section):
    """What one API key may publish."""

    system: Name = Field(description="the system in whose name it publishes; one of its own, that sends nothing else")
    events: tuple[str, ...] = Field(min_length=1, description="event types, appointment.booked.v1")


class LookupSection(_Section):
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


class ApiSection(_Section):
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


class JsonSection(_Section):
    """Where a system's JSON documents say what they are, as JSON Pointers (RFC 6901); empty: nowhere."""

    dialect: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="tells documents of different vendors apart")
    type: str = Field(default="", description="what kind of document it is")
    key: str = Field(default="", description="the id it is known by; empty: a digest of its bytes")
    subject: str = Field(default="", description="what order matters for; empty: the key")
    noun: str = Field(default="Record", pattern=r"^[A-Z][A-Za-z]*$", description="what the subject is, Contact")
    items: str | None = Field(default=None, description="the array whose members are the documents, if there is one")


class SourceSection(_Section):
    """How a system writes what it sends."""

    zone: str = Field(default="UTC", description="time zone of times without an offset, America/Chicago")
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

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("there is no such time zone; write one of the IANA names, America/Chicago") from None
        return zone

    @field_validator("layout")
    @classmethod
    def _below_the_settings(cls, layout: Path | None, info: ValidationInfo) -> Path | None:
        base = (info.context or {}).get("base")
        found = layout if layout is None or base is None else base / layout
        if found is not None:
            _layout(found)
        return found

    @field_validator("mapping")
    @classmethod
    def _rules_below_the_settings(cls, mapping: Path | None, info: ValidationInfo) -> Path | None:
        base = (info.context or {}).get("base")
        found = mapping if mapping is None or base is None else base / mapping
        if found is not None:
            rules_of(found)
        return found

    @field_validator("profile", "code_lists")
    @classmethod
    def _agreed_below_the_settings(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        base = (info.context or {}).get("base")
        found = file if file is None or base is None else base / file
        if found is not None:
            (profile_of if info.field_name == "profile" else code_lists_of)(found)
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
    try:
        return Layout.load(file.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    except ConfigurationError as error:
        raise ValueError(f"{file}: {error}") from None


def rules_of(file: Path) -> Rules:
    """The rules in a file. Raises ValueError that names the file and all that is wrong with it."""
    try:
        return Rules.load(file.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    except ConfigurationError as error:
        raise ValueError(f"{file}: {error}") from None


class NoticesSection(_Section):
    """By which systems runs tell people things."""

    mail: str = Field(default="", description="a system of kind `smtp`; empty: nobody is told by mail")
    webhook: str = Field(default="", description="a system of kind `webhook_out`; empty: nobody is told by webhook")


class ApprovalsSection(_Section):
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


class DeliverySection(_Section):
    """Events that go to a system as they are."""

    system: Name = Field(description="a system that takes events, such as one of kind http")
    events: tuple[str, ...] = Field(min_length=1, description="event types, registration.created.v1")


class RuleSection(_Section):
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


class RouteSection(_Section):
    """A routing table: the first rule that fits decides; an event that none fits becomes a case."""

    events: tuple[str, ...] = Field(min_length=1, description="event types, service.completed.v1")
    rules: tuple[RuleSection, ...] = Field(min_length=1, description="in order")
    owner: str = Field(default="", description="who answers for what no rule fits")


class Settings(_Section):
    """The whole file."""

    hub: HubSection = HubSection()
    store: StoreSection = StoreSection()
    security: SecuritySection = SecuritySection()
    api: ApiSection = ApiSection()
    systems: Mapping[Name, Mapping[str, Any]] = Field(default_factory=dict, description="systems by name")
    flows: Mapping[str, Mapping[str, str]] = Field(default_factory=dict, description="flow: parameter = system")
    sources: Mapping[Name, SourceSection] = Field(default_factory=dict, description="how systems write, by name")
    deliveries: Mapping[Name, DeliverySection] = Field(default_factory=dict, description="forwarded events by name")
    approvals: ApprovalsSection = ApprovalsSection()
    identity: IdentitySection = IdentitySection()
    crosswalk: CrosswalkSection = CrosswalkSection()
    authority: Mapping[Name, AuthoritySection] = Field(
        default_factory=dict, description="which system may set which field of which entity, by the name of the rule"
    )
    notices: NoticesSection = NoticesSection()
    routes: Mapping[Name, RouteSection] = Field(default_factory=dict, description="routing tables by name")
    calendars: Mapping[Name, CalendarSection] = Field(default_factory=dict, description="business days by name")
    telemetry: TelemetrySection = TelemetrySection()
    log: LogSection = LogSection()
    feeds: Mapping[Name, FeedSection] = Field(default_factory=dict, description="how often systems send, by name")
    alerts: Mapping[str, AlertSection] = Field(default_factory=dict, description="who is told of cases, by owner")

    @model_validator(mode="after")
    def _proposals_are_seen(self) -> Settings:
        proposes = [name for name, one in self.authority.items() if one.entity == ENTITY and one.proposes]
        if proposes and "stewardship" not in self.flows:
            raise ValueError(
                f"authority.{proposes[0]} has writes proposed, and no steward would see them: name "
                "careloom.flows.stewardship in hub.flows, and [flows.stewardship]"
            )
        return self

    @field_validator("authority")
    @classmethod
    def _decidable(cls, authority: Mapping[str, AuthoritySection]) -> Mapping[str, AuthoritySection]:
        try:
            authority_of(authority)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return authority


@dataclass(frozen=True, slots=True)
class System:
    """One configured system."""

    name: str
    kind: str
    settings: BaseModel


@dataclass(frozen=True, slots=True)
class Configuration:
    """Checked settings. `base` is the folder that relative paths and the project's flows are below."""

    settings: Settings
    systems: Mapping[str, System]
    base: Path


def load(path: Path) -> Configuration:
    """Read and check a file. Raises ConfigurationError that lists every problem."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no {path}: run `careloom new my-hospital` to make a project, or name a file with --config"
        ) from None
    try:
        return check(tomllib.loads(text), path.parent.resolve())
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {error}") from None


def check(mapping: Mapping[str, Any], base: Path) -> Configuration:
    """Check settings that are already read: the sections, each system by its kind, and what refers to systems. Relative
    paths are below `base`. Raises ConfigurationError that lists the problems of all three."""
    settings: Settings | None = None
    wrong: list[str] = []
    try:
        settings = Settings.model_validate(mapping, context={"base": base})
    except ValidationError as error:
        wrong += problems(error, FILE)
    systems, unfit = _systems(_tables(mapping.get("systems")), base)
    wrong += unfit + _dangling(mapping)
    if settings is None or wrong:
        raise ConfigurationError("\n".join(wrong))
    return Configuration(settings, systems, base)


def _systems(tables: Mapping[str, Mapping[str, Any]], base: Path) -> tuple[dict[str, System], list[str]]:
    """Those that are right, and what is wrong with the others."""
    systems: dict[str, System] = {}
    wrong: list[str] = []
    for name, one in tables.items():
        kind = str(one.get("kind", ""))
        try:
            systems[name] = System(name, kind, settings_for(kind, one, system=name, base=base))
        except ConfigurationError as error:
            wrong.append(str(error))
    return systems, wrong


def _dangling(mapping: Mapping[str, Any]) -> list[str]:
    """What names a system that there is not; what is no table is a problem that was told already."""
    systems = mapping.get("systems", {})
    if not isinstance(systems, Mapping):
        return []
    named = {f"deliveries.{name}.system": one.get("system") for name, one in _tables(mapping.get("deliveries")).items()}
    named |= {f"sources.{name}": name for name in _tables(mapping.get("sources"))}
    named |= {f"feeds.{name}": name for name in _tables(mapping.get("feeds"))}
    for name, lookup in _tables(_tables({"api": mapping.get("api")}).get("api", {}).get("lookups")).items():
        named[f"api.lookups.{name}.system"] = lookup.get("system")
    for route, table in _tables(mapping.get("routes")).items():
        rules = table.get("rules")
        for number, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, Mapping):
                named[f"routes.{route}.rules.{number}.to"] = rule.get("to")
    for flow, bindings in _tables(mapping.get("flows")).items():
        named |= {f"flows.{flow}.{parameter}": system for parameter, system in bindings.items()}
    return [
        f"{path}: there is no system {system!r}; there are {', '.join(systems) or 'none'}"
        for path, system in named.items()
        if isinstance(system, str) and system not in systems
    ]


def _tables(section: object) -> dict[str, Mapping[str, Any]]:
    """The tables of a section that has not passed its check."""
    if not isinstance(section, Mapping):
        return {}
    return {str(name): one for name, one in section.items() if isinstance(one, Mapping)}


def database_url(configuration: Configuration, secrets: Any) -> str | None:
    """The PostgreSQL to use: from the settings, else CARELOOM_DATABASE_URL, else None for the embedded one."""
    reference = configuration.settings.store.url
    return secrets(reference) if reference else os.environ.get("CARELOOM_DATABASE_URL") or None
