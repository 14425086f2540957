"""Fifty thousand webhooks, of which 1% is lost and 10% comes twice, through a hub of its own: each effect once."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from tests.chaos.processes import deployment_folder
from tests.systems.webhook.shelf import running, send, shelf

COUNT = int(os.environ.get("CARELOOM_WEBHOOKS", "50000"))
SECONDS = 1_800.0


async def _measured() -> list[dict[str, Any]]:
    with deployment_folder() as folder:
        async with shelf(folder) as made, running(made) as hub:
            began = time.perf_counter()
            sent = await send(hub.ports["api"], range(1, COUNT + 1), seed=5)
            acknowledged = time.perf_counter() - began
            await made.until(COUNT - sent.lost, SECONDS)
            made.happened(COUNT)
            began = time.perf_counter()
            await made.until(COUNT, SECONDS)
            restored = time.perf_counter() - began
        # The hub has ended: nothing more can come.
        missing = COUNT - len(made.effects)
        doubled = sum(count - 1 for count in made.effects.values())
    posts = COUNT - sent.lost + sent.twice
    return [
        _row("webhooks: acknowledged", posts / acknowledged, "1/s"),
        _row("webhooks: refused", sent.refused, "webhooks", 0),
        _row("webhooks: lost on the way", sent.lost, "webhooks"),
        _row("webhooks: restoring them from the list", restored, "s"),
        _row("webhooks: without their effect", missing, "events", 0),
        _row("webhooks: effects too many", doubled, "effects", 0),
    ]


def _row(name: str, value: float, unit: str, most: float | None = None) -> dict[str, Any]:
    goal = None if most is None else {"op": "<=", "value": most}
    return {"name": name, "value": round(value, 1), "unit": unit, "goal": goal}


def run() -> list[dict[str, Any]]:
    """One row for each figure."""
    return asyncio.run(_measured())


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']}: {row['value']} {row['unit']} (goal {row['goal']})")
