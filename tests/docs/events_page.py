"""Every canonical event: its owner, its meaning, its fields, an example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import msgspec
from tests.docs.markdown import code, page, prose, table

from careloom.model import CONTRACTS, DOMAINS, CanonicalEvent, PatientEvent, encode, examples, schema
from careloom.model.contract import RETRIES, Contract

_TYPES_FILE: Final = "event-types.md"

_INTRO = """\
The facts that flows and deliveries receive. A name carries its major version: within `v1` a field may be added,
never removed, renamed or given another meaning; that takes a `v2` beside it. An absent member means *not said:
leave what you have*; what the sender asked to delete is listed in `cleared`. Entities and data types carry
their FHIR R4 names in a cut-down shape. The examples are of invented people. How messages become events: [ADT
mapping](../explanation/adt-mapping.md). `careloom events publish FOLDER` writes AsyncAPI and JSON Schema."""


def events_page() -> str:
    """docs/reference/events.md"""
    overviews = [
        f"## {domain.capitalize()}\n\n"
        + table(
            ("event", "owner", "meaning"),
            [(f"[`{one.type}`]({_file(domain)}#{_slug(one.type)})", one.owner, one.meaning) for one in contracts],
        )
        for domain, contracts in DOMAINS.items()
    ]
    common = f"## What every event says\n\n{prose(CanonicalEvent.__doc__)}\n\n{prose(PatientEvent.__doc__)}"
    retries = table(("retry", "what a consumer owes"), sorted(RETRIES.items()))
    return page("Events", _INTRO, common, "## When a consumer cannot handle one", retries, *overviews)


def domain_pages() -> dict[str, Callable[[], str]]:
    """docs/reference/events-<domain>.md, and the types that they share."""
    pages: dict[str, Callable[[], str]] = {_file(domain): partial(_domain_page, domain) for domain in DOMAINS}
    return {**pages, _TYPES_FILE: _types_page}


def _domain_page(domain: str) -> str:
    shown = examples()
    events = [_event(one.type, one, schema(one.type)["$defs"], shown[one.type]) for one in DOMAINS[domain]]
    return page(f"Events: {domain}", "What every event says, and the others: [events](events.md).", *events)


def _types_page() -> str:
    types: dict[str, Any] = {}
    for name, contract in CONTRACTS.items():
        definitions = schema(name)["$defs"]
        definitions.pop(contract.event.__name__)
        types |= definitions
    parts = [_type_section(name, types[name]) for name in sorted(types)]
    return page("Entities and data types", "What [events](events.md) are made of.", *parts)


def _file(domain: str) -> str:
    return f"events-{domain}.md"


def undocumented() -> list[str]:
    """Events without an owner, a meaning, an example, or a data type that says nothing of itself."""
    found = [name for name, contract in CONTRACTS.items() if not (contract.owner and contract.meaning)]
    found += [name for name in CONTRACTS if name not in examples()]
    definitions = {k: v for name in CONTRACTS for k, v in schema(name)["$defs"].items()}
    return found + [name for name, one in definitions.items() if not one.get("description")]


def _event(name: str, contract: Contract, definitions: Mapping[str, Any], example: Any) -> str:
    definition = definitions[contract.event.__name__]
    body = msgspec.json.format(encode(example), indent=2).decode()
    promises = table(
        ("promise", ""),
        [
            ("Python", code(f"careloom.model.{contract.event.__name__}")),
            ("owner", contract.owner),
            ("source of truth", contract.source_of_truth),
            ("published by", ", ".join(contract.publishers)),
            ("data", ", ".join(contract.data_classes)),
            ("retry", contract.retry),
            ("kept for", f"{contract.retention_years} years"),
            ("ordered by", " or ".join(code(one.kind) for one in contract.event.about)),
            ("personal", ", ".join(code(path) for path in contract.personal) or "nothing"),
        ],
    )
    return f"## {name}\n\n{contract.meaning}\n\n{promises}\n\n{_fields(definition)}\n\nExample:\n\n```json\n{body}\n```"


def _type_section(name: str, definition: Mapping[str, Any]) -> str:
    return f"## {name}\n\n{prose(definition['description'])}\n\n{_fields(definition)}"


def _fields(definition: Mapping[str, Any]) -> str:
    required = set(definition.get("required", ()))
    rows = [
        (code(name), _type(one), "yes" if name in required else "", _note(one))
        for name, one in definition["properties"].items()
    ]
    return table(("member", "type", "required", "notes"), rows)


def _note(one: Mapping[str, Any]) -> str:
    parts = (one, *one.get("anyOf", ()))
    return next((str(part["description"]) for part in parts if "description" in part), "")


def _type(one: Mapping[str, Any]) -> str:
    if "anyOf" in one:
        return " or ".join(_type(part) for part in one["anyOf"] if part.get("type") != "null")
    if "$ref" in one:
        name = one["$ref"].rpartition("/")[2]
        return f"[{name}]({_TYPES_FILE}#{name.lower()})"
    if "enum" in one:
        return " or ".join(code(value) for value in one["enum"])
    if one.get("type") == "array":
        return f"list of {_type(one['items'])}"
    return str(one.get("format") or one.get("type"))


def _slug(name: str) -> str:
    return name.replace(".", "")
