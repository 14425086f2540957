"""Identifiers as US Core and US senders write them: NPI, social security number, medical record number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

NPI: Final = "http://hl7.org/fhir/sid/us-npi"
SSN: Final = "http://hl7.org/fhir/sid/us-ssn"
IDENTIFIER_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"

_SSN: Final = re.compile(r"\d{3}-?\d{2}-?\d{4}", re.ASCII)
_NPI_PREFIX_SUM: Final = 24
_URN_OID: Final = "urn:oid:"


def is_npi(text: str) -> bool:
    """Ten digits whose last is the Luhn check digit of 80840 and the nine before it (45 CFR 162.406)."""
    if len(text) != 10 or not (text.isascii() and text.isdecimal()) or text[0] not in "12":
        return False
    total = _NPI_PREFIX_SUM
    for position, digit in enumerate(reversed(text)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_ssn(text: str) -> bool:
    """Nine digits, with hyphens or without. Whether it was ever given out is not looked at."""
    return _SSN.fullmatch(text) is not None


def oid_system(oid: str) -> str:
    """The system of an OID: `urn:oid:` before it, once."""
    return oid if oid.startswith(_URN_OID) else _URN_OID + oid


def by_system(identifiers: Iterable[Mapping[str, Any]], system: str) -> str:
    """The value of the first identifier of this system, `""` when there is none."""
    return next((str(one["value"]) for one in identifiers if one.get("system") == system and one.get("value")), "")


def by_type(identifiers: Iterable[Mapping[str, Any]], code: str) -> Iterator[Mapping[str, Any]]:
    """The identifiers of a type of HL7 table 0203 (`MR`, `SS`, `AN`), those in use before old ones."""
    found = [one for one in identifiers if code in set(type_codes(one))]
    yield from sorted(found, key=lambda one: one.get("use") == "old")


def type_codes(identifier: Mapping[str, Any]) -> Iterator[str]:
    """The codes of HL7 table 0203 that an identifier has; a coding without system counts, as many senders leave it."""
    for coding in (identifier.get("type") or {}).get("coding") or ():
        if coding.get("system", IDENTIFIER_TYPES) == IDENTIFIER_TYPES and coding.get("code"):
            yield coding["code"]


def medical_record_numbers(identifiers: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """System and value of each medical record number (type MR)."""
    for one in by_type(identifiers, "MR"):
        if one.get("value"):
            yield str(one.get("system", "")), str(one["value"])
