"""A few thousand mutated files, the same each time: only FormatError may come out, and soon."""

from __future__ import annotations

import importlib.util
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from careloom.core.errors import FormatError

_FILE = Path(__file__).resolve().parents[2] / "fuzz" / "x12.py"


def _targets() -> dict[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    spec = importlib.util.spec_from_file_location("fuzz_x12", _FILE)
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.targets())


def mutated(seed: bytes, order: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(order.randint(1, 6)):
        at = order.randrange(len(data) + 1)
        match order.randrange(6):
            case 0:
                data[at : at + 1] = bytes([order.randrange(256)])
            case 1:
                del data[at : at + order.randint(1, 40)]
            case 2:
                data[at:at] = data[at - 60 : at] if at > 60 else b"ISA*"
            case 3:
                data[at:at] = order.choice(
                    [b"~", b"*", b":", b"^", b"\n", b"ISA", b"IEA*", b"BIN*99*", b"ST*835*", b"HL*"]
                )
            case 4:
                del data[at:]
            case _:
                data[at : at + 1] = order.choice([b"~~", b"\xc3\xa9", b"\x00", b"9" * 30, b"\xff"])
    return bytes(data)


@pytest.mark.parametrize("name", sorted(_targets()))
def test_mutations(name: str) -> None:
    work, seeds = _targets()[name]
    order = random.Random(name)
    for _ in range(250):
        data = mutated(order.choice(seeds), order)
        start = time.thread_time()
        try:
            work(data)
        except FormatError as error:
            assert error.location
        assert time.thread_time() - start < 1
