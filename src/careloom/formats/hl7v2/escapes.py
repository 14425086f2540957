"""Escape sequences both ways (HL7 v2.5.1 chapter 2.7, v2.8 chapter 2.7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.separators import Separators

_TRUNCATION: Final = "#"  # v2.7 chapter 2.5.5.2: the character that \P\ means where MSH-2 names none
_LAYOUT: Final = {"br": "\n", "ce": "\n", "sp": "\n", "sk": " ", "in": "", "ti": "", "fi": "", "nf": ""}
_MOST_BLANKS: Final = 99
_SEQUENCE: Final = (
    r"(?:(?P<letter>[FSTREPHN])|X(?P<hex>(?:[0-9A-Fa-f]{2})+)|\.(?P<layout>[a-z]{2})(?P<count>[+-]?\d{0,4})"
    r"|(?P<switch>C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?))"
)
# ISO 2022 announcements after \C..\ and \M..\ (v2.5.1 chapter 2.7.2): what follows is bytes of that set.
_SWITCHES: Final = {
    "C2842": "",
    "C284A": "",
    "C2D41": "iso8859-1",
    "C2D42": "iso8859-2",
    "C2D43": "iso8859-3",
    "C2D44": "iso8859-4",
    "C2D4C": "iso8859-5",
    "C2D46": "iso8859-7",
    "C2D48": "iso8859-8",
    "C2D4D": "iso8859-9",
    "C2949": "iso2022_jp_ext",
    "M2442": "iso2022_jp_ext",
    "M242842": "iso2022_jp_ext",
    "M242844": "iso2022_jp_ext",
}


def unescape(text: str, separators: Separators, charset: str = "utf-8") -> str:
    """Plain text of a value: separators, hexadecimal data, line breaks and character-set switches resolved.

    `\\.br\\` and its kin become line feeds and blanks, `\\H\\` and `\\N\\` go; local (`\\Z..\\`) and unknown
    sequences stay as they stand, so nothing is lost.
    """
    escape = separators.escape
    if not escape or escape not in text:
        return text
    pattern, letters = _reader(separators)
    if not _may_switch(text, escape):
        return pattern.sub(_resolver(letters, charset), text)
    return _switched(text, pattern, _resolver(letters, charset))


def escape(text: str, separators: Separators, charset: str = "utf-8") -> str:
    """The value that stands for `text` on the wire; control characters become `\\Xhh\\`.

    FormatError when the character set lacks a character, or the message declares no escape character and needs one.
    """
    try:
        text.encode(charset)
        outside = False
    except UnicodeEncodeError:
        outside = True
    if outside:
        raise FormatError(f"the message's character set ({charset}) lacks a character of the value")
    table = _writer(separators)
    if not separators.escape and any(ord(character) in table for character in text):
        raise FormatError("the value holds a separator and MSH-2 declares no escape character")
    return text.translate(table)


@lru_cache(maxsize=64)
def _writer(separators: Separators) -> dict[int, str]:
    mark = separators.escape
    table = {code: f"{mark}X{code:02X}{mark}" for code in (*range(0x20), 0x7F) if code != 0x09}
    named = zip("FSRET", separators[:5], strict=True)
    table.update({ord(character): f"{mark}{letter}{mark}" for letter, character in named if character})
    if separators.truncation:
        table[ord(separators.truncation)] = f"{mark}P{mark}"
    return table


@lru_cache(maxsize=64)
def _reader(separators: Separators) -> tuple[re.Pattern[str], dict[str, str]]:
    mark = re.escape(separators.escape)
    letters = {letter: character for letter, character in zip("FSRET", separators[:5], strict=True) if character}
    letters |= {"P": separators.truncation or _TRUNCATION, "H": "", "N": ""}
    return re.compile(f"{mark}{_SEQUENCE}{mark}"), letters


def _resolver(letters: dict[str, str], charset: str) -> Callable[[re.Match[str]], str]:
    def resolve(found: re.Match[str]) -> str:
        letter, digits, layout, count, _ = found.groups()
        if letter:
            return letters.get(letter, found[0])
        if digits:
            return _from_hex(digits, charset, found[0])
        if layout:
            return _from_layout(layout, count, found[0])
        return found[0]

    return resolve


def _from_hex(digits: str, charset: str, written: str) -> str:
    codec = "utf-8" if charset.startswith("utf-16") else charset
    try:
        return bytes.fromhex(digits).decode(codec)
    except UnicodeDecodeError:
        return written


def _from_layout(layout: str, count: str, written: str) -> str:
    if layout not in _LAYOUT:
        return written
    times = abs(int(count)) if count.strip("+-") else 1
    return written if times > _MOST_BLANKS else _LAYOUT[layout] * times


def _may_switch(text: str, mark: str) -> bool:
    return f"{mark}C" in text or f"{mark}M" in text


def _switched(text: str, pattern: re.Pattern[str], resolve: Callable[[re.Match[str]], str]) -> str:
    """Text with character-set switches: each run after one is read in its set, up to the next switch."""
    parts: list[str] = []
    start, announced = 0, ""
    for found in pattern.finditer(text):
        switch = found["switch"]
        if switch and switch.upper() in _SWITCHES:
            parts.append(_in_set(pattern.sub(resolve, text[start : found.start()]), announced))
            start, announced = found.end(), switch.upper()
    parts.append(_in_set(pattern.sub(resolve, text[start:]), announced))
    return "".join(parts)


def _in_set(text: str, switch: str) -> str:
    codec = _SWITCHES.get(switch, "")
    if not codec or not text:
        return text
    try:
        if codec != "iso2022_jp_ext":
            return text.encode("iso8859-1").decode(codec)
        return (b"\x1b" + bytes.fromhex(switch[1:]) + text.encode("ascii") + b"\x1b(B").decode(codec)
    except UnicodeError:
        return text
