"""The processes of a trial: the hub, the sink, the simulated Odoo; and the PostgreSQL that the hub keeps."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0


@contextmanager
def deployment_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can pass through; pytest's own it cannot, under root."""
    folder = Path(tempfile.mkdtemp(prefix="careloom-trial-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def server(*command: str, lines: int = 1) -> AsyncIterator[list[str]]:
    """Run `python -m command...` for the length of the block; gives the first lines it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            said = [(await process.stdout.readline()).decode().strip() for _ in range(lines)]
        yield said
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@dataclass(frozen=True, slots=True)
class Erp:
    """How to reach the simulated Odoo."""

    url: str
    database: str
    login: str
    api_key: str


@asynccontextmanager
async def simulated_odoo(version: str = "19.0") -> AsyncIterator[Erp]:
    """An Odoo in a process of its own."""
    async with server("careloom.sim.odoo", "--port", "0", "--version", version, lines=5) as greeting:
        told = dict(line.split(": ", 1) for line in greeting[1:])
        yield Erp(told["url"], told["database"], told["login"], told["API key"])


class Hub:
    """`careloom run` in `folder`, started again and again. `environment` is added to ours."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None, level: str = "warning") -> None:
        self.folder = folder
        self.ports: dict[str, int] = {}
        self._environment = {**os.environ, **(environment or {})}
        self._level = level
        self._process: asyncio.subprocess.Process | None = None

    @property
    def output(self) -> str:
        """Everything it ever printed or logged."""
        files = (self.folder / "hub.out", self.folder / "hub.err")
        return "".join(file.read_text("utf-8", "replace") for file in files if file.exists())

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it and return once it listens."""
        await self.spawn()
        await self.ready()

    async def spawn(self) -> None:
        """Start it, not waiting for anything."""
        with (self.folder / "hub.err").open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "careloom", "run", "--log-level", self._level),
                cwd=self.folder, env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip

    async def ready(self) -> None:
        """Wait until it listens; raises when it ends instead."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            async for line in self._process.stdout:
                text = line.decode()
                with (self.folder / "hub.out").open("a") as output:
                    output.write(text)
                if " listens on port " in text:
                    name, _, port = text.strip().partition(" listens on port ")
                    self.ports[name] = int(port)
                if text.startswith("ready"):
                    return
        code = await self._process.wait()
        raise RuntimeError(f"the hub ended with {code} while it started: {self.output[-2000:]}")

    async def kill(self) -> None:
        """SIGKILL; it gets no chance to do anything."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, and its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        with suppress(ProcessLookupError):
            process.send_signal(how)
        printed, _ = await process.communicate()
        with (self.folder / "hub.out").open("ab") as output:
            output.write(printed)
        assert process.returncode is not None
        return process.returncode


async def careloom(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run one command in `folder`: its exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "careloom", *arguments),
        cwd=folder, env={**os.environ, "COLUMNS": "400", **(environment or {})},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


def postmaster(data: Path) -> int | None:
    """The process id of the PostgreSQL on a hub's data folder, if one lives."""
    found = postmasters(data)
    return found[0] if found else None


def postmasters(data: Path) -> list[int]:
    """Every live PostgreSQL on a hub's data folder: more than one would be a disaster."""
    cluster = os.fsencode(data / "postgres")
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes().split(b"\0")
            if Path(os.fsdecode(command[0])).name == "postgres" and cluster in command:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    # A backend looks like its postmaster until it has set its title.
    return [process for process, parent in parents.items() if parent not in parents]


def gone(process: int, seconds: float) -> bool:
    """Wait until a process that is not our child is gone; False when it outlived `seconds`."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)
