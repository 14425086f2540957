"""`careloom trace`: one message from its bytes to its record in Odoo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, Deployment, deployment, go
from careloom.cli.output import By, Json, console, error_line, escaped, json_line
from careloom.core.envelope import Kind, Recorded
from careloom.log.journey import Journey, find, journey
from careloom.log.operators import Act
from careloom.security.masking import mask


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(trace)


def trace(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="A message or event id, a control id, or an MRN.")],
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show bodies unmasked; this is put on record.")] = False,
    reason: Annotated[str, typer.Option(help="Why you look; wanted with --reveal.")] = "",
    by: By = "cli",
) -> None:
    """Show the message, its events, deliveries, attempts and the Odoo record. Bodies are masked unless --reveal."""
    if reveal and not reason:
        raise typer.BadParameter("say why you look: --reason TEXT", param_hint="--reveal")
    journeys = go(_read(config, wanted, Act(by, reason) if reveal else None))
    if not journeys:
        error_line("nothing here has that id, control id or record number; ids are compared exactly")
        raise typer.Exit(1)
    for one in journeys:
        if json:
            json_line(_as_dict(one, reveal))
        else:
            _show(one, reveal)


async def _read(config: Path, wanted: str, look: Act | None) -> list[Journey]:
    async with deployment(config) as here:
        messages = await find(here.store.database, here.keyring, wanted)
        found = [await _one(here, message, look) for message in messages]
        return [one for one in found if one is not None]


async def _one(here: Deployment, message: Any, look: Act | None) -> Journey | None:
    found = await journey(here.store.database, here.keyring, message)
    if found is not None and look is not None:
        await here.operators.record_look(message, look)
    return found


def _body(event: Recorded, reveal: bool) -> str:
    text = event.data.decode("utf-8", "replace").replace("\r", "\n").strip()
    return text if reveal else mask(text)


def _as_dict(one: Journey, reveal: bool) -> dict[str, Any]:
    return {
        "message": one.message,
        "system": one.system,
        "key": one.key,
        "events": [
            {
                "id": event.id,
                "kind": event.kind.name.lower(),
                "type": event.type,
                "position": str(event.position),
                "time": event.time,
                "recorded": event.recorded,
                "body": _body(event, reveal),
            }
            for event in one.events
        ],
        "deliveries": [dict(row) for row in one.deliveries],
        "attempts": [dict(row) for row in one.attempts],
        "parked": [dict(row) for row in one.parked],
    }


def _show(one: Journey, reveal: bool) -> None:
    console.print(f"message {one.message} from {one.system}, their id {one.key}", style="bold", markup=False)
    for event in one.events:
        name = "bytes as received" if event.kind is Kind.MESSAGE else "event"
        console.print(f"[bold]{event.recorded:%H:%M:%S.%f} {name}[/] {escaped(event.type)} at {event.position}")
        console.print(_body(event, reveal), markup=False, style="dim")
        _show_outcomes(one, event)


def _show_outcomes(one: Journey, event: Recorded) -> None:
    for row in one.attempts:
        if row["event"] == event.id:
            console.print(
                f"  {row['at']:%H:%M:%S.%f} attempt {row['number']} of {row['subscription']}: {escaped(row['reason'])}"
            )
    for row in one.deliveries:
        if row["event"] == event.id:
            came_of_it = row["reference"] or row["reason"] or ""
            console.print(
                f"  {row['at']:%H:%M:%S.%f} [green]{row['outcome']}[/] by {row['subscription']}"
                f" after {row['attempts']} attempt(s) {escaped(came_of_it)}"
            )
    for row in one.parked:
        if row["event"] == event.id:
            console.print(f"  [yellow]parked[/] by {row['subscription']} ({row['state']}): {escaped(row['reason'])}")
