"""The part of the start-up check that looks at the books: what makes Odoo do something else than it was asked to.

None of it is an error in Odoo. A date in a locked period becomes today, a line without taxes gets one, and a payment
without an outstanding account gets no journal entry (`odoo/CONTRACT.md` sections 2 and 3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from careloom.core.clock import Clock
from careloom.systems.odoo.records import Records
from careloom.systems.odoo.schema import Schema

_LOCKS: Final[Mapping[str, str]] = {
    "hard_lock_date": "everything",
    "fiscalyear_lock_date": "everything",
    "tax_lock_date": "what has taxes",
    "sale_lock_date": "sales",
    "purchase_lock_date": "purchases",
}
_TAXES: Final[Mapping[str, str]] = {"account_sale_tax_id": "sale", "account_purchase_tax_id": "purchase"}
_BOOKS: Final = ("account.move", "account.payment", "sale.order", "purchase.order")
_PAYMENTS: Final = "account.payment"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that stands in the way, and what a person should do about it. One that does not stop anything, and is
    good to know, is not `blocking`."""

    problem: str
    advice: str
    blocking: bool = True


def concern_books(needs: Collection[str]) -> bool:
    """Whether any of these models is a document that is written into books."""
    return any(model in needs for model in _BOOKS)


class Books:
    """Asks Odoo about the companies that are written to; changes nothing."""

    def __init__(self, schema: Schema, records: Records, clock: Clock) -> None:
        self._schema = schema
        self._records = records
        self._clock = clock

    async def run(self, needs: Collection[str], companies: Sequence[int]) -> list[Finding]:
        """What stands in the way of documents of the models in `needs`, in these companies."""
        known = await self._schema.fields("res.company")
        fields = [one for one in ("chart_template", *_LOCKS, *_TAXES) if one in known]
        found: list[Finding] = []
        for company in await self._records.read("res.company", companies, ["name", *fields]):
            found += _of_company(company, self._clock.now().date())
        return found + (await self._payments(companies) if _PAYMENTS in needs else [])

    async def _payments(self, companies: Sequence[int]) -> list[Finding]:
        lines = await self._records.search_read(
            "account.payment.method.line",
            [["journal_id.type", "in", ["bank", "cash"]], ["journal_id.company_id", "in", list(companies)]],
            ["name", "payment_type", "payment_account_id", "journal_id", "company_id"],
        )
        return [_without_account(line) for line in lines if not line["payment_account_id"]]


def _of_company(company: Mapping[str, Any], today: date) -> Iterator[Finding]:
    name = company["name"]
    if "chart_template" in company and not company["chart_template"]:
        yield Finding(
            f"company {name} has no chart of accounts",
            "choose one in Odoo: Invoicing, Configuration, Settings, Fiscal Localization",
        )
    for field, what in _LOCKS.items():
        until = company.get(field)
        if until and date.fromisoformat(until) >= today - timedelta(days=1):
            yield Finding(
                f"company {name} is locked for {what} until {until} ({field})",
                "Odoo would move new documents to a later date without a word: unlock it, or wait",
            )
    for field, kind in _TAXES.items():
        if tax := company.get(field):
            yield Finding(
                f"company {name} adds the tax {tax[1]} to {kind} lines that name none",
                f"lines without taxes get it unless the flow says which: say so, or remove the default ({field})",
                blocking=False,
            )


def _without_account(line: Mapping[str, Any]) -> Finding:
    where = f"journal {line['journal_id'][1]} of company {line['company_id'][1] if line['company_id'] else '?'}"
    way = "Incoming" if line["payment_type"] == "inbound" else "Outgoing"
    return Finding(
        f"{where} has no outstanding account for {line['payment_type']} payments by {line['name']}",
        f"such a payment gets no journal entry: set it in Odoo, Accounting, Journals, {way} Payments",
    )
