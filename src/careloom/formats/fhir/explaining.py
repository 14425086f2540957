"""Why a schema refuses a value, as findings: the library's errors, without the values that they quote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import jsonschema_rs

from careloom.formats.fhir.findings import Place, finding, place_of, said
from careloom.formats.fhir.schema import PRIMITIVE_SCHEMAS
from careloom.formats.inspection import Finding

_NAMES: Final = {"object": "an element (a JSON object)", "array": "a list", "null": "null"}
_PATTERNS: Final[Mapping[str, str]] = {
    shape["pattern"]: name for name, shape in reversed(PRIMITIVE_SCHEMAS.items()) if "pattern" in shape
}


def explained(validator: jsonschema_rs.Validator, value: Any, place: Place, *, strict: bool) -> Iterator[Finding]:
    """A finding for each reason, none for what only looks like one: an element whose value is an extension alone."""
    for error in validator.iter_errors(value):
        yield from _EXPLAINED.get(error.kind.name, _other)(error, place_of(place, error.instance_path), value, strict)


_Explain = Callable[[jsonschema_rs.ValidationError, Place, Any, bool], Iterator[Finding]]


def _required(error: jsonschema_rs.ValidationError, place: Place, value: Any, strict: bool) -> Iterator[Finding]:
    name = error.kind.property  # type: ignore[attr-defined]
    holder = _at(value, error.instance_path)
    if "_" + name in holder:
        return
    if name == "div" and "status" in holder and not strict:
        yield finding("narrative-empty", place.down(name), "a narrative without its text", severity="warning")
        return
    yield finding("element-missing", place.down(name), "must be there, once at least")


def _unknown(error: jsonschema_rs.ValidationError, place: Place, _: Any, __: bool) -> Iterator[Finding]:
    for name in error.kind.unexpected:  # type: ignore[attr-defined]
        yield finding("element-unknown", place.down(said(name, "?")), "FHIR R4 has no such element here")


def _type(error: jsonschema_rs.ValidationError, place: Place, _: Any, __: bool) -> Iterator[Finding]:
    wanted = " or ".join(_NAMES.get(name, f"a {name}") for name in error.kind.types)  # type: ignore[attr-defined]
    yield finding("type-wrong", place, f"must be {wanted}".replace("a integer", "a whole number"))


def _pattern(error: jsonschema_rs.ValidationError, place: Place, _: Any, __: bool) -> Iterator[Finding]:
    name = _PATTERNS.get(error.kind.pattern, "value")  # type: ignore[attr-defined]
    yield finding("value-malformed", place, f"not written as a FHIR {name} is")


def _choice(error: jsonschema_rs.ValidationError, place: Place, value: Any, _: bool) -> Iterator[Finding]:
    if error.schema_path[-2:-1] == ["items"] or "allOf" not in error.schema_path:
        yield finding("type-wrong", place, "must be null, or an element with id or extensions")
        return
    names = [branch[0].kind.property for branch in error.kind.context if branch]  # type: ignore[attr-defined]
    if not any("_" + name in _at(value, error.instance_path) for name in names):
        yield finding("choice-missing", place, f"one of {', '.join(names[:12])} must be there")


def _twice(error: jsonschema_rs.ValidationError, place: Place, _: Any, __: bool) -> Iterator[Finding]:
    name = error.schema_path[-2] if len(error.schema_path) > 1 else ""
    yield finding("choice-twice", place.down(str(name)), "and another type of the same choice; only one may be there")


def _plain(code: str, text: str) -> _Explain:
    def explain(_: jsonschema_rs.ValidationError, place: Place, __: Any, ___: bool) -> Iterator[Finding]:
        yield finding(code, place, text)

    return explain


_other: Final = _plain("value-malformed", "not a value that this element may have")
_EXPLAINED: Final[Mapping[str, _Explain]] = {
    "required": _required,
    "additionalProperties": _unknown,
    "type": _type,
    "pattern": _pattern,
    "anyOf": _choice,
    "not": _twice,
    "enum": _plain("code-unknown", "not a code of the required binding"),
    "minLength": _plain("value-empty", "an empty text; leave the element out instead"),
    "minItems": _plain("value-empty", "an empty list; leave the element out instead"),
    "minProperties": _plain("value-empty", "an empty element; leave it out instead"),
    "minimum": _plain("number-outside", "a number below what this element may have"),
    "maximum": _plain("number-outside", "a number above what this element may have"),
}


def _at(value: Any, path: list[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value
