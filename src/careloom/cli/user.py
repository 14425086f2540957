"""People who may sign in to the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import By, Json, console, json_line, listing, moment
from careloom.console.people import INVITATION_LASTS, People
from careloom.console.rights import Role
from careloom.console.visiting import BASE
from careloom.hub.pages import people_of
from careloom.log.operators import Act

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="Who it is.")]
Roles = Annotated[list[Role] | None, typer.Option("--role", help="What they may do; may be given again.")]
Teams = Annotated[
    list[str] | None,
    typer.Option("--team", help="A role they stand in, in cases and approvals; may be given again."),
]
Reason = Annotated[str, typer.Option(help="Why; it is put on record.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (add, invite, assign, disable):
        app.command()(command)
    app.command("list")(list_)


def add(
    name: Name,
    role: Roles = None,
    team: Teams = None,
    config: Config = DEFAULT_CONFIG,
    by: By = "cli",
    reason: Reason = "",
) -> None:
    """Make an account and show, this once, the link by which its owner chooses a password. Without --role: a viewer."""
    roles = role or [Role.VIEWER]
    _show(go(_with_people(config, lambda people: people.add(name, roles, team or (), Act(by, reason)))))


def invite(name: Name, config: Config = DEFAULT_CONFIG, by: By = "cli", reason: Reason = "") -> None:
    """A new link, also for a password that was forgotten. Links before it end."""
    _show(go(_with_people(config, lambda people: people.invite(name, Act(by, reason)))))


def assign(
    name: Name,
    role: Roles = None,
    team: Teams = None,
    config: Config = DEFAULT_CONFIG,
    by: By = "cli",
    reason: Reason = "",
) -> None:
    """Say what somebody may do, in place of what was said before."""
    go(_with_people(config, lambda people: people.assign(name, role or (), team or (), Act(by, reason))))
    console.print(f"{name} may what these roles may: {', '.join(sorted(role or ())) or 'none'}")


def disable(name: Name, config: Config = DEFAULT_CONFIG, by: By = "cli", reason: Reason = "") -> None:
    """They are out at once, and cannot sign in again."""
    go(_with_people(config, lambda people: people.disable(name, Act(by, reason))))
    console.print(f"{name} cannot sign in any more")


def list_(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """All accounts; never their passwords."""
    rows = go(_with_people(config, lambda people: people.everybody()))
    if json:
        for row in rows:
            json_line(dict(row))
    else:
        listing("accounts", [(row["name"], _described(row)) for row in rows])


def _described(row: Any) -> str:
    roles = ", ".join(row["roles"]) or "no role"
    teams = f", stands in {', '.join(row['teams'])}" if row["teams"] else ""
    if row["disabled"]:
        return f"{roles}{teams}, disabled {moment(row['disabled'])}"
    seen = f", seen {moment(row['seen'])}" if row["seen"] else ""
    return f"{roles}{teams}{seen}{'' if row['active'] else ', has not chosen a password yet'}"


def _show(token: str) -> None:
    days = INVITATION_LASTS.days
    console.print(f"for {days} days, once, at the hub's address: {BASE}/welcome/{token}", soft_wrap=True)


async def _with_people(config: Path, act: Callable[[People], Awaitable[T]]) -> T:
    async with deployment(config) as here:
        return await act(people_of(here.store.database, here.work, here.clock, here.new_id))
