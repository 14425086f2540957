"""`careloom.toml`: what a deployment is made of. Every problem is reported at once, each with its path."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from careloom.core.errors import ConfigurationError
from careloom.flows.steps.authority import ENTITY
from careloom.hub.calendars import CalendarSection
from careloom.hub.governance import AuthoritySection, CrosswalkSection, authority_of
from careloom.hub.identity import IdentitySection
from careloom.hub.observing import AlertSection, ContactSection, FeedSection, LogSection, TelemetrySection
from careloom.hub.section import Name, Section
from careloom.hub.sections import (
    ApiSection,
    ApprovalsSection,
    DeliverySection,
    HubSection,
    NoticesSection,
    RouteSection,
    SecuritySection,
    SourceSection,
    StoreSection,
)
from careloom.systems.manifest import problems
from careloom.systems.registry import settings_for

FILE = "careloom.toml"


class Settings(Section):
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
    contacts: Mapping[Name, ContactSection] = Field(default_factory=dict, description="vendors of systems, by name")

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
    named |= {f"contacts.{name}": name for name in _tables(mapping.get("contacts"))}
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
