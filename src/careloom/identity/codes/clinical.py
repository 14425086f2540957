"""Codes of diagnoses, services and observations by their shape. Whether a code is in force is for a loaded list to say.

Sources: ICD-10-CM Official Guidelines section I.A (3 to 7 characters); ICD-10-PCS (7 characters without I and O); the
HCPCS of CMS, level II; CPT by its shape alone, since its list is licensed; the LOINC Users' Guide on its check digit.
"""

from __future__ import annotations

import re
from typing import Final

from careloom.core.errors import FormatError
from careloom.identity.codes.checkdigit import luhn, only_digits

_CM_REST: Final = re.compile(r"[0-9A-Z]{0,4}")
_PCS: Final = re.compile(r"[0-9A-HJ-NP-Z]{7}")
_CPT: Final = re.compile(r"[0-9]{4}[0-9FTUM]")
_HCPCS: Final = re.compile(r"[A-V][0-9]{4}")
_CDT: Final = re.compile(r"D[0-9]{4}")
_MODIFIER: Final = re.compile(r"[0-9A-Z]{2}")
_POINT_AT: Final = 3


def icd10cm(text: str) -> str:
    """A diagnosis with its point: `S72.001A`. It may be given without."""
    code = text.strip().upper()
    if code.find(".") not in (-1, _POINT_AT) or code.count(".") > 1:
        raise FormatError("the point stands behind the third character, or nowhere", "ICD-10-CM")
    plain = code.replace(".", "")
    if not 3 <= len(plain) <= 7:
        raise FormatError(f"{len(plain)} characters instead of 3 to 7", "ICD-10-CM")
    if not ("A" <= plain[0] <= "Z"):
        raise FormatError("it is no letter", "ICD-10-CM character 1")
    if plain[1] not in "0123456789":
        raise FormatError("it is no digit", "ICD-10-CM character 2")
    if plain[2] not in "0123456789AB":
        raise FormatError("it is neither a digit nor A or B", "ICD-10-CM character 3")
    rest = plain[3:]
    if not _CM_REST.fullmatch(rest) or code.endswith("."):
        raise FormatError("behind the point stand 1 to 4 letters and digits", "ICD-10-CM characters 4 to 7")
    return f"{plain[:3]}.{rest}" if rest else plain


def icd10pcs(text: str) -> str:
    """A procedure: seven letters and digits, without I and O."""
    code = text.strip().upper()
    if not _PCS.fullmatch(code):
        raise FormatError("it is not seven letters and digits without I and O", "ICD-10-PCS")
    return code


def cpt(text: str) -> str:
    """Five digits, or four and F, T, U or M."""
    code = text.strip().upper()
    if not _CPT.fullmatch(code):
        raise FormatError("it is not five digits, or four digits and one of F, T, U and M", "CPT")
    return code


def hcpcs(text: str) -> str:
    """A level II code, a letter A to V and four digits; or one of level I, which is CPT."""
    code = text.strip().upper()
    if not _HCPCS.fullmatch(code) and not _CPT.fullmatch(code):
        raise FormatError("it is neither a letter A to V with four digits nor of the shape of CPT", "HCPCS")
    return code


def cdt(text: str) -> str:
    """A dental procedure: D and four digits."""
    code = text.strip().upper()
    if not _CDT.fullmatch(code):
        raise FormatError("it is not D and four digits", "CDT")
    return code


def modifier(text: str) -> str:
    """A modifier of a procedure: two letters or digits."""
    code = text.strip().upper()
    if not _MODIFIER.fullmatch(code):
        raise FormatError("it is not two letters or digits", "modifier")
    return code


def loinc(text: str) -> str:
    """An observation: 1 to 7 digits, a hyphen, and the check digit over them."""
    code = text.strip()
    number, hyphen, check = code.rpartition("-")
    if not hyphen:
        raise FormatError("there is no hyphen before the check digit", "LOINC")
    only_digits(number, range(1, 8), "LOINC number")
    only_digits(check, (1,), "LOINC check digit")
    if (due := luhn(number)) != int(check):
        raise FormatError(f"it is {check} where {due} belongs", "LOINC check digit")
    return code
