"""Money and quantities, exact; what cannot be carried exactly is no amount."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from careloom.mapping.fhir.elements import Node, text
from careloom.model import Money, Quantity

_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def number(node: Node, name: str = "value") -> Decimal | None:
    """A number, never a float."""
    value = node.get(name)
    if type(value) is int:
        return Decimal(value)
    return value if isinstance(value, Decimal) and value.is_finite() else None


def money(node: Node, currency: str) -> Money | None:
    """An amount; `currency` where it does not say its own. None for one longer than a FHIR decimal."""
    value, said = number(node), text(node, "currency") or currency
    if value is None or not _CURRENCY.fullmatch(said):
        return None
    try:
        return Money(value=value, currency=said)
    except ValueError:
        return None


def quantity(node: Node) -> Quantity | None:
    """How much; its unit as code, else as text."""
    value = number(node)
    if value is None or "comparator" in node:
        return None
    try:
        return Quantity(value=value, unit=text(node, "code") or text(node, "unit"))
    except ValueError:
        return None
