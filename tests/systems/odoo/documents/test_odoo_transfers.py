"""Validation of a transfer where Odoo answers with a dialogue, or not at all; the far side keeps one transfer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from careloom.core.errors import AmbiguousError, Rejected
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.documents.series import NAMES_18, field_name
from careloom.systems.odoo.documents.transfers import Transfers

EXPIRED = {"type": "ir.actions.act_window", "res_model": "expiry.picking.confirmation"}


class Store:
    """Odoo 19 with one transfer. `dialogue` is answered instead of moving; `lose` so many answers are lost, after the
    goods were moved or, with `undone`, before."""

    def __init__(self) -> None:
        self.state = "assigned"
        self.dialogue: dict[str, Any] | None = None
        self.lose = 0
        self.undone = False
        self.refuse = False
        self.validations: list[dict[str, Any]] = []

    async def answer(self, path: str, body: dict[str, Any]) -> web.StreamResponse:
        if path.endswith("/read"):
            return web.json_response([{"id": 5, "state": self.state}])
        self.validations.append(body["context"])
        if self.refuse:
            self.state = "done"
            error = {"name": "odoo.exceptions.UserError", "message": "", "arguments": [], "debug": ""}
            return web.json_response(error, status=422)
        if self.dialogue:
            return web.json_response(self.dialogue)
        self.lose -= 1
        if self.lose < 0 or not self.undone:
            self.state = "done"
        lost = self.lose >= 0
        return web.Response(status=502, text="a proxy", content_type="text/html") if lost else web.json_response(True)


@pytest.fixture
async def store(scripted: Callable[[str], Any]) -> AsyncIterator[Store]:
    server = await scripted("19.0")
    made = Store()
    server.answer = made.answer
    made.url = server.url  # type: ignore[attr-defined]
    yield made


@pytest.fixture
def transfers(store: Store, connect: Callable[..., Odoo]) -> Transfers:
    return Transfers(connect(store, breaker_failures=50).documents.access)


async def test_a_dialogue_is_said_and_nothing_believed(store: Store, transfers: Transfers) -> None:
    store.dialogue = EXPIRED
    with pytest.raises(Rejected, match=r"dialogue expiry\.picking\.confirmation.*nothing was moved"):
        await transfers.validate(5, "backorder", None)
    assert len(store.validations) == 1


async def test_a_validation_says_beforehand_what_would_be_asked(store: Store, transfers: Transfers) -> None:
    assert await transfers.validate(5, "cancel", 2)
    assert not await transfers.validate(5, "cancel", 2)
    [context] = store.validations
    assert context["skip_backorder"] is context["skip_sms"] is True
    assert (context["picking_ids_not_to_backorder"], context["allowed_company_ids"]) == ([5], [2])


async def test_the_rest_is_kept_unless_it_is_given_up(store: Store, transfers: Transfers) -> None:
    await transfers.validate(5, "backorder", None)
    assert "picking_ids_not_to_backorder" not in store.validations[0]


@pytest.mark.parametrize("undone", [False, True], ids=["done", "not done"])
async def test_a_lost_answer_is_looked_into(store: Store, transfers: Transfers, undone: bool) -> None:
    store.lose, store.undone = 1, undone
    assert await transfers.validate(5, "backorder", None)
    assert (store.state, len(store.validations)) == ("done", 2 if undone else 1)


async def test_answers_that_stay_lost_are_ambiguous(store: Store, transfers: Transfers) -> None:
    store.lose, store.undone = 99, True
    with pytest.raises(AmbiguousError):
        await transfers.validate(5, "backorder", None)
    assert len(store.validations) == 3


async def test_somebody_faster_is_no_error(store: Store, transfers: Transfers) -> None:
    store.refuse = True
    assert await transfers.validate(5, "backorder", None) is False


@pytest.mark.parametrize(("model", "name"), NAMES_18)
def test_a_field_has_its_name_of_the_series(model: str, name: str) -> None:
    assert field_name(model, name, 19) == name
    assert field_name(model, name, 18) == NAMES_18[model, name] != name
    assert field_name("res.partner", "name", 18) == "name"
