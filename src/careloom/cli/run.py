"""`careloom run`: the hub."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config
from careloom.cli.output import console
from careloom.console.visiting import BASE
from careloom.core.clock import SystemClock
from careloom.hub.configuration import Configuration, load
from careloom.hub.node import Node, running_node, working_node
from careloom.hub.processes import parent_gone, worker_processes
from careloom.telemetry.logs import log_as_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(
    config: Config = DEFAULT_CONFIG,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
    worker: Annotated[bool, typer.Option("--worker", hidden=True)] = False,
) -> None:
    """Run the hub until it is told to stop (Ctrl-C, SIGTERM)."""
    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    configuration = load(config)
    if configuration.settings.log.format == "json":
        log_as_json()
    if worker:
        run_on_fast_loop(_work(configuration))
        return
    command = [sys.executable, "-m", "careloom", "run", "--worker", "--config", str(config), "--log-level", log_level]
    run_on_fast_loop(_serve(configuration, command))


def run_on_fast_loop(work: Coroutine[Any, Any, None]) -> None:
    """On uvloop where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(work)
    else:
        uvloop.run(work)


async def _serve(configuration: Configuration, command: list[str]) -> None:
    told = _told()
    hub = configuration.settings.hub
    others = hub.processes - 1 if hub.work else 0
    async with running_node(configuration) as node, worker_processes(others, command, SystemClock()):
        _announce(node)
        ends: set[asyncio.Future[Any]] = {told, node.store.lost}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if node.store.lost.done():
            raise node.store.lost.result()
        console.print("stopping: what is in hand is finished first")


async def _work(configuration: Configuration) -> None:
    """Ends with the hub that started it; a signal to the whole group is left to that hub."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    async with working_node(configuration):
        await parent_gone()


def _told() -> asyncio.Future[None]:
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not told.done():
            told.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell)
    return told


def _announce(node: Node) -> None:
    for name, port in sorted(node.ports.items()):
        console.print(f"{name} listens on port {port}")
    if node.welcome is not None:
        port = node.ports["api"]
        link = f"http://127.0.0.1:{port}{BASE}/welcome/{node.welcome}"
        console.print(f"nobody can sign in yet; the first administrator does here, within 3 days:\n  {link}")
    console.print(f"ready: {len(node.subscriptions)} subscriptions; stop with Ctrl-C")
