"""An order that somebody in Odoo has to approve: an outcome like any. The far side is a 19.0 with one order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from careloom.core.errors import Rejected
from careloom.systems.odoo.documents.outcome import HeldOtherwise
from careloom.systems.odoo.documents.purchasing import Purchase, PurchaseLine

FIELDS = {
    "purchase.order": {
        "partner_id": {"type": "many2one", "relation": "res.partner"},
        "partner_ref": {"type": "char"},
        "origin": {"type": "char"},
        "order_line": {"type": "one2many", "relation": "purchase.order.line"},
    },
    "purchase.order.line": {
        "product_id": {"type": "many2one", "relation": "product.product"},
        "product_uom_id": {"type": "many2one", "relation": "uom.uom"},
        "tax_ids": {"type": "many2many", "relation": "account.tax"},
        "name": {"type": "text"},
        **{name: {"type": "float"} for name in ("product_qty", "price_unit", "discount")},
    },
}
LINE = {"id": 11, "product_id": [3, "x"], "product_qty": 10.0, "qty_received": 0.0, "product_uom_id": [1, "Units"]}
LINE |= {"price_unit": 9.5, "discount": 0.0, "tax_ids": []}
ORDER = {"id": 7, "name": "P00007", "partner_id": [4, "x"], "currency_id": [1, "USD"], "company_id": [1, "x"]}
ORDER |= {"amount_untaxed": 95.0, "amount_tax": 0.0, "amount_total": 95.0, "order_line": [11], "picking_ids": []}
ASKED = Purchase(
    key="careloom.order_1",
    supplier=4,
    lines=[PurchaseLine(product=3, quantity=Decimal(10), price=Decimal("9.5"), unit=1, text="Mesh")],
)


class Office:
    """Confirms an order only so far as its rules allow; `state` is where the order stands."""

    def __init__(self, confirmed: str = "to approve") -> None:
        self.state = "draft"
        self.confirmed = confirmed
        self.confirmations = 0

    def answer(self, path: str, body: dict[str, Any]) -> web.StreamResponse:
        model, method = path.removeprefix("/json/2/").split("/")
        if method == "fields_get" and model not in FIELDS:  # no addon
            error = {"name": "werkzeug.exceptions.NotFound", "message": "", "arguments": [], "debug": ""}
            return web.json_response(error, status=404)
        if method == "button_confirm":
            self.confirmations += 1
            self.state = self.confirmed
        answers: dict[str, Any] = {
            "fields_get": FIELDS.get(model),
            "check_object_reference": ["purchase.order", 7],
            "load": {"ids": [7], "messages": []},
            "read": [LINE] if model == "purchase.order.line" else [{**ORDER, "state": self.state}],
        }
        return web.json_response(answers.get(method, True))


@pytest.fixture
async def office(scripted: Callable[[str], Any]) -> Any:
    server = await scripted("19.0")
    server.office = Office()
    server.answer = server.office.answer
    return server


async def test_an_order_that_waits_for_approval_is_an_outcome(office: Any, connect: Callable[..., Any]) -> None:
    purchasing = connect(office).documents.purchasing
    for _ in range(2):
        held = await purchasing.order(ASKED)
        assert (held.state, held.approved, held.number) == ("to approve", False, "P00007")
    assert office.office.confirmations == 1
    assert (await purchasing.confirm(ASKED.key)).state == "to approve"
    office.office.state = "purchase"  # somebody approved it
    assert (await purchasing.order(ASKED)).approved


async def test_an_order_that_stays_a_draft_is_said(office: Any, connect: Callable[..., Any]) -> None:
    office.office.confirmed = "sent"
    with pytest.raises(HeldOtherwise, match="state is sent, asked was purchase"):
        await connect(office).documents.purchasing.confirm(ASKED.key)


async def test_a_cancellation_that_odoo_ignores_is_said(office: Any, connect: Callable[..., Any]) -> None:
    with pytest.raises(HeldOtherwise, match="state is draft, asked was cancel"):
        await connect(office).documents.purchasing.cancel(ASKED.key)


async def test_what_is_gone_is_said(office: Any, connect: Callable[..., Any]) -> None:
    answer = office.answer
    office.answer = lambda path, body: web.json_response([]) if path.endswith("order/read") else answer(path, body)
    with pytest.raises(Rejected, match="is gone"):
        await connect(office).documents.purchasing.held(ASKED.key)
