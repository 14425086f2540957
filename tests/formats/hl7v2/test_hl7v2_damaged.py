"""Damaged messages: read or refused at a place, quickly, whatever is asked of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from tests.fuzz.hl7v2 import inspected, read_every_part, read_typed, seeds, targets, validated
from tests.hub.mutation import mutated

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import inspecting

HEAD = b"MSH|^~\\&|A|B|C|D|20260412||ORU^R01^ORU_R01|1|P|2.5.1\r"
HUGE = {
    "segments": HEAD + b"OBX|1|NM|X||1||||||F\r" * 5_000,
    "orders": HEAD + b"PID|1\r" + b"OBR|1|||X\rOBX|1|ST|X||a||||||F\rNTE|1\r" * 1_500,
    "strays": HEAD + b"ZZZ|1\rFT1|1\rNTE|1\r" * 1_500,
    "repetitions": HEAD + b"PID|1||" + b"M1^^^L^MR~" * 30_000 + b"\r",
    "components": HEAD + b"PID|1||" + b"^" * 300_000 + b"x\r",
    "subcomponents": HEAD + b"PID|1||M^^^" + b"&" * 300_000 + b"\r",
    "fields": HEAD + b"PID" + b"|" * 300_000 + b"x\r",
    "escapes": HEAD + b"OBX|1|ST|X||" + b"\\X0D\\\\.br\\" * 30_000 + b"\\\r",
    "digits": HEAD + b"OBX|1|NM|X||" + b"9" * 300_000 + b"x\r",
    "document": HEAD + b"OBX|1|ED|X||L^a^b^Base64^" + b"QUJD" * 100_000 + b"=x\r",
    "patients": HEAD + b"PID|1\rPID|2\r" * 3_000,
}


@pytest.mark.parametrize("name", sorted(targets()))
def test_a_target_takes_its_seeds_and_damaged_ones(name: str) -> None:
    work, inputs = targets()[name]
    for data in [*inputs, *mutated(list(inputs), 60, seed=7)]:
        _bounded(work, data)


@pytest.mark.parametrize("work", [read_every_part, read_typed, validated, inspected])
@pytest.mark.parametrize("kind", HUGE)
def test_size_is_met_with_patience_of_a_few_seconds_at_most(kind: str, work: Callable[[bytes], object]) -> None:
    _bounded(work, HUGE[kind], limit=4.0)


def test_lines_in_any_order_lose_no_segment() -> None:
    for data in _shuffled(seeds()):
        message = hl7v2.parse(data)
        seen = hl7v2.view(message)
        for name in {one.name for one in message.segments()}:
            assert len(list(seen.every(name))) == len(message.segments(name))


def test_twice_the_size_is_about_twice_the_time() -> None:
    def spent(count: int) -> float:
        data = HEAD + b"PID|1\r" + b"OBR|1|||X\rOBX|1|CE|X||a^b||||||F\rNTE|1|L|x\rZZZ|1\r" * count
        started = time.process_time()
        inspecting.inspect(data)
        return time.process_time() - started

    spent(50)
    assert min(spent(2_000) for _ in range(2)) < 12 * min(spent(500) for _ in range(3))


def _bounded(work: Callable[[bytes], object], data: bytes, limit: float = 1.0) -> None:
    started = time.process_time()
    try:
        work(data)
    except FormatError as error:
        assert error.location
    assert time.process_time() - started < limit


def _shuffled(inputs: Sequence[bytes]) -> list[bytes]:
    found = []
    for data in inputs:
        lines = data.rstrip(b"\r").split(b"\r")
        if data.startswith(b"MSH|^~\\&") and data.count(b"MSH|") == 1 and len(lines) > 3:
            turned = b"\r".join([lines[0], *lines[2::2], *reversed(lines[1::2])]) + b"\r"
            found.append(turned)
    return found
