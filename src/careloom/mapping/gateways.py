"""How payment gateways write their objects, as data: where values stand in the JSON, and what their words mean.

`GATEWAY` fits gateways in the manner that most have: events with a type and an object, amounts in minor units, times in
seconds since 1970, numbers of ours in the metadata. A project writes a `Dialect` of its own for one that differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec

from careloom.model.payments import Method

Told: TypeAlias = Literal["payment", "refund", "dispute", "settlement"]
Pointers: TypeAlias = tuple[str, ...]


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """Pointers are JSON Pointers (RFC 6901), those of values into the object; of several the first that is there holds.

    `types` says what an event of a type tells, all others are filtered; `assigner` names the gateway in identifiers.
    """

    types: Mapping[str, Told]
    statuses: Mapping[Told, Mapping[str, str]]
    assigner: str | None = None
    type: str = "/type"
    occurred: str = "/created"
    object: str = "/data/object"
    number: Pointers = ("/id",)
    payment: Pointers = ("/payment", "/charge")
    amount: Pointers = ("/amount",)
    fee: Pointers = ("/fee", "/balance_transaction/fee")
    currency: Pointers = ("/currency",)
    created: Pointers = ("/created",)
    status: Pointers = ("/status",)
    reason: Pointers = ("/reason",)
    invoice: Pointers = ("/metadata/invoice",)
    account: Pointers = ("/metadata/account",)
    key: Pointers = ("/metadata/careloom_key",)
    method: Pointers = ("/method", "/payment_method_details/type")
    brand: Pointers = ("/card/brand", "/payment_method_details/card/brand")
    last4: Pointers = ("/card/last4", "/payment_method_details/card/last4")
    failure_code: Pointers = ("/failure_code",)
    failure_reason: Pointers = ("/failure_message",)
    evidence_due: Pointers = ("/evidence_due", "/evidence_details/due_by")
    arrival: Pointers = ("/arrival_date",)
    descriptor: Pointers = ("/statement_descriptor", "/trace_id/value")
    methods: Mapping[str, Method] = MappingProxyType({})
    exponents: Mapping[str, int] = MappingProxyType({})
    """Currencies that the gateway counts otherwise than ISO 4217."""


_TYPES: Final[Mapping[str, Told]] = {
    "payment.succeeded": "payment",
    "payment.failed": "payment",
    "charge.succeeded": "payment",
    "charge.failed": "payment",
    "refund.created": "refund",
    "refund.succeeded": "refund",
    "refund.updated": "refund",
    "refund.failed": "refund",
    "dispute.opened": "dispute",
    "dispute.updated": "dispute",
    "dispute.closed": "dispute",
    "charge.dispute.created": "dispute",
    "charge.dispute.updated": "dispute",
    "charge.dispute.closed": "dispute",
    "payout.paid": "settlement",
    "payout.failed": "settlement",
    "payout.canceled": "settlement",
}
_STATUSES: Final[Mapping[Told, Mapping[str, str]]] = {
    "payment": {
        "succeeded": "received", "paid": "received", "failed": "failed", "canceled": "cancelled",
        "cancelled": "cancelled", "pending": "pending", "authorized": "authorized",
    },
    "refund": {
        "succeeded": "succeeded", "pending": "pending", "requires_action": "pending", "failed": "failed",
        "canceled": "cancelled", "cancelled": "cancelled",
    },
    "dispute": {
        "warning_needs_response": "warning", "warning_under_review": "warning", "warning_closed": "closed",
        "needs_response": "needs-response", "under_review": "under-review", "won": "won", "lost": "lost",
        "prevented": "closed", "closed": "closed",
    },
    "settlement": {
        "paid": "paid", "pending": "pending", "in_transit": "pending", "failed": "failed", "canceled": "cancelled",
        "cancelled": "cancelled",
    },
}  # fmt: skip
_METHODS: Final[Mapping[str, Method]] = {
    "card": "card", "card_present": "card", "us_bank_account": "ach", "ach": "ach", "ach_debit": "ach",
    "ach_credit_transfer": "ach", "bank_transfer": "wire", "customer_balance": "wire", "wire": "wire",
    "sepa_debit": "direct-debit", "bacs_debit": "direct-debit", "direct_debit": "direct-debit", "wallet": "wallet",
    "paypal": "wallet", "alipay": "wallet", "check": "check", "cash": "cash",
}  # fmt: skip

GATEWAY: Final = Dialect(
    types=MappingProxyType(_TYPES),
    statuses=MappingProxyType(_STATUSES),
    methods=MappingProxyType(_METHODS),
)
