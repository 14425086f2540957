"""Events become calls: addressed by what is in them, once, and looked for after doubt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.systems.rest.conftest import Bench, document

from careloom.core.envelope import Recorded
from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import Done, ErrorKind, Park, Retry
from careloom.mapping.declared import Rules
from careloom.model import encode, examples
from careloom.systems.http.fake import Request, answering
from careloom.systems.trial import event

FIND: Mapping[str, Any] = {
    "path": "/search",
    "query": {"ref": "{ticket.identifier[0].value}", "kind": "t"},
    "items": "/hits",
    "id": "/key",
}
BODY = {"/ref": "ticket.identifier[0].value", "/title": "ticket.summary"}


def ticket(value: str = "T/1 ä", type: str = "ticket.opened.v1") -> Recorded:
    body = json.loads(encode(examples()[type]))
    body["ticket"]["identifier"][0]["value"] = value
    return msgspec.structs.replace(event(7, type), data=json.dumps(body).encode())


def operation(**more: Any) -> Mapping[str, Any]:
    return {"ticket": {"events": ["ticket.opened.v1"], "path": "/tickets", "body": BODY, **more}}


def hits(*keys: Any) -> Mapping[str, Any]:
    return {"hits": [{"key": key} for key in keys]}


class Shelf:
    """Answers searches with `found`, and everything else with `answer`."""

    def __init__(self, bench: Bench, found: Any, answer: Any = None) -> None:
        self.found, self.answer = found, answer or answering(201)
        bench.answers = lambda one: document(self.found) if one.method == "GET" else self.answer(one)


async def test_an_event_is_one_call_with_what_is_in_it(bench: Bench) -> None:
    bench.answers = answering(201)
    rest = bench.connect(
        operations=operation(method="PUT", path="/tickets/{ticket.identifier[0].value}/{event.id}", idempotency="X-Id")
    )

    outcome = await rest.post(ticket())

    (request,) = bench.target.requests
    assert outcome == Done("HTTP 201")
    assert (request.method, request.path) == ("PUT", f"/api/tickets/T%2F1%20%C3%A4/{ticket().id}")
    assert request.headers["x-id"] == str(ticket().id)
    assert json.loads(request.body) == {"ref": "T/1 ä", "title": "Asks why the statement shows two visits"}


@pytest.mark.parametrize("value", ["..", "."])
async def test_no_value_leads_to_another_address(bench: Bench, value: str) -> None:
    rest = bench.connect(operations=operation(path="/tickets/{ticket.identifier[0].value}/notes"))

    outcome = await rest.post(ticket(value))

    assert isinstance(outcome, Park) and outcome.field == "ticket.identifier[0].value"
    assert not bench.target.requests


async def test_a_value_that_the_address_needs_and_the_event_does_not_say_is_for_a_person(bench: Bench) -> None:
    rest = bench.connect(operations=operation(path="/tickets/{ticket.assignee}"))

    outcome = await rest.post(ticket())

    assert isinstance(outcome, Park) and outcome.field == "ticket.assignee"


async def test_an_event_that_nothing_is_declared_for_waits_for_a_person(bench: Bench) -> None:
    outcome = await bench.connect(operations=operation()).post(ticket(type="ticket.updated.v1"))

    assert isinstance(outcome, Park) and "no operation is about ticket.updated.v1" in outcome.reason


async def test_what_is_not_there_is_made(bench: Bench) -> None:
    Shelf(bench, hits())
    rest = bench.connect(operations=operation(find=FIND, update={"path": "/tickets/{found}"}))

    outcome = await rest.post(ticket("T1"))

    assert outcome == Done("HTTP 201")
    assert bench.asked == ["GET /api/search?ref=T1&kind=t", "POST /api/tickets"]


async def test_what_is_there_is_changed_by_the_id_it_has_there(bench: Bench) -> None:
    Shelf(bench, hits(42), answering(204))
    rest = bench.connect(operations=operation(find=FIND, update={"method": "PATCH", "path": "/tickets/{found}"}))

    assert await rest.post(ticket("T1")) == Done("HTTP 204")
    assert bench.asked[1:] == ["PATCH /api/tickets/42"]


async def test_what_is_there_is_left_alone_where_nothing_else_is_declared(bench: Bench) -> None:
    Shelf(bench, hits(42))

    assert isinstance(await bench.connect(operations=operation(find=FIND)).post(ticket("T1")), Done)
    assert len(bench.target.requests) == 1


async def test_a_search_that_answers_404_found_nothing(bench: Bench) -> None:
    bench.answers = lambda one: answering(404 if one.method == "GET" else 201)(one)

    assert await bench.connect(operations=operation(find=FIND)).post(ticket("T1")) == Done("HTTP 201")


async def test_a_search_may_be_posted_so_that_no_number_stands_in_a_url(bench: Bench) -> None:
    search = {"path": "/search", "body": {"/ref": "ticket.identifier[0].value"}, "items": "/hits", "id": "/key"}
    bench.answers = lambda one: document(hits(42)) if one.path == "/api/search" else answering(204)(one)

    outcome = await bench.connect(operations=operation(find=search, update={"path": "/t/{found}"})).post(ticket("T1"))

    assert outcome == Done("HTTP 204")
    assert bench.asked == ["POST /api/search", "PUT /api/t/42"]
    assert bench.target.requests[0].body == b'{"ref":"T1"}'


async def test_a_search_that_is_not_answered_may_be_repeated(bench: Bench) -> None:
    search = {"path": "/search", "body": {"/ref": "ticket.identifier[0].value"}}
    bench.answers = lambda _: None

    assert isinstance(await bench.connect(operations=operation(find=search)).post(ticket("T1")), Retry)


async def test_several_where_one_must_be_are_for_a_person(bench: Bench) -> None:
    Shelf(bench, hits(1, 2))

    outcome = await bench.connect(operations=operation(find=FIND)).post(ticket("T1"))

    assert isinstance(outcome, Park) and "has 2 of what must be one" in outcome.reason
    assert len(bench.target.requests) == 1


@pytest.mark.parametrize("found", [{"hits": [{}]}, {"hits": [{"key": True}]}])
async def test_what_is_found_without_an_id_is_told(bench: Bench, found: Any) -> None:
    Shelf(bench, found)

    outcome = await bench.connect(operations=operation(find=FIND)).post(ticket("T1"))

    assert isinstance(outcome, Park) and "no id at /key" in outcome.reason


async def test_after_doubt_it_is_looked_for_and_found(bench: Bench) -> None:
    shelf = Shelf(bench, hits())

    def takes_and_says_nothing(_: Request) -> None:
        shelf.found = hits(42)

    shelf.answer = takes_and_says_nothing
    rest = bench.connect(operations=operation(find=FIND))

    assert await rest.post(ticket("T1")) == Done("it is there, although no answer came")
    assert [one.split()[0] for one in bench.asked] == ["GET", "POST", "GET"]


async def test_after_doubt_it_is_looked_for_and_sent_again_only_when_it_is_not_there(bench: Bench) -> None:
    shelf = Shelf(bench, hits(), lambda _: None)
    rest = bench.connect(operations=operation(find=FIND))

    outcome = await rest.post(ticket("T1"))
    shelf.answer = answering(201)

    assert isinstance(outcome, Retry) and "it is not there" in outcome.reason
    assert await rest.post(ticket("T1")) == Done("HTTP 201")


async def test_when_the_look_after_doubt_is_not_answered_either_it_is_looked_for_later(bench: Bench) -> None:
    asked: list[str] = []

    def answers(request: Request) -> bytes | None:
        asked.append(request.method)
        return document(hits()) if asked == ["GET"] else None

    bench.answers = answers

    outcome = await bench.connect(operations=operation(find=FIND)).post(ticket("T1"))

    assert isinstance(outcome, Retry) and "looked for before it is sent again" in outcome.reason
    assert asked == ["GET", "POST", "GET"]


@pytest.mark.parametrize(
    ("more", "kind"), [({}, ErrorKind.AMBIGUOUS), ({"idempotency": "Idempotency-Key"}, ErrorKind.TRANSIENT)]
)
async def test_without_a_way_to_look_doubt_is_told_unless_the_vendor_drops_repeats(
    bench: Bench, more: Any, kind: ErrorKind
) -> None:
    bench.answers = lambda _: None

    outcome = await bench.connect(operations=operation(**more)).post(ticket("T1"))

    assert isinstance(outcome, Retry | Park) and outcome.kind is kind


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"path": "/t/{ticket.numer}"}, "systems.trial.operations.ticket: Ticket holds no numer"),
        ({"path": "/t/{found}"}, "holds no found"),
        ({"body": "missing"}, "the mapping has no outgoing.missing; it has good, other"),
        ({"body": "other"}, "outgoing.other of the mapping is not made of ticket.opened.v1"),
        ({"body": {"/a": "ticket.x"}}, "Ticket holds no x"),
        ({"events": ["ticket.open.v1"]}, "there is no event ticket.open.v1"),
        ({"find": {**FIND, "query": {"q": "{ticket.x}"}}}, "Ticket holds no x"),
    ],
)
async def test_mistakes_are_told_before_the_first_event(bench: Bench, more: Any, told: str) -> None:
    rules = Rules.load(
        {
            "outgoing": {
                "good": {"events": "ticket.opened.v1", "body": BODY},
                "other": {"events": ["ticket.updated.v1"], "body": BODY},
            }
        }
    )

    with pytest.raises(ConfigurationError) as caught:
        bench.connect(rules, operations=operation(**more))

    assert told in str(caught.value)


async def test_documents_come_from_the_mapping_by_name(bench: Bench) -> None:
    bench.answers = answering(200)
    rules = Rules.load({"outgoing": {"good": {"events": "ticket.opened.v1", "body": {"/n": "ticket.summary"}}}})

    await bench.connect(rules, operations=operation(body="good")).post(ticket())
    await bench.connect(rules, operations=operation(body=None, method="DELETE")).post(ticket())

    assert [one.body for one in bench.target.requests] == [b'{"n":"Asks why the statement shows two visits"}', b""]
