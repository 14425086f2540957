"""Further processes of a node, for more cores: each shares the store and takes its part of the lanes.

A process ends with the hub, even when the hub is killed: it reads a pipe that nobody writes, until the pipe closes.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from careloom.core.clock import Clock

_log = logging.getLogger(__name__)
AGAIN_SECONDS = 1.0
STOP_SECONDS = 30.0


@asynccontextmanager
async def worker_processes(count: int, command: Sequence[str], clock: Clock) -> AsyncIterator[None]:
    """Keep `count` processes running `command` for the length of the block; one that ends is started again."""
    keepers = [asyncio.get_running_loop().create_task(_keep(command, clock)) for _ in range(count)]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep(command: Sequence[str], clock: Clock) -> None:
    while True:
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        _log.error("a working process ended with code %s; another is started", code)
        await clock.sleep(AGAIN_SECONDS)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close its pipe, so that it finishes what it has in hand; kill it when it does not."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def parent_gone() -> None:
    """Return when whoever started this process closes our standard input, or dies."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass
