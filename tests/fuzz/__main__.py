"""`make fuzz`: a million bent inputs over every parser and mapping, on as many processes as there are cores.

CARELOOM_FUZZ_INPUTS and CARELOOM_FUZZ_SEED choose how many, and which; `python -m tests.fuzz hl7v2` tries those targets
alone whose names begin so.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.trial import all_targets, fuzz_named

INPUTS = int(os.environ.get("CARELOOM_FUZZ_INPUTS", "1000000"))
SEED = int(os.environ.get("CARELOOM_FUZZ_SEED", str(int(time.time()))))
GROWTH = 64 * 1024 * 1024


def main() -> int:
    """0 when nothing crashed, hung or grew."""
    names = [name for name in all_targets() if name.startswith(tuple(sys.argv[1:]) or "")]
    each = -(-INPUTS // len(names))
    print(f"{each} inputs for each of {len(names)} targets, seed {SEED}")
    bad = False
    with ProcessPoolExecutor(os.cpu_count(), max_tasks_per_child=1) as pool:
        for verdict in pool.map(fuzz_named, names, [each] * len(names), [SEED] * len(names)):
            wrong = bool(verdict.failures) or verdict.grown > GROWTH
            bad = bad or wrong
            print(
                f"{'BAD ' if wrong else 'good'} {verdict.name}: {verdict.inputs} inputs, {verdict.refused} refused, "
                f"slowest {verdict.slowest:.3f} s, grown {verdict.grown / 1e6:.1f} MB",
                flush=True,
            )
            for failure in verdict.failures:
                print(f"     {failure}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
