"""The books of a fresh company: a small generic chart, journals, 15% taxes and manual payment methods.

Codes, names and the 15% are those of Odoo's generic chart. The outstanding accounts are set on the bank and cash
journals, as an administrator must do by hand before payments get journal entries (`odoo/CONTRACT.md` section 2).
"""

from __future__ import annotations

from typing import NamedTuple

from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.writing import insert, write

ACCOUNTS = (
    ("101401", "Bank", "asset_cash", False),
    ("101402", "Bank Suspense Account", "asset_current", False),
    ("101403", "Outstanding Receipts", "asset_current", True),
    ("101404", "Outstanding Payments", "asset_current", True),
    ("101501", "Cash", "asset_cash", False),
    ("101701", "Liquidity Transfer", "asset_current", True),
    ("110100", "Stock Valuation", "asset_current", False),
    ("110200", "Stock Interim (Received)", "asset_current", True),
    ("110300", "Stock Interim (Delivered)", "asset_current", True),
    ("121000", "Account Receivable", "asset_receivable", True),
    ("131000", "Tax Paid", "asset_current", False),
    ("211000", "Account Payable", "liability_payable", True),
    ("251000", "Tax Received", "liability_current", False),
    ("301000", "Capital", "equity", False),
    ("302000", "Dividends", "equity", False),
    ("400000", "Product Sales", "income", False),
    ("441000", "Foreign Exchange Gain", "income", False),
    ("450000", "Other Income", "income_other", False),
    ("500000", "Cost of Goods Sold", "expense_direct_cost", False),
    ("600000", "Expenses", "expense", False),
    ("620000", "Bank Fees", "expense", False),
    ("641000", "Foreign Exchange Loss", "expense", False),
    ("999999", "Undistributed Profits/Losses", "equity_unaffected", False),
)
CHARTED = ("My Company", "South Campus")


class _Journal(NamedTuple):
    code: str
    kind: str
    name: str
    account: str = ""
    sequence: int = 10


def found_books(env: Environment) -> None:
    """Currency, payment methods, analytic plan, and a chart for each company that keeps books here."""
    usd = insert(env, "res.currency", {"name": "USD", "symbol": "$"})
    insert(env, "account.analytic.plan", {"name": "Project"})
    for direction in ("inbound", "outbound"):
        values = {"name": "Manual Payment", "code": "manual", "payment_type": direction}
        insert(env, "account.payment.method", values)
    for row in list(env.store.tables["res.company"].values()):
        write(env, "res.company", [row["id"]], {"currency_id": usd})
        if row["name"] in CHARTED:
            _chart(env, row["id"])


def _chart(env: Environment, company: int) -> None:
    accounts = {
        code: insert(
            env,
            "account.account",
            {"code": code, "name": name, "account_type": kind, "reconcile": matched, "company_ids": [company]},
        )
        for code, name, kind, matched in ACCOUNTS
    }
    taxes = {use: _tax(env, company, use, accounts) for use in ("sale", "purchase")}
    for journal in _journals(env.major):
        _journal(env, company, journal, accounts)
    given: Row = {"account_sale_tax_id": taxes["sale"], "account_purchase_tax_id": taxes["purchase"]}
    given |= {"chart_template": "generic_coa", "transfer_account_id": accounts["101701"]}
    write(env, "res.company", [company], given)


def _journals(major: int) -> list[_Journal]:
    sales, purchases = ("Customer Invoices", "Vendor Bills") if major == 18 else ("Sales", "Purchases")
    journals = [
        _Journal("INV", "sale", sales, "400000", 5),
        _Journal("BILL", "purchase", purchases, "600000", 6),
        _Journal("MISC", "general", "Miscellaneous Operations", "", 9),
        _Journal("EXCH", "general", "Exchange Difference"),
        _Journal("CABA", "general", "Cash Basis Taxes"),
        _Journal("BNK1", "bank", "Bank", "101401", 7),
    ]
    return [*journals, _Journal("CSH1", "cash", "Cash", "101501")] if major == 18 else journals


def _journal(env: Environment, company: int, about: _Journal, accounts: dict[str, int]) -> None:
    pays = about.kind in ("bank", "cash")
    values = {
        "name": about.name,
        "code": about.code,
        "type": about.kind,
        "company_id": company,
        "sequence": about.sequence,
        "default_account_id": accounts.get(about.account, False),
        "suspense_account_id": accounts["101402"] if pays else False,
        "refund_sequence": about.kind in ("sale", "purchase"),
        "payment_sequence": pays,
    }
    journal = insert(env, "account.journal", values)
    for method, (direction, account) in enumerate((("inbound", "101403"), ("outbound", "101404")), 1):
        line = {"name": "Manual Payment", "code": "manual", "journal_id": journal, "company_id": company}
        line |= {"payment_method_id": method, "payment_type": direction, "payment_account_id": accounts[account]}
        if pays:
            insert(env, "account.payment.method.line", line)


def _tax(env: Environment, company: int, use: str, accounts: dict[str, int]) -> int:
    held = env.holding("account.tax.group", "company_id", company)
    group = held[0] if held else insert(env, "account.tax.group", {"name": "Tax 15%", "company_id": company})
    values = {"name": "15%", "type_tax_use": use, "amount": 15.0, "company_id": company, "tax_group_id": group}
    tax = insert(env, "account.tax", values)
    account = accounts["251000" if use == "sale" else "131000"]
    for document in ("invoice", "refund"):
        part = {"tax_id": tax, "document_type": document, "company_id": company}
        insert(env, "account.tax.repartition.line", {**part, "repartition_type": "base"})
        insert(env, "account.tax.repartition.line", {**part, "repartition_type": "tax", "account_id": account})
    return tax
