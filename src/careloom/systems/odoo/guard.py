"""Calls that Odoo accepts and a connector must never make. Each was measured on 18.0 and 19.0.

They leave wrong books or doubled documents without an error, so no flow, look-up or mapping may reach them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from careloom.systems.odoo.faults import Fault, OdooContractBroken, make

_WIZARD = "each repeat makes another payment; use `payments.register`"
_BOOKS = "it changes posted figures behind Odoo's back; use the document's own actions"
_DONE = "on a transfer that is done it changes the stock without another move; use `counts.take`"

METHODS: Final[Mapping[tuple[str, str], str]] = {
    ("account.payment.register", "create"): _WIZARD,
    ("account.payment.register", "action_create_payments"): _WIZARD,
    ("account.move.line", "write"): _BOOKS,
    ("account.move.line", "create"): _BOOKS,
    ("account.move.line", "unlink"): _BOOKS,
    ("account.move.line", "load"): _BOOKS,
    ("account.move", "unlink"): "a document is cancelled or credited, never deleted",
    ("account.payment", "unlink"): "a payment is cancelled or refunded, never deleted",
    ("stock.move", "unlink"): "a move is cancelled, never deleted",
    ("stock.move.line", "write"): _DONE,
    ("stock.move.line", "create"): "a repeat makes another line; load it by its key",
    ("stock.move.line", "unlink"): _DONE,
    ("stock.picking", "unlink"): "a transfer is cancelled, never deleted",
    ("purchase.order", "unlink"): "an order is cancelled, never deleted",
    ("sale.order", "unlink"): "an order is cancelled, never deleted",
    ("stock.quant", "unlink"): "stock is counted, never deleted",
    ("stock.quant", "load"): "it may set a quantity without a stock move; use `counts.take`",
}
"""(model, method) and why it is not called."""

FIELDS: Final[Mapping[tuple[str, str], str]] = {
    ("stock.quant", "quantity"): "it leaves no stock move; write inventory_quantity and apply it",
    ("stock.quant", "reserved_quantity"): "it belongs to no move; reserve the move instead",
    ("account.move", "name"): "it renames the whole number series; Odoo numbers its documents",
    ("account.move", "state"): "it posts or cancels without the checks; use the document's actions",
    ("account.move", "payment_state"): "it follows from payments",
    ("account.move.line", "debit"): _BOOKS,
    ("account.move.line", "credit"): _BOOKS,
    ("account.move.line", "balance"): _BOOKS,
    ("account.move.line", "amount_currency"): _BOOKS,
    ("account.payment", "state"): "it posts without a journal entry; use its actions",
    ("purchase.order", "state"): "it confirms without a receipt; use its actions",
    ("sale.order", "state"): "it confirms without a delivery; use its actions",
    ("stock.picking", "state"): "it follows from moves",
    ("stock.move", "state"): "it moves no stock; validate the transfer",
}
"""(model, field) and why no value is given to it."""

_WRITERS: Final = ("create", "write", "load")


def refuse(model: str, method: str, arguments: Mapping[str, Any]) -> None:
    """Raise ContractBroken for a call that must not be made."""
    reason = METHODS.get((model, method))
    if reason:
        raise make(OdooContractBroken, Fault("forbidden call", model, method), f"Careloom never calls it: {reason}")
    if method in _WRITERS:
        for name in _fields(arguments):
            refuse_field(model, name, method)


def refuse_field(model: str, column: str, method: str = "write") -> None:
    """Raise ContractBroken for a field that no value is given to; `column` may have a suffix as in `load()`."""
    reason = FIELDS.get((model, column.partition("/")[0]))
    if reason:
        fault = Fault("forbidden field", model, method, field=column)
        raise make(OdooContractBroken, fault, f"Careloom never writes it: {reason}")


def _fields(arguments: Mapping[str, Any]) -> Iterable[str]:
    if "vals" in arguments:
        return arguments["vals"]  # type: ignore[no-any-return]
    if "vals_list" in arguments:
        return {name for values in arguments["vals_list"] for name in values}
    return arguments.get("fields", ())  # type: ignore[no-any-return]
