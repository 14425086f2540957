"""Check digits of identifiers that stand in tables."""

from __future__ import annotations

from typing import Final

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
# What the issuer prefix 80840 adds to the Luhn sum of the ten digits (45 CFR 162.406: ISO standard check digit).
_NPI_PREFIX_SUM: Final = 24


def is_npi(text: str) -> bool:
    """Whether a text is a National Provider Identifier: ten digits, the first 1 or 2, Luhn over 80840 and them."""
    return _digits(text) and len(text) == 10 and text[0] in "12" and (_NPI_PREFIX_SUM + _luhn(text)) % 10 == 0


def is_gtin(text: str) -> bool:
    """Whether a text is a GTIN-8, -12, -13 or -14 (GS1 General Specifications 7.9: weights 3 and 1 from the right)."""
    if not _digits(text) or len(text) not in _GTIN_LENGTHS:
        return False
    return (sum(map(int, text[-1::-2])) + 3 * sum(map(int, text[-2::-2]))) % 10 == 0


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _luhn(text: str) -> int:
    digits = [int(digit) for digit in reversed(text)]
    return sum(digits[0::2]) + sum(_DOUBLED[digit] for digit in digits[1::2])
