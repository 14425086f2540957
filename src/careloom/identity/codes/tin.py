"""Taxpayer numbers of the United States by their shape, and the laboratory's CLIA number.

A nine-digit taxpayer number is an employer's (EIN) or a person's (SSN, ITIN, ATIN): without its hyphens only the
ranges tell, and they overlap. So no error here quotes one.
"""

from __future__ import annotations

import re
from typing import Any, Final

from stdnum.exceptions import InvalidComponent, ValidationError
from stdnum.us import ein, itin, ssn

from careloom.core.errors import FormatError
from careloom.identity.codes.checkdigit import only_digits

_KINDS: Final[dict[str, Any]] = {"EIN": ein, "SSN": ssn, "ITIN": itin}
_PUNCTUATED: Final = {"EIN": re.compile(r"\d{2}-\d{7}", re.ASCII), "SSN": re.compile(r"\d{3}-\d{2}-\d{4}", re.ASCII)}
_ATIN: Final = re.compile(r"9[0-9]{2}-?93-?[0-9]{4}")
_CLIA: Final = re.compile(r"[0-9]{2}D[0-9]{7}")


def ein_number(text: str) -> str:
    """An employer identification number as nine digits: `12-3456789` or without the hyphen, of a campus in use."""
    return _of_kind(text, "EIN")


def tin(text: str) -> str:
    """Nine digits that are an EIN, SSN, ITIN or ATIN by their ranges."""
    text = text.strip()
    if not kinds(text):
        _nine(text, "TIN", ("EIN", "SSN"))
        raise FormatError("it is in no range that the IRS or the SSA gives out", "TIN")
    return text.replace("-", "")


def kinds(text: str) -> tuple[str, ...]:
    """Which of EIN, SSN, ITIN and ATIN it may be; hyphens, where they are, decide."""
    found = []
    for name in _KINDS:
        try:
            _of_kind(text, name)
        except FormatError:
            continue
        found.append(name)
    return (*found, "ATIN") if _ATIN.fullmatch(text.strip()) else tuple(found)


def _of_kind(text: str, name: str) -> str:
    text = text.strip()
    number = _nine(text, name, (name if name in _PUNCTUATED else "SSN",))
    try:
        _KINDS[name].validate(text)
    except InvalidComponent:
        raise FormatError("its first digits are none that are given out", f"{name} prefix") from None
    except ValidationError:
        raise FormatError("its digits are in no range that is given out", name) from None
    return number


def _nine(text: str, place: str, shapes: tuple[str, ...]) -> str:
    if "-" in text and not any(_PUNCTUATED[shape].fullmatch(text) for shape in shapes):
        raise FormatError("the hyphens are not where this number has them", place)
    return only_digits(text.replace("-", ""), (9,), place)


def clia(text: str) -> str:
    """A CLIA number: two digits, `D`, seven digits (42 CFR 493; CMS form 116)."""
    text = text.strip().upper()
    if len(text) != 10:
        raise FormatError(f"{len(text)} characters instead of 10", "CLIA")
    if not _CLIA.fullmatch(text):
        only_digits(text[:2], (2,), "CLIA characters 1 and 2")
        if text[2] != "D":
            raise FormatError("it is not the letter D", "CLIA character 3")
        only_digits(text[3:], (7,), "CLIA characters 4 to 10")
    return text
