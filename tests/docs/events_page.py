"""Every canonical event: its owner, its meaning, its fields, an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from tests.docs.markdown import code, page, prose, table

from careloom.model import CONTRACTS, CanonicalEvent, PatientEvent, encode, examples, schema

_INTRO = """\
The facts that flows and deliveries receive. A name carries its major version: within `v1` a field may be added,
never removed, renamed or given another meaning; that takes a `v2` beside it. An absent member means *not said:
leave what you have*; what the sender asked to delete is listed in `cleared`. Entities and data types carry
their FHIR R4 names in a cut-down shape. The examples are of invented people. How messages become events: [ADT
mapping](../explanation/adt-mapping.md)."""


def events_page() -> str:
    """docs/reference/events.md"""
    shown = examples()
    overview = table(
        ("event", "owner", "meaning"),
        [(f"[`{name}`](#{_slug(name)})", contract.owner, contract.meaning) for name, contract in CONTRACTS.items()],
    )
    types: dict[str, Any] = {}
    events = []
    for name, contract in CONTRACTS.items():
        definitions = schema(name)["$defs"]
        events.append(_event(name, contract, definitions.pop(contract.event.__name__), shown[name]))
        types |= definitions
    parts = [_type_section(name, types[name]) for name in sorted(types)]
    common = f"## What every event says\n\n{prose(CanonicalEvent.__doc__)}\n\n{prose(PatientEvent.__doc__)}"
    return page("Events", _INTRO, overview, common, *events, "## Entities and data types", *parts)


def undocumented() -> list[str]:
    """Events without an owner, a meaning, an example, or a data type that says nothing of itself."""
    found = [name for name, contract in CONTRACTS.items() if not (contract.owner and contract.meaning)]
    found += [name for name in CONTRACTS if name not in examples()]
    definitions = {k: v for name in CONTRACTS for k, v in schema(name)["$defs"].items()}
    return found + [name for name, one in definitions.items() if not one.get("description")]


def _event(name: str, contract: Any, definition: Mapping[str, Any], example: Any) -> str:
    body = msgspec.json.format(encode(example), indent=2).decode()
    python = f"careloom.model.{contract.event.__name__}"
    head = f"## {name}\n\n{contract.meaning} Owner: {contract.owner}. In Python: `{python}`."
    return f"{head}\n\n{_fields(definition)}\n\nExample:\n\n```json\n{body}\n```"


def _type_section(name: str, definition: Mapping[str, Any]) -> str:
    return f"### {name}\n\n{prose(definition['description'])}\n\n{_fields(definition)}"


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
        return f"[{name}](#{name.lower()})"
    if "enum" in one:
        return " or ".join(code(value) for value in one["enum"])
    if one.get("type") == "array":
        return f"list of {_type(one['items'])}"
    return str(one.get("format") or one.get("type"))


def _slug(name: str) -> str:
    return name.replace(".", "")
