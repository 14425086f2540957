"""The models around a journal entry: currencies, accounts, journals, taxes, payment methods, analytic accounts."""

from __future__ import annotations

from collections.abc import Callable

from careloom.sim.odoo.columns import char, choice, day, flag, lines, link, links, money, number, whole
from careloom.sim.odoo.fields import Reader, Row
from careloom.sim.odoo.models import Model, define

_ACCOUNT_TYPES = (
    ("asset_receivable", "Receivable"),
    ("asset_cash", "Bank and Cash"),
    ("asset_current", "Current Assets"),
    ("asset_non_current", "Non-current Assets"),
    ("asset_prepayments", "Prepayments"),
    ("asset_fixed", "Fixed Assets"),
    ("liability_payable", "Payable"),
    ("liability_credit_card", "Credit Card"),
    ("liability_current", "Current Liabilities"),
    ("liability_non_current", "Non-current Liabilities"),
    ("equity", "Equity"),
    ("equity_unaffected", "Current Year Earnings"),
    ("income", "Income"),
    ("income_other", "Other Income"),
    ("expense", "Expenses"),
    ("expense_other", "Other Expenses"),
    ("expense_depreciation", "Depreciation"),
    ("expense_direct_cost", "Cost of Revenue"),
    ("off_balance", "Off-Balance Sheet"),
)
_JOURNAL_TYPES = (
    ("sale", "Sales"),
    ("purchase", "Purchase"),
    ("cash", "Cash"),
    ("bank", "Bank"),
    ("credit", "Credit Card"),
    ("general", "Miscellaneous"),
)
_DIRECTIONS = (("inbound", "Inbound"), ("outbound", "Outbound"))
_USES = (("sale", "Sales"), ("purchase", "Purchases"), ("none", "None"))
_AMOUNTS = (("percent", "Percentage"), ("fixed", "Fixed"), ("group", "Group of Taxes"), ("division", "Division"))
COMPANY = link("company_id", "Company", "res.company")


def _coded(_: Reader, row: Row) -> str:
    return f"{row['code']} {row['name']}"


def _bracketed(_: Reader, row: Row) -> str:
    return f"[{row['code']}] {row['name']}" if row["code"] else str(row["name"])


def _method_line(reader: Reader, row: Row) -> str:
    journal = reader.row("account.journal", row["journal_id"] or 0)
    return f"{row['name']} ({journal['name']})" if journal else str(row["name"])


def _currencies() -> Model:
    fields = [
        char("name", "Currency", required=True),
        char("symbol", "Symbol"),
        number("rounding", "Rounding Factor", default=0.01),
        whole("decimal_places", "Decimal Places", default=2),
        number("rate", "Current Rate", default=1.0),
        flag("active", "Active", default=True),
    ]
    return define("res.currency", "Currency", fields, order="name")


def _accounts(major: int) -> Model:
    fields = [
        char("code", "Code"),
        char("name", "Account Name", required=True),
        choice("account_type", "Type", *_ACCOUNT_TYPES, required=True),
        flag("reconcile", "Allow Reconciliation"),
        links("company_ids", "Companies", "res.company"),
        links("tax_ids", "Default Taxes", "account.tax"),
        link("currency_id", "Account Currency", "res.currency"),
        flag("deprecated", "Deprecated") if major == 18 else flag("active", "Active", default=True),
    ]
    options = {"order": "code", "label": _coded, "found_by": ("code", "name"), "indexes": (("code",),)}
    return define("account.account", "Account", fields, **options)


def _journals() -> Model:
    methods = "account.payment.method.line"
    fields = [
        char("name", "Journal Name", required=True),
        char("code", "Sequence Prefix"),
        choice("type", "Type", *_JOURNAL_TYPES, required=True),
        COMPANY,
        link("default_account_id", "Default Account", "account.account"),
        link("suspense_account_id", "Suspense Account", "account.account"),
        link("currency_id", "Currency", "res.currency"),
        whole("sequence", "Sequence", default=10),
        flag("refund_sequence", "Dedicated Credit Note Sequence"),
        flag("payment_sequence", "Dedicated Payment Sequence"),
        flag("active", "Active", default=True),
        links("inbound_payment_method_line_ids", "Inbound Payment Methods", methods, compute=_methods("inbound")),
        links("outbound_payment_method_line_ids", "Outbound Payment Methods", methods, compute=_methods("outbound")),
    ]
    return define("account.journal", "Journal", fields, order="sequence, type, code", found_by=("name", "code"))


def _methods(direction: str) -> Callable[[Reader, Row], tuple[int, ...]]:
    def lines_of(reader: Reader, row: Row) -> tuple[int, ...]:
        every = reader.pointing("account.payment.method.line", "journal_id", row["id"])
        known = [reader.row("account.payment.method.line", one) for one in every]
        return tuple(one["id"] for one in known if one and one["payment_type"] == direction)

    return lines_of


