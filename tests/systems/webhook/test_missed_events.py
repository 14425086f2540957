"""What a webhook did not bring is found in its sender's list: every event once, whatever happens in between."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from careloom.core.errors import ContractBroken, FormatError, Unavailable
from careloom.systems.http.fake import FakeTarget, Request, answering
from careloom.systems.trial import START
from careloom.systems.webhook import sameness
from careloom.systems.webhook.connector import PolledWebhook
from careloom.systems.webhook.fake import SOURCE, EventList, Signer, answer, document
from careloom.systems.webhook.pages import linked, moved
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

PAGED = {"by": "page", "parameter": "page", "more": "/has_more"}
DATED = {"since": "since", "mark": "/created", "time": "/created"}


@pytest.fixture
def clock() -> VirtualClock:
    """An hour after the vendor's events began."""
    return VirtualClock(START + timedelta(hours=1))


@pytest.fixture
def polled(webhook, listing: EventList):
    """A webhook with the vendor's list. Its events have ids of their own in their bodies."""

    def open_(**poll: Any) -> PolledWebhook:
        given = {"url": listing.url, "items": "/data", "id": "/id", "paging": PAGED, **DATED, **poll}
        made = webhook(scheme="github", poll=given)
        assert isinstance(made, PolledWebhook)
        return made

    return open_


def keys(world: World) -> list[str]:
    return [one.key for one in world.intake.messages]


async def push(made: PolledWebhook, request_of, *numbers: int) -> None:
    for number in numbers:
        body = json.dumps(document(number)).encode()
        reply = await made.answer(request_of(body, f"guid-{number}", signer=Signer("github")))
        assert reply.status == 200


async def test_what_did_not_come_is_taken_from_the_list_and_told(world, polled, listing, request_of) -> None:
    made = polled()
    listing.events = [document(number) for number in range(1, 251)]
    await push(made, request_of, *(number for number in range(1, 251) if number % 100))
    await made.poll()
    assert sorted(keys(world)) == sorted(f"evt-{number}" for number in range(1, 251))
    assert keys(world)[-2:] == ["evt-100", "evt-200"]
    (trouble,) = world.troubles.told
    assert (trouble.kind, "did not bring 2 events" in trouble.reason) == ("webhook-missed", True)
    assert world.troubles.open
    await made.poll()
    assert (len(world.intake.messages), world.troubles.open) == (250, {})


async def test_a_late_webhook_after_the_look_is_a_repeat(world, polled, listing, request_of) -> None:
    made = polled()
    listing.events = [document(1)]
    await made.poll()
    await push(made, request_of, 1)
    assert keys(world) == ["evt-1"]


async def test_the_webhook_has_its_time_before_an_event_is_missed(world, polled, listing, clock, request_of) -> None:
    made = polled(grace=60)
    now = int(clock.now().timestamp())
    listing.events = [
        document(1) | {"created": now - 61},
        document(2) | {"created": now - 59},
        document(3) | {"created": now},
    ]
    await made.poll()
    assert keys(world) == ["evt-1"]
    await clock.advance(60)
    await made.poll()
    assert keys(world) == ["evt-1", "evt-2", "evt-3"]


async def test_a_look_that_is_cut_in_the_middle_loses_nothing(world, polled, listing) -> None:
    listing.events = [document(number) for number in range(1, 301)]
    made = polled()
    taken = world.intake.accept

    def failing_later(received):
        if received.key == "evt-150":
            world.intake.fail()
        return taken(received)

    world.intake.accept = failing_later
    with pytest.raises(Unavailable):
        await made.poll()
    assert len(keys(world)) == 149
    world.intake.accept = taken
    world.intake.recover()
    asked = len(listing.target.requests)
    await polled().poll()  # another node, after a restart
    assert sorted(keys(world)) == sorted(f"evt-{number}" for number in range(1, 301))
    assert "since=" in listing.target.requests[asked].path  # it went on behind the first page


async def test_a_mark_that_could_not_be_kept_costs_repeats_only(world, polled, listing) -> None:
    listing.events = [document(number) for number in range(1, 151)]
    put = world.memory.put

    async def failing(key: str, value: bytes) -> None:
        raise Unavailable("the store was told to fail")

    world.memory.put = failing
    with pytest.raises(Unavailable):
        await polled().poll()
    world.memory.put = put
    await polled().poll()
    assert sorted(keys(world)) == sorted(f"evt-{number}" for number in range(1, 151))


async def test_the_next_look_begins_where_the_last_one_ended(polled, listing) -> None:
    made = polled(start="1700000000", overlap=30)
    listing.events = [document(number) for number in range(1, 4)]
    await made.poll()
    await made.poll()
    assert [one.path for one in listing.target.requests] == [
        "/events?since=1699999970",
        f"/events?since={document(3)['created'] - 30}",
    ]


