"""The fields of account.move, its lines, and what accounting adds to partners, companies and products."""

from __future__ import annotations

from typing import Any

from careloom.sim.odoo import journal_items, open_items
from careloom.sim.odoo.columns import char, choice, day, flag, lines, link, links, money, number, text, whole
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Model, define

MOVE_TYPES = (
    ("entry", "Journal Entry"),
    ("out_invoice", "Customer Invoice"),
    ("out_refund", "Customer Credit Note"),
    ("in_invoice", "Vendor Bill"),
    ("in_refund", "Vendor Credit Note"),
    ("out_receipt", "Sales Receipt"),
    ("in_receipt", "Purchase Receipt"),
)
_STATES = (("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled"))
PAYMENT_STATES = (
    ("not_paid", "Not Paid"),
    ("in_payment", "In Payment"),
    ("paid", "Paid"),
    ("partial", "Partially Paid"),
    ("reversed", "Reversed"),
    ("blocked", "Blocked"),
    ("invoicing_legacy", "Invoicing App Legacy"),
)
_DISPLAY = ("product", "cogs", "tax", "discount", "rounding", "payment_term", "line_section", "line_note", "epd")
_DRAFTS = {
    "entry": "Draft Entry",
    "out_invoice": "Draft Invoice",
    "out_refund": "Draft Credit Note",
    "in_invoice": "Draft Bill",
    "in_refund": "Draft Vendor Credit Note",
    "out_receipt": "Draft Sales Receipt",
    "in_receipt": "Draft Purchase Receipt",
}
CURRENCY = link("currency_id", "Currency", "res.currency")
COMPANY = link("company_id", "Company", "res.company")


def move_label(_: Reader, row: Row) -> str:
    """What a reference to an entry shows: its number and reference, or what kind of draft it is."""
    number = str(row["name"] or "")
    shown = number if row["state"] != "draft" else " ".join(filter(None, [_DRAFTS[row["move_type"]], number]))
    return f"{shown} ({row['ref']})" if row["ref"] and number else shown


def line_label(reader: Reader, row: Row) -> str:
    move = reader.row("account.move", row["move_id"]) or {}
    parts = [str(move.get("name") or "")]
    if row["name"] and row["name"] != move.get("name"):
        parts = [move_label(reader, move) if move else "", str(row["name"])]
    return " ".join(part for part in parts if part)


def _moves() -> Model:
    readonly: dict[str, Any] = {"readonly": True}
    fields = [
        char("name", "Number"),
        char("ref", "Reference"),
        day("date", "Date"),
        choice("state", "Status", *_STATES, required=True, default="draft"),
        choice("move_type", "Type", *MOVE_TYPES, required=True, default="entry"),
        link("journal_id", "Journal", "account.journal"),
        COMPANY,
        CURRENCY,
        lines("line_ids", "Journal Items", "account.move.line", "move_id"),
        lines("invoice_line_ids", "Invoice lines", "account.move.line", "move_id", compute=journal_items.invoice_lines),
        link("partner_id", "Partner", "res.partner"),
        link("commercial_partner_id", "Commercial Entity", "res.partner"),
        day("invoice_date", "Invoice/Bill Date"),
        day("invoice_date_due", "Due Date"),
        link("invoice_payment_term_id", "Payment Terms", "account.payment.term"),
        link("fiscal_position_id", "Fiscal Position", "account.fiscal.position"),
        char("payment_reference", "Payment Reference"),
        char("invoice_origin", "Origin"),
        link("invoice_user_id", "Salesperson", "res.users"),
        text("narration", "Terms and Conditions"),
        flag("posted_before", "Posted Before"),
        link("reversed_entry_id", "Reversal of", "account.move"),
        lines("reversal_move_ids", "Reversals", "account.move", "reversed_entry_id"),
        link("origin_payment_id", "Payment", "account.payment"),
        links("matched_payment_ids", "Matched Payments", "account.payment"),
        choice("payment_state", "Payment Status", *PAYMENT_STATES, default="not_paid", readonly=True),
        *(money(name, label, **readonly) for name, label in _AMOUNTS),
    ]
    indexes = (("journal_id",), ("reversed_entry_id",), ("ref",), ("partner_id",), ("origin_payment_id",))
    options: dict[str, Any] = {"order": "date desc, name desc, invoice_date desc, id desc", "label": move_label}
    return define(
        "account.move",
        "Journal Entry",
        [*fields, *_computed()],
        indexes=indexes,
        found_by=("name", "ref"),
        **options,
    )


_AMOUNTS = (
    ("amount_untaxed", "Untaxed Amount"),
    ("amount_tax", "Tax"),
    ("amount_total", "Total"),
    ("amount_residual", "Amount Due"),
    ("amount_untaxed_signed", "Untaxed Amount Signed"),
    ("amount_tax_signed", "Tax Signed"),
    ("amount_total_signed", "Total Signed"),
    ("amount_residual_signed", "Amount Due Signed"),
)


def _computed() -> list[Field]:
    shown: dict[str, Any] = {"store": False, "readonly": True, "searchable": False}
    return [
        links("duplicated_ref_ids", "Duplicated Ref", "account.move", compute=journal_items.duplicates, **shown),
        flag("invoice_has_outstanding", "Has Outstanding", compute=open_items.has_outstanding, **shown),
        flag("has_reconciled_entries", "Has Reconciled Entries", compute=open_items.has_reconciled, **shown),
        Field(
            name="invoice_outstanding_credits_debits_widget",
            type="binary",
            string="Outstanding",
            compute=open_items.outstanding_widget,
            **shown,
        ),
        char("invoice_partner_display_name", "Partner Name", compute=journal_items.partner_name, **shown),
    ]


