"""Invoices, payments and what becomes of them, on both versions: figures that a person can check by hand."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.odoo.money import is_zero, rounded

MOVE_FIELDS = ["name", "state", "payment_state", "amount_untaxed", "amount_tax", "amount_total", "amount_residual"]


class Books:
    """Calls over JSON-RPC that must succeed, or whose error is wanted."""

    def __init__(self, odoo: SimulatedOdoo, session: Any) -> None:
        self.odoo = odoo
        self._session = session

    async def answer(self, model: str, method: str, *args: Any, key: str = "", **named: Any) -> dict[str, Any]:
        uid = 2 if key == self.odoo.admin_api_key else self.odoo.uid
        who = [self.odoo.database, uid, key or self.odoo.api_key]
        params = {"service": "object", "method": "execute_kw", "args": [*who, model, method, list(args), named]}
        async with self._session.post(f"{self.odoo.url}/jsonrpc", json={"params": params}) as response:
            return dict(await response.json())

    async def __call__(self, model: str, method: str, *args: Any, **named: Any) -> Any:
        answer = await self.answer(model, method, *args, **named)
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer.get("result")

    async def refusal(self, model: str, method: str, *args: Any, **named: Any) -> str:
        answer = await self.answer(model, method, *args, **named)
        data = answer["error"]["data"]
        return f"{data['name'].rsplit('.', 1)[1]}: {data['message']}"

    async def invoice(
        self, price: float = 100.0, *, post: bool = True, taxes: tuple[int, ...] = (), **more: Any
    ) -> int:
        partner = more.pop("partner_id", None) or await self("res.partner", "create", {"name": "Ida Sample"})
        line = {"name": "visit", "price_unit": price, "tax_ids": [[6, 0, list(taxes)]]}
        given = {"move_type": "out_invoice", "partner_id": partner, "invoice_date": "2026-11-01"}
        move = await self("account.move", "create", {**given, "invoice_line_ids": [[0, 0, line]], **more})
        if post:
            await self("account.move", "action_post", [move])
        return int(move)

    async def read(self, move: int) -> dict[str, Any]:
        [row] = await self("account.move", "read", [move], MOVE_FIELDS)
        return dict(row)

    async def payment(self, move: int, amount: float) -> tuple[int, int]:
        """A posted payment of the invoice's partner, and its open line."""
        [row] = await self("account.move", "read", [move], ["partner_id"])
        values = {"partner_id": row["partner_id"][0], "amount": amount, "journal_id": 6, "memo": "ERA-1"}
        payment = await self("account.payment", "create", values)
        await self("account.payment", "action_post", [payment])
        domain = [["payment_id", "=", payment], ["account_id.account_type", "=", "asset_receivable"]]
        [line] = await self("account.move.line", "search", domain)
        return int(payment), int(line)


@pytest.fixture(params=["18.0", "19.0"])
async def books(request: pytest.FixtureRequest, session: Any, clock: Any) -> AsyncIterator[Books]:
    async with SimulatedOdoo(request.param, clock=clock) as odoo:
        yield Books(odoo, session)


@pytest.mark.parametrize(
    ("amount", "cents"), [(1.005, 1.01), (-1.005, -1.01), (2.675, 2.68), (0.004, 0.0), (33.335, 33.34), (-0.001, 0.0)]
)
def test_a_half_cent_goes_away_from_zero(amount: float, cents: float) -> None:
    assert rounded(amount) == cents
    assert is_zero(rounded(amount) - cents)


async def test_an_invoice_balances_with_its_tax_and_what_is_owed(books: Books) -> None:
    move = await books.invoice(33.335, taxes=(1,))
    row = await books.read(move)
    assert (row["amount_untaxed"], row["amount_tax"], row["amount_total"]) == (33.34, 5.0, 38.34)
    lines = await books("account.move.line", "search_read", [["move_id", "=", move]], ["display_type", "balance"])
    assert {line["display_type"]: line["balance"] for line in lines} == {
        "product": -33.34,
        "tax": -5.0,
        "payment_term": 38.34,
    }


async def test_numbers_run_per_year_for_invoices_and_per_month_for_bills(books: Books) -> None:
    days = ["2026-11-01", "2026-11-02", "2025-11-01", "2026-11-03"]
    names = [(await books.read(await books.invoice(invoice_date=day)))["name"] for day in days]
    assert names == ["INV/2026/00001", "INV/2026/00002", "INV/2025/00001", "INV/2026/00003"]
    bill = await books.invoice(move_type="in_invoice", invoice_date="2026-10-05")
    [row] = await books("account.move", "read", [bill], ["name", "date"])
    assert (row["name"], row["date"]) == ("BILL/2026/10/0001", "2026-10-31")


