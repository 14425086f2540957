"""Telephone numbers, e-mail addresses and national numbers in one form, and none that is nobody's."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from careloom.identity.matching import placeholders

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_NORTH_AMERICA = frozenset({"US", "CA"})
_NO_DIGITS = re.compile(r"\D+")


def phone_of(text: str, region: str = "US") -> str | None:
    """E.164 (`+15095550101`); None for what rings nowhere. `region` is whose numbers come without a country code."""
    digits = _NO_DIGITS.sub("", text)
    if not 6 <= len(digits) <= 20 or _idle(digits[-10:]):
        return None
    if region in _NORTH_AMERICA and "+" not in text and len(digits) in (10, 11):
        # The usual case by hand: the library takes thirty times as long to say the same.
        national = digits[-10:]
        if len(digits) == 10 or digits[0] == "1":
            return f"+1{national}" if national[0] > "1" and national[3] > "1" else None
    return _parsed(text, region)


@lru_cache(maxsize=65_536)
def _parsed(text: str, region: str) -> str | None:
    try:
        found = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(found):
        return None
    return f"+{found.country_code}{phonenumbers.national_significant_number(found)}"


def email_of(text: str) -> str | None:
    """In lower case, without a tag behind `+`; None for what is no address or nobody's."""
    lower = text.strip().lower().removeprefix("mailto:")
    if not _EMAIL.fullmatch(lower) or lower in placeholders.EMAILS:
        return None
    local, _, domain = lower.partition("@")
    local = local.partition("+")[0]
    return None if not local or local in placeholders.EMAILS else f"{local}@{domain}"


def national_of(text: str) -> str | None:
    """Letters and digits alone; the last four where no more is given; None for runs of keys and the like."""
    bare = "".join(one for one in text.lower() if one.isalnum())
    if len(bare) < 4 or _idle(bare) or bare in placeholders.NUMBERS:
        return None
    # 000, 666 and 900 to 999 are the area of no social security number; 9xx are tax numbers of persons, which are.
    return None if len(bare) == 9 and bare.isdigit() and bare[:3] in ("000", "666") else bare


def _idle(digits: str) -> bool:
    return len(set(digits)) == 1 or digits in placeholders.PHONES
