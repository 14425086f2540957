"""CapabilityStatement: what our FHIR endpoint offers, from a declaration of it; and what another's says it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from careloom.formats.fhir.definitions import FHIR_VERSION
from careloom.formats.fhir.parameters import parameters
from careloom.formats.fhir.reading import Resource

SMART: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
}


@dataclass(frozen=True, slots=True)
class Served:
    """A resource type that is served. `interactions` are codes of the standard (`read`, `search-type`, `create`);
    `search` are names of parameters of our table.
    """

    type: str
    interactions: Sequence[str]
    search: Sequence[str] = ()
    profiles: Sequence[str] = ()
    versioned: bool = False
    conditional_create: bool = False
    conditional_update: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an endpoint offers. `interactions` are those of the whole system (`transaction`, `batch`), `operations` name
    and canonical URL of each."""

    name: str
    version: str
    url: str
    description: str
    types: Sequence[Served]
    interactions: Sequence[str] = ()
    operations: Sequence[tuple[str, str]] = ()
    smart: bool = True


def capability_statement(declared: Declaration, *, on: date) -> Resource:
    """The CapabilityStatement of an endpoint of ours. KeyError for a parameter that our table does not have."""
    rest: dict[str, Any] = {"mode": "server"}
    if declared.smart:
        rest["security"] = {"cors": False, "service": [{"coding": [SMART]}]}
    rest["resource"] = [_served(one) for one in declared.types]
    if declared.interactions:
        rest["interaction"] = [{"code": code} for code in declared.interactions]
    if declared.operations:
        rest["operation"] = [{"name": name, "definition": url} for name, url in declared.operations]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": on.isoformat(),
        "kind": "instance",
        "software": {"name": declared.name, "version": declared.version},
        "implementation": {"description": declared.description, "url": declared.url},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json"],
        "rest": [rest],
    }


def offers(statement: Resource, kind: str, interaction: str) -> bool:
    """Whether a server says that it does this with a type; `kind` `""` asks for the whole system (`transaction`)."""
    for rest in _servers(statement):
        if not kind and interaction in _codes(rest):
            return True
        if any(one.get("type") == kind and interaction in _codes(one) for one in rest.get("resource") or ()):
            return True
    return False


def searchable(statement: Resource, kind: str) -> frozenset[str]:
    """The search parameters that a server says a type has."""
    found = (one for rest in _servers(statement) for one in rest.get("resource") or () if one.get("type") == kind)
    return frozenset(str(one.get("name")) for resource in found for one in resource.get("searchParam") or ())


def _servers(statement: Resource) -> Iterable[dict[str, Any]]:
    return [rest for rest in statement.get("rest") or () if rest.get("mode") == "server"]


def _codes(value: dict[str, Any]) -> set[str]:
    return {str(one.get("code")) for one in value.get("interaction") or ()}


def _served(served: Served) -> dict[str, Any]:
    known = parameters(served.type)
    made: dict[str, Any] = {"type": served.type}
    if served.profiles:
        made["supportedProfile"] = list(served.profiles)
    made["interaction"] = [{"code": code} for code in served.interactions]
    made["versioning"] = "versioned" if served.versioned else "no-version"
    if served.conditional_create:
        made["conditionalCreate"] = True
    if served.conditional_update:
        made["conditionalUpdate"] = True
    if served.search:
        made["searchParam"] = [{"name": name, "type": known[name].kind} for name in served.search]
    return made
