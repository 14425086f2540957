"""Events of purchasing: from the requisition to the supplier's bill."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.contract import Contract, Terms
from careloom.model.events import CanonicalEvent
from careloom.model.invoicing import Invoice
from careloom.model.subject import About
from careloom.model.supply import SupplyDelivery, SupplyRequest, SupplyResponse


class SupplyRequested(CanonicalEvent, frozen=True, kw_only=True):
    """Somebody in the house asked for supplies (a requisition)."""

    type: ClassVar[str] = "supply.requested.v1"
    about: ClassVar[tuple[About, ...]] = (About("Requisition", "requisition.identifier", by_number=True),)

    requisition: SupplyRequest


class PurchaseOrderEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A fact about one purchase order, as a whole."""

    about: ClassVar[tuple[About, ...]] = (About("PurchaseOrder", "order.identifier", by_number=True),)

    order: SupplyRequest


class PurchaseOrderApproved(PurchaseOrderEvent, frozen=True, kw_only=True):
    """A purchase order may be placed: whoever must agree has agreed."""

    type: ClassVar[str] = "purchase_order.approved.v1"


class PurchaseOrderPlaced(PurchaseOrderEvent, frozen=True, kw_only=True):
    """A purchase order went to the supplier."""

    type: ClassVar[str] = "purchase_order.placed.v1"


class PurchaseOrderChanged(PurchaseOrderEvent, frozen=True, kw_only=True):
    """A purchase order that was placed was changed."""

    type: ClassVar[str] = "purchase_order.changed.v1"


class PurchaseOrderCancelled(PurchaseOrderEvent, frozen=True, kw_only=True):
    """A purchase order that was placed is withdrawn."""

    type: ClassVar[str] = "purchase_order.cancelled.v1"


class PurchaseOrderAcknowledged(CanonicalEvent, frozen=True, kw_only=True):
    """A supplier said what it will deliver of an order, when and at which price."""

    type: ClassVar[str] = "purchase_order.acknowledged.v1"
    about: ClassVar[tuple[About, ...]] = (About("PurchaseOrder", "response.order", by_number=True),)

    response: SupplyResponse


class DeliveryEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A fact about one delivery. It is about the first order in it, and waits for the others."""

    about: ClassVar[tuple[About, ...]] = (
        About("PurchaseOrder", "delivery.order", by_number=True),
        About("Delivery", "delivery.identifier", by_number=True),
    )
    also: ClassVar[tuple[About, ...]] = (About("PurchaseOrder", "delivery.order", by_number=True, every=True),)

    delivery: SupplyDelivery


class ShipmentAnnounced(DeliveryEvent, frozen=True, kw_only=True):
    """A supplier said what it has sent, or is about to."""

    type: ClassVar[str] = "shipment.announced.v1"


class GoodsReceived(DeliveryEvent, frozen=True, kw_only=True):
    """Goods came in and were counted."""

    type: ClassVar[str] = "goods.received.v1"


class SupplierInvoiceReceived(CanonicalEvent, frozen=True, kw_only=True):
    """A supplier billed the house, or gave a credit note."""

    type: ClassVar[str] = "supplier_invoice.received.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("PurchaseOrder", "invoice.order", by_number=True),
        About("SupplierInvoice", "invoice.identifier"),
    )
    also: ClassVar[tuple[About, ...]] = (About("PurchaseOrder", "invoice.order", by_number=True, every=True),)

    invoice: Invoice


class VendorBillPosted(CanonicalEvent, frozen=True, kw_only=True):
    """A bill of a supplier, or a credit note, was posted to the books and is to be paid."""

    type: ClassVar[str] = "vendor_bill.posted.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("PurchaseOrder", "invoice.order", by_number=True),
        About("VendorBill", "invoice.identifier", by_number=True),
    )
    also: ClassVar[tuple[About, ...]] = (About("PurchaseOrder", "invoice.order", by_number=True, every=True),)

    invoice: Invoice


_REQUISITIONS = Terms(
    owner="supply-chain",
    source_of_truth="the system that the requisition was made in",
    publishers=("ehr", "pharmacy", "warehouse", "odoo", "careloom"),
    data_classes=("operational",),
    retention_years=7,
)
_ORDERS = Terms(
    owner="supply-chain",
    source_of_truth="Odoo",
    publishers=("odoo", "careloom"),
    data_classes=("operational", "financial"),
    retention_years=7,
)
_SUPPLIERS = Terms(
    owner="supply-chain",
    source_of_truth="the supplier",
    publishers=("supplier",),
    data_classes=("operational", "financial"),
    retention_years=7,
)
_RECEIPTS = Terms(
    owner="supply-chain",
    source_of_truth="the warehouse",
    publishers=("warehouse", "odoo", "supplier"),
    data_classes=("operational",),
    retention_years=7,
)
_BILLS = Terms(
    owner="finance",
    source_of_truth="Odoo",
    publishers=("odoo",),
    data_classes=("financial",),
    retention_years=7,
)

CONTRACTS: tuple[Contract, ...] = (
    _REQUISITIONS.contract(SupplyRequested),
    _ORDERS.contract(PurchaseOrderApproved),
    _ORDERS.contract(PurchaseOrderPlaced, retry="urgent"),
    _ORDERS.contract(PurchaseOrderChanged),
    _ORDERS.contract(PurchaseOrderCancelled),
    _SUPPLIERS.contract(PurchaseOrderAcknowledged),
    _SUPPLIERS.contract(ShipmentAnnounced),
    _SUPPLIERS.contract(SupplierInvoiceReceived),
    _RECEIPTS.contract(GoodsReceived),
    _BILLS.contract(VendorBillPosted),
)
