"""Mappings: where values come from, what stays behind, and what a change of a mapping changes."""

from __future__ import annotations

import json as json_
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from careloom.cli.inputs import FileArguments, inputs
from careloom.cli.output import Json, console, error_line, escaped, json_line
from careloom.cli.translate import Choose, Config, Source, settings_and_choice
from careloom.core.errors import CareloomError
from careloom.mapping.explaining import Explanation, Reasons, coverage, explain, reasons_of
from careloom.mapping.golden import Difference, Golden
from careloom.mapping.reading import Unit, Unread, reader
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.translation import format_of

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER", exists=True, file_okay=False, help="Files with their NAME.expected.json beside them."
    ),
]


class _Explained(NamedTuple):
    """One message of a file, and what its mapping says of what it leaves behind."""

    file: str
    place: str
    explanation: Explanation
    reasons: Reasons


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(name="explain")(explain_)
    group.command(name="coverage")(coverage_)
    group.command()(check)
    group.command()(accept)


def explain_(files: FileArguments = None, json: Json = False, source: Source = None, config: Config = None) -> None:
    """Show each value of the events that messages become, and the places of the message that it came from.

    Values are those of the files: use samples, or look where patients' data may be seen. Exit code 1 when a message
    cannot be explained.
    """
    asked = _Asked(*settings_and_choice(config, source))
    for one in asked.explained(files):
        (_explanation_line if json else _show_explanation)(one)
    asked.end()


def coverage_(files: FileArguments = None, json: Json = False, source: Source = None, config: Config = None) -> None:
    """Show what becomes of every field that the files fill: mapped, deciding, left behind (why), or unknown.

    Exit code 1 when a message cannot be explained; the others are counted.
    """
    asked = _Asked(*settings_and_choice(config, source))
    found = coverage((one.explanation, one.reasons) for one in asked.explained(files))
    if json:
        fields = {
            path: {"fate": fate, "seen": found.seen[path], "reason": found.reasons.get(path)}
            for path, fate in found.fates.items()
        }
        json_line({"messages": found.messages, "counts": dict(found.counts), "fields": fields})
    else:
        counts = ", ".join(f"{count} {fate}" for fate, count in found.counts.items())
        console.print(f"{found.messages} messages: {counts}")
        for path, fate in sorted(found.fates.items(), key=lambda one: (one[1], one[0])):
            reason = f": {found.reasons[path]}" if path in found.reasons else ""
            console.print(f"  {fate:8} {escaped(path)} ({found.seen[path]}){escaped(reason)}")
    asked.end()


def check(folder: Folder, json: Json = False, source: Source = None, config: Config = None) -> None:
    """Translate a golden corpus again and show what is different from what was accepted. Exit code 1 if anything is."""
    settings, choose = settings_and_choice(config, source)
    different = list(Golden(folder, settings, choose).differences())
    for one in different:
        (json_line if json else _show)(one._asdict())
    if not json and different:
        console.print(f"{len(different)} differences; if they are meant: careloom map accept {escaped(str(folder))}")
    elif not json:
        console.print("everything is as it was accepted")
    if different:
        raise typer.Exit(1)


def accept(folder: Folder, source: Source = None, config: Config = None) -> None:
    """Take what the mappings make of a golden corpus now as what they shall make of it. Shows what that changes."""
    settings, choose = settings_and_choice(config, source)
    golden = Golden(folder, settings, choose)
    for one in golden.differences():
        _show(one._asdict())
    for written in golden.accept():
        console.print(f"wrote {escaped(str(written))}")


class _Asked:
    """Explains files, and remembers whether one of their messages could not be."""

    def __init__(self, settings: Settings, choose: Choose) -> None:
        self._settings = settings
        self._choose = choose
        self._good = True

    def explained(self, files: list[Path] | None) -> Iterator[_Explained]:
        """Each message; what cannot be explained is said on standard error."""
        for name, data in inputs(files or [Path("-")]):
            if data is None:
                self._good = False
                continue
            format = format_of(data, name, self._settings)
            for unit in reader(format).units(data, self._settings):
                try:
                    yield self._one(name, format, unit)
                except CareloomError as error:
                    self._good = False
                    error_line(" ".join(filter(None, (f"{name}:", unit.place, str(error)))))

    def end(self) -> None:
        """Exit code 1 unless all was good."""
        if not self._good:
            raise typer.Exit(1)

    def _one(self, name: str, format: str, unit: Unit | Unread) -> _Explained:
        if isinstance(unit, Unread):
            raise unit.error
        mapping = self._choose(format, unit.type)
        if mapping is None:
            raise CareloomError(f"there is no mapping for {unit.type}")

        def translate(body: bytes) -> Translation:
            return mapping.translate(reader(format).parse(body, self._settings), self._settings)

        found = explain(format, unit.body, translate)
        return _Explained(name, unit.place, found, reasons_of(mapping, self._settings))


def _explanation_line(one: _Explained) -> None:
    found = one.explanation
    json_line({
        "file": one.file,
        "place": one.place,
        "outcome": found.outcome,
        "targets": [origin._asdict() for origin in found.origins],
        "decides": [leaf.path for leaf in found.decides],
    })  # fmt: skip


def _show_explanation(one: _Explained) -> None:
    found = one.explanation
    place = f" {one.place}" if one.place else ""
    console.print(f"[bold]{escaped(one.file)}[/]{escaped(place)} {escaped(found.outcome)}")
    for origin in found.origins:
        came = escaped(", ".join(origin.sources)) or "[dim]the mapping[/]"
        console.print(f"  {escaped(origin.target)} = {escaped(origin.value)}  ← {came}")
    for leaf in found.decides:
        console.print(f"  [dim]{escaped(leaf.path)} says what the message becomes[/]")


def _show(one: dict[str, Any]) -> None:
    difference = Difference(**one)
    was = json_.dumps(difference.was) if difference.was is not None else "(nothing)"
    now = json_.dumps(difference.now) if difference.now is not None else "(nothing)"
    console.print(f"[bold]{escaped(difference.file)}[/] {escaped(difference.path)}: {escaped(was)} → {escaped(now)}")
