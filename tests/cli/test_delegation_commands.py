"""`careloom case delegate`, `delegations`, `recall`, and the roles of keys."""

from __future__ import annotations

from tests.cli.test_case_commands import all_good
from tests.hub.hospital import Hospital

from careloom.sim.odoo import SimulatedOdoo


async def test_a_role_is_handed_on_listed_and_recalled(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    who = ("--role", "billing", "--by", "R. Okafor", "--to", "K. Duarte")
    made = await hospital.careloom(
        "case", "delegate", *who, "--until", "2099-01-02T08:00", "--from", "2099-01-01", "--json"
    )
    one = all_good(made).object
    assert (one["handed_to"], one["since"]) == ("K. Duarte", "2099-01-01T00:00:00+00:00")
    assert "billing of R. Okafor to K. Duarte" in all_good(await hospital.careloom("case", "delegations")).output
    over = await hospital.careloom("case", "delegate", *who, "--until", "2020-01-01")
    assert (over.code, "until" in over.errors) == (1, True)
    all_good(await hospital.careloom("case", "recall", one["id"], "--by", "R. Okafor", "--reason", "back"))
    assert all_good(await hospital.careloom("case", "delegations", "--json")).objects == []
    assert (await hospital.careloom("case", "recall", one["id"])).code == 1


async def test_a_key_has_the_roles_that_were_given(hospital: Hospital, erp: SimulatedOdoo) -> None:
    hospital.configure(odoo=erp)
    all_good(await hospital.careloom("key", "create", "robin", "--role", "purchasing", "--role", "cfo"))
    assert all_good(await hospital.careloom("key", "list", "--json")).object["roles"] == ["cfo", "purchasing"]
    all_good(await hospital.careloom("key", "assign", "robin", "--role", "billing"))
    assert "stands in billing" in all_good(await hospital.careloom("key", "list")).output
    all_good(await hospital.careloom("key", "assign", "robin"))
    assert "stands in no role" in all_good(await hospital.careloom("key", "list")).output
    assert (await hospital.careloom("key", "assign", "nobody", "--role", "cfo")).code == 3