async def test_the_case_stays_open_over_a_restart_and_is_closed_by_a_good_look(world, polled, listing) -> None:
    listing.events = [document(1)]
    await polled().poll()
    assert world.troubles.open
    await polled().poll()
    assert world.troubles.open == {}


async def test_numbers_that_the_list_itself_lacks_are_told(world, polled, listing) -> None:
    made = polled(sequence="/sequence")
    listing.events = [document(number) for number in (1, 2, 5)]
    await made.poll()
    assert [one.reason[:30] for one in world.troubles.told if one.kind == "sequence-gap"] == [
        "2 sequence numbers are missing"
    ]
    listing.events.append(document(6))
    await made.poll()
    assert sum(one.kind == "sequence-gap" for one in world.troubles.told) == 1


async def test_counters_that_only_the_list_has_do_not_make_another_event(world, polled, listing, request_of) -> None:
    made = polled(ignore=["/pending", "/order/views"])
    await push(made, request_of, 1)
    one = document(1)
    listing.events = [{**one, "order": {**one["order"], "views": 7}, "pending": 3}]
    await made.poll()
    assert (keys(world), world.troubles.told) == (["evt-1"], [])


async def test_an_event_that_the_list_wraps_is_known_by_the_id_of_its_delivery(
    world, webhook, listing, request_of
) -> None:
    poll = {"url": listing.url, "items": "/data", "id": "/id", "event": "/payload", **DATED}
    made = webhook(poll=poll)
    listing.events = [
        {"id": f"msg-{number}", "created": document(number)["created"], "payload": document(number)}
        for number in (1, 2)
    ]
    assert (await made.answer(request_of(json.dumps(document(1)).encode(), "msg-1"))).status == 200
    await made.poll()
    assert keys(world) == ["msg-1", "msg-2"]


async def test_bodies_with_several_events_and_the_list_mean_the_same_events(
    world, webhook, listing, request_of
) -> None:
    poll = {"url": listing.url, "items": "/data", "id": "/id", **DATED}
    made = webhook({"json": {**SOURCE["json"], "items": ""}}, poll=poll)
    both = json.dumps([document(1), document(2)]).encode().replace(b"12.5", b"12.50")
    assert (await made.answer(request_of(both))).status == 200
    listing.events = [document(number) for number in (1, 2, 3)]
    await made.poll()
    assert (keys(world), made._poll.ignore) == (["evt-1", "evt-2", "evt-3"], ())


