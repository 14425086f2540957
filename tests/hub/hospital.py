"""A deployment in this process: settings on disk, a hub on a fresh database, a sender, and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from opentelemetry.sdk.trace import SpanProcessor

from careloom.cli import main
from careloom.hub.configuration import load
from careloom.hub.node import Node, running_node
from careloom.log.conservation import Conservation, conservation
from careloom.sim.odoo import SimulatedOdoo
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock

START, END = b"\x0b", b"\x1c\r"
SECONDS = 60
MASTER_KEY = "5a" * 32


def adt(
    event: str, control_id: str, mrn: str = "N-1", *, at: str = "20260301083000", pid: Mapping[int, str] | None = None,
    mrg: str = "", evn: bool = True,
) -> bytes:  # fmt: skip
    """An ADT message about an invented patient; `pid` replaces fields of PID, `mrg` is MRG-1."""
    fields = {
        1: "1", 3: f"{mrn}^^^NORTH^MR", 5: "Weaver^Ottilie^^^^^L", 7: "19710412", 8: "F",
        11: "12 Loom Lane^^Springfield^IL^62701^USA^H", 13: "^PRN^PH^^1^555^0100101",
    } | dict(pid or {})  # fmt: skip
    segments = [
        f"MSH|^~\\&|EHR|NORTH|CARELOOM|NORTH|{at}||ADT^{event}^ADT_A01|{control_id}|P|2.5.1",
        *([f"EVN|{event}|{at}"] if evn else []),
        "PID|" + "|".join(fields.get(number, "") for number in range(1, max(fields) + 1)),
        f"MRG|{mrg}" if mrg else "PV1|1|O|CLINIC^1^^NORTH",
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()


@dataclass(frozen=True, slots=True)
class Ack:
    """What a sender was told: MSA-1, MSA-2 and the whole answer."""

    code: str
    about: str
    text: str


class Sender:
    """One MLLP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, body: bytes) -> Ack:
        """One message and its answer."""
        self.write(START + body + END)
        return await self.answer()

    def write(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def answer(self) -> Ack:
        """The next answer; IncompleteReadError when the line is closed instead."""
        async with asyncio.timeout(SECONDS):
            text = (await self._reader.readuntil(END)).strip(START + END).decode("utf-8", "replace")
        fields = next((line for line in text.split("\r") if line.startswith("MSA|")), "MSA||").split("|")
        return Ack(fields[1], fields[2], text)

    async def rest(self) -> bytes:
        """Everything until the other side hangs up."""
        async with asyncio.timeout(SECONDS):
            return await self._reader.read()


@asynccontextmanager
async def line(port: int) -> AsyncIterator[Sender]:
    """A connection to a listener."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    try:
        yield Sender(reader, writer)
    finally:
        writer.close()


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    code: int
    output: str
    errors: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The output as JSON, one object a line."""
        return [json.loads(line) for line in self.output.splitlines()]

    @property
    def object(self) -> dict[str, Any]:
        [one] = self.objects
        return one


class Hospital:
    """A folder with a `careloom.toml`, and everything that people do with it."""

    def __init__(self, folder: Path, dsn: str, *, console: bool = False) -> None:
        self.folder = folder
        self.console = console
        self.dsn = dsn
        (folder / "dsn").write_text(dsn)
        (folder / "master").write_text(MASTER_KEY)
        self.configure()

    @property
    def config(self) -> Path:
        return self.folder / "careloom.toml"

    def configure(self, more: str = "", *, odoo: SimulatedOdoo | None = None, hub: str = "", ehr: str = "") -> None:
        """Write the settings: an EHR over MLLP, the HTTP API, `more`, and Odoo with the registration flow if given."""
        text = (
            f'[hub]\nname = "north"\n{hub}\n[store]\nurl = "file:dsn"\n[security]\nmaster_key = "file:master"\n'
            f"[api]\nport = 0\nconsole = {str(self.console).lower()}\n"
            f'[systems.ehr]\nkind = "mllp"\nport = 0\n{ehr}\n{more}\n'
        )
        if odoo is not None:
            (self.folder / "erp-key").write_text(odoo.api_key)
            text += (
                f'[systems.erp]\nkind = "odoo"\nurl = "{odoo.url}"\ndatabase = "{odoo.database}"\n'
                f'login = "{odoo.login}"\napi_key = "file:erp-key"\nconcurrency = 2\n'
                '[flows.registration]\nerp = "erp"\n'
            )
        self.config.write_text(text)

    @asynccontextmanager
    async def running(
        self, *, clock: VirtualClock | None = None, spans: SpanProcessor | None = None
    ) -> AsyncIterator[Running]:
        """A hub for the length of the block; with `clock`, one whose time passes only when a test says so."""
        async with (
            running_node(load(self.config), clock=clock, spans=spans) as node,
            line(node.ports["ehr"]) as sender,
        ):
            yield Running(node, sender, clock)

    async def careloom(self, *arguments: str) -> Said:
        """Run a command as a person would, in a thread of this process."""
        return await asyncio.to_thread(command, [*arguments, "--config", str(self.config)])


def command(arguments: Sequence[str]) -> Said:
    """What `careloom ...` prints and its exit code."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["careloom", *arguments]),
        mock.patch.dict(os.environ, {"COLUMNS": "500"}),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code
    return Said(int(code or 0), output.getvalue(), errors.getvalue())


@dataclass
class Running:
    """A hub that runs, and a sender that is connected to it."""

    node: Node
    ehr: Sender
    clock: VirtualClock | None = None

    @property
    def database(self) -> Database:
        return self.node.store.database

    async def send(self, *bodies: bytes) -> None:
        """Send these, each of which must be taken."""
        for body in bodies:
            answer = await self.ehr.send(body)
            assert answer.code == "AA", answer.text

    async def rows(self, sql: str, *arguments: object) -> Sequence[Any]:
        async with self.database.acquire() as connection:
            return await connection.fetch(sql, *arguments)

    async def numbers(self) -> Conservation:
        return await conservation(self.database)

    async def eventually(self, condition: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the database again and again until it says so; every question is a round trip, so nothing spins."""
        async with asyncio.timeout(SECONDS):
            while True:
                answer = await condition()
                if answer:
                    return answer

    async def passing(self, condition: Callable[[], Awaitable[Any]], within: float, step: float = 0.5) -> float:
        """Let virtual time pass until the condition holds, for `within` seconds of it at most; how many passed."""
        assert self.clock is not None, "the time of this hub is that of the machine"
        began = self.clock.monotonic()
        async with asyncio.timeout(SECONDS):
            while not await condition():
                assert self.clock.monotonic() - began < within, "it did not come about in time"
                await self.clock.advance(step)
                await self.rows("select 1")  # what was woken asks others, which takes its time too
        return self.clock.monotonic() - began

    async def settled(self, messages: int) -> Conservation:
        """Wait until this many messages were received and none of them is on its way."""

        async def over() -> Conservation | None:
            found = await self.numbers()
            return found if found.received == messages and not found.in_flight else None

        found: Conservation = await self.eventually(over)
        assert found.holds
        return found
