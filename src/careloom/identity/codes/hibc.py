"""HIBC labels (ANSI/HIBC 2.6): a primary `+A123PART1C` and a secondary part, alone or joined by `/`.

    +A999ABC1234 1 C              labeller (4), product (1 to 18), unit of measure (1), check character
    +$$3 270531 LOT7 S ..         `$` lot; `$$` expiry, then lot; `$$+` the same with a serial number; `$+` serial
    +A999ABC12341/$$3270531LOT7C  both in one; one check character over all

The check character is the sum of the values of all characters before it, modulo 43.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from careloom.core.errors import FormatError
from careloom.identity.codes.gs1_dates import day_of, year_of

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
_PRIMARY: Final = re.compile(r"([A-Z][A-Z0-9]{3})([A-Z0-9]{1,18})([0-9])")
_QUANTITY: Final = {"8": 2, "9": 5}
_DATED: Final = {"2": 6, "3": 6, "4": 8, "5": 5, "6": 7}
_SUPPLEMENTS: Final = ("14D", "16D", "S")
LONGEST: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Hibc:
    """What a label says. `device` is labeller, product and unit together: the device identifier of a UDI."""

    labeller: str = ""
    product: str = ""
    unit: str = ""
    lot: str = ""
    serial: str = ""
    expiry: date | None = None
    made: date | None = None
    quantity: int | None = None

    @property
    def device(self) -> str:
        return f"{self.labeller}{self.product}{self.unit}"


def check_character(text: str) -> str:
    """The one that belongs behind this. Raises FormatError for a character that HIBC has not."""
    for at, one in enumerate(text, 1):
        if one not in _ALPHABET:
            raise FormatError("HIBC has no such character", f"HIBC character {at}")
    return _ALPHABET[sum(_ALPHABET.index(one) for one in text) % 43]


def hibc(text: str) -> Hibc:
    """A primary label, or a primary and a secondary in one. Raises FormatError that says which part is wrong."""
    primary, _, rest = _body(text)[1:].partition("/")
    found = _PRIMARY.fullmatch(primary)
    if found is None:
        raise FormatError("it is not a labeller of 4, a product of 1 to 18 and a unit of 1 digit", "HIBC primary")
    facts = _secondary(rest) if rest else Hibc()
    return Hibc(
        labeller=found[1],
        product=found[2],
        unit=found[3],
        lot=facts.lot,
        serial=facts.serial,
        expiry=facts.expiry,
        made=facts.made,
        quantity=facts.quantity,
    )


def _body(text: str) -> str:
    """The label without its check character, which may be a blank."""
    text = text.lstrip().strip("\r\n\t*").upper()
    if len(text) > LONGEST:
        raise FormatError(f"{len(text)} characters, more than {LONGEST}", "HIBC")
    if not text.startswith("+"):
        raise FormatError("it does not begin with +", "HIBC character 1")
    short = text.rstrip(" ")
    if short != text and check_character(short) == " ":
        return short
    if (due := check_character(short[:-1])) != short[-1]:
        raise FormatError(f"the check character is not {due}", f"HIBC character {len(short)}")
    return short[:-1]


def _secondary(text: str) -> Hibc:
    first, *more = text.split("/")
    supplements = {mark: one.removeprefix(mark) for one in more for mark in _SUPPLEMENTS if one.startswith(mark)}
    quantity, expiry, rest, serial = _first(first)
    serial_or_lot = {"serial" if serial else "lot": rest}
    if "S" in supplements:
        serial_or_lot["serial"] = supplements["S"]
    if "14D" in supplements:
        expiry = _long_day(supplements["14D"], "HIBC expiry")
    made = _long_day(supplements["16D"], "HIBC date of manufacture") if "16D" in supplements else None
    for name, value in serial_or_lot.items():
        if len(value) > 18:
            raise FormatError(f"{len(value)} characters, more than 18", f"HIBC {name}")
    return Hibc(expiry=expiry, made=made, quantity=quantity, **serial_or_lot)


def _first(text: str) -> tuple[int | None, date | None, str, bool]:
    """Quantity, expiry, the rest, and whether the rest is a serial number."""
    if text.startswith("$$"):
        rest = text[2:]
        serial = rest.startswith("+")
        quantity, rest = _quantity(rest.removeprefix("+"))
        expiry, rest = _expiry(rest)
        return quantity, expiry, rest, serial
    if text.startswith("$"):
        return None, None, text[1:].removeprefix("+"), text.startswith("$+")
    if text[:5].isdigit() and len(text) >= 5:
        return None, _julian(text[:5]), text[5:], False
    raise FormatError("it begins with none of $, $$ and five digits", "HIBC secondary")


def _quantity(text: str) -> tuple[int | None, str]:
    size = _QUANTITY.get(text[:1])
    if size is None:
        return None, text
    if not text[1 : 1 + size].isdigit() or len(text) < 1 + size:
        raise FormatError(f"it is not {size} digits", "HIBC quantity")
    return int(text[1 : 1 + size]), text[1 + size :]


def _expiry(text: str) -> tuple[date | None, str]:
    """By its first digit: 0 or 1 MMYY, 2 MMDDYY, 3 YYMMDD, 4 YYMMDDHH, 5 YYJJJ, 6 YYJJJHH, 7 none."""
    mark = text[:1]
    if mark == "7":
        return None, text[1:]
    size, begin = (4, 0) if mark in ("0", "1") else (_DATED.get(mark, 0), 1)
    digits = text[begin : begin + size]
    if not size or len(digits) < size or not digits.isdigit():
        raise FormatError("here is no date that its first digit allows", "HIBC expiry")
    return _day(mark, digits), text[begin + size :]


def _day(mark: str, digits: str) -> date:
    place = "HIBC expiry"
    if mark in ("0", "1"):
        return day_of(f"{digits[2:]}{digits[:2]}00", place)
    if mark == "2":
        return day_of(f"{digits[4:]}{digits[:4]}", place)
    return _julian(digits[:5]) if mark in ("5", "6") else day_of(digits[:6], place)


def _julian(digits: str) -> date:
    year, day = year_of(int(digits[:2])), int(digits[2:])
    if not 1 <= day <= 365 + (monthrange(year, 2)[1] == 29):
        raise FormatError("the year has no such day", "HIBC expiry")
    return date(year, 1, 1) + timedelta(days=day - 1)


def _long_day(digits: str, place: str) -> date:
    if len(digits) != 8 or not digits.isdigit():
        raise FormatError("it is not 8 digits, YYYYMMDD", place)
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise FormatError("there is no such day", place) from None
