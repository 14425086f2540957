"""Lines of purchase and sale orders: their columns, and what Odoo made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

from careloom.core.errors import MappingError
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.amounts import exact, same_number
from careloom.systems.odoo.documents.outcome import Difference, compared, money, reference
from careloom.systems.odoo.documents.series import field_name

_CENT = Decimal("0.01")


class Line(Protocol):
    """What lines of both sorts have. `unit` None is the product's, `text` empty is the product's name."""

    @property
    def product(self) -> int: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def unit(self) -> int | None: ...
    @property
    def taxes(self) -> Sequence[int]: ...
    @property
    def text(self) -> str: ...
    @property
    def discount(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line as Odoo holds it; `done` is what was received or delivered of it."""

    record_id: int
    product: int | None
    quantity: Decimal
    done: Decimal
    unit: int | None
    price: Decimal
    discount: Decimal
    taxes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """The fields of a model of lines in one series."""

    model: str
    quantity: str
    done: str
    unit: str
    taxes: str

    @property
    def read(self) -> list[str]:
        return ["product_id", self.quantity, self.done, self.unit, "price_unit", "discount", self.taxes]


def names(model: str, quantity: str, done: str, major: int) -> Names:
    """The names for this series."""
    unit, taxes = (field_name(model, name, major) for name in ("product_uom_id", "tax_ids"))
    return Names(model, quantity, done, unit, taxes)


async def columns(access: Access, fields: Names, lines: Sequence[Line]) -> list[dict[str, Value]]:
    """The columns of each line, all the same; what a line leaves to the product is read from it."""
    if not lines:
        raise MappingError("an order needs lines", "order_line")
    known = await _products(access, [line.product for line in lines if line.unit is None or not line.text])
    return [
        {
            "product_id/.id": line.product,
            "name": line.text or _product(known, line.product)["display_name"],
            fields.quantity: line.quantity,
            f"{fields.unit}/.id": line.unit or reference(_product(known, line.product)["uom_id"]),
            "price_unit": line.price,
            "discount": line.discount,
            f"{fields.taxes}/.id": list(line.taxes),
        }
        for line in lines
    ]


async def _products(access: Access, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    rows = await access.records.read("product.product", sorted(set(ids)), ["display_name", "uom_id"])
    return {row["id"]: row for row in rows}


def _product(known: Mapping[int, Mapping[str, Any]], product: int) -> Mapping[str, Any]:
    if product not in known:
        raise MappingError(f"product.product/{product} does not exist", "product_id")
    return known[product]


async def held_lines(access: Access, fields: Names, ids: Sequence[int], company: int | None) -> tuple[HeldLine, ...]:
    """The lines with a product, in the order in which they were made."""
    rows = await access.call(
        fields.model, "read", {"fields": fields.read}, ids=sorted(ids), company=company, repeatable=True
    )
    return tuple(_held(fields, row) for row in rows if row["product_id"])


def _held(fields: Names, row: Mapping[str, Any]) -> HeldLine:
    return HeldLine(
        record_id=row["id"],
        product=reference(row["product_id"]),
        quantity=exact(row[fields.quantity]),
        done=exact(row[fields.done]),
        unit=reference(row[fields.unit]),
        price=exact(row["price_unit"]),
        discount=exact(row["discount"]),
        taxes=tuple(sorted(row[fields.taxes])),
    )


def line_differences(asked: Sequence[Line], held: Sequence[HeldLine], fields: Names) -> Iterable[Difference]:
    """What Odoo did otherwise, line by line, and in number."""
    yield from compared("lines", "order_line", len(asked), len(held), "lines were added or removed")
    for line, found in _paired(asked, held):
        yield from same_number("quantity", fields.quantity, line.quantity, found.quantity, "rounded by its unit?")
        yield from same_number("price", "price_unit", line.price, found.price, "rounded, or from a price list?")
        yield from same_number("discount", "discount", line.discount, found.discount)
        yield from compared("unit", fields.unit, line.unit, found.unit)
        taxes = ",".join(map(str, sorted(line.taxes)))
        yield from compared("tax-added", fields.taxes, taxes, ",".join(map(str, found.taxes)))


def _paired(asked: Sequence[Line], held: Sequence[HeldLine]) -> Iterable[tuple[Line, HeldLine]]:
    """Each line with the one that is most like it: lines that came later stand elsewhere than they were asked."""
    free = list(held)
    for line in asked:
        found = max(free, key=lambda one: _likeness(line, one), default=None)
        if found is None or found.product != line.product:
            continue
        free.remove(found)
        yield line, found


def _likeness(line: Line, held: HeldLine) -> tuple[bool, bool, bool]:
    return held.product == line.product, held.quantity == exact(line.quantity), held.price == exact(line.price)


def total_differences(asked: Sequence[Line], held: Mapping[str, Any]) -> Iterable[Difference]:
    """Whether the sum before taxes is that of the lines, each rounded to the cent."""
    total = sum((_net(line) for line in asked), Decimal(0))
    yield from compared("total", "amount_untaxed", money(total), money(held["amount_untaxed"]))
    if not any(line.taxes for line in asked):
        yield from compared("tax-added", "amount_tax", money(0), money(held["amount_tax"]))


def _net(line: Line) -> Decimal:
    full = line.quantity * line.price
    return (full * (100 - line.discount) / 100).quantize(_CENT, ROUND_HALF_UP)
