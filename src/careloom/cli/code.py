"""Codes and identifiers of the field: which kinds there are, and whether a value is well formed."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from careloom.cli.output import Json, console, escaped, json_line, listing
from careloom.identity.codes.registry import KINDS, Checked, of
from careloom.identity.codes.registry import check as checked

KindName = Annotated[str, typer.Argument(metavar="KIND", help="Its name, as `careloom code kinds` lists it.")]
Values = Annotated[list[str], typer.Argument(metavar="VALUE...", help="What is to be checked.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command()(kinds)
    group.command()(check)


def kinds(json: Json = False) -> None:
    """List the kinds of codes, and what is checked of each."""
    if json:
        for one in KINDS.values():
            json_line({"name": one.name, "title": one.title, "checked": one.checked, "personal": one.personal})
        return
    listing("Kinds of codes", [(one.name, f"{one.title}: {one.checked}") for one in KINDS.values()])


def check(kind: KindName, values: Values, json: Json = False) -> None:
    """Say of each value whether it is well formed, and if not which part is wrong. Looks nothing up in any register.

    Values that may be the number of a person are named by their place among the arguments. Exit code 0 only when all
    are well formed. A scanned GS1 value may write its separator FNC1 as `<GS>`.
    """
    known = of(kind)
    good = True
    for at, value in enumerate(values, 1):
        found = checked(kind, value.replace("<GS>", "\x1d"))
        good = good and found.good
        name = f"value {at}" if known.personal else value
        if json:
            normal = "" if known.personal else found.normal
            json_line({"value": name, **msgspec.to_builtins(msgspec.structs.replace(found, normal=normal))})
        else:
            _show(name, found, personal=known.personal)
    if not good:
        raise typer.Exit(1)


def _show(name: str, found: Checked, *, personal: bool) -> None:
    if not found.good:
        console.print(f"[red]{escaped(name)}[/]: {escaped(found.place)}: {escaped(found.problem)}")
        return
    as_written = "" if personal or found.normal == name else f", written {found.normal}"
    console.print(f"[green]{escaped(name)}[/]: well formed{escaped(as_written)}")
    for part, value in found.parts.items():
        console.print(f"  {part}: {escaped(value)}")
