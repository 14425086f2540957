"""`careloom check`: would this deployment work?"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, escaped, json_line
from careloom.hub.checking import Finding, findings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Check the settings, the store, the flows, and each outbound system: version, rights, models and fields.

    Exit code 1 when something stands in the way; each finding says what to do. What is only good to know is a note.
    """
    found = go(_check(config))
    for finding in found:
        if json:
            json_line({
                "system": finding.system,
                "problem": finding.problem,
                "remedy": finding.remedy,
                "blocking": finding.blocking,
            })  # fmt: skip
        else:
            mark = f"[red]{escaped(finding.system)}[/]" if finding.blocking else f"{escaped(finding.system)} (note)"
            console.print(f"{mark}: {escaped(finding.problem)}. {escaped(finding.remedy)}")
    if any(finding.blocking for finding in found):
        raise typer.Exit(1)
    if not json:
        console.print("everything that could be checked is in order")


async def _check(config: Path) -> list[Finding]:
    async with AsyncExitStack() as stack, deployment(config) as here:
        return await findings(here.configuration, here.store, here.clock, stack)
