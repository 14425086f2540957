"""Which set an event goes out as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from careloom.mapping.x12.sending.answer import to_855
from careloom.mapping.x12.sending.authorization import to_278
from careloom.mapping.x12.sending.claim import to_837
from careloom.mapping.x12.sending.eligibility import to_270
from careloom.mapping.x12.sending.enrollment import to_834
from careloom.mapping.x12.sending.envelope import Envelope
from careloom.mapping.x12.sending.inventory import to_846
from careloom.mapping.x12.sending.invoice import to_810
from careloom.mapping.x12.sending.order import to_850
from careloom.mapping.x12.sending.payment import to_820
from careloom.mapping.x12.sending.shipment import to_856
from careloom.mapping.x12.sending.status import to_276
from careloom.model import (
    AuthorizationRequested,
    CanonicalEvent,
    ClaimStatusRequested,
    ClaimSubmitted,
    EligibilityRequested,
    EnrollmentChanged,
    InventoryReported,
    InvoiceIssued,
    PaymentReceived,
    PremiumPaid,
    PurchaseOrderAcknowledged,
    PurchaseOrderCancelled,
    PurchaseOrderChanged,
    PurchaseOrderPlaced,
    ShipmentAnnounced,
    SupplierInvoiceReceived,
)

Writer: TypeAlias = Callable[[Any, Envelope], bytes]

WRITERS: Final[Mapping[str, Writer]] = {
    EligibilityRequested.type: to_270,
    ClaimStatusRequested.type: to_276,
    AuthorizationRequested.type: to_278,
    EnrollmentChanged.type: lambda event, envelope: to_834([event], envelope),
    ClaimSubmitted.type: lambda event, envelope: to_837([event], envelope),
    PurchaseOrderPlaced.type: to_850,
    PurchaseOrderChanged.type: to_850,
    PurchaseOrderCancelled.type: to_850,
    PurchaseOrderAcknowledged.type: to_855,
    ShipmentAnnounced.type: to_856,
    SupplierInvoiceReceived.type: to_810,
    InvoiceIssued.type: to_810,
    InventoryReported.type: to_846,
    PremiumPaid.type: to_820,
    PaymentReceived.type: to_820,
}
"""By event type, what writes it as an interchange of its own."""


def to_x12(event: CanonicalEvent, envelope: Envelope) -> bytes | None:
    """The event as an interchange of its own, or None where X12 has no form for it. Raises as its writer does."""
    write = WRITERS.get(event.type)
    return write(event, envelope) if write is not None else None
