"""`careloom demo`: a hospital's day against a real hub, an embedded PostgreSQL and everybody it exchanges with."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from careloom.cli.run import run_on_fast_loop
from careloom.core.clock import SystemClock
from careloom.hub.configuration import load
from careloom.hub.node import running_node
from careloom.sim.afternoon import Afternoon
from careloom.sim.cast import Cast, cast
from careloom.sim.evening import Evening, evening_of
from careloom.sim.evening import show as show_evening
from careloom.sim.morning import Morning, morning
from careloom.sim.performance import Performance
from careloom.sim.screen import screen
from careloom.sim.staff import Staff
from careloom.sim.stage import Stage, open_stage, own_database
from careloom.sim.summary import Report, go_on, show
from careloom.sim.town import town

_SECONDS_A_PATIENT = 0.06


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to keep the demo's files; wiped at each start.")
    ] = None,
    patients: Annotated[int, typer.Option(min=10, max=5_000, help="How many patients come in the morning.")] = 120,
    seed: Annotated[int, typer.Option(help="Another number, another day.")] = 19,
    keep: Annotated[bool, typer.Option("--keep/--no-keep", help="Keep the folder, to look around afterwards.")] = True,
) -> None:
    """Play a synthetic hospital day: invented patients, repeats, merges, garbage, an outage of Odoo and of the insurer,
    intakes, operations, a denial, a shortage, purchases and payments.

    Needs nothing but this program. Exit code 1 when anything is not as it must be in the end.
    """
    began = time.monotonic()
    console = Console(highlight=False)
    stage = open_stage(data)
    console.print(f"everybody in this demo is invented; its files are in {stage.folder}", markup=False, soft_wrap=True)
    try:
        found: list[Report | Evening] = []
        script, people = morning(patients, seed), cast(seed, SystemClock().now())
        with own_database(), _logging_to(stage.log):
            run_on_fast_loop(_perform(stage, script, people, console, began, found))
        if keep:
            go_on(script.star, console, stage.config)
    finally:
        if not keep:
            stage.remove()
    if any(one.problems() for one in found):
        raise typer.Exit(1)


async def _perform(
    stage: Stage, script: Morning, people: Cast, console: Console, began: float, found: list[Report | Evening]
) -> None:
    console.print("starting PostgreSQL, the hub, and a simulated Odoo 19, insurer, supplier and warehouse ...")
    clock = SystemClock()
    async with town(stage, people, clock) as around, running_node(load(stage.config), clock=clock) as node:
        seconds = len(script.accounts) * _SECONDS_A_PATIENT
        performance = Performance(script, node, around.odoo, clock, seconds, began)
        with screen(console) as display:
            await performance.run(display)
        async with await Staff.hired(node) as staff:
            day = Afternoon(people, around, node, staff, clock, _teller(console))
            await day.insurer_returns()
            report = await performance.report()
            show(report, console)
            await day.play()
            evening = await evening_of(script, people, around.odoo, node, staff, day.wrong, clock.monotonic() - began)
            show_evening(evening, console)
            found += [report, evening]


def _teller(console: Console) -> Callable[[datetime, str], None]:
    """Prints what happens, a line for each."""
    return lambda at, text: console.print(f"  {at:%H:%M} {text}", markup=False, soft_wrap=True)


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
