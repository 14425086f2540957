"""A merge that is killed between any two steps, and repeated, ends as if nothing had happened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from careloom.core.errors import CareloomError
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import MemoryLedger, Odoo

PARTNER = "res.partner"
STAY, GO = "careloom.patient_GENHOSP_1", "careloom.patient_GENHOSP_2"
Connect = Callable[..., Odoo]
STEPS = ["load", "check_object_reference", "read", "write", "search_read", "message_post"]


@pytest.fixture(params=[("18.0", False), ("18.0", True), ("19.0", False), ("19.0", True)], ids=str)
async def erp(request: pytest.FixtureRequest) -> AsyncIterator[SimulatedOdoo]:
    version, rights = request.param
    async with SimulatedOdoo(version=version, can_write_ir_model_data=rights) as server:
        server.rights = rights  # type: ignore[attr-defined]
        yield server


def check_merged(erp: Any, stay: int, go: int) -> None:
    records = {record["id"]: record for record in erp.records(PARTNER)}
    assert (records[stay]["active"], records[go]["active"]) == (True, False)
    assert records[stay]["name"] == "New"
    for record in (stay, go):
        assert sum("[Careloom m-1]" in message["body"] for message in erp.messages(PARTNER, record)) == 1
    assert erp.external_ids()[GO] == (PARTNER, stay if erp.rights else go)
    assert erp.external_ids()[STAY] == (PARTNER, stay)


async def test_a_merge_says_what_it_did(erp: Any, connect: Connect) -> None:
    odoo = connect(erp)
    go = await odoo.upsert(PARTNER, GO, {"name": "Old"})
    merged = await odoo.merge_partners(STAY, GO, {"name": "New"}, "m-1")
    assert (merged.retired_id, merged.archived, merged.notes) == (go.record_id, True, 2)
    assert merged.moved is erp.rights
    check_merged(erp, merged.survivor_id, go.record_id)


@pytest.mark.parametrize("lost", ["drop", "commit_then_drop"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_merge_that_breaks_at_any_step_is_completed_by_repeating_it(
    erp: Any, connect: Connect, step: str, lost: str
) -> None:
    ledger = MemoryLedger()
    first = connect(erp, ledger=ledger)
    stay = await first.upsert(PARTNER, STAY, {"name": "Older"})
    go = await first.upsert(PARTNER, GO, {"name": "Old"})
    getattr(erp.faults, lost)(times=4, method=step)
    for _ in range(6):
        try:
            # Each attempt is another process: only the ledger and Odoo remember anything.
            await connect(erp, ledger=ledger).merge_partners(STAY, GO, {"name": "New"}, "m-1")
        except CareloomError:
            continue
        break
    check_merged(erp, stay.record_id, go.record_id)


async def test_one_who_was_never_in_odoo_has_nothing_to_archive(erp: Any, connect: Connect) -> None:
    merged = await connect(erp).merge_partners(STAY, GO, {"name": "New"}, "m-1")
    assert (merged.retired_id, merged.archived, merged.notes, merged.moved) == (None, False, 0, False)
    assert GO not in erp.external_ids()


async def test_after_a_move_the_retired_identifier_updates_the_survivor(erp: Any, connect: Connect) -> None:
    odoo = connect(erp)
    go = await odoo.upsert(PARTNER, GO, {"name": "Old"})
    merged = await odoo.merge_partners(STAY, GO, {"name": "New"}, "m-1")
    late = await odoo.upsert(PARTNER, GO, {"name": "Old"})
    assert late.changed
    assert late.record_id == (merged.survivor_id if erp.rights else go.record_id)


async def test_an_external_id_that_is_not_there_cannot_move(erp: Any, connect: Connect) -> None:
    assert await connect(erp).move_external_id("careloom.nobody", 1) is False
