"""How documents come in: few calls, each step once, and what fails fails alone. The far side is a small server that
keeps documents with a state; that a whole Odoo agrees is for the contract suite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from careloom.core.errors import AmbiguousError, CareloomError, MappingError, Rejected
from careloom.systems.odoo import MemoryLedger, Odoo
from careloom.systems.odoo.documents.drafts import Draft
from careloom.systems.odoo.documents.submission import POST, Held

MOVE = "account.move"
READ = ("name", "state")
POSTED = "You cannot modify the following readonly fields on a posted move: invoice_line_ids"
FIELDS = {
    MOVE: {
        "partner_id": {"type": "many2one", "relation": "res.partner"},
        "ref": {"type": "char"},
        "invoice_line_ids": {"type": "one2many", "relation": "account.move.line"},
    },
    "account.move.line": {"name": {"type": "char"}, "price_unit": {"type": "float"}},
    "careloom.document": {"key": {"type": "char"}},
}


class Books:
    """Odoo 19 as far as documents go. `refuse` are references whose posting is refused; `drop` loses so many answers of
    a method, after it was done or, with `undone`, before."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.documents: dict[str, dict[str, Any]] = {}
        self.refuse: set[str] = set()
        self.drop: dict[str, int] = {}
        self.undone = False
        self.addon = False
        self.contexts: list[Any] = []

    async def answer(self, path: str, body: dict[str, Any]) -> web.StreamResponse:
        model, method = path.removeprefix("/json/2/").split("/")
        if method == "fields_get":
            known = model != "careloom.document" or self.addon
            return web.json_response(FIELDS[model]) if known else _error("werkzeug.exceptions.NotFound", 404)
        self.calls.append(method)
        self.contexts.append(body["context"])
        lost = self.drop.get(method, 0) > 0
        self.drop[method] = self.drop.get(method, 0) - 1
        if lost and self.undone:
            return web.Response(status=502, text="a proxy", content_type="text/html")
        said = getattr(self, method)(body)
        return web.Response(status=502, text="a proxy", content_type="text/html") if lost else said

    def load(self, body: dict[str, Any]) -> web.Response:
        keys = [row[0] for row in body["data"] if row[0]]
        posted = [at for at, key in enumerate(keys) if self.documents.get(key, {}).get("state") == "posted"]
        if posted:
            messages = [{"type": "error", "record": at, "message": POSTED} for at in posted]
            return web.json_response({"ids": False, "messages": messages})
        ref = body["fields"].index("ref")
        key = ""
        for row in body["data"]:
            key = row[0] or key
            if row[0]:
                made = {"id": len(self.documents) + 1, "name": False, "state": "draft", "ref": row[ref], "lines": 0}
                self.documents.setdefault(row[0], made)
            self.documents[key]["lines"] += 1
        return web.json_response({"ids": [self.documents[one]["id"] for one in keys], "messages": []})

    def read(self, body: dict[str, Any]) -> web.Response:
        found = [one for one in self.documents.values() if one["id"] in body["ids"]]
        return web.json_response(
            [{"id": one["id"]} | {name: one.get(name) for name in body["fields"]} for one in found]
        )

    def check_object_reference(self, body: dict[str, Any]) -> web.Response:
        found = self.documents.get(f"{body['module']}.{body['xml_id']}")
        return web.json_response([MOVE, found["id"]]) if found else _error("builtins.ValueError", 500)

    def action_post(self, body: dict[str, Any]) -> web.Response:
        asked = [one for one in self.documents.values() if one["id"] in body["ids"]]
        if any(one["state"] == "posted" or one["ref"] in self.refuse for one in asked):
            return _error("odoo.exceptions.UserError", 422)
        for one in asked:
            one |= {"state": "posted", "name": f"INV/{one['id']}"}
        return web.json_response(False)

    def submit(self, body: dict[str, Any]) -> web.Response:
        answers: list[dict[str, Any]] = []
        for one in body["documents"]:
            if one["key"] in self.refuse:
                error = {"name": "odoo.exceptions.UserError", "field": None, "message": "quotes a record"}
                answers.append({"key": one["key"], "error": error})
                continue
            known = one["key"] in self.documents
            held = self.documents.setdefault(
                one["key"], {"id": len(self.documents) + 1, "state": "posted", "name": "X"}
            )
            values = {name: held[name] for name in body["read"]}
            answers.append(
                {"key": one["key"], "id": held["id"], "created": not known, "acted": not known, "values": values}
            )
        return web.json_response(answers)


def _error(name: str, status: int) -> web.Response:
    return web.json_response({"name": name, "message": "", "arguments": [], "debug": ""}, status=status)


def draft(number: int, **others: Any) -> Draft:
    lines = [{"name": "visit", "price_unit": 120.0}, {"name": "lab", "price_unit": 15.5}]
    values = {"partner_id/.id": 7, "ref": f"R{number}"}
    return Draft(f"careloom.invoice_{number}", values, lines, "invoice_line_ids", **others)


async def bring(odoo: Odoo, *drafts: Draft) -> list[Held | CareloomError]:
    submit = odoo.documents.access.submissions.submit
    found = await asyncio.gather(*(submit(MOVE, one, POST, READ) for one in drafts), return_exceptions=True)
    assert all(isinstance(one, Held | CareloomError) for one in found), found
    return found  # type: ignore[return-value]


@pytest.fixture
async def books(scripted: Callable[[str], Any]) -> AsyncIterator[Books]:
    server = await scripted("19.0")
    made = Books()
    server.answer = made.answer
    made.url = server.url  # type: ignore[attr-defined]
    yield made


