"""`careloom status`: the four numbers and the lag of every subscription."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from typing import Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, Deployment, deployment, go
from careloom.cli.output import Json, console, json_line, listing
from careloom.core.errors import ConfigurationError
from careloom.hub.cards import read_standings
from careloom.hub.checking import NoIntake
from careloom.hub.node import subscriptions_of
from careloom.hub.status import read_status
from careloom.hub.surroundings import SystemMemory
from careloom.hub.systems import open_systems
from careloom.log.conservation import filtered_reasons
from careloom.log.handling import Subscription


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """How the hub stands: received = delivered + filtered + parked + in flight, who is behind, each connection.

    Exit code 1 when the numbers do not add up.
    """
    found = go(_read(config))
    if json:
        json_line(found)
    else:
        _show(found)
    if not found["messages"]["holds"]:
        raise typer.Exit(1)


async def _read(config: Any) -> dict[str, Any]:
    async with deployment(config) as here:
        known = await _subscriptions(here)
        names, now = list(here.configuration.systems), here.clock.now()
        told = await read_standings(names, lambda name: SystemMemory(name, here.store, here.clock), now)
        found = await read_status(here.store.database, now, subscriptions=known, standings=told)
        reasons = await filtered_reasons(here.store.database)
        return {**found, "filtered": [dict(row) for row in reasons]}


async def _subscriptions(here: Deployment) -> dict[str, Subscription]:
    """What the settings say of each; nothing when its flows cannot be loaded here, which `careloom check` explains."""
    async with AsyncExitStack() as stack:
        systems = open_systems(here.configuration, here.store, NoIntake(), here.clock, here.new_id, stack)
        with suppress(ConfigurationError):
            made = subscriptions_of(here.configuration, here.store, systems, here.new_id)
            return {subscription.name: subscription for subscription in made}
    return {}


def _show(found: dict[str, Any]) -> None:
    numbers = found["messages"]
    console.print(equation(numbers))
    listing("Systems", [(name, _standing(one)) for name, one in found["systems"].items()])
    listing("Subscriptions", [(row["name"], _described(row)) for row in found["subscriptions"]])
    if found["filtered"]:
        listing("Filtered", [(row["subscription"], f"{row['messages']}: {row['reason']}") for row in found["filtered"]])


def _standing(one: dict[str, Any]) -> str:
    """`closed; odoo 19.0; latency: calls 87, p50_ms 12.1`"""
    until = f" until {one['maintenance']}" if "maintenance" in one else ""
    facts = [_fact(name, value) for name, value in one.get("card", {}).items()]
    return "; ".join([f"{one['state']}{until}", *facts])


def _fact(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{name}: {', '.join(_fact(below, one) for below, one in value.items())}"
    return f"{name} {'none' if value is None else value}"


def _described(row: dict[str, Any]) -> str:
    state = f"{row['state']}, late" if row["late"] else row["state"]
    behind = f"{row['behind']} behind" + (f" (oldest {row['oldest_seconds']} s)" if row["behind"] else "")
    owner = f", owner {row['owner']}" if row["owner"] else ""
    return f"{state}, {behind}, {row['parked']} parked, {row['retrying']} retrying{owner}"


def equation(numbers: dict[str, Any]) -> str:
    """`received 10 = delivered 8 + filtered 1 + parked 1 + in flight 0`, and whether it is true."""
    sign = "=" if numbers["holds"] else "≠"
    text = (
        f"received {numbers['received']} {sign} delivered {numbers['delivered']} + filtered {numbers['filtered']}"
        f" + parked {numbers['parked']} + in flight {numbers['in_flight']}"
    )
    return f"{text}   (refused at the door: {numbers['refused']})"
