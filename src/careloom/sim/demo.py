"""`careloom demo`: a hospital's morning against a real hub, an embedded PostgreSQL and a simulated Odoo 19."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from careloom.cli.run import run_on_fast_loop
from careloom.core.clock import SystemClock
from careloom.hub.configuration import load
from careloom.hub.node import running_node
from careloom.sim.morning import Morning, morning
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.performance import Performance
from careloom.sim.screen import screen
from careloom.sim.stage import Stage, open_stage, own_database
from careloom.sim.summary import Report, show

_SECONDS_A_PATIENT = 0.06


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to keep the demo's files; wiped at each start.")
    ] = None,
    patients: Annotated[int, typer.Option(min=10, max=5_000, help="How many patients come.")] = 200,
    seed: Annotated[int, typer.Option(help="Another number, another morning.")] = 19,
    keep: Annotated[bool, typer.Option("--keep/--no-keep", help="Keep the folder, to look around afterwards.")] = True,
) -> None:
    """Play a synthetic hospital morning: invented patients, repeats, stragglers, merges, garbage and an Odoo outage.

    Needs nothing but this program. Exit code 1 when anything is not as it must be in the end.
    """
    began = time.monotonic()
    console = Console(highlight=False)
    stage = open_stage(data)
    console.print(f"everybody in this demo is invented; its files are in {stage.folder}", markup=False, soft_wrap=True)
    try:
        found: list[Report] = []
        with own_database(), _logging_to(stage.log):
            run_on_fast_loop(_perform(stage, morning(patients, seed), console, began, found))
        show(found[0], console, stage.config if keep else None)
    finally:
        if not keep:
            stage.remove()
    if found[0].problems():
        raise typer.Exit(1)


async def _perform(stage: Stage, script: Morning, console: Console, began: float, found: list[Report]) -> None:
    console.print("starting PostgreSQL, the hub and a simulated Odoo 19 ...")
    clock = SystemClock()
    async with SimulatedOdoo("19.0", workers=4, clock=clock) as odoo:
        stage.configure(odoo)
        async with running_node(load(stage.config), clock=clock) as node:
            seconds = len(script.accounts) * _SECONDS_A_PATIENT
            performance = Performance(script, node, odoo, clock, seconds, began)
            with screen(console) as display:
                await performance.run(display)
            found.append(await performance.report())


@contextmanager
def _logging_to(file: Path) -> Iterator[None]:
    """Everything that is logged goes into a file, and nothing over the screen."""
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
