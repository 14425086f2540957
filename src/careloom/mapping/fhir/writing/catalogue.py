"""Which events have a form in FHIR, and what writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from careloom.core.errors import MappingError
from careloom.formats.fhir import Resource
from careloom.mapping.fhir.writing import billing, patient, scheduling
from careloom.mapping.fhir.writing.draft import Draft
from careloom.model import CanonicalEvent

WRITERS: Final[Mapping[str, Callable[[Any, Draft], None]]] = {
    "registration.created.v1": patient.updated,
    "patient.updated.v1": patient.updated,
    "registration.cancelled.v1": patient.updated,
    "patient.discharged.v1": patient.updated,
    "discharge.cancelled.v1": patient.updated,
    "patient.merged.v1": patient.merged,
    **dict.fromkeys(
        (
            "appointment.booked.v1", "appointment.updated.v1", "appointment.confirmed.v1", "appointment.arrived.v1",
            "appointment.cancelled.v1", "appointment.no_show.v1",
        ),
        scheduling.appointed,
    ),
    "charge.posted.v1": billing.charged,
    "charge.voided.v1": billing.charged,
    "claim.submitted.v1": billing.claimed,
    "invoice.issued.v1": billing.invoiced,
    "invoice.paid.v1": billing.invoiced,
    "invoice.cancelled.v1": billing.invoiced,
    "payment.received.v1": billing.paid,
    "goods.received.v1": billing.delivered,
}  # fmt: skip
"""By the versioned name of the event."""


def to_fhir(event: CanonicalEvent) -> Resource | None:
    """A transaction Bundle, None for an event that has no form in FHIR. The same event gives the same Bundle.

    Raises MappingError where what FHIR cannot do without is missing: a number by which the resource is found again.
    """
    write = WRITERS.get(event.type)
    if write is None:
        return None
    draft = Draft()
    try:
        write(event, draft)
        return draft.finished()
    except ValueError as error:
        raise MappingError(f"{error}; it could not be found again at the other side", "identifier") from None
