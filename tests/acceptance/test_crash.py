"""The hub and its PostgreSQL are killed while they work, and nothing is lost, doubled or out of order.

The short form of `make chaos`.
"""

from __future__ import annotations

import os

import pytest
from tests.chaos.judge import disorder
from tests.chaos.trial import Plan, run


@pytest.mark.timeout(240)
async def test_nothing_is_lost_doubled_or_out_of_order_in_crashes() -> None:
    seed = int(os.environ.get("CARELOOM_CHAOS_SEED", "7"))
    result = await run(Plan(seed=seed, messages=600, hub_kills=4, postgres_kills=1))
    broken = {finding.promise: list(finding.broken) for finding in result.findings if not finding.holds}
    assert not broken, f"seed {seed}"
    assert (result.tally.hub_kills, result.tally.postgres_kills) == (4, 1)
    assert result.watch.looks > 0
    assert result.account.broken_lines > 0, "the hub was never met at work"


def test_the_judge_sees_disorder_and_allows_a_second_delivery() -> None:
    def arrival(id_: str, time: str) -> dict[str, str]:
        return {"id": id_, "subject": "s", "time": time}

    assert disorder([arrival("1", "08:00"), arrival("2", "08:01"), arrival("1", "08:00")]) == []
    assert len(disorder([arrival("2", "08:01"), arrival("1", "08:00")])) == 1
