"""One referral from the letter to the money, in a world where schedulers, clinicians and payers answer or do not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of, survives

from careloom.cases.kinds import Action
from careloom.flows.claim_posting import posting
from careloom.flows.referral_to_cash import cash
from careloom.model import (
    AppointmentArrived,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentNoShow,
    AppointmentUpdated,
    CanonicalEvent,
    ChargePosted,
    ChargeVoided,
    ClaimAcknowledged,
    ClaimAdjudicated,
    ClaimRejected,
    ClaimStatusRequested,
    ClaimSubmitted,
    Coverage,
    Encounter,
    Money,
    Organization,
    PatientUpdated,
    ReferralReceived,
    RemittanceReceived,
    decode,
)
from careloom.model.claims import Adjustment
from careloom.model.datatypes import Identifier
from careloom.model.examples import examples
from careloom.testing.processes import World
from careloom.workflow.desk import Told

KNOWN: Any = examples()
CLAIM = "V900871-REF-551"
VISIT = Encounter(status="arrived", identifier=(Identifier(value="V900871", type="VN", assigner="LAKESIDE"),))
EXAMPLE = Path(__file__).parents[2] / "examples" / "referral_to_cash"


def of(type_: type[CanonicalEvent], **changes: Any) -> Any:
    return structs.replace(KNOWN[type_.type], **changes)


REFERRAL = of(ReferralReceived)


def appointment(type_: type[CanonicalEvent], **changes: Any) -> Any:
    made = structs.replace(KNOWN[AppointmentBooked.type].appointment, order=(Identifier(value="REF-551"),), **changes)
    return of(type_, appointment=made, encounter=VISIT if type_ is AppointmentArrived else None)


def charge(number: str, amount: str | None, **changes: Any) -> ChargePosted:
    known = KNOWN[ChargePosted.type]
    total = None if amount is None else Money(value=Decimal(amount), currency="USD")
    made = structs.replace(known.charge, identifier=(Identifier(value=number),), total=total, **changes)
    return structs.replace(known, charge=made, encounter=VISIT)


def response(type_: type[CanonicalEvent]) -> Any:
    return of(type_, response=structs.replace(KNOWN[type_.type].response, claim=Identifier(value=CLAIM)))


def usd(amount: str) -> Money:
    return Money(value=Decimal(amount), currency="USD")


def decision(paid: str = "360.00", off: str = "152.50", sort: Any = "primary") -> ClaimAdjudicated:
    known = KNOWN[ClaimAdjudicated.type]
    made = structs.replace(
        known.explanation, claim=Identifier(value=CLAIM), decision=sort, charged=usd("512.50"), paid=usd(paid), item=(),
        adjustment=(Adjustment(group="CO", reason="45", amount=usd(off)),),
    )  # fmt: skip
    return structs.replace(known, explanation=made)


def takes(claim: ClaimSubmitted) -> Iterator[ClaimAcknowledged]:
    yield response(ClaimAcknowledged)


async def furnish(house: House) -> None:
    await house.facility("LAKESIDE")


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [cash, posting], furnish) as found:
        yield found


async def tell(world: World, *events: CanonicalEvent) -> None:
    for event in events:
        await world.tell(event)
        await world.settle()


async def to_claim(world: World, **charges: str | None) -> None:
    """Up to the claim, or what stops it."""
    await tell(world, REFERRAL, appointment(AppointmentBooked), appointment(AppointmentArrived))
    for number, amount in (charges or {"C1": "412.50", "C2": "100.00"}).items():
        await tell(world, charge(number, amount))
    await world.later(days=2)


async def outcome(world: World) -> tuple[str, list[str]]:
    rows = await world.rows("select state from run where workflow = 'referral-to-cash.follow'")
    return rows[0]["state"], await world.cases()


async def open_of(house: House) -> float:
    rows = await house.erp.search_read("account.move", [["state", "=", "posted"]], ["amount_residual"])
    return float(sum(row["amount_residual"] for row in rows))


async def test_a_referral_is_paid_and_every_number_leads_to_the_next(house: House) -> None:
    world = house.world
    world.answers(ClaimSubmitted, takes)
    await to_claim(world)
    [claim] = await world.told(ClaimSubmitted)
    assert (claim.claim.referral.value, claim.claim.encounter.value) == ("REF-551", "V900871")
    assert claim.claim.total.value == sum(item.net.value for item in claim.claim.item) == Decimal("512.50")
    assert [item.identifier.value for item in claim.claim.item] == ["C1", "C2"]
    await tell(world, decision())
    assert await outcome(world) == ("completed", [])
    assert (await open_of(house), await house.payments()) == (0, [("inbound", 360.0, "NHP0316-4471")])
    assert {row[2] for row in await house.moves()} == {CLAIM}


# ------------------------------------------------------------------ legs that do not come


@pytest.mark.parametrize(("action", "state"), [(Action.DISCARD, "completed"), (Action.RESOLVE, "waiting")])
async def test_a_referral_that_nobody_books(house: House, action: Action, state: str) -> None:
    world = house.world
    await tell(world, REFERRAL)
    await world.later(days=13)
    assert await outcome(world) == ("waiting", [])
    await world.later(days=1)
    await world.decide("unanswered", action)
    assert await outcome(world) == (state, [])
    if action is Action.RESOLVE:
        await tell(world, appointment(AppointmentBooked), appointment(AppointmentArrived), charge("C1", "10.00"))
        await world.later(days=2)
        assert len(await world.told(ClaimSubmitted)) == 1


@pytest.mark.parametrize("type_", [AppointmentNoShow, AppointmentCancelled])
async def test_a_missed_appointment_is_booked_anew(house: House, type_: type[CanonicalEvent]) -> None:
    world = house.world
    await tell(world, REFERRAL, appointment(AppointmentBooked), appointment(type_))
    await world.later(hours=7)
    later = (Identifier(value="AP-2", type="FILL"),)
    await tell(
        world, appointment(AppointmentBooked, identifier=later), appointment(AppointmentArrived, identifier=later)
    )
    await tell(world, charge("C1", "10.00"))
    await world.later(days=2)
    assert [claim.claim.total.value for claim in await world.told(ClaimSubmitted)] == [Decimal("10.00")]


async def test_an_appointment_of_which_nothing_is_heard(house: House) -> None:
    world = house.world
    await tell(world, REFERRAL, appointment(AppointmentBooked))
    await world.later(days=8)
    assert await outcome(world) == ("waiting", [])
    moved = {"start": "2026-03-12T10:30:00-08:00", "end": "2026-03-12T11:15:00-08:00"}
    await tell(world, appointment(AppointmentUpdated, **moved))
    await world.later(days=2)
    assert await outcome(world) == ("waiting", [])
    await world.later(days=3)
    assert await outcome(world) == ("waiting", ["unanswered"])
    await world.decide("unanswered", Action.DISCARD)
    await world.later(days=14)
    await world.decide("unanswered", Action.WAIVE)
    assert await outcome(world) == ("completed", [])


async def test_an_encounter_without_charges(house: House) -> None:
    world = house.world
    await tell(world, REFERRAL, appointment(AppointmentBooked), appointment(AppointmentArrived))
    await world.later(days=5)
    await world.decide("unanswered", Action.DISCARD)
    assert (await outcome(world), await house.moves()) == (("completed", []), [])


async def test_what_was_taken_back_is_not_claimed(house: House) -> None:
    world = house.world
    await tell(world, REFERRAL, appointment(AppointmentBooked), appointment(AppointmentArrived))
    void = of(ChargeVoided, encounter=VISIT)
    void = structs.replace(void, charge=structs.replace(void.charge, reverses=Identifier(value="C3")))
    credit = charge("C2-R", "5.00", kind="credit", reverses=Identifier(value="C2"))
    await tell(
        world, charge("C1", "9.00"), charge("C1", "7.00"), charge("C2", "5.00"), credit, charge("C3", "4.00"), void
    )
    await world.later(days=2)
    [claim] = await world.told(ClaimSubmitted)
    assert [(item.identifier.value, item.net.value) for item in claim.claim.item] == [("C1", Decimal("7.00"))]


async def test_a_charge_without_amount_is_for_a_person(house: House) -> None:
    await to_claim(house.world, C1=None)
    assert await outcome(house.world) == ("waiting", ["mapping"])
    await house.world.decide("mapping", Action.WAIVE)
    assert (await outcome(house.world), await house.moves()) == (("completed", []), [])


@pytest.mark.parametrize(
    ("action", "claims"), [(Action.SUPPLY, 1), (Action.RETRY, 1), (Action.WAIVE, 0), (Action.DISCARD, 0)]
)
async def test_a_referral_without_payer(house: House, action: Action, claims: int) -> None:
    world = house.world
    await tell(world, structs.replace(REFERRAL, coverage=()), appointment(AppointmentBooked))
    await tell(world, structs.replace(appointment(AppointmentArrived), coverage=()))
    await tell(world, structs.replace(charge("C1", "10.00"), coverage=()))
    await world.later(days=2)
    data = {"payer": "87726", "member": "NHP1"} if action is Action.SUPPLY else None
    if action is Action.RETRY:
        payer = Coverage(order=1, payor=Organization(identifier=(Identifier(value="87726", type="PI"),)))
        await tell(world, of(PatientUpdated, patient=charge("C1", "10.00").patient, coverage=(payer,)))
    await world.decide("missing-payer-data", action, data)
    told = await world.told(ClaimSubmitted)
    assert [claim.coverage[0].payor.identifier[0].value for claim in told] == ["87726"] * claims


NAMED = {"record": "account", "number": "LAKESIDE"}


@pytest.mark.parametrize(
    ("action", "data", "claims"),
    [
        (Action.SUPPLY, NAMED, 1), (Action.RETRY, None, 1), (Action.RESOLVE, None, 1), (Action.WAIVE, None, 0),
        (Action.DISCARD, None, 0),
    ],
)  # fmt: skip
async def test_a_facility_without_books(house: House, action: Action, data: Any, claims: int) -> None:
    world = house.world
    await tell(world, REFERRAL, appointment(AppointmentBooked), appointment(AppointmentArrived))
    await tell(world, structs.replace(charge("C1", "10.00"), facility="ELSEWHERE"))
    await world.later(days=2)
    if action in (Action.RETRY, Action.RESOLVE):
        await house.facility("ELSEWHERE")
    await world.decide("unmatched-record", action, data)
    assert (await outcome(world))[0] == ("waiting" if claims else "completed")
    assert (len(await world.told(ClaimSubmitted)), len(await house.moves()), await world.cases()) == (
        claims,
        claims,
        [],
    )


# ------------------------------------------------------------------ what the payer says


@pytest.mark.parametrize(
    ("action", "sent"), [(Action.RETRY, 2), (Action.RESOLVE, 1), (Action.WAIVE, 1), (Action.DISCARD, 1)]
)
async def test_a_claim_that_is_rejected(house: House, action: Action, sent: int) -> None:
    world = house.world
    await to_claim(world)
    await tell(world, response(ClaimRejected))
    await world.later(hours=7)
    assert await outcome(world) == ("waiting", ["claim-rejected"])
    await world.decide("claim-rejected", action)
    assert len(await world.told(ClaimSubmitted)) == sent
    if action is Action.DISCARD:
        assert (await outcome(world), await house.ledger()) == (("completed", []), {})
        return
    await tell(world, response(ClaimAcknowledged), decision())
    assert (await outcome(world), await open_of(house)) == (("completed", []), 0)


@pytest.mark.parametrize("action", [Action.RESOLVE, Action.WAIVE])
async def test_a_claim_that_nobody_acknowledges(house: House, action: Action) -> None:
    world = house.world
    await to_claim(world)
    await world.later(days=3)
    await world.decide("unanswered", action)
    await tell(world, response(ClaimAcknowledged), decision())
    assert await outcome(world) == ("completed", [])


async def test_a_denial_waits_for_what_is_decided_next(house: House) -> None:
    world = house.world
    world.answers(ClaimSubmitted, takes)
    await to_claim(world)
    await tell(world, decision("0", "512.50", "denied"))
    await world.decide("claim-denied", Action.RETRY)
    assert (await outcome(world), await open_of(house)) == (("waiting", []), 512.5)
    await tell(world, decision())
    assert (await outcome(world), await open_of(house)) == (("completed", []), 0)


async def test_a_payment_that_is_late(house: House) -> None:
    world = house.world
    world.answers(ClaimSubmitted, takes)
    await to_claim(world)
    await world.later(days=45)
    await world.decide("delayed-payment", Action.RETRY)
    assert [asked.claim.value for asked in await world.told(ClaimStatusRequested)] == [CLAIM]
    await world.later(days=15)
    today = world.clock.now().date()
    await world.decide("delayed-payment", Action.SUPPLY, {"expected": (today + timedelta(days=4)).isoformat()})
    await world.later(days=4)
    assert await outcome(world) == ("waiting", [])
    await world.later(days=1)
    await world.decide("delayed-payment", Action.RESOLVE)
    assert await outcome(world) == ("completed", [])


@pytest.mark.parametrize("action", [Action.WAIVE, Action.DISCARD])
async def test_a_payment_that_nobody_waits_for_any_more(house: House, action: Action) -> None:
    world = house.world
    world.answers(ClaimSubmitted, takes)
    await to_claim(world)
    await world.later(days=45)
    await world.decide("delayed-payment", action)
    assert (await outcome(world), await open_of(house)) == (("completed", []), 512.5)


# ------------------------------------------------------------------ undoing, kills, the example


async def test_a_run_that_is_cancelled_credits_what_is_owed(house: House) -> None:
    world = house.world
    await to_claim(world)
    [row] = await world.rows("select id from run where workflow = 'referral-to-cash.follow'")
    await world.node.desk.cancel(row["id"], Told("Robin Okafor", "the wrong patient"))
    await world.settle()
    assert (await outcome(world), await house.ledger()) == (("cancelled", []), {})


async def test_a_kill_at_any_boundary_claims_once(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        world = house.world
        world.answers(ClaimSubmitted, takes)
        await to_claim(world, C1="512.50")
        await tell(world, decision())
        return await world.runs(), await world.cases(), await house.books(), len(await world.told(ClaimSubmitted))

    assert await survives(postgres_server, [cash, posting], furnish, scenario) > 20


async def test_the_example_is_paid(house: House) -> None:
    world = house.world
    for line in (EXAMPLE / "events.jsonl").read_bytes().splitlines():
        event: dict[str, Any] = msgspec.json.decode(line)
        if event["type"] == ClaimAcknowledged.type:
            await world.later(days=2)
        await tell(world, decode(event["type"], msgspec.json.encode(event["data"])))
    assert await outcome(world) == ("completed", ["take-back"])
    sums = [amount if sort == "inbound" else -amount for sort, amount, _ in await house.payments()]
    assert sum(map(Decimal, map(str, sums))) == Decimal("358.20")
    assert RemittanceReceived.type in (EXAMPLE / "events.jsonl").read_text()
