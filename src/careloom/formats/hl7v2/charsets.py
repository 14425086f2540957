"""Character sets: what MSH-18 says (HL7 table 0211), how senders spell it, and the text of the bytes.

Undeclared, or declared ASCII with other bytes in it: UTF-8 when the bytes are that, else ISO 8859-1, which loses none.
A declared set is held to: bytes outside it are an error, for a guess would put wrong letters into names.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final

from careloom.core.errors import FormatError

_CODECS: Final[dict[str, str]] = {
    "ASCII": "ascii",
    "USASCII": "ascii",
    "7BIT": "ascii",
    "IR6": "ascii",
    "LATIN1": "iso8859-1",
    "IR100": "iso8859-1",
    "IR101": "iso8859-2",
    "IR109": "iso8859-3",
    "IR110": "iso8859-4",
    "IR144": "iso8859-5",
    "IR127": "iso8859-6",
    "IR126": "iso8859-7",
    "IR138": "iso8859-8",
    "IR148": "iso8859-9",
    "UTF8": "utf-8",
    "UNICODE": "utf-8",
    "IR192": "utf-8",
    "UTF16": "utf-16",
    "IR13": "iso2022_jp_ext",
    "IR14": "iso2022_jp_ext",
    "IR87": "iso2022_jp_ext",
    "IR159": "iso2022_jp_ext",
    "2022JP": "iso2022_jp_ext",
    "SHIFTJIS": "cp932",
    "SJIS": "cp932",
    "EUCJP": "euc_jp",
    "GB180302000": "gb18030",
    "GB18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
    "KSX1001": "cp949",
    "EUCKR": "cp949",
    "BIG5": "cp950",
    "ANSI": "cp1252",
    **{f"8859{part}": f"iso8859-{part}" for part in range(1, 17) if part != 12},
    **{f"{prefix}{page}": f"cp{page}" for prefix in ("CP", "WINDOWS", "") for page in range(1250, 1259)},
}
_REPETITIONS: Final = re.compile(r"[^A-Za-z0-9 /_.:-]")
_WORDS: Final = re.compile(r"[^A-Z0-9]")
_PREFIXES: Final = ("UNICODE", "ISO")
_SEPARATORS_MAY_HIDE: Final = frozenset({"iso2022_jp_ext", "cp932", "gb18030", "cp950", "utf-16-le", "utf-16-be"})
_GUESSED: Final = frozenset({"ascii", "utf-16"})  # real UTF-16 is told by its bytes, before this is asked
_WIDE: Final = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"M\0S\0H\0", "utf-16-le"),
    (b"\0M\0S\0H", "utf-16-be"),
)


@lru_cache(maxsize=256)
def codec_named(declared: str) -> str | None:
    """The codec for one MSH-18 value, repetitions parted by any mark; None when undeclared. FormatError when unknown.

    Any Japanese alternate (`ASCII~ISO IR87`) makes the text ISO 2022, whose escapes say which set is in use.
    """
    names = [_codec_of_one(name) for name in _REPETITIONS.split(declared) if name.strip()]
    if "iso2022_jp_ext" in names:
        return "iso2022_jp_ext"
    return names[0] if names else None


def _codec_of_one(name: str) -> str:
    key = _WORDS.sub("", name.upper())
    for prefix in _PREFIXES:
        if key not in _CODECS:
            key = key.removeprefix(prefix)
    if key not in _CODECS:
        raise FormatError("names a character set that is not known; set the source's character set", "MSH-18")
    return _CODECS[key]


def wide_codec(data: bytes) -> str | None:
    """UTF-16 of either byte order, told by its byte order mark or by how `MSH` is spelt; else None."""
    return next((codec for opening, codec in _WIDE if data.startswith(opening)), None)


def hides_separators(codec: str) -> bool:
    """Whether bytes of a character may look like a separator, so that text must be decoded before it is split."""
    return codec in _SEPARATORS_MAY_HIDE


def decode(data: bytes, codec: str | None) -> tuple[str, str]:
    """The text and the codec that made it. FormatError at the line whose bytes are not in a declared set."""
    if codec is None or codec in _GUESSED:
        return _guess(data, codec)
    try:
        return data.decode(codec), codec
    except UnicodeDecodeError as error:
        line = _line_at(data, error.start)
    raise FormatError(f"bytes that are not in the declared character set ({codec})", f"line {line}")


def _guess(data: bytes, codec: str | None) -> tuple[str, str]:
    if codec == "ascii" and data.isascii():
        return data.decode("ascii"), codec
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("iso8859-1"), "iso8859-1"


def _line_at(data: bytes, offset: int) -> int:
    return len(re.findall(rb"\r\n|\r|\n", data[:offset])) + 1
