"""Files named on the command line, or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from careloom.cli.output import error_line
from careloom.core.errors import FormatError

FileArguments = Annotated[
    list[Path] | None, typer.Argument(metavar="FILE...", help="Files to read; none or `-`: standard input.")
]


def inputs(files: list[Path]) -> Iterator[tuple[str, bytes | None]]:
    """The name and the bytes of each; None for one that cannot be read, which has been said then."""
    for file in files:
        if str(file) == "-":
            yield "-", sys.stdin.buffer.read()
            continue
        try:
            yield str(file), file.read_bytes()
        except OSError as error:
            error_line(f"{file} cannot be read: {error.strerror}")
            yield str(file), None


def whole(file: Path) -> bytes:
    """All of a file. Raises FormatError that names it."""
    try:
        return file.read_bytes()
    except OSError:
        raise FormatError("cannot be read; give a file that is there", str(file)) from None


def opened(files: list[Path]) -> Iterator[tuple[str, BinaryIO | None]]:
    """As `inputs`, but each open, at its start, until the next is asked for; it can seek. A pipe is held in memory."""
    for file in files:
        if str(file) == "-":
            piped = sys.stdin.buffer
            yield "-", piped if piped.seekable() else BytesIO(piped.read())
            continue
        try:
            with file.open("rb") as found:
                yield str(file), found
        except OSError as error:
            error_line(f"{file} cannot be read: {error.strerror}")
            yield str(file), None
