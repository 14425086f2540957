"""Decisions of payers and remittances in a simulated Odoo: all of it adds up to the cent, whatever the payer says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of, survives

from careloom.cases.kinds import Action
from careloom.flows.claim_posting import posting
from careloom.flows.steps.receivables import Billed, Share, bill_claim
from careloom.model import ClaimAdjudicated, Money, RemittanceReceived
from careloom.model.claims import Adjustment
from careloom.model.datatypes import Identifier
from careloom.model.examples import examples
from careloom.testing.processes import World

CLAIM = "ACC55012-1"
ADJUDICATED: Any = examples()[ClaimAdjudicated.type]
REMITTED: Any = examples()[RemittanceReceived.type]


def usd(amount: str) -> Money:
    return Money(value=Decimal(amount), currency="USD")


def decision(
    paid: str, off: str = "0", patient: str = "0", *, sort: str = "primary", charged: str = "512.50",
    claim: str = CLAIM, trace: str = "NHP0316-4471", **changes: Any,
) -> ClaimAdjudicated:  # fmt: skip
    adjusted = tuple(
        Adjustment(group=group, reason="45", amount=usd(amount))  # type: ignore[arg-type]
        for group, amount in (("CO", off), ("PR", patient))
        if Decimal(amount)
    )
    made = structs.replace(
        ADJUDICATED.explanation, claim=Identifier(value=claim), decision=sort, charged=usd(charged), paid=usd(paid),
        adjustment=adjusted, item=(), remittance=Identifier(value=trace, assigner="1999888777"),
    )  # fmt: skip
    return structs.replace(ADJUDICATED, explanation=made, **changes)


async def furnish(house: House) -> None:
    payer = await house.erp.upsert("res.partner", "careloom.payer_-_60054", {"name": "Northwind", "is_company": True})
    lines = (Share(text="echo", amount=Decimal("412.50")), Share(text="visit", amount=Decimal("100.00")))
    day = date(2026, 3, 2)
    await bill_claim(Billed(claim=CLAIM, company=1, customer=payer.record_id, day=day, lines=lines), house.erp)


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [posting], furnish) as found:
        yield found


async def owing(house: House) -> dict[str, float]:
    """What is open, by the reference of the document."""
    domain = [["state", "=", "posted"], ["move_type", "in", ["out_invoice", "out_refund"]]]
    rows = await house.erp.search_read(
        "account.move", domain, ["ref", "amount_residual_signed", "amount_residual", "move_type"]
    )
    found: dict[str, float] = {}
    for row in rows:
        sign = 1 if row["move_type"] == "out_invoice" else -1
        found[row["ref"]] = found.get(row["ref"], 0.0) + sign * row["amount_residual"]
    return {name: amount for name, amount in found.items() if amount}


async def bank(house: House) -> Decimal:
    """What payments brought, less what went back: as the bank's statement has it."""
    return sum((Decimal(str(amount)) * (1 if sort == "inbound" else -1) for sort, amount, _ in await house.payments()),
               Decimal(0))  # fmt: skip


async def states(world: World) -> list[str]:
    return [state for _, state in await world.runs()]


@pytest.mark.parametrize("version", ["18.0", "19.0"])
async def test_a_decision_closes_the_invoice_to_the_cent(postgres_server: PostgresServer, version: str) -> None:
    async with house_of(postgres_server, [posting], furnish, version=version) as house:
        await house.world.tell(decision("360.01", "112.49", "40.00"))
        await house.world.settle()
        assert (await states(house.world), await house.world.cases()) == (["completed"], [])
        assert await owing(house) == {f"{CLAIM} patient": 40.0}
        assert await house.payments() == [("inbound", 360.01, "NHP0316-4471")]


