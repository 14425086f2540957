"""Feeds bent inputs to one parser: no crash, no hang, no memory that grows."""

from __future__ import annotations

import gc
import hashlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Final

import psutil
from tests.fuzz.mutation import Mutator

from careloom.core.errors import FormatError, MappingError

SECONDS: Final = 1.0
EXPECTED: Final = (FormatError, MappingError)
_WARM: Final = 2_000
Target = Callable[[bytes], object]


class Hang(Exception):
    """An input took longer than a second."""


@dataclass
class Verdict:
    """What came of one target. `grown` are octets of memory after a warm-up, `slowest` seconds of one input."""

    name: str
    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    grown: int = 0
    failures: list[str] = field(default_factory=list)


def all_targets() -> Mapping[str, tuple[Target, Sequence[bytes]]]:
    """Those of every module beside this one that has `targets`."""
    found: dict[str, tuple[Target, Sequence[bytes]]] = {}
    for file in sorted(Path(__file__).parent.glob("*.py")):
        module = import_module(f"tests.fuzz.{file.stem}") if not file.stem.startswith(("_", "test_")) else None
        if targets := getattr(module, "targets", None):
            found |= {f"{file.stem}.{name}": target for name, target in targets().items()}
    return found


def fuzz(name: str, target: Target, seeds: Sequence[bytes], inputs: int, number: int) -> Verdict:
    """Try `inputs` bent inputs, the same ones for the same number."""
    verdict = Verdict(name)
    mutator = Mutator(seeds, number)
    process = psutil.Process()
    before = 0
    for count in range(inputs):
        if count == min(_WARM, inputs // 2):
            gc.collect()
            before = process.memory_info().rss
        data = mutator.next()
        _try(target, data, verdict)
        if len(verdict.failures) >= 20:
            break
    gc.collect()
    verdict.grown = max(0, process.memory_info().rss - before)
    return verdict


def fuzz_named(name: str, inputs: int, number: int) -> Verdict:
    """The same by name: what a process of its own is told to do."""
    target, seeds = all_targets()[name]
    return fuzz(name, target, seeds, inputs, number)


def _try(target: Target, data: bytes, verdict: Verdict) -> None:
    verdict.inputs += 1
    began = time.process_time()
    try:
        with _limited():
            target(data)
    except EXPECTED:
        verdict.refused += 1
    except Exception as error:
        verdict.failures.append(f"{type(error).__name__} at {_place(error)}, input {_kept(data)}")
    verdict.slowest = max(verdict.slowest, time.process_time() - began)


@contextmanager
def _limited() -> Iterator[None]:
    # Time of this process, not of the clock on the wall: a busy machine is no hang.
    before = signal.signal(signal.SIGPROF, _hang)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise Hang(f"longer than {SECONDS} s")


def _kept(data: bytes) -> str:
    """Where the input is kept, so that it can be tried again and become a test."""
    folder = Path("build/fuzz")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / hashlib.sha256(data).hexdigest()[:16]
    file.write_bytes(data)
    return str(file)


def _place(error: BaseException) -> str:
    trace: Any = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
