"""Quantities and prices as exact numbers: Odoo speaks of them in floats."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from careloom.systems.odoo.documents.outcome import Difference, compared


def exact(value: object) -> Decimal:
    """A number without trailing zeros; Odoo's empty value is 0. 12.50 and the float 12.5 are the same."""
    number = Decimal(repr(value) if isinstance(value, float) else str(value or 0)).normalize()
    return Decimal(format(number, "f"))


def same_number(code: str, field: str, asked: object, held: Any, advice: str = "") -> Iterable[Difference]:
    """A difference where two numbers are not equal."""
    return compared(code, field, exact(asked), exact(held), advice)
