"""Discharges that persons are asked about: what each of their words comes to, and what is called off meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of
from tests.flows.test_discharge_flow import (
    FOLLOWERS,
    PAYER,
    asked,
    called_off,
    delivering,
    discharged,
    furnish,
    house,
    notices,
    reserved,
    states,
)

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.flows.discharge import discharge
from careloom.model import MessageSent, PatientUpdated
from careloom.model.examples import examples
from careloom.testing.boundaries import Call

__all__ = ["house"]

NAMED = {"record": "account", "number": "LAKESIDE"}


@pytest.mark.parametrize(
    ("action", "data", "bill"),
    [
        (Action.SUPPLY, NAMED, "cancel"), (Action.RETRY, None, "cancel"), (Action.RESOLVE, None, "cancel"),
        (Action.WAIVE, None, "draft"), (Action.DISCARD, None, "draft"),
    ],
)  # fmt: skip
async def test_a_facility_that_nobody_knows_is_named_or_left(
    house: House, action: Action, data: Any, bill: str
) -> None:
    world = house.world
    for event in (discharged(), called_off(facility="ELSEWHERE")):
        await world.tell(event)
        await world.settle()
    assert (await world.cases(), (await states(world))["take_back"]) == (["unmatched-record"], ["waiting"])
    if action in (Action.RETRY, Action.RESOLVE):
        await house.facility("ELSEWHERE")
    await world.decide("unmatched-record", action, data)
    assert (await world.cases(), (await states(world))["take_back"]) == ([], ["completed"])
    assert [state for _, state, *_ in await house.moves()] == [bill]
    left = (0, {"PUMP-1": 2.0}) if bill == "cancel" else (1, {"PUMP-1": 0.0})
    assert (await notices(house), await reserved(house)) == left


@pytest.mark.parametrize(
    ("action", "data", "payer"),
    [(Action.SUPPLY, {"payer": "87726", "member": "NHP1"}, "87726"), (Action.RETRY, None, "60054")],
)
async def test_a_payer_that_comes_late_is_billed(house: House, action: Action, data: Any, payer: str) -> None:
    world = house.world
    await world.tell(discharged(coverage=()))
    await world.settle()
    if action is Action.RETRY:
        await world.decide("missing-payer-data", action)
        assert await world.cases() == ["missing-payer-data"], "nothing came yet"
        known: Any = examples()[PatientUpdated.type]
        await world.tell(structs.replace(known, patient=discharged().patient, coverage=(PAYER,)))
        await world.settle()
    await world.decide("missing-payer-data", action, data)
    assert await states(world) == {one: ["completed"] for one in FOLLOWERS}
    [row] = await house.erp.search_read("account.move", [["move_type", "=", "out_invoice"]], ["partner_id"])
    [partner] = await house.erp.search_read("res.partner", [["id", "=", row["partner_id"][0]]], ["ref"])
    assert partner["ref"] == payer


@pytest.mark.parametrize("step", ["draft_bill", "release_supplies", "file_notice"])
async def test_what_is_done_late_is_taken_back_when_the_stay_went_on(house: House, step: str) -> None:
    """A person has a step tried again after the discharge was called off, and all four were taken back."""
    world, before = house.world, await house.stock()
    world.fate = _refusing(step)
    await world.tell(discharged())
    await world.settle()
    assert await world.cases() == ["rejected-posting"]
    world.fate = None
    await world.tell(called_off())
    await world.settle()
    await world.decide("rejected-posting", Action.RETRY)
    assert {state for _, state in await world.runs()} == {"completed"}
    assert (await house.stock(), await house.ledger(), await notices(house)) == (before, {}, 0)
    assert {state for _, state, *_ in await house.moves()} <= {"cancel"}


async def test_a_message_that_nobody_stops_is_withdrawn(postgres_server: PostgresServer) -> None:
    async with house_of(postgres_server, [discharge], furnish) as house:
        world = house.world
        world.answers(MessageSent, delivering("delivered", ""))
        for event in (discharged(), called_off()):
            await world.tell(event)
            await world.settle()
        assert await asked(world) == [("after-discharge", "queued"), ("after-discharge", "stopped")]
        await world.later(hours=1)
        assert (await asked(world))[2:] == [("discharge-withdrawn", "queued")]
        assert (await world.cases(), (await states(world))["take_back"]) == ([], ["completed"])


def _refusing(step: str) -> Callable[[Call, Callable[[], Awaitable[Any]]], Awaitable[Any]]:
    async def fate(call: Call, made: Callable[[], Awaitable[Any]]) -> Any:
        if call.function.__name__ == step:
            raise Rejected("it is refused")
        return await made()

    return fate