@pytest.mark.parametrize(("paid", "off", "patient", "open_"), [
    ("512.50", "0", "0", {}), ("0.01", "512.49", "0", {}), ("0", "0", "512.50", {f"{CLAIM} patient": 512.5}),
])  # fmt: skip
async def test_every_share_may_be_nothing(house: House, paid: str, off: str, patient: str, open_: Any) -> None:
    await house.world.tell(decision(paid, off, patient))
    await house.world.settle()
    assert (await house.world.cases(), await owing(house)) == ([], open_)


async def test_what_is_no_decision_books_nothing(house: House) -> None:
    await house.world.tell(decision("360.00", "152.50", sort="predetermined"))
    await house.world.settle()
    assert (await states(house.world), await owing(house)) == (["completed"], {CLAIM: 512.5})


async def test_a_second_payer_closes_what_the_first_left_open(house: House) -> None:
    """It repeats what the first wrote off and paid; of that no more is booked than is open."""
    approved = {"amount": "100.00", "currency": "USD", "account": "120000"}
    await house.world.tell(decision("300.00", "112.50"))
    await house.world.settle()
    await house.world.decide("invoice-mismatch", Action.APPROVE, approved)
    assert await owing(house) == {CLAIM: 100.0}
    await house.world.tell(decision("80.00", "432.50", sort="secondary", trace="OTHER-1"))
    await house.world.settle()
    await house.world.decide("invoice-mismatch", Action.APPROVE, approved)
    assert (await house.world.cases(), await owing(house), await bank(house)) == ([], {}, Decimal(380))


# ------------------------------------------------------------------ denials, take-backs


@pytest.mark.parametrize(("action", "open_"), [
    (Action.APPROVE, {}), (Action.WAIVE, {}), (Action.RETRY, {CLAIM: 512.5}), (Action.DISCARD, {CLAIM: 512.5}),
])  # fmt: skip
@pytest.mark.parametrize("sort", ["denied", "primary"])
async def test_a_denial_is_for_a_person(house: House, sort: str, action: Action, open_: dict[str, float]) -> None:
    await house.world.tell(decision("0", "512.50", sort=sort))
    await house.world.settle()
    assert (await house.world.cases(), await owing(house)) == (["claim-denied"], {CLAIM: 512.5})
    await house.world.decide("claim-denied", action)
    assert (await states(house.world), await owing(house)) == (["completed"], open_)
    assert await house.payments() == []


async def test_an_appeal_that_wins_is_booked(house: House) -> None:
    await house.world.tell(decision("0", "512.50", sort="denied"))
    await house.world.settle()
    await house.world.decide("claim-denied", Action.RETRY)
    await house.world.tell(decision("400.00", "112.50", trace="NHP0420-1"))
    await house.world.settle()
    assert (await house.world.cases(), await owing(house), await bank(house)) == ([], {}, Decimal(400))


FIRST = decision("360.00", "112.50", "40.00")
BACK = decision("-360.00", "-112.50", "-40.00", sort="reversal", charged="-512.50", trace="NHP0401-1")
AGAIN = decision("340.00", "132.50", "40.00", trace="NHP0401-1")


@pytest.mark.parametrize("events", [(BACK, AGAIN), (AGAIN, BACK)], ids=["in order", "the other way round"])
async def test_what_is_taken_back_and_decided_anew_balances(house: House, events: tuple[ClaimAdjudicated, ...]) -> None:
    world = house.world
    await world.tell(FIRST)
    await world.settle()
    for event in events:
        await world.tell(event)
        await world.settle()
    await world.later(minutes=11)
    assert await world.cases() == ["take-back"]
    await world.decide("take-back", Action.RESOLVE)
    assert set(await states(world)) == {"completed"}
    assert (await owing(house), await bank(house)) == ({f"{CLAIM} patient": 40.0}, Decimal(340))


@pytest.mark.parametrize(
    ("action", "open_"), [(Action.APPROVE, {CLAIM: 512.5}), (Action.DISCARD, {CLAIM: 512.5}), (Action.WAIVE, {})]
)
async def test_what_is_taken_back_for_good(house: House, action: Action, open_: dict[str, float]) -> None:
    for event in (FIRST, BACK):
        await house.world.tell(event)
        await house.world.settle()
    assert await owing(house) == {CLAIM: 512.5}
    await house.world.decide("take-back", action)
    assert (await owing(house), await bank(house)) == (open_, Decimal(0))


