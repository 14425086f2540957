"""The data types of the model as those of FHIR: the counterpart of `careloom.mapping.fhir.datatypes`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from careloom.mapping.fhir.codes import ASSIGNER, IDENTIFIER_TYPE, NDC, NPI, TAX, UCUM
from careloom.model import (
    Address,
    CodeableConcept,
    Coding,
    ContactPoint,
    HumanName,
    Identifier,
    Money,
    Period,
    Quantity,
)

Json: TypeAlias = dict[str, Any]
_SYSTEMS: Final[Mapping[str, str]] = {"NPI": NPI, "TAX": TAX, "NDC": NDC}
_OID: Final = re.compile(r"[0-2](\.(0|[1-9]\d*))+", re.ASCII)
_URI: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+")


def without_blanks(node: Mapping[str, Any]) -> Json:
    """The members that say anything: FHIR has no empty elements, lists or nulls."""
    return {name: value for name, value in node.items() if value is not None and value not in ("", [], {}, ())}


def system_of(identifier: Identifier) -> str:
    """The system of a number: its URI, that of its type, else a URN of its assigner's short name; `""` if none."""
    if identifier.system:
        return identifier.system
    if identifier.type is not None and identifier.type in _SYSTEMS and identifier.assigner is None:
        return _SYSTEMS[identifier.type]
    if identifier.assigner is None:
        return ""
    if _OID.fullmatch(identifier.assigner):
        return f"urn:oid:{identifier.assigner}"
    return (
        identifier.assigner if _URI.fullmatch(identifier.assigner) else ASSIGNER + quote(identifier.assigner, safe="")
    )


def identifier(one: Identifier) -> Json:
    """A number. The assigner's name is told where the system does not say it."""
    system = system_of(one)
    implied = (one.system or "").removeprefix("urn:oid:") == one.assigner or one.system is None
    assigner = {"display": one.assigner} if one.assigner and not implied else None
    kind = {"coding": [{"system": IDENTIFIER_TYPE, "code": one.type}]} if one.type else None
    return without_blanks({"use": one.use, "type": kind, "system": system, "value": one.value, "assigner": assigner})


def identifiers(numbers: Iterable[Identifier]) -> list[Json]:
    """Numbers, but for ids that a server gave: those are not ours to write."""
    return [identifier(one) for one in numbers if one.type != "RI"]


def human_name(name: HumanName) -> Json:
    """A name; names of one part or another have no text beside."""
    return without_blanks(
        {
            "use": name.use,
            "text": name.text,
            "family": name.family,
            "given": list(name.given),
            "prefix": list(name.prefix),
            "suffix": list(name.suffix),
        }
    )


def address(one: Address) -> Json:
    """An address."""
    return without_blanks(
        {
            "use": one.use,
            "type": one.type,
            "line": list(one.line),
            "city": one.city,
            "district": one.district,
            "state": one.state,
            "postalCode": one.postal_code,
            "country": one.country,
        }
    )


def contact(one: ContactPoint) -> Json:
    """A way to reach somebody, its extension behind the number."""
    value = f"{one.value} ext. {one.extension}" if one.extension else one.value
    return without_blanks({"system": one.system, "value": value, "use": one.use})


def period(one: Period | None) -> Json | None:
    """From when to when."""
    return without_blanks({"start": one.start, "end": one.end}) if one is not None else None


def when(prefix: str, one: Period | None, *, single: str = "DateTime") -> Json:
    """`occurrenceDateTime` where both ends are one, else `occurrencePeriod`."""
    if one is None:
        return {}
    if one.start is not None and one.start == one.end and (single != "Date" or len(one.start) <= len("2026-01-01")):
        return {prefix + single: one.start}
    return {f"{prefix}Period": period(one)}


def coding(one: Coding) -> Json:
    """A code; a system that is no URI is the sender's own name for it."""
    system = one.system
    if system is not None and not _URI.fullmatch(system):
        system = f"urn:careloom:codes:{quote(system, safe='')}"
    return without_blanks({"system": system, "version": one.version, "code": one.code, "display": one.display})


def concept(one: CodeableConcept | None) -> Json | None:
    """Codes of several systems."""
    if one is None:
        return None
    return without_blanks({"coding": [coding(each) for each in one.coding], "text": one.text})


def coded(code: str | None, system: str | None = None) -> Json | None:
    """A code of one table as a concept; without a table, as its text, since a code needs its system."""
    if code is None:
        return None
    return {"coding": [{"system": system, "code": code}]} if system else {"text": code}


def money(one: Money | None) -> Json | None:
    """An amount, with the digits it has."""
    return {"value": one.value, "currency": one.currency} if one is not None else None


def quantity(one: Quantity | None) -> Json | None:
    """How much. A unit is written as UCUM only where it is `1`; else as the sender's word."""
    if one is None:
        return None
    if one.unit == "1":
        return {"value": one.value, "system": UCUM, "code": "1"}
    return without_blanks({"value": one.value, "unit": one.unit})
