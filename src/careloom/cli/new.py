"""`careloom new`: a project of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from careloom.cli.output import console
from careloom.core.errors import ConfigurationError
from careloom.hub.scaffold import create_project


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(new)


def new(
    name: Annotated[str, typer.Argument(help="The folder to make, for example my-hospital.")],
) -> None:
    """Make a project: settings, a flow with its test, and a sample message to try."""
    folder = Path(name)
    if folder.exists():
        raise ConfigurationError(f"{folder} exists already; choose another name")
    for made in create_project(folder):
        console.print(f"  {made}")
    console.print(f"made {folder}; next: cd {folder} && careloom translate samples/admission.hl7")
