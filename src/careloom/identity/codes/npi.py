"""The National Provider Identifier (45 CFR 162.406): ten digits, the last one a check digit over 80840 and the rest."""

from __future__ import annotations

from typing import Final

from careloom.core.errors import FormatError
from careloom.identity.codes.checkdigit import luhn, only_digits

_ISSUER: Final = "80840"


def npi(text: str) -> str:
    """The ten digits. The errors do not quote it: it is the number of a person as often as of an organisation."""
    text = text.strip()
    if len(text) == 15 and text.startswith(_ISSUER):
        text = text.removeprefix(_ISSUER)
    only_digits(text, (10,), "NPI")
    if text[0] not in "12":
        raise FormatError("it begins with another digit than 1 or 2", "NPI digit 1")
    if luhn(_ISSUER + text[:9]) != int(text[9]):
        raise FormatError("the check digit does not fit the nine before it", "NPI digit 10")
    return text