class Pages:
    """A list that is turned over in some other way: answers by path."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages = pages
        self.target = FakeTarget(self._answer)

    def _answer(self, request: Request) -> bytes:
        return self.pages.get(request.path) or answering(404)(request)


def page(numbers: Sequence[int], link: str = "", **more: object) -> bytes:
    octets = answer({"data": [document(number) for number in numbers], **more})
    return octets.replace(b"\r\n", f"\r\nlink: {link}\r\n".encode(), 1) if link else octets


TURNED: dict[str, tuple[dict[str, Any], dict[str, bytes]]] = {
    "Link header": (
        {"by": "link"},
        {
            "/e": page([1], '</e?p=0>; rel="prev", </e?p=2>; title=x; rel="last next"'),
            "/e?p=2": page([2, 3], "</e>; rel=first"),
        },
    ),
    "URL in the document": (
        {"by": "link", "next": "/next"},
        {"/e": page([1], next="?at=2"), "/e?at=2": page([2, 3], next=None)},
    ),
    "cursor in the document": (
        {"by": "cursor", "parameter": "after", "next": "/cursor"},
        {"/e": page([1], cursor="c/2"), "/e?after=c%2F2": page([2, 3], cursor=""), "/e?after=": b""},
    ),
    "id of the last one": (
        {"by": "cursor", "parameter": "starting_after", "more": "/more"},
        {"/e": page([1], more=True), "/e?starting_after=evt-1": page([2, 3], more=False)},
    ),
    "page numbers": (
        {"by": "page", "parameter": "n"},
        {"/e": page([1]), "/e?n=2": page([2, 3]), "/e?n=3": page([])},
    ),
    "one page": ({}, {"/e": page([1, 2, 3])}),
}  # fmt: skip


@pytest.mark.parametrize("way", TURNED)
async def test_every_way_of_turning_pages(world, webhook, way: str) -> None:
    paging, pages = TURNED[way]
    served = Pages(pages)
    async with served.target:
        url = f"http://127.0.0.1:{served.target.port}/e"
        made = webhook(poll={"url": url, "items": "/data", "id": "/id", "paging": paging})
        await made.poll()
        assert keys(world) == ["evt-1", "evt-2", "evt-3"]


async def test_a_cursor_without_times_is_itself_what_is_remembered(world, webhook) -> None:
    paging = {"by": "cursor", "parameter": "after", "next": "/cursor"}
    served = Pages(
        {"/e": page([1], cursor="2"), "/e?after=2": page([2], cursor="3"), "/e?after=3": page([], cursor="3")}
    )
    async with served.target:
        poll = {"url": f"http://127.0.0.1:{served.target.port}/e", "items": "/data", "id": "/id", "paging": paging}
        await webhook(poll=poll).poll()
        served.pages["/e?after=3"] = page([3], cursor="4")
        served.pages["/e?after=4"] = page([], cursor="4")
        seen = len(served.target.requests)
        await webhook(poll=poll).poll()
        assert served.target.requests[seen].path == "/e?after=3"
        assert keys(world) == ["evt-1", "evt-2", "evt-3"]


async def test_a_list_that_begins_with_the_newest_is_remembered_only_when_it_was_read_to_its_end(
    world, webhook
) -> None:
    served = Pages({"/e": page([6, 5]), "/e?page=2": page([4, 3]), "/e?page=3": page([])})
    async with served.target:
        poll = {
            "url": f"http://127.0.0.1:{served.target.port}/e", "items": "/data", "id": "/id", "newest_first": True,
            "paging": {"by": "page", "parameter": "page"}, **DATED,
        }  # fmt: skip
        second = served.pages.pop("/e?page=2")
        made = webhook(poll=poll)
        with pytest.raises(Exception, match="404"):
            await made.poll()
        assert (keys(world), await world.memory.get("poll")) == (["evt-6", "evt-5"], None)
        served.pages["/e?page=2"] = second
        await made.poll()
        assert sorted(keys(world)) == ["evt-3", "evt-4", "evt-5", "evt-6"]
        kept = json.loads(await world.memory.get("poll") or b"")
        assert kept["since"] == str(document(6)["created"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n<>", "no JSON"),
        (answer({"rows": []}), "no array of events at /data"),
        (answer({"data": [{"created": 1}]}), "no value at /id"),
        (answer({"data": [{"id": "a"}]}), "no time at /created"),
        (answer({"data": [{"id": "a", "created": "yesterday"}]}), "no time at /created"),
    ],
)
async def test_a_list_that_is_not_as_declared_is_told_and_nothing_is_skipped(
    world, polled, listing, given, words
) -> None:
    listing.target.reply = lambda _: given
    with pytest.raises(ContractBroken, match=words):
        await polled().poll()
    assert await world.memory.get("poll") is None


async def test_a_list_that_leads_in_a_circle_or_elsewhere_is_left(webhook) -> None:
    for following, words in (("/e", "same page again"), ("https://elsewhere.example/e", "another address")):
        served = Pages({"/e": page([1], next=following)})
        async with served.target:
            url = f"http://127.0.0.1:{served.target.port}/e"
            made = webhook(poll={"url": url, "items": "/data", "id": "/id", "paging": {"by": "link", "next": "/next"}})
            with pytest.raises(ContractBroken, match=words):
                await made.poll()


@pytest.mark.parametrize(
    ("one", "other"),
    [('{"a": 1, "b": [1.10]}', '{"b":[1.10],"a":1}'), ('{"a":1e400}', '{ "a" : 1e400 }'), ('"\\u00e9"', '"é"')],
)
def test_two_renderings_of_one_document_are_one(one: str, other: str) -> None:
    assert sameness.written(sameness.read(one.encode())) == sameness.written(sameness.read(other.encode()))


def test_no_digit_of_a_number_is_lost() -> None:
    text = b'{"a":12345678901234567890.12345678901234567890,"b":1.10,"c":12345678901234567890123}'
    assert sameness.written(sameness.read(text)) == text
    assert sameness.written({"a": {"b": 1, "c": 2}}, ["/a/b", "/x/y", "/a/c/d"]) == b'{"a":{"c":2}}'
    with pytest.raises(FormatError):
        sameness.read(b"[" * 5_000)


@pytest.mark.parametrize(
    ("mark", "seconds", "wanted"),
    [("100", -30, "70"), ("10", -30, "0"), ("2026-03-01T08:00:10Z", -30, "2026-03-01T07:59:40Z"),
     ("2026-03-01T08:00:00+02:00", -60, "2026-03-01T07:59:00+02:00"), ("evt-7", -30, "evt-7"), ("evt-7", 0, "evt-7")],
)  # fmt: skip
def test_a_mark_is_moved_where_it_is_a_time(mark: str, seconds: float, wanted: str) -> None:
    assert moved(mark, seconds) == wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [("", None), ("<a>; rel=prev", None), ('<a>; rel="nextish"', None), ("<a>;rel=next", "a"), ("<a>; REL=Next", "a"),
     ("<a>; rel=prev, <b?x=1,2>; rel=next", "b?x=1,2"), ("<" * 50_000, None), ("<a>" * 10_000, None)],
)  # fmt: skip
def test_the_relation_next_of_a_link_header(header: str, wanted: str | None) -> None:
    assert linked(header) == wanted
