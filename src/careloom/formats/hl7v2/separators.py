"""The separators a message declares for itself in MSH-1 and MSH-2 (HL7 v2.5.1 chapter 2.5.4, v2.8 chapter 2.5.5)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from careloom.core.errors import FormatError

FRAME: Final = "\r\n\x0b\x1c"


class Separators(NamedTuple):
    """One character each; `""` where the sender declares fewer than four, `None` without a truncation character."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str | None = None

    @property
    def encoding_characters(self) -> str:
        """MSH-2 as it stands on the wire."""
        return f"{self.component}{self.repetition}{self.escape}{self.subcomponent}{self.truncation or ''}"


@lru_cache(maxsize=256)
def read_separators(field: str, encoding: str) -> Separators:
    """The separators of MSH-1 and MSH-2. FormatError at `MSH-1` or `MSH-2` when they cannot be told apart or used."""
    if not _usable(field):
        raise FormatError("not a usable field separator: one ASCII character, no letter, digit or blank", "MSH-1")
    if not 1 <= len(encoding) <= 5:
        raise FormatError("must hold one to five encoding characters, usually four", "MSH-2")
    if not all(map(_usable, encoding)):
        raise FormatError("encoding characters must be ASCII and no letter, digit or blank", "MSH-2")
    if len({field, *encoding}) <= len(encoding):
        raise FormatError("the same character stands for two separators", "MSH-2")
    component, repetition, escape, subcomponent, truncation = (*encoding, *[""] * (5 - len(encoding)))
    return Separators(field, component, repetition, escape, subcomponent, truncation or None)


def _usable(character: str) -> bool:
    return (
        len(character) == 1
        and character.isascii()
        and not character.isalnum()
        and not character.isspace()
        and character not in FRAME
    )
