"""Alert rules and a dashboard, made from what this deployment runs."""

from __future__ import annotations

import json as text
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, json_line
from careloom.hub.configuration import load
from careloom.hub.flowlist import find_flows, find_kinds
from careloom.hub.measuring import acting
from careloom.store.sql import queries
from careloom.telemetry.dashboard import dashboard as make_dashboard
from careloom.telemetry.figures import statement
from careloom.telemetry.objectives import objectives_of
from careloom.telemetry.rules import RUNBOOK
from careloom.telemetry.rules import rules as make_rules

Runbook = Annotated[str, typer.Option("--runbook", help="Where the runbook stands; alerts link to its sections.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rules)
    app.command()(dashboard)
    app.command()(unsynchronised)


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


async def _unsynchronised(config: Path) -> Sequence[Any]:
    async with deployment(config) as here, here.store.database.acquire() as connection:
        return await connection.fetch(statement(queries("telemetry").unsynchronised_rows))


def written(made: dict[str, Any]) -> str:
    """As the files hold it."""
    return text.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _write(made: dict[str, Any]) -> None:
    typer.echo(written(made), nl=False)
