"""Forms made of JSON Schema: what a kind of case asks of a person, and what they filled in, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from careloom.console.visiting import Form

PREFIX: Final = "data."
_WHOLE: Final = 18
"""Digits of a whole number that every system can hold."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `control` is text, note, date, decimal, whole, choice or tick; the form sends it as `name`."""

    name: str
    label: str
    control: str
    required: bool
    hint: str = ""
    choices: tuple[str, ...] = ()
    longest: int | None = None
    pattern: str = ""

    @property
    def member(self) -> str:
        """The member of the JSON object that it fills."""
        return self.name.removeprefix(PREFIX)


def fields_of(schema: Mapping[str, Any] | None) -> Sequence[Field]:
    """The fields of an object, in its own order; those that may stay empty are not required."""
    if schema is None:
        return ()
    whole = _followed(schema, schema)
    required = whole.get("required", ())
    return [_field(name, _followed(one, schema), name in required) for name, one in whole["properties"].items()]


def data_of(fields: Sequence[Field], form: Form) -> bytes:
    """What was filled in, as JSON; empty without fields. It is checked by whoever asked for it: what is no number is
    sent on as it was typed."""
    if not fields:
        return b""
    filled = {one.member: _value(one, form.one(one.name)) for one in fields}
    return msgspec.json.encode({name: value for name, value in filled.items() if value is not None})


def _field(name: str, schema: Mapping[str, Any], required: bool) -> Field:
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    one = kinds[0] if kinds else schema
    longest, pattern = one.get("maxLength"), one.get("pattern", "").removeprefix("^").removesuffix("$")
    return Field(
        f"{PREFIX}{name}", name.replace("_", " "), _control(one), required, one.get("description", ""),
        tuple(str(choice) for choice in one.get("enum", ())), longest, pattern,
    )  # fmt: skip


def _control(one: Mapping[str, Any]) -> str:
    if "enum" in one:
        return "choice"
    if one.get("type") == "string":
        known = {"date": "date", "decimal": "decimal"}.get(one.get("format", ""))
        return known or ("note" if one.get("maxLength", 0) > 200 else "text")
    return {"integer": "whole", "number": "decimal", "boolean": "tick"}.get(str(one.get("type")), "text")


def _value(field: Field, typed: str) -> Any:
    if field.control == "tick":
        return bool(typed)
    if not typed:
        return None
    digits = typed.removeprefix("-")
    if field.control == "whole" and digits.isascii() and digits.isdigit() and len(digits) <= _WHOLE:
        return int(typed)
    return typed


def _followed(one: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the schema stands for."""
    named = str(one.get("$ref", "")).rpartition("/")[2]
    found: Mapping[str, Any] = whole["$defs"][named] if named else one
    return found
