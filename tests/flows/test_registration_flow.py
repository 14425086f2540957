"""Registration: what ADT messages become in Odoo 18 and 19, through the real log."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.hub.hospital import Hospital, Running, adt

from careloom.core.envelope import Position
from careloom.log.operators import Act
from careloom.sim.odoo import SimulatedOdoo

ACT = Act("Robin Okafor", "asked by billing")


def contacts(odoo: SimulatedOdoo) -> dict[str, dict[str, Any]]:
    """Every patient's contact by record number; fails when one is doubled."""
    found = [row for row in odoo.records("res.partner") if row["ref"]]
    by_ref = {row["ref"]: row for row in found}
    assert len(by_ref) == len(found), "a patient has two contacts"
    return by_ref


async def parked(hub: Running) -> Any:
    [row] = await hub.eventually(lambda: hub.node.operators.parked())
    return row


async def test_an_admission_becomes_a_contact(hospital: Hospital, any_erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=any_erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        numbers = await hub.settled(1)
    contact = contacts(any_erp)["N-1"]
    assert numbers.delivered == 1
    assert (contact["name"], contact["street"], contact["city"], contact["zip"]) == (
        "Ottilie Weaver", "12 Loom Lane", "Springfield", "62701",
    )  # fmt: skip
    assert "555" in contact["phone"]
    assert contact["country_id"] and contact["state_id"]
    assert contact["active"] and not contact["is_company"]


async def test_an_update_changes_the_contact_and_a_repeat_does_nothing(
    hospital: Hospital, any_erp: SimulatedOdoo
) -> None:
    hospital.configure(odoo=any_erp)
    moved = adt("A08", "C2", at="20260301090000", pid={11: "7 Heddle Road^^Albany^NY^12207^USA^H"})
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"), moved, moved)
        await hub.settled(2)
    contact = contacts(any_erp)["N-1"]
    assert (contact["street"], contact["city"]) == ("7 Heddle Road", "Albany")


async def test_an_update_that_comes_late_is_dropped_as_older(hospital: Hospital, any_erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=any_erp)
    late = adt("A08", "C2", at="20260301070000", pid={11: "1 Old Street^^Springfield^IL^62701^USA^H"})
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", at="20260301083000"), late)
        numbers = await hub.settled(2)
        [row] = await hub.rows("select reason from delivery where outcome = 'skipped'")
    assert (numbers.delivered, numbers.filtered) == (1, 1)
    assert "newer" in row["reason"]
    assert contacts(any_erp)["N-1"]["street"] == "12 Loom Lane"


async def test_a_merge_archives_the_retired_contact_and_notes_it_on_both(
    hospital: Hospital, any_erp: SimulatedOdoo
) -> None:
    hospital.configure(odoo=any_erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2"))
        await hub.send(adt("A40", "C3", "N-1", at="20260301100000", mrg="N-2^^^NORTH^MR"))
        await hub.settled(3)
    found = contacts(any_erp)
    assert found["N-1"]["active"] and not found["N-2"]["active"]
    for ref in ("N-1", "N-2"):
        notes = any_erp.messages("res.partner", found[ref]["id"])
        assert sum("merged" in note["body"].lower() for note in notes) == 1


async def test_a_merge_waits_for_the_earlier_events_of_the_retired_patient(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    """The retired contact must not come to life after it was archived."""
    hospital.configure(odoo=erp)
    release = asyncio.Event()
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-1"))
        await hub.settled(1)
        erp.faults.hang(until=release, model="res.partner", method="load")
        await hub.send(adt("A04", "C2", "N-2"))
        await erp.wait_until(lambda: erp.hanging == 1)
        await hub.send(
            adt("A08", "C3", "N-2", at="20260301090000"),
            adt("A40", "C4", "N-1", at="20260301100000", mrg="N-2^^^NORTH^MR"),
            adt("A08", "C5", "N-1", at="20260301110000", pid={11: "3 Bobbin Square^^Albany^NY^12207^USA^H"}),
        )
        await hub.eventually(lambda: hub.rows("select 1 from parked where state in ('join', 'waiting')"))
        assert not [row for row in erp.records("res.partner") if row["ref"] == "N-2"]
        release.set()
        numbers = await hub.settled(5)
    found = contacts(erp)
    assert numbers.delivered == 5
    assert found["N-1"]["active"] and not found["N-2"]["active"]
    assert found["N-1"]["street"] == "3 Bobbin Square"


async def test_a_merge_does_not_overtake_an_update_of_the_survivor(hospital: Hospital, erp: SimulatedOdoo) -> None:
    """Once merges had a subscription of their own: the address of an update still under way was lost for good."""
    hospital.configure(odoo=erp)
    release = asyncio.Event()
    async with hospital.running() as hub:
        erp.faults.hang(until=release, model="res.partner", method="load")
        await hub.send(adt("A04", "C1", "N-1"))
        await erp.wait_until(lambda: erp.hanging == 1)
        await hub.send(adt("A40", "C2", "N-1", at="20260301100000", mrg="N-2^^^NORTH^MR", pid={11: "", 13: ""}))
        [flow] = [one for one in hub.node.subscriptions if one.name.startswith("registration.")]
        assert flow.types is not None and len(flow.types) == 5
        release.set()
        numbers = await hub.settled(2)
    assert numbers.delivered == 2
    assert contacts(erp)["N-1"]["street"] == "12 Loom Lane"


async def test_an_update_without_a_name_of_an_unknown_patient_needs_a_person(
    hospital: Hospital, any_erp: SimulatedOdoo
) -> None:
    hospital.configure(odoo=any_erp)
    async with hospital.running() as hub:
        await hub.send(adt("A08", "C1", pid={5: ""}), adt("A04", "C2", at="20260301090000"))
        row = await parked(hub)
        assert (row["field"], row["kind"]) == ("PID-5", "mapping")
        await hub.eventually(lambda: hub.rows("select 1 from parked where state = 'behind'"))
        assert (await hub.numbers()).parked == 2
        assert contacts(any_erp) == {}
        await hub.node.operators.discard(row["subscription"], Position(row["lane"], row["seq"]), ACT)
        numbers = await hub.settled(2)
    assert (numbers.delivered, numbers.filtered) == (1, 1)
    assert contacts(any_erp)["N-1"]["name"] == "Ottilie Weaver"


async def test_an_update_without_a_name_keeps_the_name(hospital: Hospital, any_erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=any_erp)
    nameless = adt("A08", "C2", at="20260301090000", pid={5: "", 11: "7 Heddle Road^^Albany^NY^12207^USA^H"})
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"), nameless)
        await hub.settled(2)
    contact = contacts(any_erp)["N-1"]
    assert (contact["name"], contact["street"]) == ("Ottilie Weaver", "7 Heddle Road")


async def test_what_the_sender_deletes_is_cleared_and_what_it_leaves_out_stays(
    hospital: Hospital, any_erp: SimulatedOdoo
) -> None:
    hospital.configure(odoo=any_erp)
    cleared = adt("A08", "C2", at="20260301090000", pid={11: '""', 13: '""'})
    silent = adt("A08", "C4", "N-2", at="20260301090000", pid={11: "", 13: ""})
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"), cleared, adt("A04", "C3", "N-2"), silent)
        await hub.settled(4)
    emptied, kept = contacts(any_erp)["N-1"], contacts(any_erp)["N-2"]
    assert not any(emptied[field] for field in ("street", "city", "zip", "state_id", "country_id", "phone"))
    assert kept["street"] == "12 Loom Lane"
    assert "555" in kept["phone"]


async def test_what_odoo_refuses_waits_for_a_person_and_others_go_on(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        erp.faults.serialization(times=None, method="load")
        await hub.send(adt("A04", "C1", "N-1"))
        await hub.eventually(lambda: hub.rows("select 1 from parked where state = 'retry'"))
        erp.faults.clear()
        numbers = await hub.settled(1)
    assert numbers.delivered == 1
    assert contacts(erp)["N-1"]["active"]


async def test_a_merge_that_comes_late_still_merges_but_brings_back_nothing(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    hospital.configure(odoo=erp)
    newest = adt("A08", "C3", "N-1", at="20260301120000", pid={11: "3 Bobbin Square^^Albany^NY^12207^USA^H"})
    late = adt("A40", "C4", "N-1", at="20260301100000", mrg="N-2^^^NORTH^MR")
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2"), newest, late)
        numbers = await hub.settled(4)
    found = contacts(erp)
    assert numbers.delivered == 4
    assert found["N-1"]["street"] == "3 Bobbin Square"
    assert found["N-1"]["active"] and not found["N-2"]["active"]


async def test_a_number_that_was_merged_away_needs_a_person_when_it_is_used_again(
    hospital: Hospital, any_erp: SimulatedOdoo
) -> None:
    hospital.configure(odoo=any_erp)
    merge = adt("A40", "C3", "N-1", at="20260301100000", mrg="N-2^^^NORTH^MR")
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2"), merge)
        await hub.settled(3)
        await hub.send(adt("A08", "C4", "N-2", at="20260301110000"))
        row = await parked(hub)
    assert (row["field"], row["kind"]) == ("PID-3", "mapping")
    assert not contacts(any_erp)["N-2"]["active"]
