"""The JSON Schema (2020-12) of a type, made from the table of definitions: only the types it reaches."""

from __future__ import annotations

from typing import Any, Final

from careloom.formats.fhir.definitions import PRIMITIVES, Definition, Member, Use, definition

_YEAR: Final = r"[0-9]{4}"
_DAY: Final = r"(0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE: Final = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_MONTH: Final = "(0[1-9]|1[0-2])"
_URI: Final = {"type": "string", "pattern": r"^[^ \t\r\n]*$", "minLength": 1}
_INT_MAX: Final = 2**31 - 1

PRIMITIVE_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "base64Binary": {"type": "string", "pattern": r"^[0-9A-Za-z+/=\s]+$"},
    "boolean": {"type": "boolean"},
    "canonical": _URI,
    "code": {"type": "string", "pattern": r"^[^ \t\r\n]+( [^ \t\r\n]+)*$"},
    "date": {"type": "string", "pattern": rf"^{_YEAR}(-{_MONTH}(-{_DAY})?)?$"},
    "dateTime": {"type": "string", "pattern": rf"^{_YEAR}(-{_MONTH}(-{_DAY}(T{_CLOCK}{_ZONE})?)?)?$"},
    "decimal": {"type": "number"},
    "id": {"type": "string", "pattern": r"^[A-Za-z0-9.-]{1,64}$"},
    "instant": {"type": "string", "pattern": rf"^{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}$"},
    "integer": {"type": "integer", "minimum": -_INT_MAX - 1, "maximum": _INT_MAX},
    "markdown": {"type": "string", "minLength": 1},
    "oid": {"type": "string", "pattern": r"^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$"},
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": _INT_MAX},
    "string": {"type": "string", "minLength": 1},
    "time": {"type": "string", "pattern": rf"^{_CLOCK}$"},
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": _INT_MAX},
    "uri": _URI,
    "url": _URI,
    "uuid": {"type": "string", "pattern": "^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
    "xhtml": {"type": "string"},
}
WHOLE_NUMBERS: Final = frozenset({"integer", "positiveInt", "unsignedInt"})
_INNER: Final = {"type": "object", "required": ["resourceType"]}
_MOST_EXCLUDED: Final = 16


def schema(name: str) -> dict[str, Any]:
    """The schema of one type. Resources inside it need only be objects that say their type. KeyError if unknown."""
    reached: dict[str, dict[str, Any]] = {}
    waiting = [name, "Element"]
    while waiting:
        kind = waiting.pop()
        if kind in reached:
            continue
        found = definition(kind)
        if found is None:
            raise KeyError(kind)
        reached[kind] = _object(found)
        waiting += [m.use.type for m in found.members if m.use.type not in PRIMITIVES and m.use.type != "Resource"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": f"#/$defs/{name}", "$defs": reached}


def _object(found: Definition) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for member in found.members:
        properties[member.name] = _member(member)
        if member.use.type in PRIMITIVES:
            properties["_" + member.name] = _companion(member)
    required = [member.name for member in found.members if member.required and not member.choice]
    if found.is_resource:
        properties["resourceType"] = {"const": found.name}
        required.append("resourceType")
    made = {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}
    if required:
        made["required"] = required
    return made | _choices(found)


def _choices(found: Definition) -> dict[str, Any]:
    """One at least of what must be there, one at most of any; very wide choices are left to the rules."""
    needed = [
        {"anyOf": [{"required": [name]} for name in names]}
        for choice, names in found.chosen.items()
        if found.choices[choice]
    ]
    apart: dict[str, Any] = {}
    for names in found.chosen.values():
        for place, name in enumerate(names if len(names) <= _MOST_EXCLUDED else ()):
            if others := names[place + 1 :]:
                apart[name] = {"not": {"anyOf": [{"required": [other]} for other in others]}}
    return ({"allOf": needed} if needed else {}) | ({"dependentSchemas": apart} if apart else {})


def _member(member: Member) -> dict[str, Any]:
    one = _one(member.use)
    if not member.many:
        return one
    if member.use.type in PRIMITIVES:
        # A null holds the place of a value that only has extensions (FHIR R4 2.6.2.3).
        one = {**one, "type": [one["type"], "null"]}
        one = {**one, "enum": [*one["enum"], None]} if "enum" in one else one
    return {"type": "array", "items": one, "minItems": 1}


def _one(use: Use) -> dict[str, Any]:
    if use.type == "Resource":
        return dict(_INNER)
    if use.codes:
        return {"type": "string", "enum": list(use.codes)}
    return PRIMITIVE_SCHEMAS.get(use.type) or {"$ref": f"#/$defs/{use.type}"}


def _companion(member: Member) -> dict[str, Any]:
    element = {"$ref": "#/$defs/Element"}
    return {"type": "array", "items": {"anyOf": [{"type": "null"}, element]}} if member.many else element
