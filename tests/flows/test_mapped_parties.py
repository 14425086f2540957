"""A payer's decision is booked only for parties that are known, where the crosswalk maps them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of
from tests.flows.test_mapped_codes import say

from careloom.cases.kinds import Action
from careloom.flows.claim_posting import posting
from careloom.flows.steps.receivables import Billed, Share, bill_claim
from careloom.model import ClaimAdjudicated, Identifier, Money, Organization, Practitioner
from careloom.model.examples import examples

CLAIM = "CLM-77"
NPI = "1999999992"


async def furnish(house: House) -> None:
    payer = await house.erp.upsert("res.partner", "careloom.payer_-_60054", {"name": "Northwind", "is_company": True})
    lines = (Share(text="visit", amount=Decimal("100.00")),)
    day = date(2026, 3, 2)
    await bill_claim(Billed(claim=CLAIM, company=1, customer=payer.record_id, day=day, lines=lines), house.erp)


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [posting], furnish) as found:
        yield found


def decision() -> Any:
    whole: Any = examples()[ClaimAdjudicated.type]
    amount = Money(value=Decimal("100.00"), currency="USD")
    explanation = structs.replace(
        whole.explanation, claim=Identifier(value=CLAIM), decision="primary", charged=amount, paid=amount,
        adjustment=(), item=(), remittance=Identifier(value="TRN-1", assigner="1999888777"),
        payor=Organization(identifier=(Identifier(value="60054", type="PI"),)),
        rendering=Practitioner(identifier=(Identifier(value=NPI, type="NPI"),)),
    )  # fmt: skip
    return structs.replace(whole, explanation=explanation)


@pytest.mark.parametrize(
    ("mapped", "field", "canonical"),
    [("payer * payer 60055 60055", "payor", "60054"), ("provider * NPI 1999999984 DR-1", "rendering", "DR-2")],
)
async def test_nothing_is_booked_for_an_unknown_party(house: House, mapped: str, field: str, canonical: str) -> None:
    await say(house, mapped)
    await house.world.tell(decision())
    await house.world.settle()
    [case] = await house.world.rows("select kind, field from work_case where resolved is null")
    assert (case["kind"], case["field"], await house.payments()) == ("unknown-code", field, [])
    await house.world.decide("unknown-code", Action.SUPPLY, {"canonical": canonical})
    assert await house.payments() == [("inbound", 100.0, "TRN-1")]
