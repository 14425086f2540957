"""Patient intake: every way it goes, undone whole when it fails, the same whenever a node is killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer
from tests.flows.admissions import ADMITTED, AUT, HELD, REGISTERED, VISIT, WHOLE, begin, without
from tests.flows.house import House, house_of
from tests.flows.visits import GEL, HERE, LEAD, covers, decision, supplied

from careloom.cases.kinds import Action
from careloom.flows.intake import Admitted, intake
from careloom.flows.steps.packages import Supply, packages
from careloom.model import (
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationGranted,
    AuthorizationPended,
    AuthorizationRequested,
    EligibilityRequested,
    MessageSent,
)
from careloom.testing.processes import World


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [intake], supplied(), companies=HERE) as made:
        yield made


async def admitted(world: World) -> Admitted:
    [row] = await world.rows("select id from run")
    found = await world.node.around.ended(row["id"])
    assert found is not None, "it has not ended"
    return msgspec.json.decode(found[1] or b"", type=Admitted)


async def test_a_covered_patient_is_admitted(house: House) -> None:
    house.world.answers(EligibilityRequested, covers())
    world = await begin(house)
    assert (await world.runs(), await world.cases()) == (ADMITTED, [])
    assert await house.visits() == WHOLE
    [message] = await world.told(MessageSent)
    assert (message.message.template, message.message.medium) == ("intake-complete", "email")
    assert (await admitted(world)).payer


async def test_one_visit_is_admitted_once(house: House) -> None:
    house.world.answers(EligibilityRequested, covers())
    await house.world.tell(REGISTERED, REGISTERED)
    world = await begin(house)
    assert (await world.runs(), await house.visits()) == (ADMITTED, WHOLE)


async def test_a_registration_without_a_visit_is_admitted_too(house: House) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    patient = msgspec.structs.replace(REGISTERED.patient, account=())
    world = await begin(house, without(encounter=None, patient=patient))
    [asked] = await world.told(AuthorizationRequested)
    await world.tell(decision(AuthorizationGranted, asked.request.identifier[0].value))
    await world.settle()
    assert (await world.runs(), len(await house.files())) == (ADMITTED, 1)


async def test_leave_is_asked_where_the_payer_wants_it(house: House) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    house.world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationPended, AUT)])
    world = await begin(house)
    assert await house.accounts() == []
    await world.tell(decision(AuthorizationGranted, AUT))
    await world.settle()
    assert (await admitted(world)).authorization == "NHP-A-778120"
    [asked] = await world.told(AuthorizationRequested)
    assert asked.request.order[0].value == VISIT


@pytest.mark.parametrize(
    ("why", "action", "payer", "state"),
    [
        ("silent", Action.SUPPLY, True, "completed"),
        ("inactive", Action.RETRY, True, "completed"),
        ("inactive", Action.WAIVE, False, "completed"),
        ("inactive", Action.DISCARD, False, "failed"),
    ],
)
async def test_a_coverage_that_does_not_hold_is_a_case(
    house: House, why: str, action: Action, *, payer: bool, state: str
) -> None:
    if why == "inactive":
        house.world.answers(EligibilityRequested, covers(active=False))
    world = await begin(house)
    if why == "silent":
        await world.later(hours=1)
    assert (await world.cases(), await house.accounts()) == (["missing-payer-data"], [])
    world.answers(EligibilityRequested, covers())
    data = {"payer": "70011", "member": "M-1", "plan": "Silver"} if action is Action.SUPPLY else None
    await world.decide("missing-payer-data", action, data)
    assert await world.runs() == [("intake.admit", state)]
    if state == "completed":
        assert (await admitted(world)).payer is payer
        payers = {Action.SUPPLY: ["70011"], Action.RETRY: ["60054"], Action.WAIVE: []}[action]
        assert await house.accounts() == [*payers, "MRN700123"]
    else:
        assert await world.cases() == ["run-failed"]


@pytest.mark.parametrize("coverage", [(), (msgspec.structs.replace(REGISTERED.coverage[0], payor=None),)])
async def test_a_payer_that_nobody_named_is_not_asked(house: House, coverage: Any) -> None:
    world = await begin(house, without(coverage=coverage))
    assert (await world.cases(), await world.told(EligibilityRequested)) == (["missing-payer-data"], [])


async def test_a_late_answer_closes_the_case(house: House) -> None:
    world = await begin(house)
    await world.later(hours=1)
    [asked] = await world.told(EligibilityRequested)
    await world.tell(*covers()(asked))
    await world.settle()
    assert (await world.runs(), await world.cases()) == (ADMITTED, [])


@pytest.mark.parametrize(
    ("action", "number"), [(Action.SUPPLY, "PHONE-1"), (Action.WAIVE, None), (Action.RETRY, "NHP-A-778120")]
)
async def test_leave_that_does_not_come_is_a_case(house: House, action: Action, number: str | None) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    world = await begin(house)
    await world.later(days=3)
    assert await world.cases() == ["authorization-gap"]
    world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationGranted, AUT)])
    await world.decide("authorization-gap", action, {"number": "PHONE-1"} if action is Action.SUPPLY else None)
    assert (await admitted(world)).authorization == number


async def test_leave_that_is_given_up_ends_the_intake(house: House) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    world = await begin(house)
    await world.later(days=3)
    await world.decide("authorization-gap", Action.DISCARD)
    assert (await world.runs(), await house.accounts()) == ([("intake.admit", "failed")], [])


@pytest.mark.parametrize(("then", "payer"), [(AuthorizationGranted, True), (AuthorizationCancelled, False)])
async def test_a_denial_holds_back_the_money_alone(house: House, then: Any, *, payer: bool) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    house.world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationDenied, AUT)])
    world = await begin(house)
    assert await world.runs() == [("intake.admit", "waiting")]
    assert await house.visits() == WHOLE | {"accounts": ["MRN700123"], "files": []}
    await world.tell(decision(then, AUT))
    await world.settle()
    assert ((await admitted(world)).payer, await house.files()) == (payer, [VISIT])


async def test_two_accounts_that_look_like_one_person_are_a_case(house: House) -> None:
    house.world.answers(EligibilityRequested, covers())
    other = msgspec.structs.replace(REGISTERED.patient.identifier[0], value="MRN700988")
    twin = msgspec.structs.replace(REGISTERED.patient, identifier=(other,))
    number = msgspec.structs.replace(REGISTERED.encounter.identifier[0], value="V1")
    await begin(
        house, without(patient=twin, encounter=msgspec.structs.replace(REGISTERED.encounter, identifier=(number,)))
    )
    world = await begin(house)
    assert await world.cases() == ["duplicate-person"]
    await world.decide("duplicate-person", Action.APPROVE, {"survivor": "MRN700988", "assigner": "LAKESIDE"})
    assert await world.runs() == ADMITTED * 2
    assert await house.accounts() == ["60054", "MRN700988"]


@pytest.mark.parametrize(
    ("action", "accounts"),
    [
        (Action.REJECT, ["60054", "MRN700123", "X9"]),
        (Action.WAIVE, ["60054", "MRN700123", "X9"]),
        (Action.RETRY, ["60054", "MRN700123"]),
        (Action.DISCARD, ["X9"]),
    ],
)
async def test_two_people_stay_two(house: House, action: Action, accounts: list[str]) -> None:
    values = {"name": "Maribel T Okonjo", "email": "maribel.okonjo@example.org", "ref": "X9"}
    twin = await house.erp.upsert("res.partner", "careloom.test_twin", values)
    house.world.answers(EligibilityRequested, covers())
    world = await begin(house)
    if action is Action.RETRY:
        assert await world.cases() == ["duplicate-person"]
        await house.erp.write("res.partner", [twin.record_id], {"active": False})
    await world.decide("duplicate-person", action)
    assert await house.accounts() == accounts


@pytest.mark.parametrize("action", [Action.SUPPLY, Action.DISCARD])
async def test_a_patient_without_a_number_is_a_case(house: House, action: Action) -> None:
    house.world.answers(EligibilityRequested, covers())
    number = msgspec.structs.replace(REGISTERED.patient.identifier[0], type="SS")
    world = await begin(house, without(patient=msgspec.structs.replace(REGISTERED.patient, identifier=(number,))))
    assert await world.cases() == ["unmatched-record"]
    data = {"record": "patient", "number": "MRN700123", "assigner": "LAKESIDE"}
    await world.decide("unmatched-record", action, data if action is Action.SUPPLY else None)
    assert await world.runs() == [("intake.admit", "completed" if action is Action.SUPPLY else "failed")]


@pytest.mark.parametrize(
    ("action", "data", "reserved"),
    [
        (Action.RETRY, None, HELD),
        (Action.WAIVE, None, {LEAD: 1.0}),
        (Action.SUPPLY, {"product": LEAD, "quantity": "2"}, {LEAD: 3.0}),
        (Action.SUPPLY, {"product": GEL, "quantity": "2", "purchase_order": "P00012"}, {LEAD: 1.0}),
        (Action.DISCARD, None, {}),
    ],
)
async def test_a_shortage_is_a_case(
    postgres_server: PostgresServer, action: Action, data: Any, reserved: dict[str, float]
) -> None:
    async with house_of(postgres_server, [intake], supplied(gel=0), companies=HERE) as house:
        house.world.answers(EligibilityRequested, covers())
        world = await begin(house)
        assert await world.cases() == ["stock-shortage"]
        if action is Action.RETRY:
            await house.fill(await house.product(GEL), "5")
        await world.decide("stock-shortage", action, data)
        ended = "failed" if action is Action.DISCARD else "completed"
        assert (await world.runs(), await house.reserved()) == ([("intake.admit", ended)], reserved)


async def test_an_answer_that_is_queued_is_none_yet(house: House) -> None:
    world = await begin(house)
    [asked] = await world.told(EligibilityRequested)
    [answer] = covers()(asked)
    await world.tell(
        msgspec.structs.replace(
            answer, response=msgspec.structs.replace(answer.response, outcome="queued", active=None)
        )
    )
    await world.settle()
    assert (await world.runs(), await world.cases()) == ([("intake.admit", "waiting")], [])
    await world.tell(answer)
    await world.settle()
    assert await world.runs() == ADMITTED


async def test_a_payer_that_looks_further_leaves_the_case_open(house: House) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    world = await begin(house)
    await world.later(days=3)
    await world.tell(decision(AuthorizationPended, AUT))
    await world.settle()
    assert await world.cases() == ["authorization-gap"]
    await world.tell(decision(AuthorizationGranted, AUT))
    await world.settle()
    assert (await world.runs(), await world.cases()) == (ADMITTED, [])


async def test_a_denial_that_is_looked_into_stands_until_it_is_overturned(house: House) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    house.world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationDenied, AUT)])
    world = await begin(house)
    await world.tell(decision(AuthorizationPended, AUT))
    await world.settle()
    assert await house.files() == []
    await world.tell(decision(AuthorizationGranted, AUT))
    await world.settle()
    assert (await world.runs(), await house.files()) == (ADMITTED, [VISIT])


async def test_a_substitute_may_be_short_too(postgres_server: PostgresServer) -> None:
    async with house_of(postgres_server, [intake], supplied(gel=0, lead=1), companies=HERE) as house:
        house.world.answers(EligibilityRequested, covers())
        world = await begin(house)
        substitute = {"product": LEAD, "quantity": "2", "location": "WH/Stock"}
        await world.decide("stock-shortage", Action.SUPPLY, substitute)
        assert (await world.cases(), await house.reserved()) == (["stock-shortage"], {LEAD: 1.0})
        await house.fill(await house.product(LEAD), "3")
        await world.decide("stock-shortage", Action.RETRY)
        assert (await world.runs(), await house.reserved()) == (ADMITTED, {LEAD: 3.0})


async def test_a_product_that_odoo_does_not_have_is_a_case(house: House) -> None:
    packages.needs("NEU", Supply("S-PATCH-1"))
    house.world.answers(EligibilityRequested, covers())
    visit = msgspec.structs.replace(REGISTERED.encounter, service_type="NEU")
    world = await begin(house, without(encounter=visit))
    [kind] = await world.cases()
    await house.fill(await house.product("S-PATCH-1"), "4")
    await world.decide(kind, Action.RETRY)
    assert (await world.runs(), await house.reserved()) == (ADMITTED, {"S-PATCH-1": 1.0})


async def test_a_person_who_is_only_made_known_is_no_intake(house: House) -> None:
    """ADT^A28 tells of a person who comes for nothing: nobody need be asked who pays."""
    patient = msgspec.structs.replace(REGISTERED.patient, account=())
    world = await begin(house, without(encounter=None, coverage=(), patient=patient))
    assert (await world.runs(), await world.cases(), await house.files()) == (ADMITTED, [], [])
    assert not await world.told(MessageSent)


async def test_an_account_that_was_corrected_while_the_payer_was_away_is_left_as_it_is(house: House) -> None:
    """Registration keeps accounts too, and newer messages came while the intake waited."""
    world = await begin(house)
    number = REGISTERED.patient.identifier[0]
    key = house.erp.external_id("patient", number.assigner or "", number.value)
    await house.erp.upsert("res.partner", key, {"name": "Corrected Since", "ref": number.value, "active": False})
    [asked] = await world.told(EligibilityRequested)
    await world.tell(*covers()(asked))
    await world.settle()
    assert await world.runs() == ADMITTED
    [row] = await house.erp.search_read("res.partner", [["ref", "=", number.value]], ["name", "active"], archived=True)
    assert (row["name"], row["active"]) == ("Corrected Since", False)
