"""Numbers of GS1 with a check digit: GTIN of 8 to 14 digits, GLN and SSCC (General Specifications 3 and 7.9)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from careloom.core.errors import FormatError
from careloom.identity.codes.checkdigit import gs1, only_digits

LENGTHS: Final = (8, 12, 13, 14)


def gtin(text: str) -> str:
    """The number as it is written, without spaces around it. Raises FormatError."""
    return checked(text, LENGTHS, "GTIN")


def as_14(text: str) -> str:
    """The 14 digits under which a database holds it (General Specifications 3.3.2: filled with zeros on the left)."""
    return gtin(text).zfill(14)


def forms(text: str) -> tuple[str, ...]:
    """Every way to write the same GTIN, the shortest first: a scanner gives 13 digits where a catalogue has 12.

    Nothing else than the number itself for what is no GTIN.
    """
    try:
        long = as_14(text)
    except FormatError:
        return (text,)
    return tuple(long[-length:] for length in LENGTHS if not long[:-length].strip("0"))


def gln(text: str) -> str:
    """A Global Location Number: 13 digits."""
    return checked(text, (13,), "GLN")


def sscc(text: str) -> str:
    """A Serial Shipping Container Code: 18 digits."""
    return checked(text, (18,), "SSCC")


def checked(text: str, lengths: Collection[int], place: str) -> str:
    """Digits of one of these lengths whose last one fits the others."""
    text = only_digits(text.strip(), lengths, place)
    if not text.strip("0"):
        raise FormatError("it is all zeros", place)
    if (due := gs1(text[:-1])) != int(text[-1]):
        raise FormatError(f"the check digit is {text[-1]} where {due} belongs", f"{place} digit {len(text)}")
    return text
