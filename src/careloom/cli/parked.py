"""What waits for a person: list, show, retry, discard, resolve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, Deployment, deployment, go
from careloom.cli.output import By, Json, console, escaped, json_line
from careloom.core.envelope import Position
from careloom.log.operators import Act, NothingThere

Id = Annotated[UUID, typer.Argument(metavar="ID", help="The id of the case, the event or the message.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept on record.")]
_STANDING = {True: "yes", False: "no: `careloom parked resolve` closes the case"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_)
    app.command()(show)
    app.command()(retry)
    app.command()(discard)
    app.command()(resolve)


def list_(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Every open case: events that are parked, with how many wait behind them, and cases without a parked event."""
    rows = go(_find(config, None))
    if json:
        for row in rows:
            json_line(dict(row))
    else:
        _list(rows)


def _list(rows: Sequence[Any]) -> None:
    """Two lines each, so that it reads well in a narrow terminal."""
    loose = sum(not row["parked"] for row in rows)
    console.print(
        f"{len(rows) - loose} parked" + (f", {loose} to resolve about which nothing is parked" if loose else "")
    )
    for row in rows:
        what = " ".join(escaped(row[name]) for name in ("kind", "field") if row[name])
        about = f"{escaped(row['type'] or 'a message')} from {row['system']}"
        console.print(f"[bold]{row['case_id'] or row['event']}[/] {what} ({about})")
        waits = f", {row['behind']} behind it" if row["behind"] else ""
        by = row["subscription"] if row["parked"] else "nothing is parked"
        console.print(f"   {by}: {row['reason']}{waits}", markup=False)
    if rows:
        console.print("`careloom parked show ID`, then `retry` or `discard`; `resolve` where nothing is parked")


def show(some_id: Id, config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """One open case in full, and whether an event is parked for it."""
    rows = _must(go(_find(config, some_id)))
    for row in rows:
        if json:
            json_line(dict(row))
            continue
        for name, value in dict(row).items():
            console.print(f"[bold]{name:>14}[/] {escaped(_STANDING.get(value) if name == 'parked' else value)}")


def retry(some_id: Id, reason: Reason = "retried by hand", by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Handle it again now, with all attempts ahead of it; what waits behind it follows in order."""
    go(_act(config, some_id, Act(by, reason), retry=True))
    console.print("will be handled again; `careloom trace` shows what comes of it")


def discard(some_id: Id, reason: Reason, by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Give it up, with a reason. It stays on record, and what waits behind it goes on."""
    go(_act(config, some_id, Act(by, reason), retry=False))
    console.print("discarded; the message and the reason stay on record")


def resolve(some_id: Id, reason: Reason, by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Close a case about which nothing is parked, such as a message id that was used again. It stays on record."""
    go(_resolve(config, some_id, Act(by, reason)))
    console.print("resolved; the case and the reason stay on record")


async def _find(config: Path, some_id: UUID | None) -> Sequence[Any]:
    async with deployment(config) as here:
        return [*await here.operators.parked(some_id), *await here.operators.loose_cases(some_id)]


async def _act(config: Path, some_id: UUID, act: Act, *, retry: bool) -> None:
    async with deployment(config) as here:
        rows = await here.operators.parked(some_id)
        if not rows and await here.operators.loose_cases(some_id):
            raise NothingThere("nothing is parked for this case; `careloom parked resolve` closes it")
        for row in _must(rows):
            await _one(here, row, act, retry=retry)


async def _one(here: Deployment, row: Any, act: Act, *, retry: bool) -> None:
    position = Position(row["lane"], row["seq"])
    if retry:
        await here.operators.retry(row["subscription"], position, act)
    else:
        await here.operators.discard(row["subscription"], position, act)


async def _resolve(config: Path, some_id: UUID, act: Act) -> None:
    async with deployment(config) as here:
        rows = await here.operators.loose_cases(some_id)
        if not rows and await here.operators.parked(some_id):
            raise NothingThere("an event is parked for this case; `careloom parked retry` or `discard` ends both")
        for row in _must(rows):
            await here.operators.resolve(row["case_id"], act)


def _must(rows: Sequence[Any]) -> Sequence[Any]:
    if not rows:
        raise NothingThere("nothing with that id waits for a person; `careloom parked list` shows what does")
    return rows
