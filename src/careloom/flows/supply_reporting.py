"""Supply reporting: a movement of stock becomes a fact that reports may count.

Each movement is looked up in Odoo: its product must be in use and have an internal reference, its places must be in
use, and it must count for a cost centre. That is the one it names, else the one of the place where the goods went, else
the analytic account whose code is the barcode of that place or of the nearest place around it. What is checked is told
as `stock_move.validated`; a value that is bad opens one `unmatched-record`, whose `field` says which.

It only reads and tells: there is nothing to undo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import KnownCode, RecordMatch
from careloom.flows import Flow
from careloom.flows.steps.codes import Asked, alias, as_known, learnt
from careloom.flows.steps.goods import FoundPlace, FoundProduct, cost_centre_of, place_of, product_of
from careloom.flows.stores import Stores
from careloom.identity.crosswalk.codes import Entity
from careloom.identity.crosswalk.imports import STEWARDS
from careloom.model import Identifier, Location, StockAdjusted, StockMove, StockMoved, StockMoveValidated
from careloom.model.catalogue.stock import StockMoveEvent
from careloom.systems.odoo.connector import Odoo
from careloom.workflow.answers import Answer
from careloom.workflow.run import Run

supply_reporting = Flow(
    "supply-reporting",
    owner="supply-chain",
    sla="1d",
    business_owner="director of supply chain",
    latency="real-time",
    bound="5m",
    recovery_time="4h",
    pattern="event",
    system_of_record="Odoo",
    runbook="flow-supply-reporting",
)

_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "product": ("product", "the product is not in use in Odoo under any of its numbers, or has no internal reference"),
    "source": ("place", "the place that the goods came from is not in use in Odoo"),
    "destination": ("place", "the place that the goods went to is not in use in Odoo"),
    "cost_centre": ("cost-centre", "neither the movement nor its place leads to one analytic account in use"),
}
"""What is checked, in this order: the record that a person names instead, and what is said of a bad one."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What people said of bad values: numbers to look for instead, and what is reported as it came."""

    instead: dict[str, str] = {}
    waived: tuple[str, ...] = ()


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The movement as Odoo knows it, and the first value that is bad; `unknown` says so of a code that the crosswalk
    maps others of."""

    move: StockMove
    bad: str | None = None
    unknown: str = ""


def _numbers(event: StockMoveEvent) -> Iterable[str]:
    return (f"StockMove/{one.assigner or '-'}/{one.value}" for one in event.move.identifier)


@supply_reporting.workflow(StockMoved, StockAdjusted, about=_numbers)
async def report(run: Run, event: StockMoveEvent) -> str:
    """Look it up, ask a person about each bad value, tell it; gives what became of it."""
    told = Told()
    system = event.record.system if event.record is not None else None
    day = (event.occurred or run.begun).date()
    checked = await run.step(look_up, event.move, told, system, day)
    while (bad := checked.bad) is not None:
        answer = await _asked_of_a_person(run, checked, bad)
        assert answer is not None, "it waits until somebody decides"
        if answer.given_up or answer.action is Action.RESOLVE:
            return answer.action.value
        if isinstance(answer.data, KnownCode):
            await learnt(run, _product(event.move.item, day), answer.data, answer)
        told = _with(told, bad, answer)
        checked = await run.step(look_up, event.move, told, system, day)
    await run.emit(
        StockMoveValidated(
            trigger=event.trigger,
            occurred=event.occurred,
            facility=event.facility,
            record=event.record,
            move=checked.move,
        )
    )
    return "reported"


async def _asked_of_a_person(run: Run, checked: Checked, bad: str) -> Answer | None:
    if checked.unknown:
        return await run.case("unknown-code", checked.unknown, field=f"move.{bad}", owner=STEWARDS)
    return await run.case("unmatched-record", _FIELDS[bad][1], field=f"move.{bad}")


def _product(numbers: tuple[Identifier, ...], day: date) -> Asked:
    return Asked(field="move.product", entity=Entity.PRODUCT, numbers=numbers, day=day)


def _with(told: Told, field: str, answer: Answer) -> Told:
    """As it was, where the movement is only to be looked up again."""
    if answer.action is Action.WAIVE:
        return msgspec.structs.replace(told, waived=(*told.waived, field))
    if isinstance(answer.data, RecordMatch) and answer.data.record == _FIELDS[field][0]:
        return msgspec.structs.replace(told, instead={**told.instead, field: answer.data.number})
    return told


async def look_up(move: StockMove, told: Told, system: str | None, day: date, erp: Odoo, stores: Stores) -> Checked:
    """The movement by the numbers that Odoo has. `system` is the one that told of it, where it was an Odoo."""
    own = system == erp.system
    numbers, meant = await as_known(Entity.PRODUCT, _asked(told, "product", "SKU") or move.item, day, erp, stores)
    product = await product_of(erp, numbers, own=own)
    if "product" not in told.waived and (product is None or not product.code):
        return Checked(move=move, bad="product", unknown=meant.reason if meant.unknown else "")
    found: dict[str, FoundPlace | None] = {}
    for field in ("source", "destination"):
        place: Location | None = getattr(move, field)
        found[field] = await _place(erp, place, told, field, own=own)
        if found[field] is None and field not in told.waived and not _may_lack(move, field):
            return Checked(move=move, bad=field)
    codes = [
        await alias(Entity.DIMENSION, code, day, erp, stores)
        for code in _codes(move, told, found["destination"] or found["source"])
    ]
    centre = await cost_centre_of(erp, codes)
    if centre is None and "cost_centre" not in told.waived:
        return Checked(move=move, bad="cost_centre")
    return Checked(move=_known(move, told, product, found, centre))


def _may_lack(move: StockMove, field: str) -> bool:
    """A correction has one place only: stock is found in it, or lost from it."""
    other = move.destination if field == "source" else move.source
    return move.reason is not None and getattr(move, field) is None and other is not None


async def _place(erp: Odoo, place: Location | None, told: Told, field: str, *, own: bool) -> FoundPlace | None:
    numbers = _asked(told, field, "WH") or (place.identifier if place is not None else ())
    return await place_of(erp, numbers, own=own)


def _asked(told: Told, field: str, type: str) -> tuple[Identifier, ...]:
    number = told.instead.get(field)
    return (Identifier(value=number, type=type),) if number is not None else ()


def _codes(move: StockMove, told: Told, place: FoundPlace | None) -> Iterable[str]:
    """Where a cost centre is named, that one alone: another in its place would be a wrong fact."""
    places = [one.cost_centre for one in (move.destination, move.source) if one is not None]
    named = next((one for one in (told.instead.get("cost_centre"), move.cost_centre, *places) if one), None)
    if named is not None:
        return (named,)
    return () if place is None else [code for code in (place.barcode, *place.around) if code]


def _known(
    move: StockMove,
    told: Told,
    product: FoundProduct | None,
    found: Mapping[str, FoundPlace | None],
    centre: str | None,
) -> StockMove:
    ends = {field: _named(getattr(move, field), place) for field, place in found.items() if field in told.instead}
    item = move.item
    if product is not None and product.code:
        number = Identifier(value=product.code, type="SKU")
        # The movement's own numbers are of another product where a person named one instead.
        item = (number,) if "product" in told.instead else (number, *(one for one in item if one.type != "SKU"))
    return msgspec.structs.replace(move, item=item, cost_centre=centre, **ends)


def _named(place: Location | None, found: FoundPlace | None) -> Location | None:
    """The place that a person named instead; it may have no barcode, and then goes by its id alone."""
    if found is None:
        return place
    own = Identifier(value=str(found.record_id), type="stock.location", assigner="odoo", use="secondary")
    return Location(identifier=(Identifier(value=found.barcode, type="WH"), own) if found.barcode else (own,))
