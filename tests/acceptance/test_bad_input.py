"""What a hub does with input that no hub should get: it says clearly no, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from careloom.sim.odoo import SimulatedOdoo
from tests.chaos.processes import Hub
from tests.hub.hospital import END, START, Ack, Hospital, Sender, adt, line
from tests.hub.mutation import mutated

SAMPLES = sorted((Path(__file__).resolve().parents[1] / "samples" / "hl7v2").glob("*.hl7"))
LIMIT = 65_536
GROWTH = 64 * 1024 * 1024
EHR = f"max_message = {LIMIT}\nframe_timeout = 2.0\n"


@pytest.fixture
async def hub(hospital: Hospital) -> AsyncIterator[Hub]:
    """A hub in a process of its own."""
    hospital.configure(ehr=EHR)
    started = Hub(hospital.folder)
    await started.start()
    yield started
    await started.stop()


def broken_blocks() -> dict[str, tuple[bytes, str]]:
    """What is sent, and words of the answer."""
    good = adt("A04", "BROKEN-1")
    header, _, rest = good.partition(b"\r")
    return {
        "too large": (START + good + b"NTE|1||" + b"x" * LIMIT + END, "larger than"),
        "cut short by another block": (START + good[:120] + START + b"MSH" + END, "another one begins"),
        "FS without CR": (START + good + b"\x1cX", "not followed by CR"),
        "no MLLP at all": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 80, "no MLLP"),
        "empty": (START + END, ""),
        "no header": (START + b"PID|1||N-1\r" + END, "MSH"),
        "an unknown character set": (START + header + b"||||||KLINGON\r" + rest + END, "MSH-18"),
        "octets that its character set has not": (
            START + header + b"||||||UNICODE UTF-8\r" + rest.replace(b"Loom", b"L\xff\xfem") + END, ""
        ),
        "no control id": (START + good.replace(b"BROKEN-1", b"") + END, "MSH-10"),
        "an endless control id": (START + good.replace(b"BROKEN-1", b"B" * 300) + END, "MSH-10"),
        "a NUL in the control id": (START + good.replace(b"BROKEN-1", b"BROKEN\x00"), "MSH-10"),
        "an unknown processing id": (START + good.replace(b"|P|2.5.1", b"|Z|2.5.1") + END, "MSH-11"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", broken_blocks())
async def test_x(hub: Hub, kind: str) -> None:
    octets, words = broken_blocks()[kind]
    async with line(hub.ports["ehr"]) as sender:
        sender.write(octets)
        try:
            async with asyncio.timeout(8):
                answer = await sender.answer()
            print(kind, answer)
        except BaseException as e:
            print(kind, repr(e))
    print(hub.output[-600:])
    assert 0
