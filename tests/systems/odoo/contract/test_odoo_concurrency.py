"""Many clients bring the same documents over a bad network: Odoo holds each once, posted once, paid once.

A short form by default. CARELOOM_TEST_DOCUMENTS=200 is the long one.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import date
from decimal import Decimal
from typing import Any

from tests.systems.odoo.contract.conftest import REAL_URL
from tests.systems.odoo.contract.lossy import lossy

from careloom.core.errors import AmbiguousError, TransientError
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.invoices import Invoice
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.systems.odoo.documents.payments import Payment

DOCUMENTS = int(os.environ.get("CARELOOM_TEST_DOCUMENTS", "6"))
CLIENTS = 8
TRIES = 60
DAY = date(2026, 11, 3)


def asked(house: Any, number: int) -> Invoice:
    lines = (MoveLine(text="visit", quantity=Decimal(1), price=Decimal(100 + number)),)
    key = house.key(f"c{number}")
    return Invoice(key=key, customer=house.customer, lines=lines, date=DAY, company=house.company)


def paid(house: Any, number: int) -> Payment:
    return Payment(
        key=house.key(f"p{number}"), sort="received", partner=house.customer, amount=Decimal(100 + number), date=DAY,
        journal=house.bank, memo=f"TRN {number}", company=house.company,
    )  # fmt: skip


async def insist(work: Any) -> Any:
    """Again and again, as the log does with what is transient or ambiguous."""
    for _ in range(TRIES):
        try:
            return await work()
        except (TransientError, AmbiguousError):
            continue
    return await work()


async def one_document(erp: Odoo, house: Any, number: int) -> None:
    held = await insist(lambda: erp.documents.invoices.issue(asked(house, number)))
    await insist(lambda: erp.documents.payments.register(paid(house, number), [held.record_id]))


async def test_item_2_each_document_once_posted_once_paid_once(house: Any, opened: Any, target: Any) -> None:
    # Eight clients queue before the few workers of a real Odoo, so some calls are late by themselves too.
    patience = 10.0 if REAL_URL else 0.4
    began = time.perf_counter()
    async with lossy(target.url) as network:
        settings = {"url": network.url, "batch_rows": 10, "breaker_failures": 10_000}
        settings |= {"timeout_seconds": patience, "concurrency": 1}
        clients = [opened(**settings) for _ in range(CLIENTS)]
        await asyncio.gather(*(one_document(erp, house, number) for erp in clients for number in range(DOCUMENTS)))
        assert network.lost["late"] + network.lost["dropped"] > 0
    took = time.perf_counter() - began
    print(f"{CLIENTS} clients, {DOCUMENTS} documents, {network.passed} calls, {dict(network.lost)}, {took:.0f} s")
    await balance(house)


async def balance(house: Any) -> None:
    mine = [["partner_id", "=", house.customer]]
    fields = ["state", "move_type", "amount_total", "amount_residual"]
    moves = await house.found("account.move", [*mine, ["move_type", "=", "out_invoice"]], fields)
    assert [row["state"] for row in moves] == ["posted"] * DOCUMENTS
    assert sum(Decimal(str(row["amount_residual"])) for row in moves) == 0
    total = sum(100 + number for number in range(DOCUMENTS))
    assert sum(Decimal(str(row["amount_total"])) for row in moves) == total
    payments = await house.found("account.payment", mine, ["amount", "state"])
    assert len(payments) == DOCUMENTS
    assert sum(Decimal(str(row["amount"])) for row in payments) == total
    items = await house.found("account.move.line", [*mine, ["parent_state", "=", "posted"]], ["debit", "credit"])
    assert sum(Decimal(str(row["debit"])) for row in items) == sum(Decimal(str(row["credit"])) for row in items)
