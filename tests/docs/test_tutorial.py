"""The tutorial, as a reader would follow it: its files, its commands, a real hub and a simulated Odoo."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.docs.blocks import Block, Command, blocks, commands, shows
from tests.docs.markdown import ROOT

PAGE = ROOT / "docs" / "tutorial" / "first-feed.md"
PATIENCE = 60.0


class Reader:
    """Follows a page. `terminals` are the programs left running; `ports` take the place of the page's."""

    def __init__(self, folder: Path, ports: dict[str, str]) -> None:
        self._folder = folder
        self._ports = ports
        bin_folder = str(Path(sys.executable).parent)
        # Colours and a narrow terminal would cut what the page shows.
        self._environment = {
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "HOME": str(folder),
            "COLUMNS": "250",
            "LC_ALL": "C.UTF-8",
        }
        self.terminals: list[asyncio.subprocess.Process] = []
        self._printed = ""
        self.ran: list[str] = []

    async def follow(self, block: Block) -> None:
        word, _, rest = block.note.partition(": ")
        if word == "file":
            (self._folder / rest).write_text(self._with_ports(block.text), "utf-8")
        elif word == "terminal":
            await self._leave_running(commands(block)[0], rest.partition("ready when: ")[2])
        elif word == "value":
            self._take_value(commands(block)[0], rest)
        elif word != "not run" and block.language == "console":
            for command in commands(block):
                await self._run(command)

    async def close(self) -> None:
        for process in reversed(self.terminals):
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def _leave_running(self, command: Command, ready: str) -> None:
        process = await self._start(command.text)
        self.terminals.append(process)
        assert process.stdout is not None
        output = ""
        while ready not in output:
            line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
            assert line, f"{command.text} ended before it was ready:\n{output}"
            output += line
        assert shows(output, tuple(self._with_ports(line) for line in command.shown)), output
        self._printed += output
        self.ran.append(command.text)

    def _take_value(self, command: Command, name: str) -> None:
        variable = command.text.removeprefix("export ").partition("=")[0]
        found = re.search(rf"{re.escape(name)}: (\S+)", self._printed)
        assert found, f"nothing that ran before printed {name}"
        self._environment[variable] = found[1]
        self.ran.append(command.text)

    async def _run(self, command: Command) -> None:
        """Again until it shows what the page says: what a hub does in the background takes a moment."""
        if command.text.startswith("cd "):
            self._folder /= command.text[3:]
            return
        deadline = time.monotonic() + PATIENCE
        expected = tuple(self._with_ports(line) for line in command.shown)
        while True:
            process = await self._start(command.text)
            output = (await process.communicate())[0].decode()
            if shows(output, expected) and process.returncode == 0:
                break
            assert time.monotonic() < deadline, f"{command.text} (exit {process.returncode}) shows:\n{output}"
        self.ran.append(command.text)

    async def _start(self, text: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", f"exec {self._with_ports(text)}", cwd=self._folder, env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    def _with_ports(self, text: str) -> str:
        for shown, real in self._ports.items():
            text = text.replace(shown, real)
        return text


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: it is closed to the user that PostgreSQL runs as under root."""
    made = Path(tempfile.mkdtemp(prefix="careloom-docs-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def reader(folder: Path) -> AsyncIterator[Reader]:
    reader = Reader(folder, dict(zip(("8069", "8080", "6661"), free_ports(3), strict=True)))
    yield reader
    await reader.close()


def free_ports(count: int) -> list[str]:
    """Ports that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [str(one.getsockname()[1]) for one in sockets]


async def test_the_tutorial_works_as_written(reader: Reader) -> None:
    for block in blocks(PAGE):
        await reader.follow(block)

    assert sum(text.startswith("careloom ") for text in reader.ran) >= 9
    for process in reversed(reader.terminals):
        assert process.returncode is None, "the hub and Odoo ran to the end"


def test_what_a_page_shows_must_come_in_its_order() -> None:
    output = "first\nsecond 42 of 7\nthird\n"

    assert shows(output, ("first", "...", "second ... of 7", "third"))
    assert not shows(output, ("third", "first"))
    assert not shows(output, ("second",))
