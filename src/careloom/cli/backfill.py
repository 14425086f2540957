"""Backfills: many runs begun slowly, behind live work; begin one, see how far it is, hold it, have it go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, go
from careloom.cli.inputs import whole
from careloom.cli.output import By, Json, each, outcome
from careloom.cli.runs import row_of, show_begun, with_runs
from careloom.workflow.backfilling import Backfills, BackfillStanding
from careloom.workflow.desk import Told
from careloom.workflow.progress import Progress

Id = Annotated[UUID, typer.Argument(metavar="ID", help="The run of the backfill.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept on record, so it names no patient.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (begin, progress, hold, resume):
        app.command()(command)


def begin(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As a flow declares it: flow.name.")],
    input_: Annotated[Path, typer.Option("--input", help="A JSON file: the items, or what its query takes.")],
    reason: Why,
    rate: Annotated[
        float | None, typer.Option("--rate", min=0.01, max=10_000, help="Runs a second; else as it is declared.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="A repeat under the same key is the same backfill.")] = None,
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Begin a run for each item; runs that are live go first."""
    body, told = whole(input_), Told(by, reason)
    begun = go(with_runs(config, lambda work: work.backfills.begin(name, body, told, rate=rate, key=key)))
    show_begun(begun, json=json)


def progress(
    some_id: Annotated[
        UUID | None, typer.Argument(metavar="ID", help="The run of one; without it, the last of each.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Of each at most so many.")] = 20,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """How far a backfill is: how many were begun, how many were put aside, how long it still takes."""
    if some_id is None:
        each("Backfills", go(with_runs(config, lambda work: work.backfills.list(limit))), _row, json=json)
    else:
        outcome(go(with_runs(config, lambda work: work.backfills.one(some_id))), _row, json=json)


def hold(some_id: Id, reason: Why, by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Begin no further runs for now; those that were begun go on."""
    _acted(config, some_id, lambda work: work.hold(some_id, Told(by, reason)), json=json)


def resume(some_id: Id, reason: Why = "", by: By = "cli", config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Have it go on where it was held."""
    _acted(config, some_id, lambda work: work.resume(some_id, Told(by, reason)), json=json)


def _acted(config: Path, run: UUID, act: Callable[[Backfills], Awaitable[Any]], *, json: bool) -> None:
    async def both(work: Backfills) -> BackfillStanding:
        await act(work)
        return await work.one(run)

    outcome(go(with_runs(config, lambda work: both(work.backfills))), _row, json=json)


def _row(one: BackfillStanding) -> tuple[str, str]:
    title, rest = row_of(one.run)
    return title, "; ".join([*map(_far, one.loops), rest])


def _far(one: Progress) -> str:
    of = "" if one.total is None else f" of {one.total}"
    left = one.seconds_left
    still = "" if not left else f", about {left:.0f} s left"
    return f"{one.done}{of} begun, {one.aside} put aside{still}"
