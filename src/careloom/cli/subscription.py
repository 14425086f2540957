"""Pause and resume what handles events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import By, Json, console, json_line, listing
from careloom.log.lanes import Bank
from careloom.log.operators import Act

Name = Annotated[str, typer.Argument(help="The subscription, as `careloom status` names it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept on record.")]
_READS = {Bank.MESSAGES.value: "messages", Bank.EVENTS.value: "events"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_)
    app.command()(pause)
    app.command()(resume)


def list_(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Every subscription: what it reads, whether it is paused, and who did that why."""
    rows = go(_read(config))
    if json:
        for row in rows:
            json_line(_as_dict(row))
    else:
        listing("Subscriptions", [(row["name"], _described(row)) for row in rows])


def pause(name: Name, reason: Reason, by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Have nothing new handled until it is resumed. Messages are taken in and acknowledged all the same."""
    go(_pause(config, name, Act(by, reason), paused=True))
    console.print(f"{name} is paused; what comes waits in the log until `careloom subscription resume {name}`")


def resume(name: Name, reason: Reason = "resumed by hand", by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Go on where it was paused; nothing is left out."""
    go(_pause(config, name, Act(by, reason), paused=False))
    console.print(f"{name} goes on where it was")


def _as_dict(row: Any) -> dict[str, Any]:
    state = "paused" if row["paused"] else "running"
    return {
        "name": row["name"],
        "reads": _READS[row["bank"]],
        "state": state,
        "reason": row["reason"],
        "by": row["by"],
    }


def _described(row: Any) -> str:
    reads = f"reads {_READS[row['bank']]}"
    return f"paused by {row['by']}: {row['reason']} ({reads})" if row["paused"] else f"running, {reads}"


async def _read(config: Path) -> Sequence[Any]:
    async with deployment(config) as here:
        return await here.operators.subscriptions()


async def _pause(config: Path, name: str, act: Act, *, paused: bool) -> None:
    async with deployment(config) as here:
        await here.operators.pause(name, act, paused=paused)
