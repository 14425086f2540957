"""Alert rules and a dashboard, made from what this deployment runs."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config
from careloom.hub.configuration import load
from careloom.hub.flowlist import find_flows, find_kinds
from careloom.hub.measuring import acting
from careloom.telemetry.dashboard import dashboard as make_dashboard
from careloom.telemetry.objectives import objectives_of
from careloom.telemetry.rules import RUNBOOK
from careloom.telemetry.rules import rules as make_rules

Runbook = Annotated[str, typer.Option("--runbook", help="Where the runbook stands; alerts link to its sections.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rules)
    app.command()(dashboard)


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


def written(made: dict[str, Any]) -> str:
    """As the files hold it."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _write(made: dict[str, Any]) -> None:
    typer.echo(written(made), nl=False)
