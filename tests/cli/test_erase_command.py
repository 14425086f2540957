"""`careloom erase`: shown first, done only when asked, one patient at a time, on record without the name."""

from __future__ import annotations

from tests.hub.hospital import Hospital, Running, Said, adt


def all_good(said: Said) -> Said:
    assert said.code == 0, said.errors
    return said


async def erased(hub: Running) -> int:
    [row] = await hub.rows("select count(*) from event where kind = 'a' and type = 'subject.erased.v1'")
    [keys] = await hub.rows("select count(*) from subject_key where wrapped is null")
    assert row[0] == keys[0], "an act for every key that went, and no other"
    return int(keys[0])


async def test_without_yes_it_is_only_shown(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-7"), adt("A08", "C2", "N-7"), adt("A04", "C3", "N-8"))
        await hub.settled(3)
        found = all_good(await hospital.careloom("erase", "N-7", "--json")).object
        shown = all_good(await hospital.careloom("erase", "N-7")).output
        assert await erased(hub) == 0
    [one] = found["subjects"]
    assert (one["subject"], one["messages"], one["events"], found["erased"]) == ("Patient/NORTH/N-7", 2, 2, False)
    assert "Patient/NORTH/N-7" in shown and "2 messages, 2 events" in shown
    assert "nothing was erased" in shown and "Odoo and other targets keep their own copy" in shown


async def test_with_yes_every_body_is_closed_and_nobody_elses(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-7"), adt("A04", "C2", "N-8"))
        await hub.settled(2)
        assert (await hospital.careloom("erase", "N-7", "--yes")).code == 2, "a reason is wanted"
        assert (await hospital.careloom("erase", "N-7", "--yes", "--reason", " ")).code == 2
        assert await erased(hub) == 0
        said = all_good(
            await hospital.careloom("erase", "Patient/NORTH/N-7", "--yes", "--reason", "asked by letter", "--json")
        )
        assert said.object["erased"] is True
        assert await erased(hub) == 1
        gone = all_good(await hospital.careloom("trace", "C1", "--json")).object
        kept = all_good(await hospital.careloom("trace", "C2", "--json")).object
        again = await hospital.careloom("erase", "N-7", "--yes", "--reason", "asked by letter")
        verified = all_good(await hospital.careloom("audit", "verify", "--json")).object
        bodies = await hub.rows("select body from event where kind = 'a'")
    assert gone["events"] == [] and len(kept["events"]) == 2
    assert (again.code, "of such a patient" in again.errors) == (1, True)
    assert "N-7" not in again.errors
    assert verified["holds"] is True
    assert not any(b"N-7" in row["body"] for row in bodies)


async def test_a_number_of_two_assigners_must_be_named_in_full(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await hub.send(adt("A04", "C1", "N-7"), adt("A04", "C2", pid={3: "N-7^^^SOUTH^MR"}))
        await hub.settled(2)
        said = await hospital.careloom("erase", "N-7", "--yes", "--reason", "asked by letter")
        assert (said.code, await erased(hub)) == (2, 0)
        assert "Patient/NORTH/N-7" in said.output and "Patient/SOUTH/N-7" in said.output
        assert "one in full" in said.errors
        all_good(await hospital.careloom("erase", "Patient/SOUTH/N-7", "--yes", "--reason", "asked by letter"))
        assert await erased(hub) == 1
        left = all_good(await hospital.careloom("erase", "N-7", "--json")).object
    assert [one["subject"] for one in left["subjects"]] == ["Patient/NORTH/N-7"]


async def test_nobody_of_that_number(hospital: Hospital) -> None:
    for name in ("N-404", "Patient/NORTH/N-404", "Audit/cli", ""):
        said = await hospital.careloom("erase", name, "--yes", "--reason", "x")
        assert (said.code, said.output) == (1, ""), name