def _payment_methods() -> list[Model]:
    method = [
        char("name", "Name", required=True),
        char("code", "Code", required=True),
        choice("payment_type", "Payment Type", *_DIRECTIONS, required=True),
    ]
    line = [
        char("name", "Name"),
        whole("sequence", "Sequence", default=10),
        link("payment_method_id", "Payment Method", "account.payment.method"),
        link("payment_account_id", "Outstanding Account", "account.account"),
        link("journal_id", "Journal", "account.journal"),
        char("code", "Code"),
        choice("payment_type", "Payment Type", *_DIRECTIONS),
        COMPANY,
    ]
    options = {"label": _method_line, "order": "sequence, id", "indexes": (("journal_id",),)}
    return [
        define("account.payment.method", "Payment Methods", method),
        define("account.payment.method.line", "Payment Methods", line, **options),
    ]


def _taxes() -> list[Model]:
    tax = [
        char("name", "Tax Name", required=True),
        choice("type_tax_use", "Tax Type", *_USES, required=True, default="sale"),
        choice("amount_type", "Tax Computation", *_AMOUNTS, required=True, default="percent"),
        number("amount", "Amount", required=True),
        flag("price_include", "Included in Price"),
        flag("active", "Active", default=True),
        whole("sequence", "Sequence", default=1),
        COMPANY,
        link("tax_group_id", "Tax Group", "account.tax.group"),
        lines("repartition_line_ids", "Distribution", "account.tax.repartition.line", "tax_id"),
    ]
    part = [
        link("tax_id", "Tax", "account.tax"),
        choice("document_type", "Related to", ("invoice", "Invoice"), ("refund", "Refund"), required=True),
        choice("repartition_type", "Based On", ("base", "Base"), ("tax", "of tax"), required=True, default="tax"),
        number("factor_percent", "%", default=100.0),
        link("account_id", "Account", "account.account"),
        COMPANY,
    ]
    named = [char("name", "Name", required=True), COMPANY]
    return [
        define("account.tax", "Tax", tax, order="sequence,id"),
        define("account.tax.group", "Tax Group", named),
        define("account.tax.repartition.line", "Tax Repartition Line", part, indexes=(("tax_id",),), label=_part_label),
        define("account.payment.term", "Payment Terms", named),
        define("account.fiscal.position", "Fiscal Position", named),
    ]


def _part_label(_: Reader, row: Row) -> str:
    return f"account.tax.repartition.line,{row['id']}"


def _analytic() -> list[Model]:
    plan = [char("name", "Name", required=True), link("parent_id", "Parent", "account.analytic.plan")]
    account = [
        char("name", "Analytic Account", required=True),
        char("code", "Reference"),
        link("plan_id", "Plan", "account.analytic.plan", required=True),
        link("root_plan_id", "Root Plan", "account.analytic.plan", store=False, compute=lambda _, row: row["plan_id"]),
        link("partner_id", "Customer", "res.partner"),
        flag("active", "Active", default=True),
        COMPANY,
    ]
    line = [
        char("name", "Description", required=True),
        day("date", "Date", required=True),
        number("unit_amount", "Quantity"),
        money("amount", "Amount", required=True),
        link("account_id", "Project", "account.analytic.account"),
        link("partner_id", "Partner", "res.partner"),
        link("general_account_id", "Financial Account", "account.account"),
        link("move_line_id", "Journal Item", "account.move.line"),
        char("category", "Category", default="other"),
        COMPANY,
    ]
    options = {"label": _bracketed, "found_by": ("name", "code"), "order": "plan_id, name asc"}
    line_options = {"order": "date desc, id desc", "indexes": (("move_line_id",), ("account_id",))}
    return [
        define("account.analytic.plan", "Analytic Plans", plan),
        define("account.analytic.account", "Analytic Account", account, **options),
        define("account.analytic.line", "Analytic Line", line, **line_options),
    ]


def _reconciliations() -> list[Model]:
    item = "account.move.line"
    partial = [
        link("debit_move_id", "Debit Move", item, required=True),
        link("credit_move_id", "Credit Move", item, required=True),
        link("full_reconcile_id", "Full Reconcile", "account.full.reconcile"),
        money("amount", "Amount"),
        money("debit_amount_currency", "Debit Amount Currency"),
        money("credit_amount_currency", "Credit Amount Currency"),
        day("max_date", "Max Date of Matched Lines"),
        COMPANY,
    ]
    full = [lines("partial_reconcile_ids", "Reconciliation Parts", "account.partial.reconcile", "full_reconcile_id")]
    indexes = (("debit_move_id",), ("credit_move_id",), ("full_reconcile_id",))
    label = {"label": lambda _, row: f"account.partial.reconcile,{row['id']}"}
    full_label = {"label": lambda _, row: f"account.full.reconcile,{row['id']}"}
    return [
        define("account.partial.reconcile", "Partial Reconcile", partial, indexes=indexes, **label),
        define("account.full.reconcile", "Full Reconcile", full, **full_label),
    ]


def supporting_models(major: int) -> list[Model]:
    """Everything that entries and payments refer to."""
    own = [_currencies(), _accounts(major), _journals()]
    return [*own, *_payment_methods(), *_taxes(), *_analytic(), *_reconciliations()]
