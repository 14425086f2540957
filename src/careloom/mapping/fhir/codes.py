"""Codes of FHIR R4 and what they are called in the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

NPI: Final = "http://hl7.org/fhir/sid/us-npi"
SSN: Final = "http://hl7.org/fhir/sid/us-ssn"
MEDICARE: Final = "http://hl7.org/fhir/sid/us-mbi"
TAX: Final = "urn:oid:2.16.840.1.113883.4.4"
NDC: Final = "http://hl7.org/fhir/sid/ndc"
IDENTIFIER_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
MARITAL: Final = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
RELATIONSHIP: Final = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
COVERAGE_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"
CLAIM_TYPE: Final = "http://terminology.hl7.org/CodeSystem/claim-type"
LANGUAGE: Final = "urn:ietf:bcp:47"
UCUM: Final = "http://unitsofmeasure.org"
PHYSICAL: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"

ASSIGNER: Final = "urn:careloom:assigner:"
"""The system of a number whose assigner has a short name and no URI. What stands behind it is that name, encoded."""

# Whose number an identifier system stands for, where the system alone says so.
SYSTEM_TYPE: Final[Mapping[str, str]] = {NPI: "NPI", SSN: "SS", MEDICARE: "MC", TAX: "TAX", NDC: "NDC"}

RESOURCE_ID: Final = "RI"
"""Table 0203: the id that a server gave to a resource."""

Class: TypeAlias = Literal["IMP", "AMB", "EMER", "PRENC"]
CLASS: Final[Mapping[str, Class]] = {
    "IMP": "IMP", "ACUTE": "IMP", "NONAC": "IMP", "SS": "IMP", "EMER": "EMER", "PRENC": "PRENC",
    **dict.fromkeys(("AMB", "VR", "HH", "FLD", "OBSENC"), "AMB"),
}  # fmt: skip

EncounterStatus: TypeAlias = Literal["planned", "arrived", "in-progress", "finished", "cancelled", "unknown"]
ENCOUNTER: Final[Mapping[str, EncounterStatus]] = {
    "planned": "planned", "arrived": "arrived", "triaged": "arrived", "in-progress": "in-progress",
    "onleave": "in-progress", "finished": "finished", "cancelled": "cancelled", "entered-in-error": "cancelled",
}  # fmt: skip

ClaimType: TypeAlias = Literal["professional", "institutional", "dental", "pharmacy"]
CLAIM: Final[Mapping[str, ClaimType]] = {
    "professional": "professional", "institutional": "institutional", "pharmacy": "pharmacy",
    "oral": "dental", "vision": "professional", "dental": "dental",
}  # fmt: skip
