"""How commands print: JSON for programs, rich text for people, errors on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

import msgspec
import typer
from rich.console import Console


class Shown(Protocol):
    """Something that prints itself as JSON."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""


T = TypeVar("T", bound=Shown)
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
By = Annotated[str, typer.Option("--by", help="Who is acting; kept on record.", envvar="CARELOOM_ACTOR")]

console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def json_line(value: object) -> None:
    """One JSON object on one line of standard output."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")


def error_line(text: str) -> None:
    """What went wrong, on standard error."""
    _errors.print(f"[bold red]careloom:[/] {escaped(text)}")


def listing(title: str, rows: Iterable[tuple[object, str]]) -> None:
    """For people: each name or id on a line of its own, where no terminal is too narrow for it, and the rest below."""
    console.print(title, style="bold", markup=False)
    for name, rest in rows:
        console.print(f"  {name}", markup=False)
        console.print(f"     {rest}", markup=False, style="dim")


def each(title: str, found: Iterable[T], row: Callable[[T], tuple[object, str]], *, json: bool) -> int:
    """Each as JSON, or all listed; how many there were."""
    shown = list(found)
    if json:
        for one in shown:
            json_line(one.as_dict())
    else:
        listing(title, [row(one) for one in shown])
    return len(shown)


def outcome(one: T, row: Callable[[T], tuple[object, str]], *, json: bool) -> None:
    """What something came to: as JSON, or on one line."""
    if json:
        json_line(one.as_dict())
    else:
        console.print("{}: {}".format(*row(one)), markup=False)


def moment(time: datetime | None) -> str:
    """A time for people, to the second."""
    return "" if time is None else time.isoformat(sep=" ", timespec="seconds")


def escaped(value: object) -> str:
    """Text that may hold brackets, which are markup otherwise; None is nothing."""
    return "" if value is None else str(value).replace("[", "\\[")


def _plain(value: Any) -> Any:
    if isinstance(value, (UUID, datetime)):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