def _items() -> Model:
    kinds = tuple((kind, kind.replace("_", " ").title()) for kind in _DISPLAY)
    fields = [
        link("move_id", "Journal Entry", "account.move", required=True),
        *(link(name, string, relation) for name, string, relation in _ITEM_LINKS),
        COMPANY,
        CURRENCY,
        char("move_name", "Number", readonly=True),
        char("ref", "Reference", readonly=True),
        char("name", "Label"),
        choice("parent_state", "Status", *_STATES, readonly=True),
        choice("move_type", "Type", *MOVE_TYPES, readonly=True),
        day("date", "Date", readonly=True),
        day("date_maturity", "Due Date"),
        choice("display_type", "Display Type", *kinds, default="product"),
        whole("sequence", "Sequence"),
        number("quantity", "Quantity"),
        number("price_unit", "Unit Price"),
        number("discount", "Discount (%)"),
        *(money(name, label) for name, label in _ITEM_AMOUNTS),
        flag("reconciled", "Reconciled", readonly=True),
        char("matching_number", "Matching #"),
        links("tax_ids", "Taxes", "account.tax"),
        Field(name="analytic_distribution", type="json", string="Analytic Distribution"),
        links(
            "distribution_analytic_account_ids",
            "Analytic Accounts",
            "account.analytic.account",
            compute=journal_items.shared_among,
            store=False,
        ),
        lines("analytic_line_ids", "Analytic lines", "account.analytic.line", "move_line_id"),
        lines("matched_debit_ids", "Matched Debits", "account.partial.reconcile", "credit_move_id"),
        lines("matched_credit_ids", "Matched Credits", "account.partial.reconcile", "debit_move_id"),
    ]
    indexes = (("move_id",), ("account_id",), ("partner_id",), ("payment_id",), ("full_reconcile_id",))
    options: dict[str, Any] = {"order": "date desc, move_name desc, id", "label": line_label}
    return define("account.move.line", "Journal Item", fields, indexes=indexes, **options)


_ITEM_LINKS = (
    ("journal_id", "Journal", "account.journal"),
    ("account_id", "Account", "account.account"),
    ("partner_id", "Partner", "res.partner"),
    ("product_id", "Product", "product.product"),
    ("product_uom_id", "Unit of Measure", "uom.uom"),
    ("tax_line_id", "Originator Tax", "account.tax"),
    ("tax_group_id", "Originator tax group", "account.tax.group"),
    ("tax_repartition_line_id", "Originator Tax Distribution Line", "account.tax.repartition.line"),
    ("payment_id", "Originator Payment", "account.payment"),
    ("full_reconcile_id", "Matching", "account.full.reconcile"),
)
_ITEM_AMOUNTS = (
    ("debit", "Debit"),
    ("credit", "Credit"),
    ("balance", "Balance"),
    ("amount_currency", "Amount in Currency"),
    ("amount_residual", "Residual Amount"),
    ("amount_residual_currency", "Residual Amount in Currency"),
    ("price_subtotal", "Subtotal"),
    ("price_total", "Total"),
    ("tax_base_amount", "Base Amount"),
)


def entry_models() -> list[Model]:
    return [_moves(), _items()]


def more_fields(_: int) -> dict[str, list[Field]]:
    """What accounting adds to the models of others."""
    partner: dict[str, Any] = {"store": False}
    unsearchable: dict[str, Any] = {"store": False, "searchable": False, "readonly": True}
    receivable, payable = open_items.owing("asset_receivable"), open_items.owing("liability_payable")
    locks = ("fiscalyear_lock_date", "tax_lock_date", "sale_lock_date", "purchase_lock_date", "hard_lock_date")
    return {
        "res.company": [
            CURRENCY,
            char("chart_template", "Fiscal Localization"),
            link("account_sale_tax_id", "Default Sale Tax", "account.tax"),
            link("account_purchase_tax_id", "Default Purchase Tax", "account.tax"),
            link("transfer_account_id", "Inter-Banks Transfer Account", "account.account"),
            *(day(name, name.replace("_", " ").title()) for name in locks),
        ],
        "res.partner": [
            link(
                "property_account_receivable_id", "Account Receivable", "account.account", compute=receivable, **partner
            ),
            link("property_account_payable_id", "Account Payable", "account.account", compute=payable, **partner),
            money("total_invoiced", "Total Invoiced", compute=open_items.invoiced, **unsearchable),
            link("property_payment_term_id", "Customer Payment Terms", "account.payment.term"),
            money("credit", "Total Receivable", readonly=True, compute=open_items.owed("asset_receivable"), **partner),
            money("debit", "Total Payable", readonly=True, compute=open_items.owed("liability_payable"), **partner),
        ],
        "product.template": _product_taxes(),
        "account.analytic.account": [
            money(name, name.title(), readonly=True, compute=open_items.analytic_total(name), **partner)
            for name in ("balance", "debit", "credit")
        ],
    }


def _product_taxes() -> list[Field]:
    return [
        links("taxes_id", "Sales Taxes", "account.tax"),
        links("supplier_taxes_id", "Purchase Taxes", "account.tax"),
        link("property_account_income_id", "Income Account", "account.account"),
        link("property_account_expense_id", "Expense Account", "account.account"),
    ]
