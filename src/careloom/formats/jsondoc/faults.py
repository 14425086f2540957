"""What a fault against a schema means, in our words, without the value that has it."""

from __future__ import annotations

from typing import Final

import jsonschema_rs

_TEXTS: Final = {
    "additionalItems": "more items than the contract has",
    "additionalProperties": "a member that the contract does not have",
    "anyOf": "none of the alternatives of the contract",
    "const": "not the one value that the contract allows",
    "contains": "a list without an item that the contract asks for",
    "enum": "none of the values that the contract allows",
    "exclusiveMaximum": "too large",
    "exclusiveMinimum": "too small",
    "falseSchema": "nothing may stand here",
    "maxItems": "too many items",
    "maxLength": "too long",
    "maxProperties": "too many members",
    "maximum": "too large",
    "minItems": "too few items",
    "minLength": "too short",
    "minProperties": "too few members",
    "minimum": "too small",
    "multipleOf": "no multiple of what the contract says",
    "not": "what the contract excludes",
    "oneOf": "none, or more than one, of the alternatives of the contract",
    "propertyNames": "a member whose name the contract does not allow",
    "unevaluatedItems": "more items than the contract has",
    "unevaluatedProperties": "a member that the contract does not have",
    "uniqueItems": "the same item twice",
}


def fault_text(kind: jsonschema_rs.ValidationErrorKind) -> str:
    """One sentence: names of the contract may stand in it, values of the document not."""
    told = kind.as_dict()
    match kind.name:
        case "required":
            return f"the member {told.get('property')} is missing"
        case "type":
            return f"not of the type that the contract says ({_types(told)})"
        case "format":
            return f"not in the format that the contract says ({told.get('format')})"
        case "pattern":
            return "does not match the pattern of the contract"
    return _TEXTS.get(kind.name, f"against the contract ({kind.name})")


def _types(told: dict[str, object]) -> str:
    types = told.get("types")
    return ", ".join(map(str, types)) if isinstance(types, list) else str(types or "")
