"""Events of orders, referrals and services."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.contract import Contract, Terms
from careloom.model.events import CanonicalEvent, PatientEvent
from careloom.model.orders import ServiceReport, ServiceRequest
from careloom.model.sales import ServiceOrder
from careloom.model.subject import About


class ServiceOrderEvent(PatientEvent, frozen=True, kw_only=True):
    """A fact about one order for a service."""

    order: ServiceRequest


class ServiceOrdered(ServiceOrderEvent, frozen=True, kw_only=True):
    """A service was ordered: a test, an image, a procedure, supplies for a patient."""

    type: ClassVar[str] = "service.ordered.v1"


class ServiceOrderChanged(ServiceOrderEvent, frozen=True, kw_only=True):
    """An order was changed before it was carried out."""

    type: ClassVar[str] = "service.order_changed.v1"


class ServiceOrderCancelled(ServiceOrderEvent, frozen=True, kw_only=True):
    """An order will not be carried out."""

    type: ClassVar[str] = "service.order_cancelled.v1"


class ReferralReceived(ServiceOrderEvent, frozen=True, kw_only=True):
    """A patient was referred to the house, or out of it."""

    type: ClassVar[str] = "referral.received.v1"


class ReferralUpdated(ServiceOrderEvent, frozen=True, kw_only=True):
    """A referral was accepted, declined, changed or withdrawn."""

    type: ClassVar[str] = "referral.updated.v1"


class ServiceCompleted(PatientEvent, frozen=True, kw_only=True):
    """A service was carried out, so that it can be billed and what it used up replaced.

    A correction is told again with the same numbers and `report.status` `corrected` or `amended`; a service that
    turned out not to have taken place, with `cancelled`.
    """

    type: ClassVar[str] = "service.completed.v1"

    report: ServiceReport


class ServiceOrderConfirmed(CanonicalEvent, frozen=True, kw_only=True):
    """A customer's order for services or goods was confirmed: the house will carry it out and bill it."""

    type: ClassVar[str] = "service_order.confirmed.v1"
    about: ClassVar[tuple[About, ...]] = (About("ServiceOrder", "order.identifier", by_number=True),)

    order: ServiceOrder


_ORDERS = Terms(
    owner="clinical-operations",
    source_of_truth="the system that the order was placed in",
    publishers=("ehr", "laboratory", "scheduling", "careloom"),
    data_classes=("phi",),
    retention_years=6,
)
_SERVICES = Terms(
    owner="clinical-operations",
    source_of_truth="the system that the service was documented in",
    publishers=("ehr", "laboratory", "odoo"),
    data_classes=("phi", "financial"),
    retention_years=6,
)
_SALES = Terms(
    owner="finance",
    source_of_truth="Odoo",
    publishers=("odoo",),
    data_classes=("phi", "financial"),
    retention_years=7,
)

CONTRACTS: tuple[Contract, ...] = (
    _ORDERS.contract(ServiceOrdered),
    _ORDERS.contract(ServiceOrderChanged),
    _ORDERS.contract(ServiceOrderCancelled),
    _ORDERS.contract(ReferralReceived),
    _ORDERS.contract(ReferralUpdated),
    _SERVICES.contract(ServiceCompleted),
    _SALES.contract(ServiceOrderConfirmed),
)
