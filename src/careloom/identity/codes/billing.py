"""Code lists of claims that are free to use: published by CMS, or set by law; X12's own lists are not ours to ship.

Place of service is CMS's list (Medicare Claims Processing Manual chapter 26 section 10.5); the sets of HIPAA are those
of 45 CFR 162. What a deployment has licensed it loads itself (`careloom inspect --code-lists`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.x12.tables import sets

_PLACES: Final = """
    01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 33 34 41 42 49 50 51 52 53 54
    55 56 57 58 60 61 62 65 66 71 72 81 99"""
PLACES_OF_SERVICE: Final = frozenset(_PLACES.split())
ADJUSTMENT_GROUPS: Final = frozenset({"CO", "CR", "OA", "PI", "PR"})
_REVENUE: Final = re.compile(r"0[0-9]{3}|[1-9][0-9]{3}")
_BILL: Final = re.compile(r"0?[1-8][1-8][0-9A-Z]")
_LETTERS: Final = "ACDEFGHJKMNPQRTUVWXY"  # all but those that are taken for digits, and none that make words
_MBI: Final = "CAXNAXNAANN"
_SORTS: Final = {"C": "123456789", "N": "0123456789", "A": _LETTERS, "X": _LETTERS + "0123456789"}


def place_of_service(text: str) -> str:
    """Two digits of CMS's list."""
    return _listed(text, PLACES_OF_SERVICE, "place of service", "CMS's list has no such place")


def transaction_set(text: str) -> str:
    """Three digits of an X12 transaction set that Careloom reads."""
    return _listed(text, {one.id for one in sets()}, "transaction set", "Careloom reads no such transaction set")


def adjustment_group(text: str) -> str:
    """Who bears what a payer did not pay: CO, CR, OA, PI or PR (X12 data element 1033)."""
    return _listed(text, ADJUSTMENT_GROUPS, "adjustment group", "it is none of CO, CR, OA, PI and PR")


def revenue_code(text: str) -> str:
    """Four digits; three get the zero before them that a UB-04 leaves out."""
    code = text.strip()
    code = code.zfill(4) if len(code) == 3 else code
    if not _REVENUE.fullmatch(code):
        raise FormatError("it is not three or four digits", "revenue code")
    return code


def bill_type(text: str) -> str:
    """Type of facility, of care and the frequency, with the zero in front."""
    code = text.strip().upper()
    if not _BILL.fullmatch(code):
        raise FormatError("it is not facility (1-8), care (1-8) and frequency, with or without a zero", "type of bill")
    return code.zfill(4)


def mbi(text: str) -> str:
    """A Medicare Beneficiary Identifier by its shape (CMS, "Understanding the MBI"). The errors do not quote it."""
    code = text.strip().upper().replace("-", "")
    if len(code) != len(_MBI):
        raise FormatError(f"{len(code)} characters instead of {len(_MBI)}", "MBI")
    for at, (one, sort) in enumerate(zip(code, _MBI, strict=True), 1):
        if one not in _SORTS[sort]:
            raise FormatError("this character may not stand here", f"MBI character {at}")
    return code


def _listed(text: str, codes: Collection[str], place: str, complaint: str) -> str:
    code = text.strip()
    if code not in codes:
        raise FormatError(complaint, place)
    return code
