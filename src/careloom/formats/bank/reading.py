"""Which bank format some bytes are, and their statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from careloom.core.errors import FormatError
from careloom.formats.bank import bai2, camt, mt940, ofx
from careloom.formats.bank.statement import BankFile

StatementSource: TypeAlias = Literal["camt", "mt940", "ofx", "bai2"]
_HEAD: Final = 4_096
_CAMT: Final = re.compile(rb"camt\.05[234]\.|<(?:\w{1,16}:)?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)\b")
_OFX: Final = re.compile(rb"\s*OFXHEADER\s*:|<\?OFX\b|\s*<OFX>", re.IGNORECASE)
_MT940: Final = re.compile(rb"(?:[^{:<]{0,200}(?:[\r\n]\s*)?)?(?:\{1:[A-Z0-9]{3}[^}]{0,60}\}|:20:)")
_MT940_TAG: Final = re.compile(rb"[\r\n]:(?:25P?|28C?|60[FM]|34F|13D):")
_BAI2: Final = re.compile(rb"\s*01,[^\r\n]{0,200}?(?:/[ ]{0,80})?[\r\n]{1,2}\s{0,9}(?:02|88),")
_PARSERS: Final[Mapping[StatementSource, Callable[[bytes], BankFile]]] = {
    "camt": camt.parse,
    "mt940": mt940.parse,
    "ofx": ofx.parse,
    "bai2": bai2.parse,
}


def format_of(data: bytes) -> StatementSource | None:
    """Which format these bytes mean to be, told by their beginning; None when none of these."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    if _OFX.match(head) or (head.lstrip().startswith(b"<?xml") and _OFX.search(head)):
        return "ofx"
    if head.lstrip().startswith(b"<") and _CAMT.search(head):
        return "camt"
    if _MT940.match(head) and _MT940_TAG.search(head):
        return "mt940"
    return "bai2" if _BAI2.match(head) else None


def parse(data: bytes) -> BankFile:
    """The statements of a file of any of the formats. FormatError when it is none, or cannot be read."""
    form = format_of(data)
    if form is None:
        raise FormatError("no camt.053, MT940, OFX or BAI2 statement; check what the bank sends", "file")
    return _PARSERS[form](data)