async def test_many_documents_take_as_many_calls_as_one(books: Books, connect: Callable[..., Odoo]) -> None:
    held = await bring(connect(books), *(draft(number) for number in range(50)))
    assert books.calls == ["load", "read", "action_post", "read"]
    assert all(isinstance(one, Held) and one.created and one.acted for one in held)
    assert [one.values["name"] for one in held if isinstance(one, Held)] == [f"INV/{n}" for n in range(1, 51)]
    assert {one["lines"] for one in books.documents.values()} == {2}


async def test_a_repeat_reads_and_does_nothing(books: Books, connect: Callable[..., Odoo]) -> None:
    odoo = connect(books, ledger=MemoryLedger())
    await bring(odoo, draft(1))
    books.calls.clear()
    [held] = await bring(odoo, draft(1))
    assert isinstance(held, Held)
    assert (held.created, held.acted, held.values["state"]) == (False, False, "posted")
    assert set(books.calls) == {"read"}


async def test_without_memory_a_posted_document_is_found_by_its_key(books: Books, connect: Callable[..., Odoo]) -> None:
    await bring(connect(books), draft(1), draft(2))
    books.calls.clear()
    first, second, third = await bring(connect(books, ledger=MemoryLedger()), draft(1), draft(2), draft(3))
    assert [isinstance(one, Held) and one.created for one in (first, second, third)] == [False, False, True]
    assert books.calls.count("action_post") == 1
    assert len(books.documents) == 3


async def test_a_document_that_is_refused_is_refused_alone(books: Books, connect: Callable[..., Odoo]) -> None:
    books.refuse = {"R3"}
    held = await bring(connect(books), *(draft(number) for number in range(8)))
    assert [isinstance(one, Rejected) for one in held] == [number == 3 for number in range(8)]
    assert sum(one["state"] == "posted" for one in books.documents.values()) == 7


@pytest.mark.parametrize("undone", [False, True], ids=["done", "not done"])
@pytest.mark.parametrize("method", ["load", "action_post"])
async def test_a_lost_answer_is_looked_into(
    books: Books, connect: Callable[..., Odoo], method: str, undone: bool
) -> None:
    books.drop, books.undone = {method: 1}, undone
    held = await bring(connect(books, breaker_failures=50), draft(1), draft(2))
    assert [isinstance(one, Held) and one.values["state"] for one in held] == ["posted", "posted"]
    assert len(books.documents) == 2
    assert books.calls.count("action_post") == (2 if undone and method == "action_post" else 1)


async def test_answers_that_stay_lost_are_ambiguous(books: Books, connect: Callable[..., Odoo]) -> None:
    books.drop, books.undone = {"action_post": 99}, True
    [held] = await bring(connect(books, breaker_failures=50), draft(1))
    assert isinstance(held, AmbiguousError)


async def test_somebody_faster_is_no_error(books: Books, connect: Callable[..., Odoo]) -> None:
    odoo = connect(books)
    post = books.action_post

    def faster(body: dict[str, Any]) -> web.Response:
        next(one for one in books.documents.values() if one["ref"] == "R1")["state"] = "posted"
        books.action_post = post  # type: ignore[method-assign]
        return post(body)

    books.action_post = faster  # type: ignore[method-assign]
    held = await bring(odoo, draft(1), draft(2))
    assert [isinstance(one, Held) and one.values["state"] for one in held] == ["posted", "posted"]


async def test_companies_do_not_share_a_call_and_see_only_themselves(
    books: Books, connect: Callable[..., Odoo]
) -> None:
    await bring(connect(books), draft(1, company=1), draft(2, company=2))
    assert books.calls.count("load") == 2
    assert {tuple(one["allowed_company_ids"]) for one in books.contexts} == {(1,), (2,)}


async def test_a_value_of_the_wrong_type_is_not_sent(books: Books, connect: Callable[..., Odoo]) -> None:
    wrong = Draft("careloom.x", {"ref": 5}, [{"name": "a", "price_unit": 1.0}], "invoice_line_ids")
    line = Draft("careloom.y", {"ref": "y"}, [{"name": "a", "price_unit": "12"}], "invoice_line_ids")
    first, second = await bring(connect(books), wrong, line)
    assert isinstance(first, MappingError)
    assert isinstance(second, MappingError)
    assert books.calls == []


async def test_the_addon_takes_a_batch_in_one_call(books: Books, connect: Callable[..., Odoo]) -> None:
    books.addon, books.refuse = True, {"careloom.invoice_2"}
    odoo = connect(books)
    first, second = await bring(odoo, draft(1), draft(2))
    assert isinstance(first, Held)
    assert (first.created, first.values["state"]) == (True, "posted")
    assert isinstance(second, Rejected)
    assert "quotes" not in str(second)
    [again] = await bring(odoo, draft(1))
    assert isinstance(again, Held)
    assert not again.created
    assert books.calls == ["submit", "submit"]


async def test_a_lost_answer_of_the_addon_is_asked_again(books: Books, connect: Callable[..., Odoo]) -> None:
    books.addon, books.drop = True, {"submit": 1}
    [held] = await bring(connect(books), draft(1))
    assert isinstance(held, Held)
    assert len(books.documents) == 1


async def test_the_addon_can_be_left_out(books: Books, connect: Callable[..., Odoo]) -> None:
    books.addon = True
    await bring(connect(books, addon="never"), draft(1))
    assert "submit" not in books.calls
