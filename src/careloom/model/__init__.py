"""Canonical entities and events, with FHIR R4's names. Knows no wire format and no system."""

from careloom.model.datatypes import Address, ContactPoint, HumanName, Identifier, Period
from careloom.model.entities import (
    Coverage,
    CoverageClass,
    Encounter,
    Location,
    Organization,
    Patient,
    Practitioner,
    RelatedPerson,
)
from careloom.model.events import (
    CanonicalEvent,
    DischargeCancelled,
    PatientDischarged,
    PatientEvent,
    PatientMerged,
    PatientUpdated,
    RegistrationCancelled,
    RegistrationCreated,
)
from careloom.model.examples import examples
from careloom.model.registry import CONTRACTS, EVENTS, Contract, decode, encode, schema

__all__ = [
    "CONTRACTS",
    "EVENTS",
    "Address",
    "CanonicalEvent",
    "ContactPoint",
    "Contract",
    "Coverage",
    "CoverageClass",
    "DischargeCancelled",
    "Encounter",
    "HumanName",
    "Identifier",
    "Location",
    "Organization",
    "Patient",
    "PatientDischarged",
    "PatientEvent",
    "PatientMerged",
    "PatientUpdated",
    "Period",
    "Practitioner",
    "RegistrationCancelled",
    "RegistrationCreated",
    "RelatedPerson",
    "decode",
    "encode",
    "examples",
    "schema",
]
