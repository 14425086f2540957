"""Lists are read to their end, from where the last look ended, and each version of an item is taken once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.systems.rest.conftest import Bench, document

from careloom.core.errors import CareloomError, ConfigurationError, ContractBroken, Rejected, Unavailable
from careloom.systems.http.fake import Request, answering
from careloom.systems.rest.connector import FAILING


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "at": f"2026-03-02T08:00:{number:02}Z", **more}


def query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.path).query))


def things(**more: Any) -> Mapping[str, Any]:
    return {"things": {"path": "/things", "items": "/data", **more}}


PAGED = [
    ({"style": "cursor", "parameter": "after", "next": "/next"}, ["", "after=2", "after=4"]),
    ({"style": "page", "parameter": "p"}, ["p=1", "p=2", "p=3", "p=4"]),
    ({"style": "page", "parameter": "p", "first": 0, "more": "/more"}, ["p=0", "p=1", "p=2"]),
    ({"style": "page", "parameter": "p", "size": 2, "size_parameter": "n"}, ["n=2&p=1", "n=2&p=2", "n=2&p=3"]),
    ({"style": "offset", "parameter": "o"}, ["", "o=2", "o=4", "o=5"]),
    ({"style": "link"}, ["", "o=2", "o=4"]),
    ({"style": "link", "next": "/next_url"}, ["", "o=2", "o=4"]),
]


@pytest.mark.parametrize(("paging", "queries"), PAGED, ids=lambda one: str(one)[:40])
async def test_every_page_is_read(bench: Bench, paging: Mapping[str, Any], queries: list[str]) -> None:
    """Five things, two on a page, whichever way the vendor counts."""

    def answers(request: Request) -> bytes:
        asked = query(request)
        begin = int(asked.get("o") or asked.get("after") or 0)
        begin = (int(asked["p"]) - paging.get("first", 1)) * 2 if "p" in asked else begin
        found, end = [item(number) for number in range(1, 6)][begin : begin + 2], begin + 2
        more = end < 5
        body = {"data": found, "more": more, **({"next": end, "next_url": f"things?o={end}"} if more else {})}
        return document(body, **({"link": f'</api/things?o={end}>; rel="next"'} if more else {}))

    bench.answers = answers
    rest = bench.connect(resources=things(paging=paging, query={}))

    await rest.poll()

    assert [one.partition("?")[2] for one in bench.asked] == queries
    assert [key.split("/")[1] for _, key, _ in bench.stored] == ["1", "2", "3", "4", "5"]


async def test_an_item_is_known_by_its_list_its_id_and_its_version(bench: Bench) -> None:
    bench.pages(**{"/api/things": {"data": [item(1, about="A"), {"id": "x", "resource": "own"}]}})
    rest = bench.connect(resources=things(updated="/at", subject="/about"))

    await rest.poll()

    (type_, key, subject), (own_type, own_key, own_subject) = bench.stored
    assert (type_, key, subject) == ("json:shop/things", "things/1/2026-03-02T08:00:01Z", "Thing/A")
    assert (own_type, own_subject) == ("json:shop/own", "Thing/things/x")
    assert own_key.startswith("things/x/") and len(own_key) == len("things/x/") + 32


async def test_items_are_stored_as_they_were_sent_with_the_name_of_their_list(bench: Bench) -> None:
    bench.pages(**{"/api/things": b'[{"id": "a", "price": 12.500, "big": 123456789012345678}]'})
    rest = bench.connect(resources={"things": {"path": "/things"}})

    await rest.poll()

    body = bench.world.intake.messages[0].body
    assert json.loads(body)["resource"] == "things"
    assert b'"price":12.500' in body and b'"big":123456789012345678' in body


async def test_a_change_of_what_has_no_meaning_is_no_change(bench: Bench) -> None:
    rest = bench.connect(resources=things(ignore=["/score"]))
    for score in (1, 2):
        bench.pages(**{"/api/things": {"data": [item(1, score=score)]}})
        await rest.poll()

    assert len(bench.stored) == 1 and rest.looked.repeated == 1


async def test_the_next_look_begins_at_the_newest_a_little_earlier(bench: Bench) -> None:
    bench.answers = lambda _: document({"data": [item(5), item(9), item(7)]})
    settings = things(updated="/at", since="from", start="2026-01-01T00:00:00Z", overlap=30)
    rest = bench.connect(resources=settings)

    await rest.poll()
    await bench.connect(resources=settings).poll()

    assert [query(one)["from"] for one in bench.target.requests] == ["2025-12-31T23:59:30Z", "2026-03-02T07:59:39Z"]
    assert len(bench.stored) == 3


async def test_a_look_that_is_cut_goes_on_at_its_page(bench: Bench) -> None:
    paging = {"style": "page", "parameter": "p"}
    broken = [True]

    def answers(request: Request) -> bytes | None:
        page = int(query(request)["p"])
        if page == 3 and broken.pop() if broken else False:
            return answering(503)(request)
        return document({"data": [item(page)] if page < 5 else []})

    bench.answers = answers
    settings = things(updated="/at", since="from", paging=paging)
    with pytest.raises(Unavailable):
        await bench.connect(resources=settings).poll()
    before = len(bench.target.requests)

    await bench.connect(resources=settings).poll()

    assert [query(one)["p"] for one in bench.target.requests[before:]] == ["3", "4", "5"]
    assert len(bench.stored) == 4


async def test_a_look_of_many_pages_is_done_in_several(bench: Bench) -> None:
    bench.answers = lambda request: document({"data": [item(int(query(request)["p"]))]})
    rest = bench.connect(resources=things(paging={"style": "page", "parameter": "p", "most": 2}))

    await rest.poll()
    await rest.poll()

    assert [query(one)["p"] for one in bench.target.requests] == ["1", "2", "3", "4"]


async def test_a_cursor_that_grew_old_is_not_tried_for_ever(bench: Bench) -> None:
    paging = {"style": "cursor", "parameter": "c", "next": "/next", "most": 1}

    def answers(request: Request) -> bytes | None:
        return answering(410)(request) if "c=" in request.path else document({"data": [item(1)], "next": "x"})

    bench.answers = answers
    rest = bench.connect(resources=things(paging=paging))
    await rest.poll()
    with pytest.raises(Rejected):
        await rest.poll()

    await rest.poll()

    assert [one.partition("?")[2] for one in bench.asked] == ["", "c=x", ""]


async def test_a_list_that_begins_with_the_newest_is_taken_from_its_end(bench: Bench) -> None:
    bench.pages(**{"/api/things": {"data": [item(3), item(2), item(1)]}})

    await bench.connect(resources=things(newest_first=True)).poll()

    assert [key.split("/")[1] for _, key, _ in bench.stored] == ["1", "2", "3"]


async def test_a_list_that_begins_with_the_newest_is_never_cut_off(bench: Bench) -> None:
    bench.answers = lambda request: document({"data": [item(int(query(request)["p"]))]})
    rest = bench.connect(resources=things(newest_first=True, paging={"style": "page", "parameter": "p", "most": 2}))

    with pytest.raises(ContractBroken, match=r"paging\.most"):
        await rest.poll()
    assert not bench.stored


@pytest.mark.parametrize("bad", ["text", {"name": "no id"}, {"id": True}, {"id": ""}, None, 7, [1]])
async def test_an_item_without_an_id_is_refused_once_and_holds_nothing_up(bench: Bench, bad: Any) -> None:
    bench.pages(**{"/api/things": {"data": [bad, item(1)]}})
    rest = bench.connect(resources=things())

    await rest.poll()
    first = rest.looked
    await rest.poll()

    assert (first.accepted, first.refused, rest.looked.refused) == (1, 1, 0)
    assert [one.location for one in bench.world.intake.refusals] == ["/data/0 /id"]


async def test_other_content_without_a_new_version_is_a_case(bench: Bench) -> None:
    rest = bench.connect(resources=things(updated="/at"))
    for name in ("a", "b"):
        bench.pages(**{"/api/things": {"data": [item(1, name=name)]}})
        await rest.poll()

    assert [(one.kind, one.place) for one in bench.world.troubles.told] == [("list-conflict", "things")]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"<html>", "no JSON"),
        ({"items": []}, "no array at /data"),
        ({"data": {}}, "no array at /data"),
        ({"data": [], "next": "https://evil.example.org/x"}, "refers to another address"),
        ({"data": [], "next": "/elsewhere"}, "not below its URL"),
        ({"data": [], "next": "../../secrets"}, "not below its URL"),
        ({"data": [], "next": "//evil.example.org/api/x"}, "refers to another address"),
        ({"data": [], "next": "/api/things"}, "the same page again"),
    ],
)
async def test_a_list_that_is_not_as_declared_is_a_case_at_once(bench: Bench, answer: Any, told: str) -> None:
    bench.pages(**{"/api/things": answer})
    rest = bench.connect(resources=things(paging={"style": "link", "next": "/next"}))

    with pytest.raises(ContractBroken, match=told):
        await rest.poll()

    assert [one.kind for one in bench.world.troubles.told] == [FAILING]


async def test_what_passes_is_a_case_only_when_it_does_not_pass_and_is_closed_when_it_does(bench: Bench) -> None:
    bench.answers = answering(503)
    rest = bench.connect(resources=things())
    told = []
    for _ in range(6):
        with pytest.raises(CareloomError):
            await rest.poll()
        told.append(len(bench.world.troubles.told))
    bench.pages(**{"/api/things": {"data": []}})
    await bench.clock.advance(3600)
    await rest.poll()

    assert told == [0, 0, 0, 0, 1, 2]
    assert bench.world.troubles.open == {}


async def test_one_list_that_fails_keeps_no_other_back_and_each_has_its_turn(bench: Bench) -> None:
    bench.pages(**{"/api/often": [], "/api/seldom": []})
    resources = {
        "broken": {"path": "/broken", "every": 60},
        "often": {"path": "/often", "every": 60},
        "seldom": {"path": "/seldom", "every": 180},
    }
    rest = bench.connect(resources=resources)

    for _ in range(4):
        with pytest.raises(Rejected):
            await rest.poll()

    assert rest.every == 60
    assert [bench.asked.count(f"GET /api/{name}") for name in ("broken", "often", "seldom")] == [4, 4, 2]


async def test_a_vendor_that_is_busy_is_given_time(bench: Bench) -> None:
    bench.answers = answering(429, retry_after="7")
    rest = bench.connect(resources=things(), rate=1000)
    with pytest.raises(CareloomError):
        await rest.poll()
    bench.pages(**{"/api/things": {"data": []}})
    before = bench.clock.monotonic()

    looking = asyncio.ensure_future(rest.poll())
    await bench.clock.advance_to_next()
    await looking

    assert bench.clock.monotonic() - before == pytest.approx(7, abs=0.1)


async def test_a_list_that_is_asked_since_must_say_where_that_stands(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match=r"systems\.trial\.resources\.things: since needs updated"):
        bench.connect(resources=things(since="from"))


async def test_check_tells_which_list_cannot_be_read_and_takes_nothing(bench: Bench) -> None:
    bench.pages(**{"/api/things": {"data": [item(1)]}})
    rest = bench.connect(resources={**things(), "gone": {"path": "/gone"}})

    found = await rest.check()

    assert [one.problem.partition(":")[0] for one in found] == ["list gone"]
    assert not bench.stored
