"""`careloom inspect`: what is this file, and is it right?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape

from careloom.cli.inputs import FileArguments, opened
from careloom.cli.output import Json, console, json_line
from careloom.formats.detection import inspect as inspect_file
from careloom.formats.inspection import Finding, Inspection
from careloom.hub.agreements import code_lists_of, profile_of

_Agreed = TypeVar("_Agreed")
Strict = Annotated[bool, typer.Option("--strict", help="Deviations that many senders have are errors too.")]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="PATH", help="Show the values there: PID-3.1, 2300/CLM01, Patient.name.family."),
]
ProfileFile = Annotated[
    Path | None,
    typer.Option("--profile", metavar="FILE", help="What HL7 v2 messages of this interface must have, and may not."),
]
CodeListFile = Annotated[
    Path | None, typer.Option("--code-lists", metavar="FILE", help="The codes that X12 may have, by place.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(inspect)


def inspect(
    files: FileArguments = None,
    json: Json = False,
    strict: Strict = False,
    path: Paths = None,
    profile: ProfileFile = None,
    code_lists: CodeListFile = None,
) -> None:
    """Find the format of each file, parse and validate it, and say where it is wrong. Stores nothing.

    With --json one object a file: format, type, version, counts, errors and warnings (code, place, text), whether
    writing it back gives the same (`identical`), and the values at each --path. Values of the file are shown for
    --path only. Exit code 0 only when all are valid.
    """
    agreed = _agreed(profile, code_lists)
    good = True
    for name, file in opened(files or [Path("-")]):
        if file is None:
            good = False
            continue
        found = inspect_file(file, name, strict=strict, paths=path or (), agreed=agreed)
        good = good and found.valid
        (json_line if json else _show)(as_object(name, found))
    if not good:
        raise typer.Exit(1)


def _agreed(profile: Path | None, code_lists: Path | None) -> Mapping[str, Mapping[str, Any]]:
    """What the formats' inspectors are given beside."""
    found: dict[str, Mapping[str, Any]] = {}
    if profile is not None:
        found["hl7v2"] = {"profile": _loaded(profile_of, profile, "--profile")}
    if code_lists is not None:
        found["x12"] = {"codes": _loaded(code_lists_of, code_lists, "--code-lists")}
    return found


def _loaded(load: Callable[[Path], _Agreed], file: Path, option: str) -> _Agreed:
    try:
        return load(file)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


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
