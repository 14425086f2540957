"""Roles that somebody hands on while away: who stands in for whom, until when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from careloom.cases.delegations import Delegation, Delegations
from careloom.cases.rights import Actor
from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, each, json_line, moment

T = TypeVar("T")
FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d"]
Role = Annotated[str, typer.Option("--role", help="The role that is handed on.")]
Whose = Annotated[str, typer.Option("--by", help="Who hands it on; for the name of an API key, a role of that key.")]
To = Annotated[str, typer.Option("--to", help="Who has it meanwhile.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept on record.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (delegate, delegations, recall):
        app.command()(command)


def delegate(
    role: Role,
    by: Whose,
    to: To,
    until: Annotated[datetime, typer.Option("--until", formats=FORMATS, help="Until before then, in UTC.")],
    since: Annotated[
        datetime | None, typer.Option("--from", formats=FORMATS, help="From then on, in UTC; else now.")
    ] = None,
    reason: Reason = "",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Hand a role on for a time: approvals by who stands in count for whom they stand in."""
    begin = None if since is None else _utc(since)

    async def hand_on(work: Delegations) -> Delegation:
        return await work.hand_on(Actor(by), role, to, until=_utc(until), since=begin, why=reason)

    _show(go(_with(config, hand_on)), json=json)


def delegations(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """The roles that are handed on, now or later."""
    each("Delegations", go(_with(config, lambda work: work.list())), lambda one: (one.id, _line(one)), json=json)


def recall(
    some_id: Annotated[UUID, typer.Argument(metavar="ID", help="See `careloom case delegations`.")],
    by: Annotated[str, typer.Option("--by", help="Who takes it back.")] = "cli",
    reason: Reason = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take a role back before its time is over."""
    go(_with(config, lambda work: work.take_back(Actor(by), some_id, reason)))
    console.print("it is not handed on any more")


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC)


def _show(one: Delegation, *, json: bool) -> None:
    if json:
        json_line(one.as_dict())
    else:
        console.print(_line(one), markup=False)


def _line(one: Delegation) -> str:
    why = f": {one.why}" if one.why else ""
    times = f"from {moment(one.since)} until {moment(one.until)}"
    return f"{one.role} of {one.handed_by} to {one.handed_to}, {times}{why}"


async def _with(config: Path, act: Callable[[Delegations], Awaitable[T]]) -> T:
    async with deployment(config) as here:
        return await act(here.work.delegations)
