"""The delivery log: every attempt to bring an event to a system that keeps one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, json_line, listing, moment
from careloom.core.errors import ConfigurationError
from careloom.store.sql import queries

_SQL = queries("systems")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(deliveries)


def deliveries(
    system: Annotated[str | None, typer.Argument(help="A system's attempts, newest first.")] = None,
    event: Annotated[UUID | None, typer.Option("--event", help="One event's attempts, oldest first.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many of a system's.")] = 100,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Attempts to deliver: when, what came of it, the other side's status, how long it took."""
    if (system is None) == (event is None):
        raise typer.BadParameter("name a system, or an event with --event")
    rows = [dict(row) for row in go(_read(config, system, event, limit))]
    if json:
        for row in rows:
            json_line(row)
        return
    if rows:
        listing("Attempts", [(f"{moment(row['at'])} {row['result']}", _described(row)) for row in rows])
    delivered = sum(row["result"] == "delivered" for row in rows)
    console.print(f"{len(rows)} attempts, {delivered} delivered")


def _described(row: Mapping[str, Any]) -> str:
    status = f" HTTP {row['status']}" if row["status"] else ""
    detail = f": {row['detail']}" if row["detail"] else ""
    return f"event {row['event']} to {row['system']}{status} in {row['seconds']:.3f} s{detail}"


async def _read(config: Path, system: str | None, event: UUID | None, limit: int) -> Sequence[Any]:
    async with deployment(config) as here:
        if system is not None and system not in here.configuration.systems:
            known = ", ".join(here.configuration.systems)
            raise ConfigurationError(f"there is no system {system!r}; there are {known}")
        async with here.store.database.acquire() as connection:
            if event is not None:
                return await connection.fetch(_SQL.attempts_of_event, event)
            return await connection.fetch(_SQL.attempts_of_system, system, limit)
