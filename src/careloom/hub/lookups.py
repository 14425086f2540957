"""The direct look-ups of a deployment: which system is asked what, and how its answer reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol, runtime_checkable

from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.gateway.lookup import Found, LookupResult, NotFound, Run
from careloom.gateway.lookup_shapes import SHAPES, Shape
from careloom.gateway.lookups import Lookups
from careloom.hub.configuration import ApiSection, LookupSection
from careloom.systems.odoo.connector import Odoo

_BY_NAME: Final[Mapping[str, Shape]] = {shape.name: shape for shape in SHAPES}


@runtime_checkable
class Answers(Protocol):
    """A connector that answers look-ups by itself: a payer, a FHIR server."""

    @property
    def answers(self) -> Collection[str]:
        """The shapes that it answers, as it is set up."""

    async def look_up(self, shape: str, parameters: Any, budget_seconds: float) -> Mapping[str, Any] | None:
        """The answer in the shape's words, None when there is none. `parameters` is an instance of the shape's model.

        Raises ConfigurationError for another shape.
        """


def make_lookups(api: ApiSection, systems: Mapping[str, object], clock: Clock) -> Lookups:
    """All of the settings. Raises ConfigurationError for a system that cannot answer."""
    return Lookups([_lookup(name, one, systems) for name, one in api.lookups.items()], clock)


def _lookup(name: str, section: LookupSection, systems: Mapping[str, object]) -> Any:
    shape = _BY_NAME[section.shape]
    return shape.lookup(
        _run(name, section, systems.get(section.system)),
        owner=section.owner,
        systems=(section.system,),
        reason=section.reason,
        budget_seconds=section.budget_seconds,
        timeout_seconds=section.timeout_seconds,
        cache_seconds=section.cache_seconds,
        invalidated_by=frozenset(section.invalidated_by),
    )


def _run(name: str, section: LookupSection, system: object) -> Run:
    if isinstance(system, Odoo) and section.shape in _ODOO:
        ask, asked = _ODOO[section.shape], system
        return _running(section.system, lambda parameters, _: ask(asked, parameters))
    if isinstance(system, Answers) and section.shape in system.answers:
        answering = system
        return _running(section.system, lambda parameters, budget: answering.look_up(section.shape, parameters, budget))
    told = "the page of its kind says what it answers, and which settings that takes"
    raise ConfigurationError(
        f"api.lookups.{name}.system: {section.system} cannot answer {section.shape} look-ups; {told}"
    )


def _running(system: str, ask: Callable[[Any, float], Any]) -> Run:
    async def run(parameters: Any, budget_seconds: float) -> LookupResult:
        answer = await ask(parameters, budget_seconds)
        return NotFound() if answer is None else Found(answer, frozenset({system}))

    return run


async def _patient(erp: Odoo, asked: Any) -> Mapping[str, Any] | None:
    if asked.assigner is None:
        domain = [["ref", "=", asked.identifier]]
        found = await erp.search_read("res.partner", domain, ["name", "active"], limit=2, archived=True)
        rows = found if len(found) == 1 else []
    else:
        reference = await erp.find(erp.external_id("patient", asked.assigner, asked.identifier))
        rows = await erp.read("res.partner", [reference.record_id], ["name", "active"]) if reference else []
    if not rows:
        return None
    [row] = rows
    record = f"res.partner/{row['id']}"
    return {"identifier": asked.identifier, "name": row["name"], "active": row["active"], "record": record}


async def _supplier(erp: Odoo, asked: Any) -> Mapping[str, Any] | None:
    domain = [["ref", "=", asked.supplier], ["is_company", "=", True]]
    row = _one(await erp.search_read("res.partner", domain, ["name", "active"], limit=2, archived=True))
    return row and {"supplier": asked.supplier, "name": row["name"], "active": row["active"]}


async def _invoice(erp: Odoo, asked: Any) -> Mapping[str, Any] | None:
    domain = [["name", "=", asked.invoice], ["move_type", "in", ["out_invoice", "out_refund"]]]
    fields = ["state", "payment_state", "amount_total", "amount_residual", "currency_id"]
    row = _one(await erp.search_read("account.move", domain, fields, limit=2))
    return row and {
        "invoice": asked.invoice,
        "state": row["state"],
        "payment": row["payment_state"],
        "total": f"{row['amount_total']:.2f}",
        "due": f"{row['amount_residual']:.2f}",
        "currency": row["currency_id"][1],
    }


async def _stock(erp: Odoo, asked: Any) -> Mapping[str, Any] | None:
    product = _one(
        await erp.search_read("product.product", [["default_code", "=", asked.product]], ["uom_id"], limit=2)
    )
    if product is None:
        return None
    domain: list[Any] = [["product_id", "=", product["id"]], ["location_id.usage", "=", "internal"]]
    if asked.location is not None:
        domain.append(["location_id.barcode", "=", asked.location])
    quants = await erp.search_read("stock.quant", domain, ["quantity", "reserved_quantity"])
    on_hand = sum(one["quantity"] for one in quants)
    available = on_hand - sum(one["reserved_quantity"] for one in quants)
    return {"product": asked.product, "on_hand": on_hand, "available": available, "unit": product["uom_id"][1]}


def _one(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The row; none when what was asked for is not there, or is not the only one."""
    return rows[0] if len(rows) == 1 else None


_ODOO: Final[Mapping[str, Callable[[Odoo, Any], Any]]] = {
    "patient": _patient,
    "supplier": _supplier,
    "invoice-status": _invoice,
    "stock": _stock,
}
