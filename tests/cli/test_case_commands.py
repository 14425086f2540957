"""`careloom parked` for cases without a parked event, and `careloom refused`."""

from __future__ import annotations

from typing import Any

from tests.hub.hospital import Hospital, Running, Said, adt

from careloom.sim.odoo import SimulatedOdoo

NOTHING = "00000000-0000-7000-8000-000000000000"


def all_good(said: Said) -> Said:
    assert said.code == 0, said.errors
    return said


async def reuse_an_id(hub: Running) -> None:
    """Two messages under one MSH-10; the second is refused, and a case tells of it."""
    await hub.send(adt("A04", "TWICE"))
    assert (await hub.ehr.send(adt("A04", "TWICE", "N-9"))).code == "AE"


async def audits(hub: Running, type_: str) -> int:
    [row] = await hub.rows("select count(*) from event where kind = 'a' and type = $1", type_)
    return int(row[0])


async def test_a_case_without_a_parked_event_is_listed_and_says_so(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await reuse_an_id(hub)
        case = all_good(await hospital.careloom("parked", "list", "--json")).object
        listed = all_good(await hospital.careloom("parked", "list")).output
        shown = all_good(await hospital.careloom("parked", "show", case["message"])).output
    assert (case["kind"], case["field"], case["parked"], case["subscription"]) == (
        "delivery", "message id", False, None
    )  # fmt: skip
    assert listed.startswith("0 parked, 1 to resolve about which nothing is parked\n")
    assert case["case_id"] in listed and "nothing is parked: the sender used a message id again" in listed
    assert "no: `careloom parked resolve` closes the case" in shown


async def test_resolve_closes_it_on_record_where_retry_and_discard_say_to_resolve(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        await reuse_an_id(hub)
        id_ = all_good(await hospital.careloom("parked", "list", "--json")).object["case_id"]
        for act in ("retry", "discard"):
            said = await hospital.careloom("parked", act, id_, "--reason", "tried")
            assert (said.code, "careloom parked resolve" in said.errors) == (1, True), act
        assert (await hospital.careloom("parked", "resolve", id_)).code == 2, "a reason is wanted"
        assert (await hospital.careloom("parked", "resolve", NOTHING, "--reason", "x")).code == 1
        resolve = ("parked", "resolve", id_, "--reason", "the desk was told", "--by", "R. Okafor")
        all_good(await hospital.careloom(*resolve))
        again = await hospital.careloom(*resolve)
        [row] = await hub.rows("select state, resolution, resolved_by from work_case")
        assert tuple(row) == ("resolved", "the desk was told", "R. Okafor")
        assert await audits(hub, "case.resolved.v1") == 1
        assert all_good(await hospital.careloom("parked", "list", "--json")).output == ""
    assert (again.code, "nothing with that id" in again.errors) == (1, True)


async def test_a_parked_case_is_not_resolved_past_its_event(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        await hub.send(adt("A08", "NAMELESS", "N-2", pid={5: ""}))
        await reuse_an_id(hub)
        await hub.eventually(lambda: hub.node.operators.parked())
        rows: list[dict[str, Any]] = all_good(await hospital.careloom("parked", "list", "--json")).objects
        assert [row["parked"] for row in rows] == [True, False]
        refused = await hospital.careloom("parked", "resolve", rows[0]["case_id"], "--reason", "x")
        assert len(await hub.node.operators.parked()) == 1
        listed = all_good(await hospital.careloom("parked", "list")).output
    assert (refused.code, "careloom parked retry" in refused.errors) == (1, True)
    assert listed.startswith("1 parked, 1 to resolve")
    assert f"{rows[0]['case_id']} mapping PID-5 (" in listed


async def test_refused_messages_are_listed_newest_first_without_their_bodies(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        for text in (b"Ottilie Weaver", adt("A04", "").replace(b"Weaver", b"[/bold]")):
            await hub.ehr.send(text)
        await hub.eventually(lambda: hub.rows("select 1 from refusal offset 1"))
        rows = all_good(await hospital.careloom("refused", "list", "--json")).objects
        one = all_good(await hospital.careloom("refused", "list", "--json", "--limit", "1")).object
        shown = all_good(await hospital.careloom("refused", "list")).output
    assert len(rows) == 2 and rows[0] == one
    assert set(one) == {"id", "system", "recorded", "reason", "location", "peer"}
    assert one["recorded"] >= rows[1]["recorded"]
    assert (one["system"], one["location"]) == ("ehr", "MSH-10")
    for row in rows:
        assert row["id"] in shown and row["reason"] in shown
    assert "2 refused" in shown
    assert "Weaver" not in shown and "bold" not in shown


async def test_nothing_refused_is_an_empty_list(hospital: Hospital) -> None:
    assert "0 refused" in all_good(await hospital.careloom("refused", "list")).output
    assert all_good(await hospital.careloom("refused", "list", "--json")).output == ""
    assert (await hospital.careloom("refused", "list", "--limit", "0")).code == 2
