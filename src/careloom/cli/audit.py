"""Prove that nothing was altered."""

from __future__ import annotations

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, json_line
from careloom.log.verification import Verdict
from careloom.log.verification import verify as verify_log


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.callback()
    def group() -> None:
        """Prove that nothing was altered."""

    app.command()(verify)


def verify(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Recompute the hash chain of every lane. Exit code 1, and the first bad position, when one does not hold."""
    verdict = go(_verify(config))
    good = verdict.broken_at is None
    if json:
        broken_at = None if verdict.broken_at is None else str(verdict.broken_at)
        json_line({"holds": good, "entries": verdict.entries, "broken_at": broken_at, "problem": verdict.problem})
    elif good:
        console.print(f"every chain holds: {verdict.entries} entries")
    else:
        console.print(f"[bold red]broken at {verdict.broken_at}[/]: {verdict.problem}")
    if not good:
        raise typer.Exit(1)


async def _verify(config: Config) -> Verdict:
    async with deployment(config) as here:
        return await verify_log(here.store.database)
