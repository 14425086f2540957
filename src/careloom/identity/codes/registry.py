"""Every kind of code by its name: for whoever asks "is this a well-formed X?"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec

from careloom.core.errors import ConfigurationError, FormatError
from careloom.identity.codes import billing, clinical, gtin, ndc, npi, territories, tin, ucum
from careloom.identity.codes.gs1 import elements
from careloom.identity.codes.udi import trace, udi


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeKind:
    """A kind of code. `read` gives the parts of one, or its plain form, and raises FormatError for what is none.

    `normal` is how it is written in Careloom. `personal`: it may be the number of a person, which nobody is shown.
    """

    name: str
    title: str
    checked: str
    normal: Callable[[str], str]
    read: Callable[[str], Any] | None = None
    personal: bool = False


class Checked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a check: `normal` and `parts` of a good one, `place` and `problem` of one that is not."""

    kind: str
    good: bool
    normal: str = ""
    parts: Mapping[str, Any] = {}
    place: str = ""
    problem: str = ""


def check(kind: str, text: str) -> Checked:
    """Whether this is a well-formed code of the kind. Raises ConfigurationError for a kind that there is not."""
    known = of(kind)
    try:
        normal = known.normal(text)
        parts = known.read(text) if known.read is not None else {}
    except FormatError as error:
        return Checked(kind=known.name, good=False, place=error.location, problem=error.reason)
    return Checked(kind=known.name, good=True, normal=normal, parts=_told(parts))


def of(kind: str) -> CodeKind:
    """The kind of this name, in whatever case. Raises ConfigurationError that lists those there are."""
    found = KINDS.get(kind.strip().lower().replace("_", "-"))
    if found is None:
        raise ConfigurationError(f"there is no kind of code {kind!r}; there are {', '.join(KINDS)}")
    return found


def is_well_formed(kind: str, text: str) -> bool:
    """As `check`, without saying why not."""
    return check(kind, text).good


def _told(parts: Any) -> Mapping[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(parts).items() if value not in (None, "", [], ())}


def _text_of_ndc(text: str) -> str:
    found = ndc.ndc(text)
    return found.eleven or found.written


def _parts_of_ndc(text: str) -> Mapping[str, Any]:
    found = ndc.ndc(text)
    return {"shape": found.shape, "eleven": found.eleven, "ten": list(found.ten)}


def _text_of_elements(text: str) -> str:
    return "".join(f"({one.ai}){one.value}" for one in elements(text))


def _text_of_udi(text: str) -> str:
    return text.strip().strip("*").upper() if udi(text).agency == "HIBCC" else _text_of_elements(text)


def _kind(
    name: str,
    title: str,
    checked: str,
    normal: Callable[[str], str],
    read: Callable[[str], Any] | None = None,
    *,
    personal: bool = False,
) -> CodeKind:
    return CodeKind(name=name, title=title, checked=checked, normal=normal, read=read, personal=personal)


_ALL: Final = (
    _kind("npi", "National Provider Identifier", "10 digits; Luhn over 80840 and them", npi.npi, personal=True),
    _kind("ein", "Employer identification number", "9 digits of a campus in use", tin.ein_number, personal=True),
    _kind("tin", "Taxpayer number", "9 digits in a range of EIN, SSN, ITIN or ATIN", tin.tin, personal=True),
    _kind("clia", "CLIA number of a laboratory", "2 digits, D, 7 digits", tin.clia),
    _kind("mbi", "Medicare Beneficiary Identifier", "11 characters, each of its sort", billing.mbi, personal=True),
    _kind("gtin", "Global Trade Item Number", "8, 12, 13 or 14 digits; check digit", gtin.gtin),
    _kind("gln", "Global Location Number", "13 digits; check digit", gtin.gln),
    _kind("sscc", "Serial Shipping Container Code", "18 digits; check digit", gtin.sscc),
    _kind("gs1", "GS1 element string", "lengths, characters, dates, check digits", _text_of_elements, trace),
    _kind("udi", "Unique Device Identifier, GS1 or HIBC", "as GS1, or HIBC's parts and check", _text_of_udi, udi),
    _kind("ndc", "National Drug Code", "4-4-2, 5-3-2, 5-4-1, 5-4-2; 10 or 11 digits", _text_of_ndc, _parts_of_ndc),
    _kind("icd-10-cm", "Diagnosis", "the characters and the point by their places", clinical.icd10cm),
    _kind("icd-10-pcs", "Inpatient procedure", "7 characters without I and O", clinical.icd10pcs),
    _kind("cpt", "Service, HCPCS level I", "5 digits, or 4 and F, T, U or M", clinical.cpt),
    _kind("hcpcs", "Service or supply, HCPCS", "A to V and 4 digits, or as cpt", clinical.hcpcs),
    _kind("cdt", "Dental procedure", "D and 4 digits", clinical.cdt),
    _kind("modifier", "Modifier of a procedure", "2 letters or digits", clinical.modifier),
    _kind("loinc", "Observation", "up to 7 digits, hyphen, Mod-10 check digit", clinical.loinc),
    _kind("place-of-service", "Place of service", "on CMS's list", billing.place_of_service),
    _kind("revenue", "Revenue code", "3 or 4 digits", billing.revenue_code),
    _kind("bill-type", "Type of bill", "3 characters, or 4 with a zero", billing.bill_type),
    _kind("adjustment-group", "Adjustment group", "CO, CR, OA, PI or PR", billing.adjustment_group),
    _kind("x12-set", "X12 transaction set", "one that Careloom reads", billing.transaction_set),
    _kind("ucum", "Unit of measure", "UCUM's grammar and its units", ucum.unit),
    _kind("country", "Country, ISO 3166-1", "2 or 3 letters or 3 digits, on the list", territories.country),
    _kind("subdivision", "Part of a country, ISO 3166-2", "on the list, or by its shape", territories.subdivision),
    _kind("currency", "Currency, ISO 4217", "on the list", territories.currency),
)
KINDS: Final[Mapping[str, CodeKind]] = MappingProxyType({one.name: one for one in _ALL})
"""All of them by name."""
