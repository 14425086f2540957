"""`make chaos`: 10,000 messages, the hub killed 100 times, PostgreSQL 10 times; what was lost, doubled or out of order?
Then every flow with its node killed at every boundary, and started again there, or another taking over.

CARELOOM_CHAOS_SEED repeats a run; CARELOOM_CHAOS_MESSAGES, _HUB_KILLS and _POSTGRES_KILLS make it
longer or shorter; with CARELOOM_CHAOS_PROCESSES the hub has more than one. `python -m tests.chaos flows [word of a
test's file ...]` does the flows alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys

from rich.console import Console
from rich.table import Table
from tests.chaos.flows import show_flows
from tests.chaos.processes import ROOT
from tests.chaos.trial import Plan, Result, as_json, run


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # take the hub and the servers along
    plan = Plan(
        seed=_number("SEED", secrets.randbelow(1_000_000)),
        messages=_number("MESSAGES", 10_000),
        hub_kills=_number("HUB_KILLS", 100),
        postgres_kills=_number("POSTGRES_KILLS", 10),
        processes=_number("PROCESSES", 1),
    )
    print(f"seed {plan.seed} (CARELOOM_CHAOS_SEED={plan.seed} repeats it)", flush=True)
    result = asyncio.run(run(plan))
    _show(result)
    target = ROOT / "build" / "chaos.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(as_json(result), indent=2) + "\n")
    return 0 if show_flows([]) and result.holds else 1


def _number(name: str, default: int) -> int:
    return int(os.environ.get(f"CARELOOM_CHAOS_{name}", default))


def _show(result: Result) -> None:
    tally, plan = result.tally, result.plan
    table = Table(
        title=f"{plan.messages} messages, {tally.hub_kills} kills of the hub ({tally.while_starting} while it started, "
        f"{tally.with_unanswered} with messages unanswered), {tally.postgres_kills} of PostgreSQL, "
        f"{result.account.broken_lines} broken lines, {result.seconds:.0f} s, seed {plan.seed}"
    )
    for column in ("promise", "figure", "broken"):
        table.add_column(column)
    for finding in result.findings:
        broken = "\n".join(finding.broken[:5]) + (f"\n... {len(finding.broken)}" if len(finding.broken) > 5 else "")
        table.add_row(finding.promise, finding.figure, broken or "no")
    Console(width=160).print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["flows"]:
        sys.exit(0 if show_flows(sys.argv[2:]) else 1)
    sys.exit(main())
