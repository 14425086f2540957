"""`careloom replay`: handle events once more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import By, Json, console, json_line, listing, moment
from careloom.log.operators import Act

_LONG_AGO = timedelta(days=36_500)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    subscription: Annotated[str, typer.Argument(help="The subscription that handles them again.")],
    event: Annotated[list[UUID] | None, typer.Option(help="An event; may be repeated.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Events recorded from then on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Events recorded before then (UTC).")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Events of this type.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Events with this outcome: done, skipped, discarded.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 10_000,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, the set is only shown.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept on record.")] = "replayed by hand",
    by: By = "cli",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Show exactly which events would be handled once more, and with --yes have them handled, in order."""
    if not event and since is None and until is None and type_ is None and outcome is None:
        raise typer.BadParameter("name events with --event, or select some with --since, --until, --type, --outcome")
    window = (_utc(since) or datetime.now(UTC) - _LONG_AGO, _utc(until) or datetime.now(UTC) + timedelta(days=1))
    chosen, count = go(_replay(config, subscription, event, window, type_, outcome, limit, Act(by, reason), yes))
    if json:
        json_line({"subscription": subscription, "events": [row["id"] for row in chosen], "replayed": count})
        return
    listing(
        f"{len(chosen)} events of {subscription}",
        [(row["id"], f"{row['outcome']}: {row['type']}, recorded {moment(row['recorded'])}") for row in chosen],
    )
    console.print(
        f"{count} will be handled again" if yes else "nothing was done; add --yes to handle exactly these again"
    )


async def _replay(
    config: Path,
    subscription: str,
    events: Sequence[UUID] | None,
    window: tuple[datetime, datetime],
    type_: str | None,
    outcome: str | None,
    limit: int,
    act: Act,
    yes: bool,
) -> tuple[list[Any], int]:
    async with deployment(config) as here:
        found = await here.operators.preview(subscription, *window, type_, outcome, limit)
        chosen = [row for row in found if not events or row["id"] in events]
        count = await here.operators.replay(subscription, [row["id"] for row in chosen], act) if yes else 0
        return chosen, count


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=time.tzinfo or UTC)
