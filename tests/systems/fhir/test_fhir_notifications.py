"""Subscriptions and polling: what a server tells, what it forgot to tell, and what is found by looking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.errors import Unavailable
from careloom.formats import fhir
from careloom.formats.fhir import Notification
from careloom.systems.fhir.connector import PolledFhirServer
from careloom.systems.fhir.endpoint import FhirEndpoint
from careloom.systems.fhir.fake import FakeFhir, octets, patient
from careloom.systems.fhir.notifications import GAP
from careloom.systems.seam import Reply, Request
from careloom.systems.trial import START
from careloom.testing.surroundings import World

Connect = Callable[..., Any]
SUBSCRIPTION = "https://ehr.example.org/fhir/Subscription/s1"
KEY = "6a1c2b3d-0000-4000-8000-00000000000a"


async def notify(
    endpoint: FhirEndpoint, kind: Any, *numbers: int, since: int | None = None, bring: bool = True
) -> Reply:
    focus = [f"https://ehr.example.org/fhir/Patient/p{(number - 1) // 3}" for number in numbers]
    notification = Notification(
        subscription=SUBSCRIPTION,
        kind=kind,
        since_start=since,
        events=[fhir.event(number, url) for number, url in zip(numbers, focus, strict=True)],
        resources={url: patient(number) for number, url in zip(numbers, focus, strict=True)} if bring else {},
    )
    body = fhir.encode(fhir.notification_bundle(notification, key=KEY, time=START))
    headers = {"content-type": "application/fhir+json"}
    return await endpoint.answer(Request("POST", "fhir/notifications", "", headers, body, "192.0.2.7", "ehr"))


async def test_events_are_taken_and_their_numbers_kept(connected: Connect, world: World) -> None:
    endpoint = connected({})
    assert (await notify(endpoint, "handshake", since=0)).status == 200
    for number in (1, 2, 3):
        assert (await notify(endpoint, "event-notification", number, since=number)).status == 200
    assert [one.type for one in world.intake.messages] == ["fhir:Patient"] * 3
    assert not world.troubles.told
    assert world.memory.values["subscription/s1"] == b"3"


async def test_the_same_notification_again_is_known(connected: Connect, world: World) -> None:
    endpoint = connected({})
    await notify(endpoint, "handshake", since=0)
    for _ in range(2):
        assert (await notify(endpoint, "event-notification", 1)).status == 200
    assert len(world.intake.messages) == 1
    assert not world.troubles.told


async def test_a_gap_is_told(connected: Connect, world: World) -> None:
    endpoint = connected({})
    await notify(endpoint, "handshake", since=0)
    await notify(endpoint, "event-notification", 3)
    (trouble,) = world.troubles.open.values()
    assert (trouble.kind, trouble.place) == (GAP, "s1")
    assert trouble.reason.startswith("2 notifications")


async def test_a_heartbeat_tells_of_events_that_never_came(connected: Connect, world: World) -> None:
    endpoint = connected({})
    await notify(endpoint, "handshake", since=0)
    await notify(endpoint, "heartbeat", since=0)
    assert not world.troubles.told
    await notify(endpoint, "heartbeat", since=2)
    assert (GAP, "s1") in world.troubles.open


async def test_a_gap_is_filled_by_looking(connected: Connect, server: FakeFhir, world: World) -> None:
    settings = {"server": {"url": server.url}, "poll": {"types": ["Patient"], "start": "2026-03-01T00:00:00Z"}}
    endpoint = connected(settings)
    server.store.resources = {f"Patient/{number}": patient(number) for number in (1, 4)}
    await notify(endpoint, "handshake", since=0)
    assert (await notify(endpoint, "event-notification", 7)).status == 200
    assert [trouble.kind for trouble in world.troubles.told] == [GAP]
    assert not world.troubles.open
    assert len(world.intake.messages) == 3


async def test_a_resource_that_is_only_named_is_read(connected: Connect, server: FakeFhir, world: World) -> None:
    endpoint = connected({"server": {"url": server.url}})
    server.store.resources = {"Patient/p0": patient(1)}
    notification = Notification(SUBSCRIPTION, "event-notification", events=[fhir.event(1, f"{server.url}/Patient/p0")])
    body = fhir.encode(fhir.notification_bundle(notification, key=KEY, time=START))
    reply = await endpoint.answer(Request("POST", "notifications", "", {}, body, "192.0.2.7", "ehr"))
    assert reply.status == 200
    assert len(world.intake.messages) == 1


async def test_a_resource_of_another_server_is_not_fetched(connected: Connect, server: FakeFhir, world: World) -> None:
    reply = await notify(connected({"server": {"url": server.url}}), "event-notification", 1, bring=False)
    assert reply.status == 422
    assert not server.target.requests


async def test_without_a_server_what_is_only_named_is_told(connected: Connect, world: World) -> None:
    assert (await notify(connected({}), "event-notification", 1, bring=False)).status == 200
    (trouble,) = world.troubles.told
    assert "set server" in trouble.reason


async def test_what_was_not_stored_is_not_counted(connected: Connect, world: World) -> None:
    endpoint = connected({})
    await notify(endpoint, "handshake", since=0)
    world.intake.fail()
    with pytest.raises(Unavailable):
        await notify(endpoint, "event-notification", 1)
    world.intake.recover()
    await notify(endpoint, "event-notification", 1)
    assert not world.troubles.told
    assert len(world.intake.messages) == 1


async def test_what_is_no_notification_is_refused(connected: Connect) -> None:
    body = fhir.encode(fhir.bundle("history"))
    reply = await connected({}).answer(Request("POST", "notifications", "", {}, body))
    assert reply.status == 422


@pytest.fixture
def polled(connected: Connect, server: FakeFhir) -> PolledFhirServer:
    poll = {"types": ["Patient"], "start": "2026-03-01T00:00:00Z", "overlap": 60, "count": 2}
    found: PolledFhirServer = connected({"server": {"url": server.url}, "poll": poll})
    return found


async def test_a_look_takes_all_pages_and_the_next_begins_where_it_ended(
    polled: PolledFhirServer, server: FakeFhir, world: World
) -> None:
    server.store.resources = {f"Patient/{number}": patient(number) for number in (1, 4, 7, 10, 13)}
    await polled.poll()
    assert len(world.intake.messages) == 5
    assert world.memory.values["poll/Patient"] == b"2026-03-02T08:13:00.000Z"
    await polled.poll()
    assert "_lastUpdated=ge2026-03-02T08%3A12%3A00.000Z" in server.target.requests[-1].path.replace(":", "%3A")
    assert len(world.intake.messages) == 5


async def test_a_look_that_is_cut_is_done_again(polled: PolledFhirServer, server: FakeFhir, world: World) -> None:
    server.store.resources = {f"Patient/{number}": patient(number) for number in (1, 4, 7)}
    answer = server.answer
    server.target.reply = lambda request: answer(request) if "page=" not in request.path else octets(503)
    with pytest.raises(Unavailable):
        await polled.poll()
    assert "poll/Patient" not in world.memory.values
    assert len(world.intake.messages) == 2
    server.target.reply = answer
    await polled.poll()
    assert len(world.intake.messages) == 3


async def test_what_cannot_be_taken_is_told_and_settled(
    polled: PolledFhirServer, server: FakeFhir, world: World
) -> None:
    server.spoiled = [{"fullUrl": "urn:uuid:0"}]
    server.store.resources = {"Patient/1": patient(1)}
    await polled.poll()
    assert [one.kind for one in world.troubles.open.values()] == ["fhir-search"]
    assert len(world.intake.messages) == 1
    server.spoiled = []
    await polled.poll()
    assert not world.troubles.open


async def test_the_first_look_without_a_start_begins_now(connected: Connect, server: FakeFhir, world: World) -> None:
    server.store.resources = {"Patient/1": {**patient(1), "meta": {"lastUpdated": "2020-01-01T00:00:00Z"}}}
    await connected({"server": {"url": server.url}, "poll": {"types": ["Patient"]}}).poll()
    assert not world.intake.messages
    assert "poll/Patient" in world.memory.values
