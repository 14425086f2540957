"""What was done: the composite that names a procedure, and the amounts that were taken off a charge (CAS)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, cast

import msgspec

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop
from careloom.mapping.x12.codes import procedure_coding
from careloom.mapping.x12.source import Row, Source, number_of
from careloom.model import Adjustment, CodeableConcept, Quantity

_GROUPS = ("CO", "CR", "OA", "PI", "PR")
Group = Literal["CO", "CR", "OA", "PI", "PR"]


class Procedure(msgspec.Struct, frozen=True):
    """A code with the modifiers that change its price, and how the sender calls it."""

    concept: CodeableConcept
    modifier: tuple[str, ...] = ()
    description: str | None = None


def procedure(components: list[str | None]) -> Procedure | None:
    """The composite C003: qualifier, code, four modifiers, description. None without a code."""
    padded = [*components, *[None] * 8]
    if not padded[1]:
        return None
    return Procedure(
        concept=CodeableConcept(coding=(procedure_coding(padded[0], padded[1]),)),
        modifier=tuple([one for one in padded[2:6] if one]),
        description=padded[6],
    )


def adjustments(source: Source, loop: Loop) -> tuple[Adjustment, ...]:
    """All CAS of a loop: up to six triples of reason, amount, quantity each.

    Raises MappingError for an amount that is none or a group that there is not: the sums would be wrong without it.
    """
    return tuple([one for cas in source.rows(loop, "CAS") for one in _adjustments(cas)])


def _adjustments(cas: Row) -> list[Adjustment]:
    found = []
    group = cas.text(1)
    for element in range(2, 19, 3):
        reason, amount = cas.text(element), cas.text(element + 1)
        if reason is None and (amount is None or number_of(amount) == 0):
            continue
        if group not in _GROUPS:
            raise MappingError("no adjustment group that we know; the sender must correct it", cas.place(1))
        found.append(
            Adjustment(
                group=cast(Group, group),
                reason=cas.need(element, "the reason of an adjustment"),
                amount=cas.need_money(element + 1, "the amount of an adjustment"),
                quantity=_quantity(cas, element + 2),
            )
        )
    return found


def _quantity(cas: Row, element: int) -> Quantity | None:
    found = cas.quantity(element)
    return found if found is not None and found.value != Decimal(0) else None
