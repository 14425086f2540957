"""Messages of our own, from an empty header on."""

from __future__ import annotations

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.charsets import codec_named
from careloom.formats.hl7v2.message import Message, parse
from careloom.formats.hl7v2.separators import Separators

_BETWEEN_2_AND_18 = 16


def create(separators: Separators | None = None, charset: str = "") -> Message:
    """A message of one MSH segment to `set` values in; `charset` is an MSH-18 name, `""` leaves it undeclared (UTF-8).

    FormatError when the character set is not known, or is UTF-16, which few receivers read.
    """
    chosen = separators or Separators()
    opening = f"MSH{chosen.field}{chosen.encoding_characters}"
    if codec_named(charset) == "utf-16":
        raise FormatError("UTF-16 is read, not written; choose UNICODE UTF-8", "MSH-18")
    declared = f"{chosen.field * _BETWEEN_2_AND_18}{charset}" if charset else ""
    return parse(f"{opening}{declared}\r".encode("ascii"))
