"""Names of fields that differ between the series, measured with `fields_get` on 18.0 and 19.0 (CONTRACT, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES_18: Final[Mapping[tuple[str, str], str]] = {
    ("purchase.order.line", "product_uom_id"): "product_uom",
    ("purchase.order.line", "tax_ids"): "taxes_id",
    ("purchase.order", "note"): "notes",
    ("sale.order.line", "product_uom_id"): "product_uom",
    ("sale.order.line", "tax_ids"): "tax_id",
    ("product.supplierinfo", "product_uom_id"): "product_uom",
}
"""(model, name in 19) and the name in 18."""


def field_name(model: str, name: str, major: int) -> str:
    """What the field that 19.0 calls `name` is called in the series `major`."""
    return NAMES_18.get((model, name), name) if major < 19 else name
