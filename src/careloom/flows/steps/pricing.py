"""What was done, priced by the price list in Odoo, and prepared for the recognition of its revenue.

Odoo Community has no deferred revenue of its own. So each line of an invoice is spread over analytic accounts of two
plans: the service, by which its margin is read, and the months in which it was given, by days. Finance defers what
lies past the month of the invoice by these accounts; an entry that does so is not made here.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec

from careloom.core.errors import MappingError
from careloom.flows.steps.revisions import BilledLine
from careloom.model import PerformedService, Period, ServiceReport
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.analytics import Dimension

_HUNDRED: Final = Decimal(100)
_SHARE: Final = Decimal("0.01")


class Performed(msgspec.Struct, frozen=True, kw_only=True):
    """One service that was done, from day to day. Where the crosswalk says so, `product` is its code in Odoo, `account`
    the account of its revenue, and `dimensions` are codes of analytic accounts that it counts for."""

    number: str
    code: str
    text: str
    quantity: Decimal
    begun: date
    ended: date
    product: str = ""
    account: str = ""
    dimensions: tuple[str, ...] = ()


def performed_of(report: ServiceReport, number: str, today: date) -> tuple[Performed, ...]:
    """What a report says was done; the report's own code where it lists no services. The charges are `number` with
    their place in the report. Raises MappingError for a service without a code."""
    listed = report.service or ((PerformedService(code=report.code),) if report.code else ())
    if not listed:
        raise MappingError("a completed service needs a code, or services that have one", "report.code")
    return tuple(_performed(one, f"{number}-{at}", report.effective, today) for at, one in enumerate(listed, 1))


def _performed(one: PerformedService, number: str, effective: Period | None, today: date) -> Performed:
    if not one.code.coding:
        raise MappingError("a service without a code cannot be priced", "report.service.code")
    code = one.code.coding[0]
    begun, ended = _days(one.performed or effective, today)
    return Performed(
        number=number,
        code=code.code,
        text=one.code.text or code.display or code.code,
        quantity=one.quantity.value if one.quantity else Decimal(1),
        begun=begun,
        ended=ended,
    )


def _days(period: Period | None, today: date) -> tuple[date, date]:
    start = _day(period.start if period else None) or today
    return start, max(start, _day(period.end if period else None) or start)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text and len(text) >= 10 else None


async def priced(services: tuple[Performed, ...], company: int, erp: Odoo) -> list[BilledLine]:
    """A line of an invoice for each. Raises MappingError for a code that the price list of the company lacks."""
    return [await _priced(one, company, erp) for one in services]


async def _priced(one: Performed, company: int, erp: Odoo) -> BilledLine:
    domain = [["default_code", "=", one.product or one.code], ["company_id", "in", [company, False]]]
    found = await erp.search_read("product.product", domain, ["list_price"], limit=2)
    if len(found) != 1:
        told = "several products of Odoo have" if found else "the price list in Odoo has no product with"
        raise MappingError(f"{told} the code of this service", "report.service.code")
    price = Decimal(repr(found[0]["list_price"])).quantize(_SHARE, ROUND_HALF_UP)
    return BilledLine(
        text=f"{one.number} {one.begun} {one.code} {one.text}",
        quantity=one.quantity,
        price=price,
        product=found[0]["id"],
        net=(one.quantity * price).quantize(_SHARE, ROUND_HALF_UP),
        account=await _account_of(one.account, company, erp) if one.account else None,
        analytic=await _spread(one, company, erp),
    )


async def _spread(one: Performed, company: int, erp: Odoo) -> dict[str, Decimal]:
    service = await _account("service", "Service", one.code, erp)
    others = [await _dimension(code, company, erp) for code in one.dimensions]
    return {
        ",".join(map(str, (service, await _account("month", "Month of service", month, erp), *others))): share
        for month, share in months(one.begun, one.ended).items()
    }


async def _dimension(code: str, company: int, erp: Odoo) -> int:
    """The analytic account with this code, of whatever plan finance has it in."""
    domain = [["code", "=", code], ["company_id", "in", [company, False]]]
    return await _only("account.analytic.account", domain, "the code of a dimension of this service", erp)


async def _account_of(code: str, company: int, erp: Odoo) -> int:
    """The account of the company's chart with this code."""
    domain = [["code", "=", code], ["company_ids", "in", [company]]]
    return await _only("account.account", domain, "the code of the account of this service", erp)


async def _only(model: str, domain: list[Any], told: str, erp: Odoo) -> int:
    found = await erp.search_read(model, domain, ["id"], limit=2)
    if len(found) != 1:
        raise MappingError(f"{'several' if found else 'no'} records of {model} in Odoo have {told}", "report.service")
    return int(found[0]["id"])


def months(begun: date, ended: date) -> dict[str, Decimal]:
    """The months from day to day, both included, and their share of the days in percent; 100 in all."""
    days: dict[str, int] = {}
    first = begun
    while first <= ended:
        last = min(ended, first.replace(day=monthrange(first.year, first.month)[1]))
        days[f"{first:%Y-%m}"] = (last - first).days + 1
        first = last + timedelta(days=1)
    whole = sum(days.values())
    shares = {month: (_HUNDRED * count / whole).quantize(_SHARE, ROUND_HALF_UP) for month, count in days.items()}
    shares[f"{ended:%Y-%m}"] += _HUNDRED - sum(shares.values())
    return shares


async def _account(sort: str, plan: str, code: str, erp: Odoo) -> int:
    at = await erp.documents.analytics.plan(erp.external_id("plan", "-", sort), plan)
    key = erp.external_id(f"plan-{sort}", "-", code)
    return await erp.documents.analytics.keep(Dimension(key=key, name=code, code=code, plan=at))