# ------------------------------------------------------------------ what does not fit


@pytest.mark.parametrize(
    ("action", "open_"),
    [(Action.REJECT, {CLAIM: 512.5}), (Action.DISCARD, {CLAIM: 512.5}), (Action.WAIVE, {CLAIM: 0.5})],
)
async def test_what_does_not_add_up_is_for_a_person(house: House, action: Action, open_: dict[str, float]) -> None:
    await house.world.tell(decision("360.00", "152.00"))
    await house.world.settle()
    assert (await house.world.cases(), await owing(house)) == (["invoice-mismatch"], {CLAIM: 512.5})
    await house.world.decide("invoice-mismatch", action)
    assert await owing(house) == open_


async def test_a_claim_that_nobody_billed_is_matched_or_left(house: House) -> None:
    world = house.world
    await world.tell(decision("360.00", "152.50", claim="ACC-TYPO"))
    await world.settle()
    assert await world.cases() == ["unmatched-record"]
    await world.decide("unmatched-record", Action.SUPPLY, {"record": "invoice", "number": CLAIM})
    assert (await owing(house), await bank(house)) == ({}, Decimal(360))
    await world.tell(decision("1.00", claim="ACC-9", charged="1.00"))
    await world.settle()
    await world.decide("unmatched-record", Action.DISCARD)
    assert await bank(house) == 360


@pytest.mark.parametrize(("action", "paid"), [(Action.RETRY, 1), (Action.RESOLVE, 0), (Action.WAIVE, 0)])
async def test_a_claim_that_is_billed_late_is_looked_up_again(house: House, action: Action, paid: int) -> None:
    world = house.world
    await world.tell(decision("1.00", claim="ACC-9", charged="1.00"))
    await world.settle()
    [payer] = await house.erp.search_read("res.partner", [["name", "=", "Northwind"]], ["id"])
    lines = (Share(text="copy", amount=Decimal(1)),)
    late = Billed(claim="ACC-9", company=1, customer=payer["id"], day=date(2026, 3, 2), lines=lines)
    await bill_claim(late, house.erp)
    await world.decide("unmatched-record", action)
    assert (await states(world), await world.cases(), await bank(house)) == (["completed"], [], paid)


async def test_what_belongs_to_no_claim_makes_the_bank_agree(house: House) -> None:
    world = house.world
    await world.tell(REMITTED, decision("360.00", "112.50", "40.00"))
    await world.settle()
    assert await world.cases() == ["take-back"]
    assert await bank(house) == REMITTED.remittance.amount.value == Decimal("358.20")
    await world.decide("take-back", Action.APPROVE)
    assert await states(world) == ["completed", "completed"]


@pytest.mark.parametrize(("action", "payments"), [(Action.REJECT, 0), (Action.WAIVE, 2)])
async def test_a_remittance_that_does_not_add_up_is_for_a_person(house: House, action: Action, payments: int) -> None:
    wrong = structs.replace(REMITTED, remittance=structs.replace(REMITTED.remittance, amount=usd("358.21")))
    await house.world.tell(wrong)
    await house.world.settle()
    assert await house.world.cases() == ["invoice-mismatch"]
    await house.world.decide("invoice-mismatch", action)
    assert len(await house.payments()) == payments


async def test_a_kill_at_any_boundary_books_once(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        world = house.world
        await world.tell(REMITTED, FIRST)
        await world.settle()
        await world.decide("take-back", Action.APPROVE)
        await world.tell(BACK)
        await world.settle()
        await world.decide("take-back", Action.RESOLVE)
        await world.tell(AGAIN)
        await world.settle()
        return await world.runs(), await world.cases(), await house.books(), await owing(house)

    assert await survives(postgres_server, [posting], furnish, scenario) > 20
