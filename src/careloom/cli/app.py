"""Puts the commands together, and turns typed errors into a line and an exit code."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import typer

from careloom.cli import (
    audit,
    case,
    check,
    code,
    crosswalk,
    deliveries,
    erase,
    events,
    inspect,
    key,
    map,
    match,
    new,
    odoo,
    parked,
    person,
    refused,
    replay,
    run,
    status,
    subscription,
    sync,
    telemetry,
    trace,
    translate,
    user,
    webhook,
    workflow,
)
from careloom.cli.output import error_line
from careloom.core.errors import AccessRefused, CareloomError, ConfigurationError, TransientError

FOUND_WRONG, MISUSED, MISCONFIGURED, UNREACHABLE = 1, 2, 3, 4

_COMMANDS = (run, inspect, translate, status, trace, deliveries, replay, erase, check, new)
_GROUPS = {
    "case": case,
    "code": code,
    "workflow": workflow,
    "sync": sync,
    "parked": parked,
    "refused": refused,
    "events": events,
    "map": map,
    "crosswalk": crosswalk,
    "match": match,
    "person": person,
    "subscription": subscription,
    "webhook": webhook,
    "audit": audit,
    "telemetry": telemetry,
    "key": key,
    "user": user,
    "odoo": odoo,
}


def build() -> typer.Typer:
    """The whole command line, with the commands that other packages add (`careloom.commands` entry points)."""
    app = typer.Typer(
        name="careloom",
        help="Careloom joins healthcare systems to Odoo.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for module in _COMMANDS:
        module.register(app)
    for name, module in _GROUPS.items():
        group = typer.Typer(no_args_is_help=True, help=module.__doc__)
        module.register(group)
        app.add_typer(group, name=name)
    for plugin in sorted(entry_points(group="careloom.commands"), key=lambda entry: entry.name):
        plugin.load()(app)
    return app


def main() -> None:
    """Run the command line; never shows a traceback for an error that we raise on purpose."""
    try:
        build()()
    except (ConfigurationError, AccessRefused) as error:
        _end(error, MISCONFIGURED)
    except TransientError as error:
        _end(error, UNREACHABLE)
    except CareloomError as error:
        _end(error, FOUND_WRONG)


def _end(error: CareloomError, code: int) -> None:
    error_line(str(error))
    sys.exit(code)
