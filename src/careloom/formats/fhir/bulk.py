"""NDJSON, one resource a line: the files of the Bulk Data Access guide (2.0, `application/fhir+ndjson`), streamed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from careloom.core.errors import FormatError
from careloom.formats.fhir.reading import Resource, parse

MAX_LINE: Final = 32 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


def ndjson(source: BinaryIO | bytes, *, max_line: int = MAX_LINE) -> Iterator[tuple[int, Resource | FormatError]]:
    """Each line that is not blank: its number, from 1, and its resource, or what is wrong with it.

    One bad line costs only itself. A line of more than `max_line` bytes is an error, and is read past in pieces.
    """
    for number, line in raw_lines(source, max_line=max_line):
        if isinstance(line, FormatError):
            yield number, line
            continue
        try:
            yield number, parse(line)
        except FormatError as error:
            yield number, FormatError(error.reason, _at_line(number, error.location))


def raw_lines(source: BinaryIO | bytes, *, max_line: int = MAX_LINE) -> Iterator[tuple[int, bytes | FormatError]]:
    """Each line that is not blank, not yet parsed, without its line end."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    number = 0
    while line := stream.readline(max_line + 1):
        number += 1
        if len(line) > max_line and not line.endswith(b"\n"):
            _skip_line(stream, max_line)
            yield number, FormatError(f"a line of more than {max_line:,} bytes", f"line {number}")
            continue
        bare = line.removeprefix(_BOM).strip(b" \t\r\n") if number == 1 else line.strip(b" \t\r\n")
        if bare:
            yield number, bare


def _skip_line(stream: BinaryIO, max_line: int) -> None:
    while (piece := stream.readline(max_line)) and not piece.endswith(b"\n"):
        pass


def _at_line(number: int, place: str) -> str:
    """A place inside one line, said as a place of the file."""
    inside = place.removeprefix("by ").replace("line 1, ", "", 1).removeprefix("line 1")
    return f"line {number}, {inside}" if inside else f"line {number}"
