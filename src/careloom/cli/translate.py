"""`careloom translate`: parse and map messages without storing anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from careloom.cli.inputs import FileArguments, inputs
from careloom.cli.output import Json, console, escaped, json_line
from careloom.core.errors import ConfigurationError
from careloom.flows.translation import chooser
from careloom.hub.configuration import load
from careloom.hub.flowlist import find_flows
from careloom.hub.sources import source_of
from careloom.mapping.catalogue import Mapping, mapping_for
from careloom.mapping.source import Settings
from careloom.mapping.translation import flatten, translate_bytes

Source = Annotated[
    str | None, typer.Option(metavar="NAME", help="The system that sent them: its [sources.NAME] holds; with --config.")
]
Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="The settings: how --source writes, and the project's flows.")
]
Choose: TypeAlias = Callable[[str, str], Mapping | None]
_GOOD = {"translated", "filtered"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(translate)


def translate(files: FileArguments = None, json: Json = False, source: Source = None, config: Config = None) -> None:
    """Show the canonical events that messages become, or where and why they become none. Stores nothing.

    HL7 v2, X12, FHIR, rows, JSON: the format is found out. A file may hold several messages, an FHS/BHS batch, or MLLP
    frames. With --json, one object a line: one per event, or one per message that was filtered, needs a person, or is
    refused. Exit code 1 when one of the latter two was seen. With --config, the translators of the project's flows
    work, as --source writes; without, all that Careloom brings: times without an offset are then UTC, PID-19 stays
    behind.
    """
    settings, choose = settings_and_choice(config, source)
    good = True
    for name, data in inputs(files or [Path("-")]):
        if data is None:
            good = False
            continue
        for message in translate_bytes(data, name, settings, choose=choose):
            good = good and message["outcome"] in _GOOD
            for line in flatten(message):
                (json_line if json else _show)(line)
    if not good:
        raise typer.Exit(1)


def settings_and_choice(config: Path | None, source: str | None) -> tuple[Settings, Choose]:
    """How the sender writes, and who translates; as nobody in particular does when neither option is given."""
    if config is None and source is None:
        return Settings(), mapping_for
    if config is None or source is None:
        raise typer.BadParameter("--config FILE and --source NAME go together: a file says how each system writes")
    loaded = load(config)
    found = loaded.settings
    if source not in found.systems:
        raise ConfigurationError(f"there is no system {source!r}; there are {', '.join(found.systems) or 'none'}")
    choose = chooser(find_flows(found.hub.flows, loaded.base))
    return source_of(loaded, source), choose


def _show(line: dict[str, Any]) -> None:
    where = escaped(f"{line['file']}:{line.get('line', 1)}")
    if line["outcome"] == "translated":
        console.print(f"[green]{where}[/] {escaped(line.get('trigger'))} → [bold]{line.get('type', '')}[/]")
        console.print_json(data=line.get("data"))
    elif line["outcome"] == "filtered":
        console.print(f"[yellow]{where}[/] filtered: {escaped(line['reason'])}")
    else:
        problem = line["error"]
        place = problem.get("field") or problem.get("location") or ""
        console.print(f"[red]{where}[/] {line['outcome']}: {escaped(place)}: {escaped(problem['message'])}")
