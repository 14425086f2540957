"""One person, whatever the systems call them: through a whole hub, into Odoo and back apart."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.hub.hospital import Hospital, Running, adt, line

from careloom.identity.matching.shipped import default_model
from careloom.sim.odoo import SimulatedOdoo

SYSTEMS = '[systems.lab]\nkind = "mllp"\nport = 0\n[identity]\nenabled = true\n'
LAB = {3: "L-77^^^LABCO^MR"}


def accounts(odoo: SimulatedOdoo) -> dict[str, dict[str, Any]]:
    """Contacts of patients by their number."""
    return {row["ref"]: row for row in odoo.records("res.partner") if row["ref"]}


async def persons(hub: Running) -> list[tuple[UUID, UUID]]:
    """Record and person of all that the index holds, the oldest first."""
    return [(row["id"], row["person"]) for row in await hub.rows("select id, person from person_record order by id")]


async def from_lab(hub: Running, *bodies: bytes) -> None:
    async with line(hub.node.ports["lab"]) as sender:
        for body in bodies:
            assert (await sender.send(body)).code == "AA"


async def test_two_systems_one_person_one_account_and_a_steward_parts_them(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    hospital.configure(SYSTEMS, odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
        moved = {**LAB, 11: "7 Heddle Road^^Albany^NY^12207^USA^H"}
        await from_lab(hub, adt("A08", "L1", at="20260302090000", pid=moved))
        await hub.settled(2)
        [(first, person), (second, same)] = await persons(hub)
        assert person == same == first, "the lab's record is of the person that the EHR made known"
        [account] = accounts(erp).values()
        assert (account["ref"], account["city"]) == ("N-1", "Albany"), "one account, with the newest address"
        told = await hospital.careloom("person", "explain", str(second), "--json")
        assert told.object["links"][0]["basis"] == "score" and "Ottilie" not in told.output
        parted = await hospital.careloom("person", "split", str(second), "--reason", "the lab asked: twins")
        assert parted.code == 0, parted.errors
        await active(hub, erp, 2)
        assert [one for _, one in await persons(hub)] == [first, second]
    found = accounts(erp)
    assert found["N-1"]["city"] == "Springfield" and found["L-77"]["city"] == "Albany"


async def active(hub: Running, odoo: SimulatedOdoo, count: int) -> None:
    """Wait until so many accounts are in use. Each look is a round trip, so that others get their turn."""

    async def look() -> bool:
        await hub.rows("select 1")
        return len([one for one in accounts(odoo).values() if one["active"]]) == count

    await hub.eventually(look)


async def test_a_doubtful_pair_is_asked_about_once_and_the_answer_is_followed(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    hospital.configure(SYSTEMS, odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
        other = {**LAB, 7: "", 13: ""}
        await from_lab(hub, adt("A04", "L1", pid=other))
        await hub.settled(2)
        cases = (await hospital.careloom("case", "list", "--json")).objects
        [case] = [one for one in cases if one["kind"] == "possible-duplicate"]
        question = case["field"].partition("/")[2]
        beside = await hospital.careloom("person", "question", question, "--json")
        assert beside.object["question"]["state"] == "open"
        shown = await hospital.careloom("person", "question", question, "--json", "--reveal", "--reason", "case")
        assert "Ottilie" in shown.output and "Ottilie" not in beside.output
        why = ("--action", "approve", "--reason", "the same card was shown")
        decided = await hospital.careloom("case", "resolve", case["id"], *why)
        assert decided.code == 0, decided.errors
        await active(hub, erp, 1)
        assert len({one for _, one in await persons(hub)}) == 1
        await from_lab(hub, adt("A08", "L2", at="20260303090000", pid=other))
        await hub.settled(3)
        again = (await hospital.careloom("case", "list", "--json")).objects
        assert not [one for one in again if one["kind"] == "possible-duplicate"]


async def test_what_a_source_merges_is_one_person(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(SYSTEMS, odoo=erp)
    somebody = {5: "Thistle^Barnaby^^^^^L", 7: "19880101", 11: "1 Reed Way^^Dayton^OH^45402^USA^H", 13: ""}
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-1"), adt("A04", "C2", "N-2", pid=somebody))
        await hub.settled(2)
        await hub.send(adt("A40", "C3", "N-1", at="20260301100000", mrg="N-2^^^NORTH^MR"))
        await hub.settled(3)
        await active(hub, erp, 1)
        assert len({one for _, one in await persons(hub)}) == 1
        await hub.send(adt("A08", "C4", "N-2", at="20260301110000"))
        numbers = await hub.settled(4)
    assert numbers.parked == 0, "a number that was retired means the survivor"
    assert accounts(erp)["N-1"]["active"] and not accounts(erp)["N-2"]["active"]


async def test_a_look_through_the_whole_index_links_what_is_sure_and_asks_about_the_rest(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    """A record that came without an address is nobody's yet; its correction is asked about, and the batch is sure."""
    hospital.configure(SYSTEMS, odoo=erp)
    bare = {**LAB, 5: "Weaver", 7: "", 11: "", 13: ""}
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
        await from_lab(hub, adt("A04", "L1", pid=bare), adt("A08", "L2", at="20260302090000", pid=LAB))
        await hub.settled(3)
        assert len({one for _, one in await persons(hub)}) == 2, "two persons are never made one by an update alone"
        seen = (await hospital.careloom("match", "dedupe", "--json")).object
        assert (seen["records"], seen["found"]["link"], seen["linked"]) == (2, 1, 0)
        done = (await hospital.careloom("match", "dedupe", "--apply", "--reason", "monthly", "--json")).object
        assert done["linked"] == 1
        assert len({one for _, one in await persons(hub)}) == 1
        await active(hub, erp, 1)
        again = (await hospital.careloom("match", "dedupe", "--apply", "--reason", "monthly", "--json")).object
        assert (again["found"]["link"], again["linked"]) == (0, 0)


async def test_no_name_and_no_number_of_a_person_stands_in_clear_text(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(SYSTEMS, odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-417"))
        await hub.settled(1)
        rows = await hub.rows("select r::text as text from person_record r")
    assert rows
    for word in ("Weaver", "Ottilie", "N-417", "19710412", "1971-04-12"):
        assert not [row for row in rows if word in row["text"]]


async def test_the_index_teaches_its_model_when_somebody_says_so(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(SYSTEMS, odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-417"))
        await hub.settled(1)
        seen = (await hospital.careloom("match", "train", "--json")).object
        assert (seen["records"], seen["names"], seen["kept"]) == (1, {"given": 0, "family": 0}, False)
        refused = await hospital.careloom("match", "train", "--apply")
        assert refused.code != 0 and "--reason" in refused.errors
        kept = (
            await hospital.careloom("match", "train", "--apply", "--reason", "after the first load", "--json")
        ).object
        assert kept["kept"] is True
        [row] = await hub.rows("select version, by, why from person_model")
    assert row["version"] == kept["model"] == f"{default_model().version} on 1 records"
    assert row["why"] == "after the first load"
