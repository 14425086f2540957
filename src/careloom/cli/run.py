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
from careloom.hub.configuration import Configuration, load
from careloom.hub.node import Node, running_node


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(
    config: Config = DEFAULT_CONFIG,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the hub until it is told to stop (Ctrl-C, SIGTERM)."""
    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    run_on_fast_loop(_until_told(load(config)))


def run_on_fast_loop(work: Coroutine[Any, Any, None]) -> None:
    """On uvloop where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(work)
    else:
        uvloop.run(work)


async def _until_told(configuration: Configuration) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    async with running_node(configuration) as node:
        _announce(node)
        await told.wait()
        console.print("stopping: what is in hand is finished first")


def _announce(node: Node) -> None:
    for name, port in sorted(node.ports.items()):
        console.print(f"{name} listens on port {port}")
    console.print(f"ready: {len(node.subscriptions)} subscriptions; stop with Ctrl-C")
