"""Exact numbers: money and quantities. These two are the only places of the model where a Decimal stands.

An amount is written as a JSON string with the digits that it was given: `12.50` stays `12.50`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

from msgspec import Meta, structs

from careloom.model.datatypes import Element, Text

_DIGITS, _PLACES = 18, 17

Exact: TypeAlias = Annotated[
    Decimal,
    Meta(
        description="An exact decimal number of at most 18 digits before and 17 after the point (FHIR decimal).",
        extra_json_schema={"pattern": r"^-?(0|[1-9]\d{0,17})(\.\d{1,17})?([eE]-?\d{1,2})?$"},
    ),
]
Currency: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="A currency of ISO 4217.")]


class Number(Element, frozen=True, kw_only=True):
    """An exact number. Raises ValueError for one that is not finite, or longer than a FHIR decimal may be."""

    value: Exact

    def __post_init__(self) -> None:
        text = str(self.value)
        if len(text) > _DIGITS or "E" in text or not self.value.is_finite():  # few are: the rest need no closer look
            structs.force_setattr(self, "value", _settled(self.value))


def _settled(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or value.adjusted() >= _DIGITS or exponent < -_PLACES:
        raise ValueError("Expected `decimal` of at most 18 digits before and 17 after the point")
    # 1E+2, as X12 may write it, would be the same amount in other bytes.
    return Decimal(format(value, "f")) if exponent > 0 else value


class Money(Number, frozen=True, kw_only=True):
    """An amount of a currency. The sign is that of the field's meaning: a refund of 5.00 has the value 5.00."""

    currency: Currency


class Quantity(Number, frozen=True, kw_only=True):
    """How much of something. `unit` is the sender's code: UCUM, X12's units of measurement, or `%` for a share."""

    unit: Text | None = None
