"""Amounts as Odoo keeps them: floats, rounded half away from zero to the cent."""

from __future__ import annotations

import math

_NUDGE = 2.0**-50
"""What a value just under a half is short of it, relative to its size: 1.005 is stored as 1.00499999999999989."""


def rounded(amount: float, places: int = 2) -> float:
    """`amount` to `places` digits; a half goes away from zero, and zero has no sign."""
    scale = 10.0**places
    scaled = abs(amount) * scale
    whole = math.floor(scaled * (1.0 + _NUDGE) + 0.5)
    return math.copysign(whole / scale, amount) if whole else 0.0


def is_zero(amount: float) -> bool:
    """Whether `amount` is less than half a cent."""
    return rounded(amount) == 0.0
