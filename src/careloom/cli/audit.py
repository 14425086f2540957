"""Prove that nothing was altered, and see who called the API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, json_line, listing, moment
from careloom.log.verification import Verdict
from careloom.log.verification import verify as verify_log
from careloom.store.sql import queries

_SQL = queries("keys")
_STATUS: Final = re.compile(r"[1-5](?:xx|\d\d)")
_ANY: Final = (0, 999)


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.callback()
    def group() -> None:
        """Prove that nothing was altered, and see who called the API."""

    app.command()(verify)
    app.command()(calls)


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


def calls(
    key: Annotated[str | None, typer.Option("--key", help="Of this API key; system:NAME for a system's own.")] = None,
    route: Annotated[str | None, typer.Option("--route", help="Of routes that begin so, /v1/lookups.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="With this status, or class: 403, 4xx.")] = None,
    before: Annotated[datetime | None, typer.Option("--before", help="Before this moment (UTC).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Who called the API, newest first: when, what for, what came of it. Never what was asked or answered.

    Calls are on record a second after they were answered, and for as long as `keep_calls_days` in `[store]` says.
    """
    low, high = _between(status)
    until = before.replace(tzinfo=before.tzinfo or UTC) if before is not None else None
    rows, days = go(_calls(config, (key, route, low, high, until, limit)))
    if json:
        for row in rows:
            json_line(row)
        return
    if rows:
        listing("Calls", [(f"{moment(row['at'])} {_who(row)}", _call(row)) for row in rows])
    kept = f"kept for {days} days" if days else "kept for ever"
    console.print(f"{len(rows)} calls; they are {kept} (keep_calls_days)")


def _between(status: str | None) -> tuple[int, int]:
    """The lowest and the highest status that are meant."""
    if status is None:
        return _ANY
    if not _STATUS.fullmatch(status):
        raise typer.BadParameter("give a status or a class of them: 403, 4xx", param_hint="--status")
    return int(status.replace("x", "0")), int(status.replace("x", "9"))


def _who(row: Mapping[str, Any]) -> str:
    return row["consumer"] or "without a good key"


def _call(row: Mapping[str, Any]) -> str:
    outcome = f" {row['outcome']}" if row["outcome"] else ""
    return f"{row['method']} {row['route']}: {row['status']}{outcome}, {row['data_class']}, {row['seconds']:.3f} s"


async def _verify(config: Config) -> Verdict:
    async with deployment(config) as here:
        return await verify_log(here.store.database)


async def _calls(config: Path, asked: tuple[object, ...]) -> tuple[Sequence[dict[str, Any]], int]:
    async with deployment(config) as here:
        async with here.store.database.acquire() as connection:
            rows = [dict(row) for row in await connection.fetch(_SQL.calls, *asked)]
        return rows, here.configuration.settings.store.keep_calls_days
