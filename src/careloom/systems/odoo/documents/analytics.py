"""Analytic plans and accounts: the dimensions by which finance reads its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import MappingError
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.outcome import reference

PLAN: Final = "account.analytic.plan"
ACCOUNT: Final = "account.analytic.account"

FIELDS: Final[Mapping[str, str]] = {
    "name": "account.analytic.account.name",
    "code": "account.analytic.account.code",
    "plan": "account.analytic.account.plan_id",
    "company": "account.analytic.account.company_id",
    "active": "account.analytic.account.active",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Dimension:
    """A value of one dimension: a department, a facility, a grant. Without `company` all companies use it."""

    key: str
    name: str
    code: str
    plan: int
    company: int | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class HeldDimension:
    """What Odoo holds."""

    record_id: int
    code: str
    name: str
    plan: int | None
    company: int | None


class Analytics:
    """Keeps dimensions, and finds those that may be posted to."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def plan(self, key: str, name: str) -> int:
        """The plan with this key; made when there is none. Plans are few and of the whole database."""
        return (await self._access.upsert(PLAN, key, {"name": name})).record_id

    async def keep(self, dimension: Dimension) -> int:
        """Create or update it; the record of the account. An archived one is out of use and keeps its postings."""
        values: dict[str, Value] = {
            "name": dimension.name,
            "code": dimension.code,
            "plan_id/.id": dimension.plan,
            "company_id/.id": dimension.company,
            "active": dimension.active,
        }
        return (await self._access.upsert(ACCOUNT, dimension.key, values)).record_id

    async def approved(self, company: int | None = None, plan: int | None = None) -> list[HeldDimension]:
        """Those that are in use, by code."""
        domain: list[Any] = [["plan_id", "=", plan]] if plan is not None else []
        domain += [["company_id", "in", [False, company]]] if company is not None else []
        fields = ["code", "name", "plan_id", "company_id"]
        arguments = {"domain": domain, "fields": fields, "order": "code, id"}
        rows = await self._access.call(ACCOUNT, "search_read", arguments, company=company, repeatable=True)
        return [_held(row) for row in rows]

    async def spread(self, shares: Mapping[str, Decimal], company: int | None = None) -> dict[str, Decimal]:
        """A distribution for a line, from codes and percents. Raises MappingError for a code that is not approved or
        stands for several, and when the percents are not 100 for each plan that is used."""
        known = await self.approved(company)
        found = {code: _one(code, [one for one in known if one.code == code]) for code in shares}
        sums: dict[int | None, Decimal] = {}
        for code, share in shares.items():
            plan = found[code].plan
            sums[plan] = sums.get(plan, Decimal(0)) + share
        if any(total != 100 for total in sums.values()):
            raise MappingError("the shares of each analytic plan must sum to 100 percent", "analytic")
        return {str(found[code].record_id): share for code, share in shares.items()}


def _one(code: str, found: Sequence[HeldDimension]) -> HeldDimension:
    if len(found) == 1:
        return found[0]
    told = "is not approved" if not found else "stands for several analytic accounts"
    raise MappingError(f"the analytic code {code} {told}", "analytic")


def _held(row: Mapping[str, Any]) -> HeldDimension:
    code, name = str(row["code"] or ""), str(row["name"])
    return HeldDimension(row["id"], code, name, reference(row["plan_id"]), reference(row["company_id"]))
