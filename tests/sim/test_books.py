"""The books of the simulated Odoo beside the script: what is missing, too much or unbalanced is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from careloom.sim import books, expected
from careloom.sim.cast import OPENING, VALVE, Cast, cast
from careloom.sim.furnishing import furnish
from careloom.sim.odoo import SimulatedOdoo


@pytest.fixture
def script() -> Cast:
    return cast(19, datetime(2026, 5, 4, tzinfo=UTC))


@pytest.fixture
async def odoo(script: Cast) -> AsyncIterator[SimulatedOdoo]:
    async with SimulatedOdoo("19.0") as made:
        await furnish(made, script)
        yield made


async def test_before_the_day_the_store_is_full_and_the_ledger_empty(odoo: SimulatedOdoo) -> None:
    assert books.stock(odoo, "quantity") == OPENING
    assert books.stock(odoo, "reserved_quantity") == {}
    assert (books.ledger(odoo), books.files(odoo)) == ({}, set())


async def test_a_day_that_did_not_happen_is_told_account_by_account(odoo: SimulatedOdoo, script: Cast) -> None:
    told = books.wrong_books(script, ["V900001"], odoo)
    owed = expected.ledger(script)[expected.RECEIVABLE]
    assert f"account {expected.RECEIVABLE}: the script has {owed}, and Odoo 0" in told
    assert any(one.startswith(f"in stock of {VALVE}: the script has 4") for one in told)
    assert any(one.startswith(f"reserved of {VALVE}: the script has 4, and Odoo 0") for one in told)
    assert "the billing file V900001 is missing" in told


async def test_an_entry_that_nobody_of_the_script_made_is_told(odoo: SimulatedOdoo, script: Cast) -> None:
    before = books.wrong_books(script, [], odoo)
    tables = odoo._store.tables
    account = next(row["id"] for row in tables["account.account"].values() if row["code"] == "301000")
    tables["account.move"][9_001] = {"id": 9_001, "state": "posted"}
    tables["account.move.line"][9_001] = {
        "id": 9_001, "move_id": 9_001, "account_id": account, "debit": 5.0, "credit": 0.0,
    }  # fmt: skip
    told = [one for one in books.wrong_books(script, [], odoo) if one not in before]
    assert told == [
        "account.move/9001: debits and credits differ by 5.00", "account 301000: the script has 0, and Odoo 5.00",
    ]  # fmt: skip


async def test_goods_that_went_without_a_booking_are_told(odoo: SimulatedOdoo) -> None:
    quant = next(row for row in odoo._store.tables["stock.quant"].values() if row["quantity"] == 60)
    quant["quantity"] -= 1
    assert books.stock(odoo, "quantity")["S-GEL-5"] == Decimal(59)
