"""`careloom erase`: make a patient's bodies unreadable for ever."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import By, Json, console, json_line, listing, moment
from careloom.log.operators import Act, Erasable, NothingThere

_ELSEWHERE = (
    "Odoo and other targets keep their own copy: have it erased there. Backups made before keep the key until they"
    " expire. A number that was merged into another is a subject of its own: erase it by that number."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(erase)


def erase(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="A record number, or in full: Patient/ASSIGNER/NUMBER.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, what would be erased is only shown.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept on record; wanted with --yes.")] = "",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Show what the log holds of a patient, and with --yes make it unreadable for ever: its data key is deleted.

    The log keeps its chain and its counts; what was not handled yet will be skipped. This cannot be undone. Odoo keeps
    its own copy, which is to be erased there. A number that several assigners gave out must be named in full.
    """
    if yes and not reason.strip():
        raise typer.BadParameter("say why: --reason TEXT", param_hint="--yes")
    found = go(_erase(config, subject, Act(by, reason) if yes else None))
    erased = yes and len(found) == 1
    if json:
        json_line({"subjects": [asdict(one) for one in found], "erased": erased})
    else:
        _show(found, erased)
    if yes and not erased:
        raise typer.BadParameter("several assigners gave out that number; name one in full", param_hint="SUBJECT")


async def _erase(config: Path, subject: str, act: Act | None) -> list[Erasable]:
    async with deployment(config) as here:
        found = await here.operators.erasable(subject)
        if not found:
            raise NothingThere(
                "the log can read nothing of such a patient: check assigner and number; or it was erased"
            )
        if act is not None and len(found) == 1:
            await here.operators.erase(found[0].subject, act)
        return found


def _show(found: list[Erasable], erased: bool) -> None:
    listing("Erased" if erased else "Would be erased", [(one.subject, _described(one)) for one in found])
    console.print(_ELSEWHERE)
    if not erased:
        console.print("nothing was erased; add --yes and --reason TEXT to erase exactly one of these")


def _described(one: Erasable) -> str:
    when = f", taken in from {moment(one.first)} to {moment(one.last)}" if one.first else ""
    return f"{one.messages} messages, {one.events} events{when}; {one.parked} parked"
