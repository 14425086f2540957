"""`careloom inspect`: what is this file, and is it right?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from careloom.cli.inputs import FileArguments, inputs
from careloom.cli.output import Json, console, json_line
from careloom.formats.detection import inspect as inspect_bytes
from careloom.formats.inspection import Finding, Inspection

Strict = Annotated[bool, typer.Option("--strict", help="Deviations that many senders have are errors too.")]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="PATH", help="Show the values there: PID-3.1, 2300/CLM01, Patient.name.family."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(inspect)


def inspect(files: FileArguments = None, json: Json = False, strict: Strict = False, path: Paths = None) -> None:
    """Find the format of each file, parse and validate it, and say where it is wrong. Stores nothing.

    With --json one object a file: format, type, version, counts, errors and warnings (code, place, text), whether
    writing it back gives the same (`identical`), and the values at each --path. Values of the file are shown for
    --path only. Exit code 0 only when all are valid.
    """
    good = True
    for name, data in inputs(files or [Path("-")]):
        if data is None:
            good = False
            continue
        found = inspect_bytes(data, name, strict=strict, paths=path or ())
        good = good and found.valid
        (json_line if json else _show)(as_object(name, found))
    if not good:
        raise typer.Exit(1)


def as_object(name: str, found: Inspection) -> dict[str, Any]:
    """The JSON object of one file."""
    return {
        "file": name,
        "format": found.format,
        "type": found.type,
        "version": found.version,
        "valid": found.valid,
        "counts": dict(found.counts),
        "errors": [_finding(one) for one in found.findings if one.severity == "error"],
        "warnings": [_finding(one) for one in found.findings if one.severity != "error"],
        "identical": found.identical,
        "values": {path: list(values) for path, values in found.values.items()},
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"code": finding.code, "place": finding.place, "text": finding.text}


def _show(found: dict[str, Any]) -> None:
    colour = "green" if found["valid"] else "red"
    counts = ", ".join(f"{count} {name}" for name, count in found["counts"].items())
    what = " ".join(part for part in (found["format"], found["type"], found["version"]) if part)
    console.print(f"[{colour}]{escape(found['file'])}[/]: {escape(what)}{f' ({counts})' if counts else ''}")
    for severity, tint in (("errors", "red"), ("warnings", "yellow")):
        for one in found[severity]:
            console.print(f"  [{tint}]{escape(one['place'])}[/] {escape(one['text'])} ({one['code']})")
    if found["identical"] is False:
        console.print("  [yellow]writing it back does not give the same[/]")
    for path, values in found["values"].items():
        console.print(f"  {escape(path)} = {escape(' | '.join(values)) or '(nothing)'}")