async def test_a_name_written_on_one_invoice_renames_the_series(books: Books) -> None:
    await books("account.move", "write", [await books.invoice()], {"name": "INV/HACK/1"})
    assert (await books.read(await books.invoice()))["name"] == "INV/HACK/2"


async def test_a_posted_invoice_is_frozen_but_its_lines_are_not(books: Books) -> None:
    move = await books.invoice()
    said = await books.refusal("account.move", "write", [move], {"invoice_date": "2026-11-01", "ref": "x"})
    assert said == "UserError: You cannot modify the following readonly fields on a posted move: invoice_date"
    assert "can't delete a posted journal item" in await books.refusal("account.move", "unlink", [move])
    lines = await books("account.move.line", "search", [["move_id", "=", move], ["display_type", "=", "product"]])
    assert await books("account.move.line", "write", lines, {"credit": 1}) is True
    row = await books.read(move)
    assert (row["state"], row["amount_total"], row["amount_residual"]) == ("posted", 1.0, 1.0)


async def test_a_payment_is_assigned_in_parts_and_taken_back(books: Books) -> None:
    move = await books.invoice(100.0)
    (first, line), (second, other) = await books.payment(move, 60.0), await books.payment(move, 50.0)
    await books("account.move", "js_assign_outstanding_line", [move], line_id=line)
    row = await books.read(move)
    assert (row["payment_state"], row["amount_residual"]) == ("partial", 40.0)
    answer = await books.answer("account.move", "js_assign_outstanding_line", [move], line_id=line)
    assert ("error" in answer) == (books.odoo.version == "18.0")
    await books("account.move", "js_assign_outstanding_line", [move], line_id=other)
    assert (await books.read(move))["payment_state"] == "paid"
    states = await books("account.payment", "read", [first, second], ["state"])
    assert {row["state"] for row in states} == {"in_process" if books.odoo.version == "18.0" else "paid"}
    [left] = await books("account.move.line", "read", [other], ["amount_residual"])
    assert left["amount_residual"] == -10.0
    partials = await books("account.partial.reconcile", "search", [["debit_move_id.move_id", "=", move]])
    await books("account.move", "js_remove_outstanding_partial", [move], partial_id=partials[0])
    row = await books.read(move)
    assert (row["payment_state"], row["amount_residual"]) == ("partial", 60.0)


async def test_the_wizard_pays_again_each_time(books: Books) -> None:
    move = await books.invoice(100.0)
    context = {"active_model": "account.move", "active_ids": [move]}
    wizard = await books("account.payment.register", "create", {}, context=context)
    for _ in range(3):
        await books("account.payment.register", "action_create_payments", [wizard])
    assert await books("account.payment", "search_count", [["amount", "=", 100.0]]) == 3
    assert (await books.read(move))["payment_state"] == "paid"
    assert "nothing" in (await books.refusal("account.payment.register", "create", {}, context=context)).lower()


async def test_a_payment_without_an_outstanding_account_has_no_entry(books: Books) -> None:
    payment = await books("account.payment", "create", {"amount": 5.0, "journal_id": 6})
    await books("account.payment", "write", [payment], {"outstanding_account_id": False})
    await books("account.payment", "action_post", [payment])
    [row] = await books("account.payment", "read", [payment], ["state", "move_id"])
    assert (row["state"], row["move_id"]) == ("in_process", False)


async def test_a_credit_note_settles_what_it_reverses(books: Books) -> None:
    move = await books.invoice(30.0, taxes=(1,))
    wizard = await books("account.move.reversal", "create", {"move_ids": [[6, 0, [move]]], "reason": "CO-97"})
    action = await books("account.move.reversal", "refund_moves", [wizard])
    await books("account.move", "action_post", [action["res_id"]])
    assert (await books.read(move))["payment_state"] == "reversed"
    note = await books.read(action["res_id"])
    assert (note["name"], note["amount_total"], note["amount_residual"]) == ("RINV/2026/00001", 34.5, 0.0)


async def test_a_bad_entry_of_a_batch_stops_them_all(books: Books) -> None:
    good = await books.invoice(post=False)
    empty = await books.invoice(post=False, invoice_line_ids=[])
    assert (await books.refusal("account.move", "action_post", [good, empty])).startswith("UserError")
    assert (await books.read(good))["state"] == "draft"


