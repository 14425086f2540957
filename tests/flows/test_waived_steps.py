"""Steps that Odoo refuses late in a process, and that a person has left out: the rest goes on, and what stays shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from tests.conftest import PostgresServer
from tests.flows import services
from tests.flows import test_claim_posting_flow as claim
from tests.flows import test_discharge_flow as stay
from tests.flows import test_referral_to_cash_flow as referral
from tests.flows import test_service_completed_corrections as corrections
from tests.flows.house import House, house_of

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.flows.claim_posting import posting
from careloom.flows.discharge import discharge
from careloom.flows.referral_to_cash import cash
from careloom.flows.service_completed import service
from careloom.model import ClaimRejected, MessageSent
from careloom.testing.boundaries import Call
from careloom.testing.processes import World

CLAIM = claim.CLAIM


def refuse(world: World, step: str) -> None:
    """From now on this step is refused."""

    async def fate(call: Call, made: Callable[[], Awaitable[Any]]) -> Any:
        if call.function.__name__ == step:
            raise Rejected("it is refused")
        return await made()

    world.fate = fate


async def tell(world: World, *events: Any) -> None:
    for event in events:
        await world.tell(event)
        await world.settle()


async def waive(world: World) -> None:
    """Have what was refused left out, which leaves no run behind that failed or waits."""
    assert "rejected-posting" in await world.cases()
    await world.decide("rejected-posting", Action.WAIVE)


async def ended(world: World) -> bool:
    return {state for _, state in await world.runs()} == {"completed"} and await world.cases() == []


# ------------------------------------------------------------------ decisions of payers


@pytest.fixture
async def owed(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [posting], claim.furnish) as found:
        yield found


async def test_a_take_back_that_is_booked_by_hand(owed: House) -> None:
    await tell(owed.world, claim.FIRST)
    before = await owed.ledger()
    refuse(owed.world, "take_back")
    await tell(owed.world, claim.BACK)
    await waive(owed.world)
    await owed.world.decide("take-back", Action.RESOLVE)
    assert await ended(owed.world)
    assert await owed.ledger() == before


async def test_what_was_taken_back_is_written_off_by_hand(owed: House) -> None:
    await tell(owed.world, claim.FIRST, claim.BACK)
    refuse(owed.world, "write_off")
    await owed.world.decide("take-back", Action.WAIVE)
    await waive(owed.world)
    assert await ended(owed.world)
    assert await claim.owing(owed) == {CLAIM: 512.5}


async def test_a_denial_is_written_off_by_hand(owed: House) -> None:
    refuse(owed.world, "write_off")
    await tell(owed.world, claim.decision("0", "512.50", sort="denied"))
    await owed.world.decide("claim-denied", Action.WAIVE)
    await waive(owed.world)
    assert await ended(owed.world)
    assert await claim.owing(owed) == {CLAIM: 512.5}


async def test_a_claim_that_was_given_up_is_credited_by_hand(postgres_server: PostgresServer) -> None:
    async with house_of(postgres_server, [cash, posting], referral.furnish) as house:
        refuse(house.world, "unbill_claim")
        await referral.to_claim(house.world)
        await tell(house.world, referral.response(ClaimRejected))
        await house.world.decide("claim-rejected", Action.DISCARD)
        await waive(house.world)
        assert await ended(house.world)
        assert await referral.open_of(house) == 512.5


# ------------------------------------------------------------------ discharges


@pytest.mark.parametrize(
    ("does", "undoes", "left"),
    [("draft_bill", "undo_bill", (["draft"], 0)), ("file_notice", "remove_notices", (["cancel"], 1))],
)
async def test_what_was_done_late_is_taken_back_by_hand(
    postgres_server: PostgresServer, does: str, undoes: str, left: Any
) -> None:
    async with house_of(postgres_server, [discharge], stay.furnish) as house:
        world = house.world
        world.answers(MessageSent, stay.delivering("delivered"))
        refuse(world, does)
        await tell(world, stay.discharged())
        world.fate = None
        await tell(world, stay.called_off())
        refuse(world, undoes)
        await world.decide("rejected-posting", Action.RETRY)
        await waive(world)
        assert await ended(world)
        assert ([state for _, state, *_ in await house.moves()], await stay.notices(house)) == left


# ------------------------------------------------------------------ services


@pytest.fixture
async def ward(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [service], services.furnish) as found:
        yield found


TWO = {"service": (services.done("80053"), services.done("80061"))}


@pytest.mark.parametrize(
    ("step", "states"),
    [
        ("issue", ["paid", "reversed"]),
        ("credit_all", ["not_paid", "not_paid"]),
    ],
)
async def test_a_charge_that_was_voided_is_set_right_by_hand(ward: House, step: str, states: list[str]) -> None:
    await tell(ward.world, services.panel(report=TWO))
    refuse(ward.world, step)
    await corrections.void(ward, "RPT-20931-1")
    await waive(ward.world)
    assert await ended(ward.world)
    assert sorted(row[3] for row in await ward.moves()) == states


async def test_a_charge_whose_invoice_cannot_be_read_is_settled_by_a_person(ward: House) -> None:
    await tell(ward.world, services.panel(report=TWO))
    refuse(ward.world, "invoice_of")
    await corrections.void(ward, "RPT-20931-1")
    await waive(ward.world)
    await ward.world.decide("unmatched-record", Action.RESOLVE)
    assert await ended(ward.world)
    assert [row[3] for row in await ward.moves()] == ["not_paid"]


@pytest.mark.parametrize(
    ("step", "states", "goods"),
    [
        ("credit_all", ["not_paid", "not_paid"], {"RG-220": 5.0, "RG-221": 1.0}),
        ("give_back", ["not_paid", "paid", "reversed"], {"RG-220": 4.0, "RG-221": 1.0}),
    ],
)
async def test_what_an_older_version_left_is_taken_back_by_hand(
    ward: House, step: str, states: list[str], goods: dict[str, float]
) -> None:
    await tell(ward.world, services.panel(report={"consumed": (services.used("RG-220", "1", "R77"),)}))
    refuse(ward.world, step)
    corrected = {
        "status": "corrected",
        "service": (services.done("80061"),),
        "consumed": (services.used("RG-221", "2"),),
    }
    await tell(ward.world, services.panel(minutes=30, report=corrected))
    await waive(ward.world)
    assert await ended(ward.world)
    assert sorted(row[3] for row in await ward.moves()) == states
    assert await services.on_hand(ward) == goods
