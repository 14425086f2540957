"""Odoo systems: a new API key, and where values go."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, escaped, json_line, moment
from careloom.core.errors import ConfigurationError
from careloom.hub.checking import NoIntake
from careloom.hub.configuration import Configuration
from careloom.hub.sources import source_of
from careloom.hub.surroundings import LogHistory, surroundings
from careloom.systems.odoo import Settings
from careloom.systems.odoo.fieldmap import SERIES, Comes, Goes, into_odoo, out_of_odoo
from careloom.systems.odoo.rotation import Rotated, Rotation

System = Annotated[str, typer.Argument(metavar="SYSTEM", help="The system's name in the settings.")]
Password = Annotated[
    str | None, typer.Option("--password-ref", help="The user's password as env:NAME or file:PATH, if not in settings.")
]
Days = Annotated[int, typer.Option("--days", help="How long the new key holds: 1, 7, 30 or 90 days.")]
KeepOld = Annotated[bool, typer.Option("--keep-old", help="Leave the old key in Odoo; other nodes still use it.")]

Series = Annotated[int | None, typer.Option("--series", help="18 or 19; both, if left out.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(name="rotate-key")(rotate_key)
    group.command(name="map")(map_)


def rotate_key(
    system: System,
    password: Password = None,
    days: Days = 90,
    keep_old: KeepOld = False,
    json: Json = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a new API key, put it into the file that `api_key` names, and remove the old one in Odoo.

    The hub goes on all the while, and takes the new key with its next call. After a failure the old key is in place.
    """
    if days not in (1, 7, 30, 90):
        raise ConfigurationError("--days is 1, 7, 30 or 90: Odoo offers no others to users of its API")
    rotated = go(_rotate(config, system, password, days, keep_old))
    if json:
        json_line({
            "system": system,
            "key": rotated.key.name,
            "expires": rotated.key.expires,
            "removed": rotated.removed,
            "advice": rotated.advice,
        })  # fmt: skip
    else:
        _show(system, rotated)


def map_(series: Series = None, json: Json = False) -> None:
    """Which Odoo model and field each canonical field goes to, and which are read for events out, per series.

    `careloom map explain FILE` shows for a change of Odoo which field each value of an event came from.
    """
    for one in SERIES if series is None else (series,):
        if one not in SERIES:
            raise ConfigurationError(f"--series is {' or '.join(map(str, SERIES))}")
        goes, comes = into_odoo(one), out_of_odoo(one)
        if json:
            for place in goes:
                json_line({"direction": "in", **asdict(place)})
            for read in comes:
                json_line({"direction": "out", **asdict(read)})
        else:
            _show_map(one, goes, comes)


def _show_map(series: int, goes: list[Goes], comes: list[Comes]) -> None:
    console.print(f"[bold]Odoo {series}: into Odoo[/]")
    for one in goes:
        note = f"  [dim]{escaped(one.note)}[/]" if one.note else ""
        console.print(f"  {one.document}.{one.field} → {one.model}.{one.column}{note}")
    console.print(f"[bold]Odoo {series}: read for events[/] [dim](* a change of it makes an event)[/]")
    for read in comes:
        console.print(f"  {read.model}.{read.path}{' *' if read.decides else ''}")


async def _rotate(config: Path, system: str, password: str | None, days: int, keep_old: bool) -> Rotated:
    async with deployment(config) as here:
        settings = _settings(here.configuration, system)
        history = LogHistory(here.store, here.keyring)
        source = source_of(here.configuration, system)
        base = here.configuration.base
        around = surroundings(system, here.store, history, NoIntake(), here.clock, here.new_id, base, source)
        return await Rotation(settings, around).run(password=password, days=days, keep_old=keep_old)


def _settings(configuration: Configuration, system: str) -> Settings:
    found: Any = configuration.systems.get(system)
    if found is None or not isinstance(found.settings, Settings):
        known = [name for name, one in configuration.systems.items() if isinstance(one.settings, Settings)]
        raise ConfigurationError(f"there is no Odoo system {system}; there are: {', '.join(known) or 'none'}")
    return found.settings


def _show(system: str, rotated: Rotated) -> None:
    end = f"until {moment(rotated.key.expires)}" if rotated.key.expires else "without an end"
    console.print(f"{escaped(system)} has a new key, {escaped(rotated.key.name)}, good {end}")
    for name in rotated.removed:
        console.print(f"the old one, {escaped(name)}, was removed")
    for advice in rotated.advice:
        console.print(f"[yellow]to do[/]: {escaped(advice)}")
