"""The one suite that every kind of system passes.

    from careloom.testing.conformance import Check, checks

    @pytest.mark.parametrize("check", checks("webhook"), ids=str)
    async def test_conformance(check: Check, tmp_path: Path) -> None:
        await check.run(tmp_path)

The kind's `fake.py` brings the other side (`careloom.systems.trial`); its manifest says which promises it is held to.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from careloom.systems.registry import Kind, kinds
from careloom.systems.trial import SURNAME, Trial
from careloom.testing.conformance import inbound, outbound
from careloom.testing.conformance.bench import Bench, promise

__all__ = ["Check", "checks"]

TrialFactory = Callable[[], Trial]


@dataclass(frozen=True)
class Check:
    """One promise, tried on one kind in one direction."""

    kind: Kind
    name: str
    make: TrialFactory
    body: Callable[[Bench], Awaitable[None]]

    def __str__(self) -> str:
        return f"{self.kind.name}-{self.name}"

    async def run(self, base: Path) -> None:
        """Raises AssertionError that says which promise is broken. Whatever is tried, no log line may name a person."""
        lines = _Lines()
        root = logging.getLogger()
        before = root.level
        root.addHandler(lines)
        root.setLevel(logging.DEBUG)
        try:
            async with self.make() as trial:
                bench = Bench(self.kind, trial, base)
                try:
                    await self.body(bench)
                finally:
                    await bench.close()
        finally:
            root.removeHandler(lines)
            root.setLevel(before)
        said = [*lines.kept, *bench.said]
        promise(not any(SURNAME.lower() in line.lower() for line in said), "no log, error or case names a person")


def checks(name: str, *, base: Path | None = None, trials: Mapping[str, TrialFactory] | None = None) -> list[Check]:
    """Every check that a kind must pass. `base` is the folder of a project whose own kind it is; `trials` by a name of
    their own stand in for those of its `fake.py`, such as a real server in place of the fake."""
    kind = kinds(base)[name]
    found: list[Check] = []
    for label, make in (trials or own_trials(kind)).items():
        direction = make().direction
        bodies = inbound.CHECKS if direction == "in" else outbound.CHECKS
        found += [Check(kind, f"{label}-{body.__name__}", make, body) for body in bodies]
    return found


def own_trials(kind: Kind) -> Mapping[str, TrialFactory]:
    """Those of the kind's folder, `trials()` in `fake.py` or, where that is long, in `trials.py`."""
    for module in ("trials", "fake"):
        if (kind.folder / f"{module}.py").is_file() and (made := getattr(kind.module(module), "trials", None)):
            return cast(Mapping[str, TrialFactory], made())
    raise AssertionError(f"systems/{kind.name} has no function `trials` in fake.py; write it, so that it can be tried")


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(logging.Formatter().format(record))
