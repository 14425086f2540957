"""What the commands about runs have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from careloom.cli.deployment import deployment
from careloom.cli.output import console, json_line, moment
from careloom.hub.runwork import open_runwork
from careloom.workflow.standing import RunStanding
from careloom.workflow.starting import Begun
from careloom.workflow.work import RunWork

T = TypeVar("T")


async def with_runs(config: Path, act: Callable[[RunWork], Awaitable[T]]) -> T:
    """Act on the runs of a deployment, beside its hub or without it."""
    async with deployment(config) as here:
        return await act(
            await open_runwork(here.configuration, here.store.database, here.keyring, here.clock, here.new_id)
        )


def show_begun(begun: Begun, *, json: bool) -> None:
    """A run, and whether it was begun just now."""
    if json:
        json_line({"id": begun.run, "fresh": begun.fresh})
    else:
        console.print(f"{begun.run} {'is begun' if begun.fresh else 'was begun before, under this key'}")


def row_of(one: RunStanding) -> tuple[str, str]:
    """A run, for people."""
    parts = [f"begun {moment(one.begun)}"]
    parts += [f"ended {moment(one.ended)}"] if one.ended else [f"goes on {moment(one.due)}"] if one.due else []
    parts += ["held by a person"] if one.held else []
    parts += ["late"] if one.late else []
    parts += [one.error] if one.error else []
    return f"{one.id} {one.workflow} v{one.version} {one.state}", ", ".join(parts)
