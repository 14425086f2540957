"""Products: a template and its one variant, which share most of their fields, and what suppliers ask for them.

How a write on one of the two reaches the other stands in `product_twins.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from careloom.sim.odoo import units
from careloom.sim.odoo.accounting import ACCOUNTING
from careloom.sim.odoo.bookkeeping import known, named
from careloom.sim.odoo.columns import char, choice, day, flag, lines, link, links, number, price, quantity, text, whole
from careloom.sim.odoo.computed import asked, shown, through
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import ALL, Area, Model, define
from careloom.sim.odoo.product_twins import HOOKS, TEMPLATE, VARIANT, variants
from careloom.sim.odoo.stock_levels import template_levels, variant_levels
from careloom.sim.odoo.writing import insert

_TYPES = (("consu", "Goods"), ("service", "Service"), ("combo", "Combo"))
_TRACKING = (("serial", "By Unique Serial Number"), ("lot", "By Lots"), ("none", "By Quantity"))
_INVOICING = (("order", "Ordered quantities"), ("delivery", "Delivered quantities"))
_CONTROL = (("purchase", "On ordered quantities"), ("receive", "On received quantities"))
_COSTING = (("standard", "Standard Price"), ("fifo", "First In First Out"), ("average", "Average Cost"))


def product_label(_: Reader, row: Row) -> str:
    return f"[{row['default_code']}] {row['name']}" if row["default_code"] else str(row["name"])


def _variant_label(reader: Reader, row: Row) -> str:
    template = reader.row(TEMPLATE, row["product_tmpl_id"]) or {"name": ""}
    return product_label(reader, {**template, "default_code": row["default_code"]})


def _category_label(reader: Reader, row: Row) -> str:
    parent = reader.row("product.category", row["parent_id"] or 0)
    return f"{_category_label(reader, parent)} / {row['name']}" if parent else str(row["name"])


def _categories(major: int) -> Model:
    periodic = "manual_periodic" if major == 18 else "periodic"
    valuations = ((periodic, "Manual"), ("real_time", "Automated"))
    fields = [
        char("name", "Name", required=True),
        link("parent_id", "Parent Category", "product.category"),
        lines("child_id", "Child Categories", "product.category", "parent_id"),
        shown(char("complete_name", "Complete Name"), _category_label),
        choice("property_valuation", "Inventory Valuation", *valuations, default=periodic),
        choice("property_cost_method", "Costing Method", *_COSTING, default="standard"),
    ]
    return define("product.category", "Product Category", fields, order="complete_name", label=_category_label)


def _identity(major: int) -> list[Field]:
    goods = {"default": "consu", "required": True}
    fields = [
        char("name", "Name", required=True, translate=True),
        choice("type", "Product Type", *_TYPES, **goods),
        flag("is_storable", "Track Inventory"),
        choice("tracking", "Tracking", *_TRACKING, required=True, default="none"),
        link("categ_id", "Product Category", "product.category", default=1 if major == 18 else False),
        link("uom_id", "Unit" if major >= 19 else "Unit of Measure", "uom.uom", required=True, default=1),
        through(char("uom_name", "Unit Name"), "uom.uom", "uom_id", "name"),
        whole("sequence", "Sequence", default=1),
        text("description_sale", "Sales Description"),
        text("description_purchase", "Purchase Description"),
        Field(name="description", type="html", string="Description"),
    ]
    if major == 18:
        return [*fields, link("uom_po_id", "Purchase Unit", "uom.uom", required=True, default=1)]
    return [*fields, links("uom_ids", "Packagings", "uom.uom")]


def _trade(major: int) -> list[Field]:
    periodic = "manual_periodic" if major == 18 else "periodic"
    valuations = ((periodic, "Manual"), ("real_time", "Automated"))
    return [
        price("list_price", "Sales Price", major, default=1.0),
        flag("sale_ok", "Sales", default=True),
        flag("purchase_ok", "Purchase", default=True),
        choice("invoice_policy", "Invoicing Policy", *_INVOICING, default="order"),
        choice("purchase_method", "Control Policy", *_CONTROL, default="receive"),
        lines("seller_ids", "Vendors", "product.supplierinfo", "product_tmpl_id"),
        shown(choice("cost_method", "Costing Method", *_COSTING), lambda _, __: "standard"),
        shown(choice("valuation", "Valuation", *valuations), lambda _, __: periodic),
        shown(link("currency_id", "Currency", "res.currency"), lambda _, __: 1),
    ]


def _simple() -> list[Field]:
    return [
        char("default_code", "Internal Reference"),
        char("barcode", "Barcode"),
        number("standard_price", "Cost"),
        number("weight", "Weight"),
        number("volume", "Volume"),
        flag("active", "Active", default=True),
        link("company_id", "Company", "res.company"),
    ]


def _first_variant(reader: Reader, row: Row) -> int | bool:
    every = variants(reader, row)
    return every[0] if every else False


def _templates(major: int) -> Model:
    fields = [
        *_identity(major),
        *_trade(major),
        *_simple(),
        *template_levels(),
        lines("product_variant_ids", "Products", VARIANT, "product_tmpl_id"),
        shown(link("product_variant_id", "Product", VARIANT), _first_variant),
        shown(whole("product_variant_count", "# Product Variants"), lambda reader, row: len(variants(reader, row))),
    ]
    order, found_by = "sequence, name, id", ("name", "default_code", "barcode")
    indexes = (("default_code",), ("barcode",))
    return define(TEMPLATE, "Product", fields, order=order, label=product_label, found_by=found_by, indexes=indexes)


def _inherited(field: Field) -> Field:
    """A field of the template as the variant has it, written through to the template."""
    if field.compute is None or field.name in ("product_variant_id", "uom_name"):
        return replace(through(field, TEMPLATE, "product_tmpl_id"), readonly=field.readonly)
    return field


def _products(major: int) -> Model:
    shared = [_inherited(field) for field in (*_identity(major), *_trade(major))]
    template = link("product_tmpl_id", "Product Template", TEMPLATE, required=True)
    one_of = link("product_variant_id", "Product", VARIANT)
    fields = [
        *_simple(),
        template,
        *shared,
        *variant_levels(),
        shown(number("lst_price", "Sales Price"), lambda reader, row: _listed(reader, row)),
        shown(char("code", "Reference"), lambda _, row: row["default_code"]),
        shown(one_of, lambda _, row: row["id"]),
        shown(whole("product_variant_count", "# Product Variants"), lambda _, __: 1),
        lines("orderpoint_ids", "Minimum Stock Rules", "stock.warehouse.orderpoint", "product_id"),
        lines("stock_quant_ids", "Stock Quant", "stock.quant", "product_id"),
        lines("stock_move_ids", "Stock Move", "stock.move", "product_id"),
    ]
    order, found_by = "default_code, name, id", ("default_code", "name", "barcode")
    indexes = (("default_code",), ("barcode",), ("product_tmpl_id",))
    options: dict[str, Any] = {"order": order, "label": _variant_label, "found_by": found_by, "indexes": indexes}
    return define(VARIANT, "Product Variant", fields, **options)


def _listed(reader: Reader, row: Row) -> float:
    template = reader.row(TEMPLATE, row["product_tmpl_id"])
    return float(template["list_price"]) if template else 0.0


def _offer_label(reader: Reader, row: Row) -> str:
    partner = asked(reader).label("res.partner", row["partner_id"])
    if asked(reader).major == 18:
        return partner
    unit = asked(reader).label("uom.uom", row["product_uom_id"])
    return f"{partner} ({row['min_qty']} {unit} - $\N{NO-BREAK SPACE}{row['price']:.2f})"


def _offers(major: int) -> Model:
    unit = through(link("product_uom", "Unit of Measure", "uom.uom"), TEMPLATE, "product_tmpl_id", "uom_po_id")
    if major >= 19:
        unit = link("product_uom_id", "Unit", "uom.uom", required=True)
    fields = [
        link("partner_id", "Vendor", "res.partner", required=True),
        link("product_tmpl_id", "Product Template", TEMPLATE, required=major >= 19),
        link("product_id", "Product Variant", VARIANT),
        price("price", "Unit Price", major),
        number("discount", "Discount (%)"),
        quantity("min_qty", "Quantity", required=True),
        whole("delay", "Delivery Lead Time", required=True, default=1),
        unit,
        link("currency_id", "Currency", "res.currency", required=True, default=1),
        link("company_id", "Company", "res.company"),
        char("product_code", "Vendor Product Code"),
        char("product_name", "Vendor Product Name"),
        day("date_start", "Start Date"),
        day("date_end", "End Date"),
        whole("sequence", "Sequence", default=1),
    ]
    options: dict[str, Any] = {"order": "sequence, min_qty desc, price, id", "label": _offer_label}
    options |= {"found_by": ("product_code",), "indexes": (("product_tmpl_id",), ("product_id",), ("partner_id",))}
    return define("product.supplierinfo", "Supplier Pricelist", fields, **options)


def _models(major: int) -> list[Model]:
    return [*units.models(major), _categories(major), _templates(major), _products(major), _offers(major)]


def _more_fields(major: int) -> dict[str, list[Field]]:
    """What accounting adds to a template, as its variant shows it."""
    return {VARIANT: [_inherited(field) for field in ACCOUNTING.fields(major).get(TEMPLATE, ())]}


def _found(env: Environment) -> None:
    units.found(env)
    names = {"all": "All", "saleable": "Saleable", "expenses": "Expenses"}
    if env.major >= 19:
        names = {"goods": "Goods", "expenses": "Expenses", "services": "Services"}
    for code, name in names.items():
        parent = known(env, "product.product_category_all") if env.major == 18 and code != "all" else False
        record = insert(env, "product.category", {"name": name, "parent_id": parent})
        named(env, "product", f"product_category_{code}", "product.category", record)


PRODUCTS = Area(
    name="products",
    models=_models,
    fields=_more_fields,
    hooks=HOOKS,
    rights=dict.fromkeys(
        (TEMPLATE, VARIANT, "product.category", "product.supplierinfo", "uom.uom", "uom.category"), ALL
    ),
    found=_found,
)
