"""Synchronisations of master data: what each wrote, and whether both sides agree."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, json_line, listing, moment
from careloom.core.errors import ConfigurationError
from careloom.flows.master_store import Sync, last_syncs

ListName = Annotated[str | None, typer.Option("--list", help="Only of this list.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("list")(list_)
    group.command()(show)


def list_(list_name: ListName = None, limit: Limit = 20, config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """The last synchronisations, the newest first."""
    found = go(_last(config, list_name, limit))
    if json:
        for one in found:
            json_line(_object(one))
        return
    listing("Synchronisations", [(f"{one.list}  {moment(one.began)}", _line(one)) for one in found])
    console.print(f"{len(found)} synchronisations")


def show(
    list_name: Annotated[str, typer.Argument(metavar="LIST", help="The list.")],
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """The last synchronisation of a list: how far it is, or what both sides came to.

    Exit code 1 when it has ended and the sides do not agree.
    """
    found = go(_last(config, list_name, 1))
    if not found:
        raise ConfigurationError(f"the list {list_name!r} was never synchronised; see `careloom sync list`")
    (json_line(_object(found[0])) if json else _show(found[0]))
    if found[0].ended is not None and not found[0].agrees:
        raise typer.Exit(1)


async def _last(config: Any, list_name: str | None, limit: int) -> list[Sync]:
    async with deployment(config) as opened:
        return await last_syncs(opened.store.database, list_name, limit)


def _object(one: Sync) -> dict[str, Any]:
    return {**msgspec.to_builtins(one), "unchanged": one.unchanged, "agrees": one.agrees}


def _line(one: Sync) -> str:
    if one.ended is None:
        return f"reading: {_progress(one)}"
    agree = "both sides agree" if one.agrees else f"{one.differing or 0} rows differ"
    return (
        f"{one.read} read, {one.written} written, {one.unchanged} unchanged, {one.vanished} vanished, "
        f"{one.aside} aside; {agree}"
    )


def _progress(one: Sync) -> str:
    of = f" of about {one.expected}" if one.expected else ""
    seconds = (datetime.now(UTC) - one.began).total_seconds()
    return f"{one.read}{of} rows, {one.read / max(seconds, 1):.0f} a second"


def _show(one: Sync) -> None:
    console.print(one.list, style="bold", markup=False)
    console.print(f"  began {moment(one.began)}, {f'ended {moment(one.ended)}' if one.ended else 'not ended'}")
    console.print(f"  {_line(one)}", markup=False)
    if one.source_rows is not None:
        console.print(f"  list: {one.source_rows} rows, total {one.source_total}", markup=False)
        console.print(f"  Odoo: {one.odoo_rows} rows, total {one.odoo_total}", markup=False)
        console.print(f"  rows that differ: {one.differing}", markup=False)
