"""Files named on the command line, or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from careloom.cli.output import error_line

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
