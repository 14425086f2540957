"""`careloom subscription` beside a running hub."""

from __future__ import annotations

from tests.hub.hospital import Hospital, Said, adt

from careloom.sim.odoo import SimulatedOdoo

NAME = "registration.keep_account"


def all_good(said: Said) -> Said:
    assert said.code == 0, said.errors
    return said


async def test_a_paused_subscription_waits_while_messages_are_taken_in_and_goes_on_where_it_was(
    hospital: Hospital, erp: SimulatedOdoo
) -> None:
    hospital.configure(odoo=erp)
    async with hospital.running() as hub:
        pause = ("subscription", "pause", NAME, "--reason", "Odoo is upgraded", "--by", "R. Okafor")
        assert "is paused" in all_good(await hospital.careloom(*pause)).output
        await hub.send(adt("A04", "C1"))
        await hub.eventually(lambda: hub.rows("select 1 from flight"))
        found = {one["name"]: one for one in (await hospital.careloom("subscription", "list", "--json")).objects}
        shown = all_good(await hospital.careloom("subscription", "list")).output
        assert not await hub.rows("select 1 from delivery where subscription = $1", NAME)
        all_good(await hospital.careloom("subscription", "resume", NAME))
        assert (await hub.settled(1)).delivered == 1
        after = all_good(await hospital.careloom("subscription", "list")).output
        acts = await hub.rows("select type from event where kind = 'a' order by recorded")
    assert found[NAME] == {
        "name": NAME, "reads": "events", "state": "paused", "reason": "Odoo is upgraded", "by": "R. Okafor",
    }  # fmt: skip
    assert (found["translate"]["state"], found["translate"]["reads"]) == ("running", "messages")
    assert "paused by R. Okafor: Odoo is upgraded" in shown
    assert "paused" not in after
    assert [row["type"] for row in acts] == ["subscription.paused.v1", "subscription.resumed.v1"]


async def test_pausing_wants_a_reason_and_a_subscription_that_exists(hospital: Hospital) -> None:
    async with hospital.running() as hub:
        assert (await hospital.careloom("subscription", "pause", "translate")).code == 2
        for act in ("pause", "resume"):
            said = await hospital.careloom("subscription", act, "translat", "--reason", "x")
            assert (said.code, "careloom status" in said.errors) == (1, True)
        assert not await hub.rows("select 1 from event where kind = 'a'")
        assert not await hub.rows("select 1 from subscription where paused")
