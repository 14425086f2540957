"""`make fuzz`: a million bent inputs over every parser, on as many processes as there are cores.

CARELOOM_FUZZ_INPUTS and CARELOOM_FUZZ_SEED choose how many, and which.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.trial import Verdict, all_targets, fuzz

INPUTS = int(os.environ.get("CARELOOM_FUZZ_INPUTS", "1000000"))
SEED = int(os.environ.get("CARELOOM_FUZZ_SEED", str(int(time.time()))))
GROWTH = 64 * 1024 * 1024


def _one(name: str, inputs: int, number: int) -> Verdict:
    target, seeds = all_targets()[name]
    return fuzz(name, target, seeds, inputs, number)


def main() -> int:
    """0 when nothing crashed, hung or grew."""
    names = list(all_targets())
    each = -(-INPUTS // len(names))
    print(f"{each} inputs for each of {len(names)} targets, seed {SEED}")
    bad = False
    with ProcessPoolExecutor(os.cpu_count(), max_tasks_per_child=1) as pool:
        for verdict in pool.map(_one, names, [each] * len(names), [SEED] * len(names)):
            wrong = bool(verdict.failures) or verdict.grown > GROWTH
            bad = bad or wrong
            print(
                f"{'BAD ' if wrong else 'good'} {verdict.name}: {verdict.inputs} inputs, {verdict.refused} refused, "
                f"slowest {verdict.slowest:.3f} s, grown {verdict.grown / 1e6:.1f} MB"
            )
            for failure in verdict.failures:
                print(f"     {failure}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
