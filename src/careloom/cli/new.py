"""`careloom new`: a project of your own, and kinds of systems in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from careloom.cli.output import console
from careloom.core.errors import ConfigurationError
from careloom.hub.scaffold import create_project, create_system


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(new)


def new(
    name: Annotated[str, typer.Argument(help="The folder of a project to make, or the word `system`.")],
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="After `system`: the name of the kind.")] = None,
) -> None:
    """Make a project: settings, a flow with its test, a sample. Or, in a project, `careloom new system KIND`.

    A new kind of system has a manifest, a connector, a fake and a test: it passes the conformance suite as it stands.
    """
    if kind is not None:
        _new_system(name, kind)
        return
    folder = Path(name)
    if folder.exists():
        raise ConfigurationError(f"{folder} exists already; choose another name")
    _tell(create_project(folder))
    console.print(f"made {folder}; next: cd {folder} && careloom translate samples/admission.hl7")


def _new_system(word: str, kind: str) -> None:
    if word != "system":
        raise ConfigurationError(f"careloom new {word} {kind}: write `careloom new system {kind}`")
    _tell(create_system(kind, Path.cwd()))
    console.print(f"made the kind {kind}; next: pytest tests/test_{kind}_system.py")


def _tell(made: Iterable[Path]) -> None:
    for file in made:
        console.print(f"  {file}")
