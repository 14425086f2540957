"""What the modules say of their fields is true of the Odoo at hand."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents import counts, lots, moves, products, purchasing, receipts, sales, supplier_prices
from careloom.systems.odoo.documents.series import field_name

MODULES = (counts, lots, moves, products, purchasing, receipts, sales, supplier_prices)
INPUTS = [
    (counts, counts.Count, counts.CountLine),
    (moves, moves.Move, moves.MoveLine),
    (products, products.Product, None),
    (purchasing, purchasing.Purchase, purchasing.PurchaseLine),
    (receipts, receipts.Receipt, receipts.ReceiptLine),
    (sales, sales.Sale, sales.SaleLine),
    (supplier_prices, supplier_prices.SupplierPrice, None),
]
NO_FIELD = {"key", "lines", "company", "correlation", "unique_code", "more", "below_zero", "expired", "counted_at"}


async def test_every_field_that_is_named_is_there(erp: Odoo) -> None:
    major = (await erp.version()).major
    for module in MODULES:
        for attribute, place in module.FIELDS.items():
            where, _, note = place.partition(" (")
            model, _, column = where.rpartition(".")
            known = await erp.documents.access.schema.fields(model)
            conditional = note.startswith("module") or (note.startswith("only 18.0") and major >= 19)
            assert conditional or field_name(model, column, major) in known, (module.__name__, attribute)


@pytest.mark.parametrize(("module", "document", "line"), INPUTS)
def test_every_attribute_says_where_it_goes(module: Any, document: Any, line: Any) -> None:
    asked = {one.name for one in fields(document)} | {f"lines.{one.name}" for one in fields(line or document) if line}
    assert asked - NO_FIELD == module.FIELDS.keys() - NO_FIELD
