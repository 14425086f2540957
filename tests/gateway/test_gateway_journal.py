"""Published, translated, delivered, read back: over a real log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import msgspec
import pytest
from tests.gateway.calling import Api, Reply, open_api
from tests.gateway.test_gateway_cloudevents import FACTS, structured

from careloom.cases.book import Cases
from careloom.core.clock import SystemClock
from careloom.core.envelope import Event, Kind, Position, Recorded
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done, Outcome, Park, Retry
from careloom.gateway import cursors
from careloom.gateway.journal import LogJournal, NoJournal
from careloom.log.handling import Handled, RetryPolicy, Subscription
from careloom.log.journey import Journey, journey
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.log.operators import Act, Operators
from careloom.model import decode
from careloom.security.sealing import MasterKey
from careloom.store.database import Database

TYPE = "patient.discharged.v1"
NAME = "Quillfeather"
new_id = Uuid7()


class _Data(msgspec.Struct):
    data: msgspec.Raw


def translated(message: Recorded) -> Handled:
    """What the hub makes of a published event: the event."""
    type_ = message.type.removeprefix("event:")
    data = bytes(msgspec.json.decode(message.data, type=_Data).data)
    decode(type_, data)
    event = Event(
        id=new_id(),
        type=type_,
        source=message.source,
        subject=message.subject,
        time=message.time,
        data=data,
        correlation=message.correlation,
        causation=message.id,
    )
    return Handled(Done(), (event,))


@dataclass
class Hub:
    """A log at work, and the API over it."""

    api: Api
    node: LogNode
    database: Database
    outcome: list[Outcome]

    def start(self) -> None:
        retry = RetryPolicy(first_seconds=0.001, longest_seconds=0.01)
        self.node.start(
            [
                Subscription("translate", Bank.MESSAGES, translated),
                Subscription("deliver", Bank.EVENTS, self._deliver, types=(TYPE,), retry=retry),
            ]
        )

    def _deliver(self, event: Recorded) -> Handled:
        return Handled(self.outcome.pop(0) if self.outcome else Done("res.partner/42"))

    async def publish(self, patient: str, number: int = 0) -> Reply:
        facts = {**FACTS, "patient": {"identifier": [{"value": patient}], "name": [{"family": NAME}]}}
        body = structured(id=f"{patient}-{number}", data=facts)
        reply = await self.api.post("/v1/events", body=body, headers={"content-type": "application/cloudevents+json"})
        assert reply.status == 201
        return reply

    async def settled(self, message: str, outcome: str) -> Reply:
        """Ask until the journey has come to that."""
        while True:
            reply = await self.api.get(f"/v1/messages/{message}")
            if reply.json["outcome"] == outcome:
                return reply


@pytest.fixture
async def hub(database: Database) -> AsyncIterator[Hub]:
    clock = SystemClock()
    cases = Cases(clock, new_id)
    node = await LogNode.open(database, MasterKey(bytes(range(32))), cases, clock, new_id, lanes=4)
    journal = LogJournal(database, node.keyring, node.lanes)
    api = open_api(intake=node.intake, journal=journal, consumers=lambda type_: ["deliver"] if type_ == TYPE else [])
    made = Hub(api, node, database, [])
    yield made
    await node.close()


async def every(hub: Hub, limit: int, target: str = "/v1/events", **more: Any) -> list[dict[str, Any]]:
    """Every event there is, page by page, by the links."""
    found: list[dict[str, Any]] = []
    following = f"{target}?limit={limit}"
    while following:
        reply = await hub.api.get(following, **more)
        assert reply.status == 200
        assert len(reply.json["events"]) <= limit
        found += reply.json["events"]
        link = reply.headers.get("link")
        assert bool(link) is reply.json["more"]
        following = link.partition(">")[0].removeprefix("<") if link else ""
    return found


async def test_a_repeat_over_the_log_has_the_very_same_answer(hub: Hub) -> None:
    first, again = await hub.publish("MRN7001"), await hub.publish("MRN7001")
    assert again.body == first.body
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]


async def test_the_journey_of_an_event_from_receipt_to_delivery(hub: Hub) -> None:
    hub.outcome += [Retry("the target is away")]
    receipt = (await hub.publish("MRN7001")).json
    before = await hub.api.get(f"/v1/messages/{receipt['id']}")
    assert (before.json["outcome"], [one["kind"] for one in before.json["events"]]) == ("in-flight", ["message"])
    assert before.json["events"][0]["position"] == receipt["position"]
    hub.start()
    after = (await hub.settled(receipt["id"], "delivered")).json
    assert [one["kind"] for one in after["events"]] == ["message", "event"]
    assert [(one["subscription"], one["outcome"]) for one in after["deliveries"]] == [
        ("translate", "done"),
        ("deliver", "done"),
    ]
    assert after["deliveries"][1]["reference"] == "res.partner/42"
    assert [(one["number"], one["reason"]) for one in after["attempts"]] == [(1, "the target is away")]
    assert after["parked"] == []
    told = json.dumps(after)
    assert NAME not in told and "MRN7001" not in told


async def test_a_journey_that_waits_for_a_person_is_parked(hub: Hub) -> None:
    hub.outcome += [Park("the partner has no country", field="patient.address")]
    hub.start()
    receipt = (await hub.publish("MRN7001")).json
    (waiting,) = (await hub.settled(receipt["id"], "parked")).json["parked"]
    assert (waiting["state"], waiting["reason"]) == ("case", "the partner has no country")
    assert "due" not in waiting


async def test_a_journey_has_a_tag_that_changes_with_it(hub: Hub) -> None:
    receipt = (await hub.publish("MRN7001")).json
    path = f"/v1/messages/{receipt['id']}"
    tag = (await hub.api.get(path)).headers["etag"]
    unchanged = await hub.api.get(path, headers={"if-none-match": tag})
    assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", tag)
    hub.start()
    changed = await hub.settled(receipt["id"], "delivered")
    assert changed.headers["etag"] != tag


async def test_pages_give_every_event_once_and_a_subject_in_order(hub: Hub) -> None:
    hub.start()
    receipts = [(await hub.publish(f"MRN{n % 7}", n)).json["id"] for n in range(40)]
    for receipt in receipts:
        await hub.settled(receipt, "delivered")
    for limit in (1, 7, 100):
        found = await every(hub, limit)
        assert len({one["id"] for one in found}) == len(found) == 40
        assert sorted(one["correlation"] for one in found) == sorted(receipts)
        for subject in {one["subject"] for one in found}:
            positions = [int(one["position"].partition(":")[2]) for one in found if one["subject"] == subject]
            assert positions == sorted(positions)


async def test_a_page_reads_a_bounded_stretch_and_the_next_goes_on_from_there(hub: Hub) -> None:
    hub.start()
    receipts = [(await hub.publish(f"MRN{n}", n)).json["id"] for n in range(12)]
    for receipt in receipts:
        await hub.settled(receipt, "delivered")
    journal = LogJournal(hub.database, hub.node.keyring, hub.node.lanes, window=1)
    found, after, more = [], {}, True
    while more:
        page = await journal.page([TYPE], after, 100)
        assert len(page.events) <= hub.node.lanes.count
        found += [str(one.correlation) for one in page.events]
        after, more = page.after, page.more
    assert sorted(found) == sorted(receipts)
    after, more, pages = {}, True, 0
    while more:
        page = await journal.page(["patient.updated.v1"], after, 100)
        assert page.events == []
        after, more, pages = page.after, page.more, pages + 1
    assert pages > 1


async def test_a_cursor_goes_on_with_what_came_later(hub: Hub) -> None:
    hub.start()
    await hub.settled((await hub.publish("MRN1")).json["id"], "delivered")
    first = (await hub.api.get("/v1/events")).json
    assert (len(first["events"]), first["more"]) == (1, False)
    nothing = (await hub.api.get(f"/v1/events?after={first['next']}")).json
    assert (nothing["events"], nothing["next"]) == ([], first["next"])
    later = (await hub.publish("MRN2")).json["id"]
    await hub.settled(later, "delivered")
    second = (await hub.api.get(f"/v1/events?after={nothing['next']}")).json
    assert [one["correlation"] for one in second["events"]] == [later]


async def test_events_of_a_type(hub: Hub) -> None:
    hub.start()
    await hub.settled((await hub.publish("MRN1")).json["id"], "delivered")
    assert len((await hub.api.get(f"/v1/events?type={TYPE}")).json["events"]) == 1
    assert (await hub.api.get("/v1/events?type=patient.updated.v1")).json["events"] == []
    refused = await hub.api.get("/v1/events?type=Quillfeather.v1")
    assert (refused.status, refused.problem) == (422, "event-type-wrong")
    assert b"Quillfeather" not in refused.body


async def test_bodies_are_for_keys_that_may_see_them(hub: Hub) -> None:
    hub.start()
    await hub.settled((await hub.publish("MRN7001")).json["id"], "delivered")
    (seen,) = await every(hub, 10, key="clm_desk")
    (shape,) = await every(hub, 10, key="clm_portal")
    assert (seen["masked"], seen["data"]["patient"]["name"][0]["family"]) == (False, NAME)
    assert (shape["masked"], shape["data"]["patient"]["name"][0]["family"]) == (True, "x" * len(NAME))
    assert shape["data"]["patient"]["identifier"][0]["value"] == "xxx9999"
    one = await hub.api.get(f"/v1/events/{seen['id']}", key="clm_desk")
    assert one.json == seen
    assert (await hub.api.get(f"/v1/events/{seen['id']}")).json == shape
    assert one.headers["cache-control"] == "no-store"
    batch = await hub.api.get("/v2/events", key="clm_pioneer")
    assert NAME.encode() not in batch.body
    (cloud,) = batch.json
    assert (cloud["specversion"], cloud["id"], cloud["type"]) == ("1.0", seen["id"], TYPE)
    assert urlsplit(batch.headers["link"].partition(">")[0][1:]).path == "/v2/events"


async def test_an_erased_body_is_absent_and_the_event_is_still_counted(hub: Hub) -> None:
    hub.start()
    receipt = (await hub.publish("MRN7001")).json["id"]
    await hub.settled(receipt, "delivered")
    found = await journey(hub.database, hub.node.keyring, UUID(receipt))
    operators = Operators(
        hub.database,
        hub.node.writer,
        hub.node.keyring,
        Cases(SystemClock(), new_id),
        SystemClock(),
        new_id,
    )
    await operators.erase(found.events[0].subject, Act("Robin Okafor", "asked by the patient"))
    (event,) = await every(hub, 10, key="clm_desk")
    assert "data" not in event and event["type"] == TYPE


async def test_what_is_not_there_is_told_apart(hub: Hub) -> None:
    hub.start()
    receipt = (await hub.publish("MRN1")).json["id"]
    event = (await hub.settled(receipt, "delivered")).json["events"][1]["id"]
    unknown = str(new_id())
    assert (await hub.api.get(f"/v1/events/{unknown}")).problem == "event-unknown"
    assert (await hub.api.get(f"/v1/events/{receipt}")).problem == "event-unknown"
    assert (await hub.api.get(f"/v1/messages/{unknown}")).problem == "message-unknown"
    assert (await hub.api.get(f"/v1/messages/{event}")).problem == "message-unknown"
    assert (await hub.api.get("/v1/messages/Quillfeather")).status == 422


@pytest.mark.parametrize(
    ("own", "readers", "outcome"),
    [
        (None, {}, "in-flight"),
        ("skipped", {}, "filtered"),
        ("discarded", {}, "filtered"),
        ("done", {}, "in-flight"),
        ("done", {"a": "done"}, "in-flight"),
        ("done", {"a": "done", "b": "skipped"}, "delivered"),
        ("done", {"a": "skipped", "b": "discarded"}, "filtered"),
    ],
)
async def test_the_outcome_is_counted_as_the_log_counts(own: str | None, readers: dict[str, str], outcome: str) -> None:
    message, event, when = new_id(), new_id(), SystemClock().now()

    def recorded(id_: UUID, kind: Kind, type_: str) -> Recorded:
        return Recorded(
            id=id_,
            kind=kind,
            type=type_,
            source="ehr",
            subject="s",
            token=message,
            time=when,
            data=b"",
            datacontenttype="",
            correlation=message,
            causation=None,
            position=Position(1, 1),
            recorded=when,
        )

    def ended(id_: UUID, name: str, how: str) -> dict[str, Any]:
        row = {"event": id_, "subscription": name, "outcome": how, "reference": None, "reason": None}
        return {**row, "attempts": 1, "at": when}

    class Told:
        async def journey(self, _: UUID) -> Journey:
            events = [recorded(message, Kind.MESSAGE, "hl7v2:ADT^A03"), recorded(event, Kind.EVENT, TYPE)]
            rows = [ended(message, "translate", own)] if own else []
            rows += [ended(event, name, how) for name, how in readers.items()]
            return Journey(message, "k", "ehr", events, rows, [], [])

    api = open_api(journal=Told(), consumers=lambda _: ["a", "b"])
    assert (await api.get(f"/v1/messages/{message}")).json["outcome"] == outcome


async def test_without_a_log_reading_says_so() -> None:
    api = open_api(journal=NoJournal())
    for path in ("/v1/events", f"/v1/events/{new_id()}", f"/v1/messages/{new_id()}"):
        refused = await api.get(path)
        assert (refused.status, refused.problem) == (503, "unavailable")


def test_a_cursor_is_what_it_was_written_from() -> None:
    after = {lane: 10**15 + lane for lane in range(128)}
    assert cursors.read(cursors.written(after)) == after
    assert len(cursors.written(after)) < cursors.LONGEST


@pytest.mark.parametrize("text", ["!", "AAAA", "gQE", "Quillfeather", "gf__AQ", "x" * 9000, "\u00e9", "gQ//"])
async def test_a_cursor_of_somebody_else_is_refused(text: str) -> None:
    class Never:
        async def page(self, types, after, limit):
            raise AssertionError("asked with a bad cursor")

    api = open_api(journal=Never())
    refused = await api.get(f"/v1/events?after={quote(text)}&limit=5")
    assert refused.status == 422
    assert b"Quillfeather" not in refused.body
