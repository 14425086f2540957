"""What was refused at the door: who sent it, when, why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, json_line, listing, moment


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.callback()
    def group() -> None:
        """What was refused at the door: who sent it, when, why."""

    app.command("list")(list_)


def list_(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Refused messages, newest first: when, from whom, what was wrong and where. Their bodies stay sealed."""
    rows = go(_read(config, limit))
    if json:
        for row in rows:
            json_line(dict(row))
        return
    if rows:
        listing("Refused", [(row["id"], _described(row)) for row in rows])
    console.print(f"{len(rows)} refused; it is the sender's to correct and send again")


def _described(row: Any) -> str:
    place = f"{row['location']}: " if row["location"] else ""
    return f"{moment(row['recorded'])} {row['system']} at {row['peer']}: {place}{row['reason']}"


async def _read(config: Path, limit: int) -> Sequence[Any]:
    async with deployment(config) as here:
        return await here.operators.refusals(limit)
