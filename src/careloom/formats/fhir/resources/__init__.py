"""Typed resources: the elements that integration uses, as msgspec structs. What they leave out, the dict form keeps.

Choices of type are a field each (`occurrence_date_time`, `occurrence_period`). Dates and times stay text, since FHIR
may know them to the year only. Every element may be absent: whether it must not is for the structure check.
"""

from careloom.formats.fhir.resources.benefits import ExplanationOfBenefit
from careloom.formats.fhir.resources.charges import ChargeItem, Invoice, PaymentNotice, PaymentReconciliation
from careloom.formats.fhir.resources.claims import Claim, ClaimResponse
from careloom.formats.fhir.resources.coverage import Coverage, CoverageEligibilityRequest, CoverageEligibilityResponse
from careloom.formats.fhir.resources.exchange import (
    Bundle,
    CapabilityStatement,
    MessageHeader,
    OperationOutcome,
    Parameters,
    Subscription,
)
from careloom.formats.fhir.resources.people import (
    Location,
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
    RelatedPerson,
)
from careloom.formats.fhir.resources.records import (
    AuditEvent,
    Consent,
    DiagnosticReport,
    DocumentReference,
    Observation,
)
from careloom.formats.fhir.resources.scheduling import Appointment, Encounter, Schedule, ServiceRequest, Slot
from careloom.formats.fhir.resources.supply import Device, Medication, MedicationDispense, SupplyDelivery, SupplyRequest

__all__ = [
    "Appointment",
    "AuditEvent",
    "Bundle",
    "CapabilityStatement",
    "ChargeItem",
    "Claim",
    "ClaimResponse",
    "Consent",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "Device",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "ExplanationOfBenefit",
    "Invoice",
    "Location",
    "Medication",
    "MedicationDispense",
    "MessageHeader",
    "Observation",
    "OperationOutcome",
    "Organization",
    "Parameters",
    "Patient",
    "PaymentNotice",
    "PaymentReconciliation",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
    "Schedule",
    "ServiceRequest",
    "Slot",
    "Subscription",
    "SupplyDelivery",
    "SupplyRequest",
]
