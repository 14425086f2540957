"""Bytes to lines in flat memory. A line that cannot be read is told, and the next ones go on."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

_CHUNK: Final = 262_144
# One lone surrogate stands for bytes that are no text; strict decoders never make one.
_DAMAGE: Final = "\udcff"


class Line(NamedTuple):
    """One physical line with its end; `flaw` is `encoding`, `nul` or `too-long` when it cannot be used."""

    number: int
    text: str
    flaw: str = ""


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return _DAMAGE, error.end


codecs.register_error("careloom.marked", _mark)


def lines(source: bytes | BinaryIO, encoding: str, longest: int) -> Iterator[Line]:
    """The lines of a file, whatever of LF, CR LF and CR ends them. A byte order mark of the encoding is dropped."""
    for number, (text, flaw) in enumerate(_pieces(_texts(source, encoding), longest), 1):
        yield Line(number, text, flaw or _flaw(text))


def _texts(source: bytes | BinaryIO, encoding: str) -> Iterator[str]:
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    chunk = stream.read(_CHUNK)
    decoder = codecs.getincrementaldecoder(_codec(encoding, chunk))(errors="careloom.marked")
    while chunk:
        yield decoder.decode(chunk)
        chunk = stream.read(_CHUNK)
    yield decoder.decode(b"", final=True)


def _codec(encoding: str, opening: bytes) -> str:
    """The codec that reads an encoding with or without its byte order mark, which is no letter of the first header."""
    if encoding == "utf-16" and not opening.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le"
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _pieces(texts: Iterator[str], longest: int) -> Iterator[tuple[str, str]]:
    rest, skipping = "", False
    for text in texts:
        # With newline="" the three line ends are found, and kept as they are.
        pieces = io.StringIO(rest + text, newline="").readlines()
        # A CR at the end may be half of a CR LF, so it waits for what follows.
        rest = pieces.pop() if pieces and not pieces[-1].endswith("\n") else ""
        for piece in pieces:
            yield _measured(piece, longest, skipping)
            skipping = False
        if len(rest) > longest and not rest.endswith("\r"):
            rest, skipping = "", True
    if rest or skipping:
        for piece in io.StringIO(rest, newline="").readlines() or [""]:
            yield _measured(piece, longest, skipping)
            skipping = False


def _measured(piece: str, longest: int, skipping: bool) -> tuple[str, str]:
    if skipping or len(piece) > longest:
        return "\n", "too-long"
    return piece, ""


def _flaw(text: str) -> str:
    if "\0" in text:
        return "nul"
    return "encoding" if not text.isascii() and _DAMAGE in text else ""
