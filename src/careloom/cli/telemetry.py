"""Alert rules and a dashboard, made from what this deployment runs."""

from __future__ import annotations

import json as text
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, json_line
from careloom.core.clock import SystemClock
from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import load
from careloom.hub.flowlist import find_flows, find_kinds
from careloom.hub.measuring import acting
from careloom.store.sql import queries
from careloom.telemetry.dashboard import dashboard as make_dashboard
from careloom.telemetry.figures import FIGURES, Line, Summed, Window, statement, summed
from careloom.telemetry.objectives import objectives_of
from careloom.telemetry.rules import RUNBOOK
from careloom.telemetry.rules import rules as make_rules

Runbook = Annotated[str, typer.Option("--runbook", help="Where the runbook stands; alerts link to its sections.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rules)
    app.command()(dashboard)
    app.command()(unsynchronised)
    app.command()(figures)


def rules(config: Config = DEFAULT_CONFIG, runbook: Runbook = RUNBOOK) -> None:
    """Recording and alert rules for Prometheus, as JSON, which is YAML too: save them as careloom.rules.yml."""
    configuration = load(config)
    modules = configuration.settings.hub.flows
    flows = acting(find_flows(modules, configuration.base), configuration.settings)
    _write(make_rules(objectives_of(flows), find_kinds(modules, configuration.base), runbook))


def dashboard(config: Config = DEFAULT_CONFIG) -> None:
    """A dashboard for Grafana, as JSON to import."""
    configuration = load(config)
    flows = acting(find_flows(configuration.settings.hub.flows, configuration.base), configuration.settings)
    _write(make_dashboard(objectives_of(flows)))


def unsynchronised(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """The rows behind careloom_unsynchronised_appointments: events about appointments that Odoo was not told."""
    rows = go(_unsynchronised(config))
    for row in rows:
        found = {"id": str(row["id"]), "type": row["type"], "recorded": row["recorded"].isoformat()}
        if json:
            json_line(found)
        else:
            console.print(" ".join(found.values()))
    if not json:
        console.print(f"{len(rows)} events")


def figures(
    begin: Annotated[
        str, typer.Option("--from", help="A moment with its offset; without it a day before the end.")
    ] = "",
    end: Annotated[str, typer.Option("--to", help="A moment with its offset; without it now.")] = "",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """The figures of the dashboards, all of one moment: what came of processes and exceptions in a stretch of time.

    Those about a stretch that is over come out the same whenever they are asked for.
    """
    until = _moment(end, "--to") or SystemClock().now()
    since = _moment(begin, "--from") or until - timedelta(days=1)
    if since >= until:
        raise ConfigurationError("--from is before --to")
    for one in go(_figures(config, Window(since, until))):
        for line in (one.total, *one.parts):
            found = _said(one, line)
            if json:
                json_line(found)
            else:
                console.print(" ".join(f"{name}={value}" for name, value in found.items() if value is not None))


def _said(one: Summed, line: Line) -> dict[str, Any]:
    return {
        "figure": one.figure.name, "part": line.part, "rows": line.rows, "good": line.good,
        "median_seconds": line.median, "p95_seconds": line.most, "longest_seconds": line.longest,
    }  # fmt: skip


async def _figures(config: Path, window: Window) -> Sequence[Summed]:
    async with (
        deployment(config) as here,
        here.store.database.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return [await summed(connection, figure, window) for figure in FIGURES.values()]


def _moment(text: str, option: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        found = None
    if text and (found is None or found.tzinfo is None):
        raise ConfigurationError(f"{option} is a moment with its offset, such as 2026-03-01T08:00:00+00:00")
    return found


async def _unsynchronised(config: Path) -> Sequence[Any]:
    async with deployment(config) as here, here.store.database.acquire() as connection:
        return await connection.fetch(statement(queries("telemetry").unsynchronised_rows))


def written(made: dict[str, Any]) -> str:
    """As the files hold it."""
    return text.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _write(made: dict[str, Any]) -> None:
    typer.echo(written(made), nl=False)
