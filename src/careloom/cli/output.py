"""How commands print: JSON for programs, rich text for people, errors on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
By = Annotated[str, typer.Option("--by", help="Who is acting; kept on record.", envvar="CARELOOM_ACTOR")]

console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def json_line(value: object) -> None:
    """One JSON object on one line of standard output."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")


def error_line(text: str) -> None:
    """What went wrong, on standard error."""
    _errors.print(f"[bold red]careloom:[/] {_escaped(text)}")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people."""
    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column)
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    console.print(made)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")


def _plain(value: Any) -> Any:
    if isinstance(value, (UUID, datetime)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
