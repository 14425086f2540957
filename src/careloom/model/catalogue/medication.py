"""Events of drugs: prescribed, handed out, given."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.contract import Contract, Terms
from careloom.model.events import PatientEvent
from careloom.model.medication import MedicationAdministration, MedicationDispense, MedicationRequest


class MedicationPrescribed(PatientEvent, frozen=True, kw_only=True):
    """A drug was prescribed, or a prescription was changed."""

    type: ClassVar[str] = "medication.prescribed.v1"

    prescription: MedicationRequest


class PrescriptionCancelled(PatientEvent, frozen=True, kw_only=True):
    """A prescription was withdrawn before all of it was handed out."""

    type: ClassVar[str] = "prescription.cancelled.v1"

    prescription: MedicationRequest


class MedicationDispensed(PatientEvent, frozen=True, kw_only=True):
    """A drug was handed out and left the stock."""

    type: ClassVar[str] = "medication.dispensed.v1"

    dispense: MedicationDispense


class MedicationReturned(PatientEvent, frozen=True, kw_only=True):
    """A drug that was handed out came back, or was never handed out: `dispense` is what is undone."""

    type: ClassVar[str] = "medication.returned.v1"

    dispense: MedicationDispense


class MedicationAdministered(PatientEvent, frozen=True, kw_only=True):
    """A drug was given to a patient, or was not."""

    type: ClassVar[str] = "medication.administered.v1"

    administration: MedicationAdministration


_PHARMACY = Terms(
    owner="pharmacy",
    source_of_truth="the pharmacy system",
    publishers=("ehr", "pharmacy"),
    data_classes=("phi",),
    retention_years=6,
    retry="urgent",
)

CONTRACTS: tuple[Contract, ...] = (
    _PHARMACY.contract(MedicationPrescribed),
    _PHARMACY.contract(PrescriptionCancelled),
    _PHARMACY.contract(MedicationDispensed),
    _PHARMACY.contract(MedicationReturned),
    _PHARMACY.contract(MedicationAdministered),
)
