"""Under every misfortune at once, a client that repeats its loads ends with one record per external id."""

import asyncio
from typing import Any

import aiohttp
import pytest

from careloom.sim.odoo import SimulatedOdoo

LOST = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


async def load_until_done(client: Any, key: str, name: str) -> int:
    """One row, repeated until Odoo says it is there."""
    while True:
        try:
            fields, data = ["id", "name"], [[key, name]]
            status, body = await client.call("res.partner", "load", fields=fields, data=data)
        except LOST:
            continue
        except aiohttp.ContentTypeError:
            continue
        if status == 200 and body["ids"]:
            return int(body["ids"][0])


def trouble(odoo: SimulatedOdoo) -> None:
    odoo.faults.commit_then_drop(times=None, probability=0.2)
    odoo.faults.drop(times=None, probability=0.2)
    odoo.faults.serialization(times=None, probability=0.2)


@pytest.mark.parametrize("version", ["19.0"])
async def test_repeated_loads_double_nothing(session: Any, client: Any, version: str) -> None:
    async with SimulatedOdoo(version, workers=4, seed=11) as odoo:
        trouble(odoo)
        caller = type(client)(odoo, session)
        keys = [f"hip.p{number % 10}" for number in range(60)]
        ids = await asyncio.gather(*[load_until_done(caller, key, f"Ida {n}") for n, key in enumerate(keys)])
        assert dict(zip(keys, ids, strict=True)) == {key: one for key, (_, one) in odoo.external_ids().items()}
        assert len(odoo.external_ids()) == 10
        assert {"done", "dropped", "committed and dropped", "refused"} <= set(odoo.outcomes)
        assert odoo.most_at_once <= 4


async def test_what_was_answered_is_there(session: Any, client: Any) -> None:
    """Every answered create has its record; records without an answer are those of `commit_then_drop`."""
    async with SimulatedOdoo("19.0", workers=4, seed=3) as odoo:
        trouble(odoo)
        caller = type(client)(odoo, session)
        results = await asyncio.gather(
            *[caller.call("res.partner", "create", vals_list=[{"name": "Ida", "ref": "x"}]) for _ in range(40)],
            return_exceptions=True,
        )
        answered = {one[1][0] for one in results if isinstance(one, tuple) and one[0] == 200}
        there = {row["id"] for row in odoo.records("res.partner") if row["ref"] == "x"}
        assert answered <= there
        assert len(there - answered) == odoo.outcomes["committed and dropped"] > 0