async def test_lines_load_with_their_own_external_ids(books: Books) -> None:
    fields = ["id", "move_type", "partner_id/.id", "invoice_line_ids/id", "invoice_line_ids/price_unit"]
    fields += ["invoice_line_ids/name", "invoice_line_ids/tax_ids/.id"]
    partner = str(await books("res.partner", "create", {"name": "Ida Sample"}))
    rows = [["t.c1", "out_invoice", partner, "t.l1", "10", "a", "1"], ["", "", "", "t.l2", "20", "b", ""]]
    first = await books("account.move", "load", fields, rows)
    rows[0][4] = "11"
    assert await books("account.move", "load", fields, rows) == first
    row = await books.read(first["ids"][0])
    assert (row["amount_untaxed"], row["amount_tax"]) == (31.0, 1.65)
    rows[1][4] = "much"
    [said] = (await books("account.move", "load", fields, rows))["messages"]
    assert (said["rows"], said["record"], said["field"]) == ({"from": 0, "to": 1}, 0, "invoice_line_ids")
    assert said["message"] == "'much' does not seem to be a number for field 'Invoice lines/Unit Price'"


async def test_another_company_is_closed_unless_it_is_switched_on(books: Books) -> None:
    [campus] = await books("res.company", "search", [["name", "=", "South Campus"]])
    there = {"context": {"allowed_company_ids": [campus]}}
    partner = await books("res.partner", "create", {"name": "Ida Sample"})
    line = [0, 0, {"name": "v", "price_unit": 3}]
    given = {"move_type": "out_invoice", "partner_id": partner, "invoice_line_ids": [line]}
    move = await books("account.move", "create", given, **there)
    here = {"context": {"allowed_company_ids": [1]}}
    assert (await books.refusal("account.move", "action_post", [move], **here)).startswith("AccessError")
    assert (await books.refusal("account.move", "read", [move], ["name"], **here)).startswith("AccessError")
    assert await books("account.move", "search_count", [["id", "=", move]], **here) == 0
    await books("account.move", "action_post", [move], **there)


async def test_an_activity_is_deleted_in_18_and_archived_in_19(books: Books) -> None:
    partner = await books("res.partner", "create", {"name": "Ida Sample"})
    await books("res.partner", "activity_schedule", [partner], act_type_xmlid="mail.mail_activity_data_todo")
    [activity] = await books("mail.activity", "search", [["res_model", "=", "res.partner"], ["res_id", "=", partner]])
    await books("mail.activity", "action_feedback", [activity], feedback="called")
    every = {"context": {"active_test": False}}
    left = await books("mail.activity", "search_read", [["id", "=", activity]], ["active", "state"], **every)
    kept = [{"id": activity, "active": False, "state": "done"}]
    assert left == ([] if books.odoo.version == "18.0" else kept)


async def test_the_trial_balance_comes_from_groups(books: Books) -> None:
    await books.invoice(100.0, taxes=(1,))
    domain = [["parent_state", "=", "posted"]]
    [total] = await books("account.move.line", "read_group", domain, ["debit:sum", "credit:sum"], [])
    assert (total["debit"], total["credit"], total["__count"]) == (115.0, 115.0, 3)
    groups = await books("account.move.line", "read_group", domain, ["balance:sum"], ["account_id"])
    assert [(one["account_id"][1][:6], one["balance"]) for one in groups] == [
        ("121000", 115.0),
        ("251000", -15.0),
        ("400000", -100.0),
    ]


async def test_analytic_lines_follow_the_distribution(books: Books) -> None:
    ward = await books("account.analytic.account", "create", {"name": "Ward 3", "plan_id": 1})
    line = {"name": "v", "price_unit": 200, "analytic_distribution": {str(ward): 60.0}}
    move = await books.invoice(invoice_line_ids=[[0, 0, line]])
    found = await books("account.analytic.line", "search_read", [["account_id", "=", ward]], ["amount"])
    assert [one["amount"] for one in found] == [120.0]
    await books("account.move", "button_draft", [move])
    assert await books("account.analytic.line", "search_count", [["account_id", "=", ward]]) == 0


async def test_a_hundred_invoices_post_in_less_than_a_second(books: Books) -> None:
    partner = await books("res.partner", "create", {"name": "Ida Sample"})
    moves = [await books.invoice(post=False, partner_id=partner) for _ in range(100)]
    started = time.perf_counter()
    await books("account.move", "action_post", moves)
    assert time.perf_counter() - started < 1.0
