"""Endpoints of webhooks: which are sent to, and switching one on again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, Deployment, deployment, go
from careloom.cli.output import By, Json, console, json_line, listing, moment
from careloom.core.errors import ConfigurationError
from careloom.hub.surroundings import SystemMemory, SystemTroubles
from careloom.systems.webhook_out.settings import Settings
from careloom.systems.webhook_out.standing import CASE, State, enable, recall

Name = Annotated[str, typer.Argument(help="The system, as the settings name it.")]
Reason = Annotated[str, typer.Option("--reason", help="What was put right; kept with the case.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_)
    app.command("enable")(enable_)


def list_(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Every endpoint: whether it is sent to, and if not, since when and why."""
    rows = go(_read(config))
    if json:
        for row in rows:
            json_line(row)
    else:
        listing("Endpoints", [(row["system"], _described(row)) for row in rows])


def enable_(name: Name, reason: Reason = "enabled by hand", by: By = "cli", config: Config = DEFAULT_CONFIG) -> None:
    """Send to a disabled endpoint again. All that waited in the log is delivered, in order."""
    if go(_enable(config, name, f"enabled by {by}: {reason}")):
        console.print(f"{name} is sent to again, by every node within seconds; what waited is delivered in order")
    else:
        console.print(f"{name} was not disabled; nothing was changed")


def _described(row: dict[str, Any]) -> str:
    if row["state"] == "disabled":
        return f"disabled since {moment(row['disabled'])}: {row['reason']}"
    return f"enabled, {row['failures']} failures in a row" if row["failures"] else "enabled"


def _as_dict(name: str, state: State) -> dict[str, Any]:
    return {
        "system": name,
        "state": "disabled" if state.disabled else "enabled",
        "failures": state.failures,
        "disabled": state.disabled,
        "reason": state.reason,
    }


async def _read(config: Path) -> list[dict[str, Any]]:
    async with deployment(config) as here:
        return [_as_dict(name, await recall(_memory(here, name))) for name in _endpoints(here)]


async def _enable(config: Path, name: str, resolution: str) -> bool:
    async with deployment(config) as here:
        if name not in _endpoints(here):
            known = ", ".join(_endpoints(here)) or "none"
            raise ConfigurationError(f"{name!r} is no endpoint that webhooks are sent to; there are {known}")
        was = await enable(_memory(here, name))
        troubles = SystemTroubles(name, here.store, here.clock, here.new_id)
        await troubles.settle(CASE, resolution=resolution)
        return was


def _endpoints(here: Deployment) -> Iterator[str]:
    systems = here.configuration.systems.values()
    return (system.name for system in systems if isinstance(system.settings, Settings))


def _memory(here: Deployment, name: str) -> SystemMemory:
    return SystemMemory(name, here.store, here.clock)
