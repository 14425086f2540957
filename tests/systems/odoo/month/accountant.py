"""An accountant who never looks into Odoo: from the hub's events alone, what the books, the open items and the stock
must be. Knows bookkeeping (an invoice is owed and earned, a payment is held until the bank tells), no code of ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

Told = dict[str, Any]
Where = tuple[str, str, str]
"""Product code, lot and the id of a location; the lot is empty where there is none."""


class Accountant:
    """Reads events, one after the other."""

    def __init__(self) -> None:
        self.books: dict[str, Decimal] = defaultdict(Decimal)
        self.open_items: dict[str, Decimal] = {}
        self.stock: dict[Where, Decimal] = defaultdict(Decimal)
        self.received: dict[str, Decimal] = defaultdict(Decimal)
        self.counted: dict[str, int] = defaultdict(int)

    def read(self, events: Iterable[Told]) -> None:
        """Book them."""
        for event in events:
            name = event["type"].removesuffix(".v1")
            self.counted[name] += 1
            book = getattr(self, "_" + name.replace(".", "_"), None)
            if book is not None:
                book(event)

    def _invoice_issued(self, event: Told) -> None:
        invoice = event["invoice"]
        sign = -1 if invoice.get("kind") == "credit-note" else 1
        self._book(receivable=sign * amount(invoice["totalGross"]), income=-sign * amount(invoice["totalNet"]))
        self._owed(event)

    def _invoice_paid(self, event: Told) -> None:
        self._owed(event)

    def _vendor_bill_posted(self, event: Told) -> None:
        bill = event["invoice"]
        self._book(payable=-amount(bill["totalGross"]), expense=amount(bill["totalNet"]))
        self._owed(event)

    def _payment_received(self, event: Told) -> None:
        paid = amount(event["payment"]["amount"])
        self._book(outstanding=paid, receivable=-paid)

    def _payment_refunded(self, event: Told) -> None:
        back = amount(event["refund"]["amount"])
        self._book(outstanding=-back, receivable=back)

    def _stock_moved(self, event: Told) -> None:
        self._move(event["move"])

    def _stock_adjusted(self, event: Told) -> None:
        self._move(event["move"])

    def _goods_received(self, event: Told) -> None:
        for item in event["delivery"]["item"]:
            self.received[item["item"][0]["value"]] += Decimal(str(item["quantity"]["value"]))

    def _move(self, move: Told) -> None:
        product, lot = move["item"][0]["value"], (move.get("lot") or {}).get("number") or ""
        quantity = Decimal(str(move["quantity"]["value"]))
        for end, sign in (("source", -1), ("destination", 1)):
            if place := move.get(end):
                self.stock[product, lot, record_id(place)] += sign * quantity

    def _owed(self, event: Told) -> None:
        self.open_items[event["record"]["id"]] = amount(event["invoice"]["residual"])

    def _book(self, **entries: Decimal) -> None:
        assert sum(entries.values()) == 0, "an entry that does not balance"
        for account, entry in entries.items():
            self.books[account] += entry


def amount(money: Told) -> Decimal:
    return Decimal(str(money["value"]))


def record_id(place: Told) -> str:
    """The id of the location in Odoo, among the identifiers of the place."""
    return next(str(one["value"]) for one in place["identifier"] if one.get("type") == "stock.location")
