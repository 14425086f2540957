"""National Drug Codes (21 CFR 207.33): labeller, product and package in 10 digits, and the 11 of HIPAA (5-4-2).

With its hyphens a code of 10 digits becomes one of 11 by a zero in the part that is short. Without them the parts are
not told apart: 4-4-2, 5-3-2 and 5-4-1 give three different codes, so none is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from careloom.core.errors import FormatError
from careloom.identity.codes.checkdigit import only_digits

SHAPES: Final = ((4, 4, 2), (5, 3, 2), (5, 4, 1))
BILLED: Final = (5, 4, 2)
_PARTS: Final = re.compile(r"([0-9]{4,5})-([0-9]{3,4})-([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Ndc:
    """A code. `eleven` is empty where the hyphens that tell its parts are missing; `shape` is `4-4-2` and so on, or
    the number of digits."""

    written: str
    eleven: str
    shape: str

    @property
    def ten(self) -> tuple[str, ...]:
        """Every code of 10 digits that it may be, with hyphens: one, or several for 11 digits with several zeros."""
        if not self.eleven:
            return ()
        labeller, product, package = self.eleven[:5], self.eleven[5:9], self.eleven[9:]
        found = []
        for shape in SHAPES:
            parts = [part[-size:] for part, size in zip((labeller, product, package), shape, strict=True)]
            if [part.zfill(size) for part, size in zip(parts, BILLED, strict=True)] == [labeller, product, package]:
                found.append("-".join(parts))
        return (self.written,) if self.written in found else tuple(found)


def ndc(text: str) -> Ndc:
    """A code of 10 or 11 digits, with hyphens or without. Raises FormatError."""
    text = text.strip()
    if "-" not in text:
        digits = only_digits(text, (10, 11), "NDC")
        return Ndc(text, digits if len(digits) == 11 else "", str(len(digits)))
    found = _PARTS.fullmatch(text)
    sizes = () if found is None else tuple(len(part) for part in found.groups())
    if found is None or sizes not in (*SHAPES, BILLED):
        raise FormatError("the parts are none of 4-4-2, 5-3-2, 5-4-1 and 5-4-2 digits", "NDC parts")
    eleven = "".join(part.zfill(size) for part, size in zip(found.groups(), BILLED, strict=True))
    return Ndc(text, eleven, "-".join(map(str, sizes)))


def eleven(text: str) -> str:
    """The 11 digits of a claim. Raises FormatError where they are not to be told from the code."""
    found = ndc(text)
    if not found.eleven:
        raise FormatError("10 digits without hyphens may be three codes: write the hyphens, or 11 digits", "NDC parts")
    return found.eleven
