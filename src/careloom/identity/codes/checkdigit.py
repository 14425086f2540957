"""Check digits, and digits where only digits may be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from careloom.core.errors import FormatError

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> int:
    """The check digit that belongs behind these digits (ISO/IEC 7812-1 annex B; "Mod 10" of NPI and LOINC)."""
    total = sum(_DOUBLED[int(one)] if at % 2 == 0 else int(one) for at, one in enumerate(reversed(digits)))
    return -total % 10


def gs1(digits: str) -> int:
    """The check digit behind these digits (GS1 General Specifications 7.9.1): weights 3 and 1 from the right."""
    total = sum(int(one) * (3 if at % 2 == 0 else 1) for at, one in enumerate(reversed(digits)))
    return -total % 10


def only_digits(text: str, lengths: Collection[int], place: str) -> str:
    """The text, when it is digits 0-9 alone and so many of them. Raises FormatError, which never quotes it."""
    at = next((at for at, one in enumerate(text, 1) if one not in "0123456789"), None)
    if at is not None:
        raise FormatError(f"character {at} is no digit", place)
    if len(text) not in lengths:
        allowed = " or ".join(str(length) for length in sorted(lengths))
        raise FormatError(f"{len(text)} digits instead of {allowed}", place)
    return text
