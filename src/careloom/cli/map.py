"""Mappings: where values come from, what stays behind, and what a change of a mapping changes."""

from __future__ import annotations

import json as json_
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.inputs import FileArguments, inputs
from careloom.cli.output import Json, console, error_line, escaped, json_line
from careloom.cli.translate import Config, Source, settings_and_choice
from careloom.core.errors import CareloomError
from careloom.mapping.explaining import Explanation, coverage, explain
from careloom.mapping.golden import Difference, Golden
from careloom.mapping.reading import Unit, reader
from careloom.mapping.translation import format_of

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Files with their NAME.expected.json beside them.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(name="explain")(explain_)
    group.command(name="coverage")(coverage_)
    group.command()(check)
    group.command()(accept)


def explain_(files: FileArguments = None, json: Json = False, source: Source = None, config: Config = None) -> None:
    """Show each value of the events that messages become, and the places of the message that it came from.

    Values are those of the files: use samples, or look where patients' data may be seen.
    """
    for name, _, _, found in _explained(files, config, source):
        if json:
            json_line({"file": name, "outcome": found.outcome, "targets": [one._asdict() for one in found.origins]})
            continue
        console.print(f"[bold]{escaped(name)}[/] {escaped(found.outcome)}")
        for one in found.origins:
            came = ", ".join(one.sources) or "[dim]the mapping[/]"
            console.print(f"  {escaped(one.target)} = {escaped(one.value)}  ← {came}")
        for leaf in found.decides:
            console.print(f"  [dim]{escaped(leaf.path)} says what the message becomes[/]")


def coverage_(files: FileArguments = None, json: Json = False, source: Source = None, config: Config = None) -> None:
    """Show what becomes of every field that the files fill: mapped, deciding, left behind (why), or unknown."""
    found = coverage(one for _, _, _, one in _explained(files, config, source))
    if json:
        fields = {
            path: {"fate": fate, "seen": found.seen[path], "reason": found.reasons.get(path)}
            for path, fate in found.fates.items()
        }
        json_line({"messages": found.messages, "counts": dict(found.counts), "fields": fields})
        return
    counts = ", ".join(f"{count} {fate}" for fate, count in found.counts.items())
    console.print(f"{found.messages} messages: {counts}")
    for path, fate in sorted(found.fates.items(), key=lambda one: (one[1], one[0])):
        reason = found.reasons.get(path, "") if fate == "dropped" else ""
        console.print(f"  {fate:8} {escaped(path)} ({found.seen[path]}){f': {escaped(reason)}' if reason else ''}")


def check(folder: Folder, json: Json = False, source: Source = None, config: Config = None) -> None:
    """Translate a golden corpus again and show what is different from what was accepted. Exit code 1 if anything is."""
    settings, choose = settings_and_choice(config, source)
    different = list(Golden(folder, settings, choose).differences())
    for one in different:
        (json_line if json else _show)(one._asdict())
    if different:
        console.print(f"{len(different)} differences; if they are meant: careloom map accept {escaped(str(folder))}")
        raise typer.Exit(1)
    if not json:
        console.print("everything is as it was accepted")


def accept(folder: Folder, source: Source = None, config: Config = None) -> None:
    """Take what the mappings make of a golden corpus now as what they shall make of it. Shows what that changes."""
    settings, choose = settings_and_choice(config, source)
    golden = Golden(folder, settings, choose)
    for one in golden.differences():
        _show(one._asdict())
    for written in golden.accept():
        console.print(f"wrote {escaped(str(written))}")


def _explained(
    files: list[Path] | None, config: Path | None, source: str | None
) -> Iterator[tuple[str, str, Unit, Explanation]]:
    settings, choose = settings_and_choice(config, source)
    for name, data in inputs(files or [Path("-")]):
        if data is None:
            continue
        format = format_of(data, name, settings)
        for unit in reader(format).units(data, settings):
            if not isinstance(unit, Unit):
                error_line(f"{name}: {unit.place} {unit.error}")
                continue
            mapping = choose(format, unit.type)
            if mapping is None:
                error_line(f"{name}: {unit.place} there is no mapping for {unit.type}")
                continue

            def translate(body: bytes, mapping: Any = mapping, format: str = format) -> Any:
                return mapping.translate(reader(format).parse(body, settings), settings)

            try:
                yield name, format, unit, explain(format, unit.body, translate)
            except CareloomError as error:
                error_line(f"{name}: {unit.place} {error}")


def _show(one: dict[str, Any]) -> None:
    difference = Difference(**one)
    was = json_.dumps(difference.was) if difference.was is not None else "(nothing)"
    now = json_.dumps(difference.now) if difference.now is not None else "(nothing)"
    console.print(f"[bold]{escaped(difference.file)}[/] {escaped(difference.path)}: {escaped(was)} → {escaped(now)}")
