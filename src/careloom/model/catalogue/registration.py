"""Contracts of the events of registration; the events themselves are in `careloom.model.events`."""

from __future__ import annotations

from careloom.model.contract import Contract, Terms
from careloom.model.events import (
    DischargeCancelled,
    PatientDischarged,
    PatientMerged,
    PatientUpdated,
    RegistrationCancelled,
    RegistrationCreated,
)

_ACCESS = Terms(
    owner="patient-access",
    source_of_truth="the EHR",
    publishers=("ehr", "scheduling"),
    data_classes=("phi",),
    retention_years=6,
)

CONTRACTS: tuple[Contract, ...] = (
    _ACCESS.contract(RegistrationCreated),
    _ACCESS.contract(PatientUpdated),
    _ACCESS.contract(
        PatientMerged,
        meaning="Two records turned out to be one person: the retired identifiers now mean the survivor.",
    ),
    _ACCESS.contract(RegistrationCancelled),
    _ACCESS.contract(
        PatientDischarged,
        meaning="A visit or stay ended, so that its account can be closed and billed.",
    ),
    _ACCESS.contract(
        DischargeCancelled,
        meaning="A discharge was a mistake: the stay goes on and its account stays open.",
    ),
)
