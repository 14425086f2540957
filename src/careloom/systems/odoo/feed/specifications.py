"""What is read of a record that changed, in the form of `web_read`: fields of 18.0 and 19.0 side by side.

What a mapping does not read is not asked for (`careloom.mapping.odoo`, where `DROPPED` says why).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

Specification: TypeAlias = Mapping[str, Any]


def _flat(names: str) -> dict[str, Any]:
    return {name: {} for name in names.split()}


def _below(fields: Specification) -> dict[str, Any]:
    return {"fields": dict(fields)}


def _named(names: str) -> dict[str, Any]:
    return _below(_flat(names))


_PARTY: Final = _named("name ref vat is_company")
_PRODUCT: Final = _named("default_code barcode tracking")
_CURRENCY: Final = _named("name decimal_places")
_UNIT: Final = _named("name")
_LOCATION: Final = _named("complete_name barcode usage")
_LOT: Final = _named("name expiration_date")
_PURCHASE_LINE: Final = _below({"order_id": _named("name")})
_UNITS: Final = {"product_uom_id": _UNIT, "product_uom": _UNIT}

PARTNER: Final[Specification] = {
    **_flat("name ref vat active is_company type lang street street2 city zip phone mobile email website"),
    **_flat("customer_rank supplier_rank"),
    "parent_id": _named("ref vat"),
    "state_id": _named("code"),
    "country_id": _named("code"),
}
PRODUCT: Final[Specification] = {
    **_flat("name default_code barcode active type tracking"),
    "uom_id": _UNIT,
    "categ_id": _named("complete_name"),
}
SUPPLIER_PRICE: Final[Specification] = {
    **_flat("price min_qty delay product_code date_start date_end"),
    **_UNITS,
    "partner_id": _PARTY,
    "currency_id": _CURRENCY,
    "product_id": _PRODUCT,
    "product_tmpl_id": _below({"product_variant_ids": _PRODUCT}),
}
INVOICE: Final[Specification] = {
    **_flat("name ref move_type state payment_state payment_reference invoice_date invoice_date_due"),
    **_flat("amount_untaxed amount_tax amount_total amount_residual"),
    "partner_id": _PARTY,
    "currency_id": _CURRENCY,
    "reversed_entry_id": _named("name"),
    "invoice_payment_term_id": _named("name"),
    "invoice_line_ids": _below(
        {
            **_flat("name display_type quantity price_unit price_subtotal price_total"),
            "product_id": _PRODUCT,
            "product_uom_id": _UNIT,
            "tax_ids": _named("name amount amount_type"),
            "purchase_line_id": _PURCHASE_LINE,
        }
    ),
}
PAYMENT: Final[Specification] = {
    **_flat("name state amount date memo payment_type partner_type"),
    "partner_id": _PARTY,
    "currency_id": _CURRENCY,
    "journal_id": _named("type"),
    "reconciled_invoice_ids": _named("name"),
}
PURCHASE_ORDER: Final[Specification] = {
    **_flat("name state date_order date_approve date_planned amount_total"),
    "partner_id": _PARTY,
    "currency_id": _CURRENCY,
    "payment_term_id": _named("name"),
    "order_line": _below(
        {
            **_flat("name display_type product_qty price_unit price_subtotal date_planned"),
            **_UNITS,
            "product_id": _PRODUCT,
        }
    ),
}
RECEIPT: Final[Specification] = {
    **_flat("name state picking_type_code date_done"),
    "partner_id": _PARTY,
    "location_dest_id": _LOCATION,
    "backorder_ids": _named("name"),
    "move_ids": _below(
        {
            "product_id": _PRODUCT,
            "product_uom_qty": {},
            "product_uom": _UNIT,
            "purchase_line_id": _PURCHASE_LINE,
            "move_line_ids": _below(
                {**_flat("quantity lot_name"), "product_uom_id": _UNIT, "product_id": _PRODUCT, "lot_id": _LOT}
            ),
        }
    ),
}
STOCK_MOVE_LINE: Final[Specification] = {
    **_flat("state quantity date reference lot_name"),
    "product_id": _PRODUCT,
    "product_uom_id": _UNIT,
    "lot_id": _LOT,
    "location_id": _LOCATION,
    "location_dest_id": _LOCATION,
    "picking_id": _named("name"),
}
ORDERPOINT: Final[Specification] = {
    **_flat("active qty_on_hand qty_forecast product_min_qty"),
    "product_id": _PRODUCT,
    "product_uom": _UNIT,
    "location_id": _LOCATION,
    "supplier_id": _below({"partner_id": _PARTY}),
}
SALE_ORDER: Final[Specification] = {
    **_flat("name state client_order_ref date_order commitment_date amount_untaxed amount_tax amount_total"),
    "partner_id": _PARTY,
    "currency_id": _CURRENCY,
    "order_line": _below(
        {
            **_flat("name display_type product_uom_qty price_unit price_subtotal"),
            **_UNITS,
            "product_id": _PRODUCT,
        }
    ),
}


def models_below(specification: Specification, relation: Mapping[str, str]) -> Iterable[tuple[str, Specification]]:
    """The models that a specification reads below its relations, with what of them. `relation` are the fields of the
    model and where they lead to."""
    for name, below in specification.items():
        if below and (target := relation.get(name)):
            yield target, below["fields"]
