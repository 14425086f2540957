"""The whole check of a resource: its structure, and, where that is right, what a schema cannot say."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, Final

import msgspec

from careloom.formats.fhir.bundle_rules import bundle_rules
from careloom.formats.fhir.containment import contained_rules
from careloom.formats.fhir.dates import is_calendar
from careloom.formats.fhir.element_rules import ELEMENT_RULES, Rule
from careloom.formats.fhir.findings import finding
from careloom.formats.fhir.insides import Inside, resources_in
from careloom.formats.fhir.invariants import RESOURCE_RULES
from careloom.formats.fhir.reading import Resource
from careloom.formats.fhir.reference_rules import Indexes, reference_rules
from careloom.formats.fhir.schema import WHOLE_NUMBERS
from careloom.formats.fhir.structure import MOST_FINDINGS, structure_of
from careloom.formats.fhir.walking import Element, elements, primitives
from careloom.formats.inspection import Finding

_RULES: Final[Mapping[str, Sequence[Rule]]] = {**ELEMENT_RULES, **RESOURCE_RULES}
_KNOWN_EXTENSIONS: Final = ("http://hl7.org/fhir/", "http://terminology.hl7.org/")


def check(resource: Resource, *, strict: bool = False) -> list[Finding]:
    """All that is wrong with a resource and those inside it, at most `MOST_FINDINGS`, in the order they are met.

    Structure first; a resource whose structure is right is also held against the invariants, the calendar, the types
    its references may point to, and whether what they name is there. `strict` makes each warning an error.
    """
    found: list[Finding] = []
    indexes = Indexes()
    for inside in resources_in(resource):
        met = islice(_checked(inside, indexes, strict), MOST_FINDINGS - len(found))
        found += [_hardened(one) for one in met] if strict else met
        if len(found) >= MOST_FINDINGS:
            break
    return found


def _checked(inside: Inside, indexes: Indexes, strict: bool) -> Iterator[Finding]:
    wrong = list(islice(structure_of(inside.resource, inside.place, strict=strict), MOST_FINDINGS))
    yield from wrong
    if any(one.severity == "error" and one.code != "narrative-empty" for one in wrong):
        return
    if inside.resource["resourceType"] == "Bundle":
        yield from bundle_rules(inside.resource, inside.place)
    yield from contained_rules(inside)
    for element in elements(inside.resource, inside.place):
        yield from _element(element)
        if element.type == "Reference":
            yield from reference_rules(element, inside, indexes)


def _element(element: Element) -> Iterator[Finding]:
    value = element.value
    for rule in _RULES.get(element.type, ()):
        if not rule.holds(value):
            yield finding(rule.key, element.place.down(rule.at), rule.text, severity=rule.severity)
    for name, test in _tests(element.type):
        if name in value and (problem := test(value[name])):
            yield finding("value-malformed", element.place.down(name), problem)
    for number, extension in enumerate(value.get("modifierExtension", ())):
        if not extension["url"].startswith(_KNOWN_EXTENSIONS):
            at = element.place.down(f"modifierExtension[{number}]")
            text = "an extension that may change the meaning of its element, and that is not known here"
            yield finding("modifier-extension-unknown", at, text, severity="warning")


@cache
def _tests(kind: str) -> Sequence[tuple[str, Callable[[Any], str]]]:
    """The members of a type that a pattern cannot decide, and what decides them: `""` when a value is right."""
    return [(name, _TESTS[use]) for name, use in primitives(kind).items() if use in _TESTS]


def _each(test: Callable[[Any], str]) -> Callable[[Any], str]:
    def tested(value: Any) -> str:
        values = value if type(value) is list else (value,)
        return next((problem for one in values if one is not None and (problem := test(one))), "")

    return tested


def _date(value: str) -> str:
    return "" if is_calendar(value) else "not a date of the calendar"


def _whole(value: Any) -> str:
    return "a whole number, written without a fraction or an exponent" if isinstance(value, (Decimal, float)) else ""


def _base64(value: str) -> str:
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except binascii.Error:
        return "not Base64: its length or padding is wrong"
    return ""


def _div(value: str) -> str:
    bare = value.strip()
    return "" if bare.startswith("<div") and bare.endswith((">",)) else "a narrative is one XHTML div"


_TESTS: Final[Mapping[str, Callable[[Any], str]]] = {
    **dict.fromkeys(("date", "dateTime", "instant"), _each(_date)),
    **dict.fromkeys(WHOLE_NUMBERS, _each(_whole)),
    "base64Binary": _each(_base64),
    "xhtml": _div,
}


def _hardened(one: Finding) -> Finding:
    return one if one.severity == "error" else msgspec.structs.replace(one, severity="error")
