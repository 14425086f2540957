"""Patient intake that is cancelled, refused or killed: it is undone whole, or goes on as if nothing had been."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer
from tests.flows.admissions import ADMITTED, AUT, REGISTERED, WHOLE, begin
from tests.flows.house import House, house_of, survives
from tests.flows.visits import HERE, covers, decision, example, supplied

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.flows.intake import intake
from careloom.model import (
    AuthorizationDenied,
    AuthorizationGranted,
    AuthorizationRequested,
    EligibilityRequested,
    MessageSent,
    RegistrationCancelled,
)
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.analytics import Analytics
from careloom.systems.odoo.documents.attachments import Attachments
from careloom.systems.odoo.documents.moves import Moves


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [intake], supplied(), companies=HERE) as made:
        yield made


@pytest.mark.parametrize("until", ["coverage", "leave", "case", "denial"])
async def test_a_cancelled_registration_is_undone(house: House, until: str) -> None:
    if until != "coverage":
        house.world.answers(EligibilityRequested, covers(leave=True))
    if until == "denial":
        house.world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationDenied, AUT)])
    world = await begin(house)
    if until == "case":
        await world.later(days=3)
    a11 = msgspec.structs.replace(example(RegistrationCancelled), encounter=REGISTERED.encounter)
    await world.tell(a11)
    await world.settle()
    assert (await world.runs(), await world.cases()) == ([("intake.admit", "cancelled")], [])
    books = await house.visits()
    assert (books["accounts"], books["files"], books["forms"], books["reserved"]) == ([], [], [], {})


FAILING = {
    "open_account": (Odoo, "upsert"),
    "prepare_billing": (Analytics, "keep"),
    "file_form": (Attachments, "attach"),
    "reserve": (Moves, "reserve"),
}


async def refuse(*_: Any, **__: Any) -> None:
    raise Rejected("the other side refuses it", "field")


@pytest.mark.parametrize("step", FAILING)
async def test_whatever_fails_nothing_stays(house: House, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """But the payer's account, and what the payer was asked."""
    house.world.answers(EligibilityRequested, covers())
    with monkeypatch.context() as patched:
        patched.setattr(*FAILING[step], refuse)
        world = await begin(house)
    [kind] = await world.cases()
    await world.decide(kind, Action.DISCARD)
    assert await world.runs() == [("intake.admit", "failed")]
    books = await house.visits()
    assert set(books["accounts"]) <= {"60054"}
    assert (books["files"], books["forms"], books["reserved"]) == ([], [], {})
    assert await world.told(MessageSent) == []


@pytest.mark.parametrize(
    ("step", "action"), [*((one, Action.RETRY) for one in FAILING), ("open_account", Action.WAIVE)]
)
async def test_a_person_has_it_tried_again_or_left_out(
    house: House, step: str, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.world.answers(EligibilityRequested, covers())
    with monkeypatch.context() as patched:
        patched.setattr(*FAILING[step], refuse)
        world = await begin(house)
    [kind] = await world.cases()
    await world.decide(kind, action)
    assert (await world.runs(), await world.cases()) == (ADMITTED, [])
    if action is Action.RETRY:
        assert await house.visits() == WHOLE


async def test_an_account_that_was_there_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.world.answers(EligibilityRequested, covers())
    key = house.erp.external_id("patient", "LAKESIDE", "MRN700123")
    await house.erp.upsert("res.partner", key, {"name": "Maribel Okonjo", "ref": "MRN700123"})
    with monkeypatch.context() as patched:
        patched.setattr(Attachments, "attach", refuse)
        world = await begin(house)
    [kind] = await world.cases()
    await world.decide(kind, Action.DISCARD)
    assert (await world.runs(), await house.accounts()) == ([("intake.admit", "failed")], ["60054", "MRN700123"])


@pytest.mark.parametrize("fails", [False, True])
async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer, *, fails: bool) -> None:
    async def scenario(house: House) -> Any:
        world = house.world
        world.answers(EligibilityRequested, covers(leave=True))
        world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationGranted, AUT)])
        await world.tell(REGISTERED)
        await world.settle()
        if fails:
            await world.decide("stock-shortage", Action.DISCARD)
        told = [len(await world.told(event)) for event in (EligibilityRequested, AuthorizationRequested, MessageSent)]
        return await world.runs(), await world.cases(), told, await house.visits()

    assert await survives(postgres_server, [intake], supplied(0 if fails else 10), scenario, companies=HERE) > 20
