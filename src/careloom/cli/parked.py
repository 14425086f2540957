"""What waits for a person: list, show, retry, discard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, Deployment, deployment, go
from careloom.cli.output import By, Json, console, json_line
from careloom.core.envelope import Position
from careloom.log.operators import Act, NothingThere

Id = Annotated[UUID, typer.Argument(metavar="ID", help="The id of the case, the event or the message.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept on record.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_)
    app.command()(show)
    app.command()(retry)
    app.command()(discard)


def list_(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Every event that waits for a person, with the reason and how many wait behind it."""
    rows = go(_find(config, None))
    if json:
        for row in rows:
            json_line(dict(row))
    else:
        _list(rows)


def _list(rows: Sequence[Any]) -> None:
    """Two lines each, so that it reads well in a narrow terminal."""
    for row in rows:
        waits = f", {row['behind']} behind it" if row["behind"] else ""
        field = f" {row['field']}:" if row["field"] else ""
        console.print(
            f"[bold]{row['case_id'] or row['event']}[/] {row['kind'] or ''} ({row['type']} from {row['system']})"
        )
        console.print(f"   {row['subscription']}:{field} {row['reason']}{waits}", markup=False)
    console.print(f"{len(rows)} parked; `careloom parked show ID`, then `retry` or `discard`")


def show(some_id: Id, config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """One parked event in full."""
    rows = _must(go(_find(config, some_id)))
    for row in rows:
        if json:
            json_line(dict(row))
            continue
        for name, value in dict(row).items():
            console.print(f"[bold]{name:>14}[/] {value if value is not None else ''}")


def retry(some_id: Id, reason: Reason = "retried by hand", by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Handle it again now, with all attempts ahead of it; what waits behind it follows in order."""
    go(_act(config, some_id, Act(by, reason), retry=True))
    console.print("will be handled again; `careloom trace` shows what comes of it")


def discard(some_id: Id, reason: Reason, by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Give it up, with a reason. It stays on record, and what waits behind it goes on."""
    go(_act(config, some_id, Act(by, reason), retry=False))
    console.print("discarded; the message and the reason stay on record")


async def _find(config: Path, some_id: UUID | None) -> Sequence[Any]:
    async with deployment(config) as here:
        return await here.operators.parked(some_id)


async def _act(config: Path, some_id: UUID, act: Act, *, retry: bool) -> None:
    async with deployment(config) as here:
        for row in _must(await here.operators.parked(some_id)):
            await _one(here, row, act, retry=retry)


async def _one(here: Deployment, row: Any, act: Act, *, retry: bool) -> None:
    position = Position(row["lane"], row["seq"])
    if retry:
        await here.operators.retry(row["subscription"], position, act)
    else:
        await here.operators.discard(row["subscription"], position, act)


def _must(rows: Sequence[Any]) -> Sequence[Any]:
    if not rows:
        raise NothingThere("nothing with that id waits for a person; `careloom parked list` shows what does")
    return rows
