"""The exception queue by HTTP: who may read, work and look; pages, tags, repeats; every refusal a problem."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, get_args
from uuid import UUID

import pytest
from tests.cases.conftest import MASTER, House, Queue, queue_on
from tests.gateway.calling import DESK, PIONEER, PORTAL, PROBE, Api, Reply, open_api

from careloom.cases.kinds import Action
from careloom.cases.states import State
from careloom.core.clock import SystemClock
from careloom.core.outcomes import Park
from careloom.gateway.case_shapes import ActionName, StateName
from careloom.gateway.classes import Scope
from careloom.log.handling import RetryPolicy, Subscription
from careloom.log.lanes import Bank, open_lanes
from careloom.log.node import LogNode
from careloom.security.apikeys import Principal
from careloom.store.database import Database

SCOPES = {
    PORTAL: frozenset({Scope.CASES_READ, Scope.CASES_WORK}),
    DESK: frozenset({Scope.CASES_READ, Scope.CASES_WORK, Scope.READ_PHI}),
    PROBE: frozenset({Scope.CASES_READ}),
    PIONEER: frozenset({Scope.READ_PHI}),
}
NOBODY = UUID(int=5)
SECRET = '{"name": "Quillfeather"}'


@dataclass
class Counter:
    """The API over a queue."""

    api: Api
    queue: Queue

    async def get(self, target: str, key: str = "clm_portal", **more: Any) -> Reply:
        return await self.api.get(target, key=key, **more)

    async def post(self, target: str, payload: object, key: str = "clm_portal", **more: Any) -> Reply:
        return await self.api.post(target, key=key, payload=payload, **more)


@pytest.fixture
async def counter(database: Database) -> Counter:
    queue = queue_on(database, SystemClock())
    async with database.acquire() as connection:
        await open_lanes(connection, 4)
    return Counter(open_api(cases=queue.work, scopes=SCOPES.__getitem__), queue)


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[tuple[Counter, House]]:
    """With a log at work whose event is parked."""
    clock = SystemClock()
    base = queue_on(database, clock)
    node = await LogNode.open(database, MASTER, base.work.recorder.book, clock, base.new_id, lanes=4)
    house = House(database, clock, base.new_id, base.keyring, base.work, node)
    retry = RetryPolicy(first_seconds=0.001, longest_seconds=0.01)
    node.start(
        [
            Subscription("translate", Bank.MESSAGES, house.translate),
            Subscription("deliver", Bank.EVENTS, house.deliver, types=("test.happened.v1",), retry=retry),
        ]
    )
    yield Counter(open_api(cases=base.work, scopes=SCOPES.__getitem__), house), house
    await node.close()


async def test_pages_follow_each_other_by_their_links(counter: Counter) -> None:
    made = [str(await counter.queue.one(system=f"s{number}")) for number in range(5)]
    target, seen = "/v1/cases?limit=2&kind=silence", []
    while target:
        reply = await counter.get(target)
        assert reply.status == 200
        seen += [one["id"] for one in reply.json["cases"]]
        link = reply.headers.get("link", "")
        assert bool(link) is ("next" in reply.json)
        target = link.partition(">")[0].lstrip("<")
    assert sorted(seen) == sorted(made)


async def test_filters_and_their_refusals(counter: Counter) -> None:
    case = await counter.queue.one()
    await counter.queue.one(kind="stock-shortage", system="erp")
    cause = (await counter.queue.work.reader.one(case)).cause
    for query in (f"group={cause}", "system=ehr", "owner=integration", "kind=silence&state=open", "older_than=0"):
        found = (await counter.get(f"/v1/cases?{query}")).json["cases"]
        assert str(case) in [one["id"] for one in found], query
    assert (await counter.get("/v1/cases?older_than=3600")).json == {"cases": []}
    for query in ("state=lost", "group=x", "limit=0", "limit=501", "older_than=-1"):
        assert (await counter.get(f"/v1/cases?{query}")).problem == "invalid-request", query
    for after in ("x", "e30", "W10", "bnVsbA", "%00", "WzEsMSwxXQ"):
        assert (await counter.get(f"/v1/cases?after={after}")).problem == "cursor-unknown", after


async def test_a_case_has_a_tag_that_changes_with_it(counter: Counter) -> None:
    case = await counter.queue.one()
    first = await counter.get(f"/v1/cases/{case}")
    assert (first.json["state"], first.json["actions"]) == ("open", ["resolve", "waive", "discard"])
    same = await counter.get(f"/v1/cases/{case}", headers={"if-none-match": first.headers["etag"]})
    assert (same.status, same.body) == (304, b"")
    claimed = await counter.post(f"/v1/cases/{case}/claim", {})
    assert (claimed.json["state"], claimed.json["assignee"]) == ("claimed", "portal")
    changed = await counter.get(f"/v1/cases/{case}", headers={"if-none-match": first.headers["etag"]})
    assert (changed.status, changed.headers["etag"]) == (200, claimed.headers["etag"])


async def test_held_passed_on_and_given_back(counter: Counter) -> None:
    case = await counter.queue.one()
    path = f"/v1/cases/{case}"
    await counter.post(f"{path}/claim", {})
    assert (await counter.post(f"{path}/claim", {}, key="clm_desk")).problem == "case-not-yours"
    assert (await counter.post(f"{path}/wait", {})).problem == "case-data-wrong"
    assert (await counter.post(f"{path}/wait", {"reason": "asked"})).json["state"] == "waiting"
    assert (await counter.post(f"{path}/release", {"reason": "not mine"})).json["state"] == "open"
    given = await counter.post(f"{path}/assign", {"person": "front-desk", "role": "billing"})
    assert (given.json["assignee"], given.json["owner"]) == ("front-desk", "billing")
    assert (await counter.post(f"{path}/assign", {})).problem == "case-data-wrong"
    history = (await counter.get(f"{path}/history")).json["entries"]
    assert [one["what"] for one in history] == ["opened", "moved", "moved", "moved", "moved"]
    assert [one["by"] for one in history] == ["careloom", "portal", "portal", "portal", "portal"]


async def test_a_remark_sent_twice_under_one_key_is_one(counter: Counter) -> None:
    case = await counter.queue.one()
    key = {"idempotency-key": "k-1"}
    replies = [
        await counter.post(f"/v1/cases/{case}/comments", {"text": "called"}, headers=key),
        await counter.post(f"/v1/cases/{case}/comments", {"text": "called"}, headers=key),
        await counter.post(f"/v1/cases/{case}/comments", {"text": "called"}, headers=key, key="clm_desk"),
    ]
    assert [reply.status for reply in replies] == [201, 200, 201]
    assert [one["by"] for one in replies[-1].json["entries"]] == ["portal", "front-desk"]
    assert (await counter.post(f"/v1/cases/{case}/comments", {"text": ""})).problem == "invalid-request"


async def test_decided_as_seen_and_once(counter: Counter) -> None:
    case = await counter.queue.one()
    path = f"/v1/cases/{case}/actions"
    old = (await counter.get(f"/v1/cases/{case}")).headers["etag"]
    await counter.post(f"/v1/cases/{case}/claim", {})
    body = {"action": "resolve", "reason": "the line was cut"}
    assert (await counter.post(path, body, headers={"if-match": old})).problem == "case-changed"
    new = (await counter.get(f"/v1/cases/{case}")).headers["etag"]
    headers = {"if-match": new, "idempotency-key": "once"}
    assert (await counter.post(path, body, headers=headers)).json["state"] == "resolved"
    again = await counter.post(path, body, headers={"idempotency-key": "once"})
    assert (again.status, again.json["state"]) == (200, "resolved")
    assert (await counter.post(path, body)).problem == "case-conflict"
    assert (await counter.post(path, {"action": "burn"})).problem == "invalid-request"


async def test_refusals_repeat_nothing_that_came(counter: Counter) -> None:
    case = await counter.queue.one(kind="missing-payer-data")
    for body in ({"action": "waive", "data": {"Quillfeather": 1}, "reason": "x"}, {"action": "Quillfeather"}):
        reply = await counter.post(f"/v1/cases/{case}/actions", body)
        assert reply.status == 422 and b"Quillfeather" not in reply.body
    assert (await counter.post(f"/v1/cases/{case}/actions", {"action": "supply"})).problem == "case-conflict"


@pytest.mark.parametrize("target", ["/v1/cases/{}", "/v1/cases/{}/history", "/v1/cases/{}/payload"])
async def test_a_case_that_is_not_there(counter: Counter, target: str) -> None:
    assert (await counter.get(target.format(NOBODY))).problem == "case-unknown"


@pytest.mark.parametrize("act", ["claim", "release", "wait", "assign", "comments", "actions"])
async def test_nothing_can_be_done_to_a_case_that_is_not_there(counter: Counter, act: str) -> None:
    body = {"assign": {"person": "x"}, "comments": {"text": "x"}, "actions": {"action": "retry"}}.get(
        act, {"reason": "x"}
    )
    assert (await counter.post(f"/v1/cases/{NOBODY}/{act}", body)).problem == "case-unknown"


async def test_scopes_say_who_reads_who_works_and_who_looks(desk: tuple[Counter, House]) -> None:
    counter, house = desk
    case = (await house.stuck("1", SECRET)).id
    assert (await counter.get(f"/v1/cases/{case}", key="clm_pioneer")).problem == "scope-missing"
    assert (await counter.post(f"/v1/cases/{case}/claim", {}, key="clm_probe")).problem == "scope-missing"
    masked = await counter.get(f"/v1/cases/{case}/payload", key="clm_probe")
    assert (masked.json["masked"], b"Quillfeather" in masked.body) == (True, False)
    why = {"reason": "which name"}
    for key in ("clm_probe", "clm_portal"):
        assert (await counter.post(f"/v1/cases/{case}/looks", why, key=key)).problem == "scope-missing"
    assert (await counter.post(f"/v1/cases/{case}/looks", {}, key="clm_desk")).problem == "case-data-wrong"
    seen = await counter.post(f"/v1/cases/{case}/looks", why, key="clm_desk")
    assert (seen.json["text"], seen.json["masked"]) == (SECRET, False)
    history = (await counter.get(f"/v1/cases/{case}/history", key="clm_probe")).json["entries"]
    assert (history[-1]["what"], history[-1]["by"], history[-1]["why"]) == ("looked", "front-desk", "which name")
    edit = {"action": "edit", "payload": "{}", "reason": "wrong name"}
    assert (await counter.post(f"/v1/cases/{case}/actions", edit)).problem == "scope-missing"
    assert (await counter.post(f"/v1/cases/{case}/actions", edit, key="clm_desk")).json["state"] == "resolved"
    assert await house.handled("{}") == ["{}"]


async def test_a_group_is_previewed_and_just_that_is_retried(desk: tuple[Counter, House]) -> None:
    counter, house = desk
    for number in range(3):
        await house.stuck(str(number), f"bad {number}")
    [group] = (await counter.get("/v1/case-groups")).json["groups"]
    assert (group["cases"], group["reason"]) == (3, "wrong plan")
    shown = (await counter.post(f"/v1/case-groups/{group['cause']}/preview", {})).json
    assert (len(shown["members"]), shown["more"]) == (3, False)
    await house.act(UUID(shown["members"][0]["id"]), Action.DISCARD)
    house.bad = {b"other": Park("x")}
    body = {"token": shown["token"], "reason": "back"}
    done = await counter.post("/v1/case-groups/retry", body)
    assert (done.json["retried"], done.json["left"]) == (2, 1)
    assert (await counter.post("/v1/case-groups/retry", body)).problem == "case-conflict"
    for token in (str(NOBODY), "-" * 36):
        assert (await counter.post("/v1/case-groups/retry", {"token": token})).problem == "case-unknown"
    assert (await counter.post(f"/v1/case-groups/{NOBODY}/preview", {})).problem == "case-unknown"


async def test_the_kinds_say_what_may_be_decided_with_which_data(counter: Counter) -> None:
    reply = await counter.get("/v1/case-kinds")
    kinds = {one["name"]: one for one in reply.json["kinds"]}
    payer = kinds["missing-payer-data"]
    assert (payer["owner"], payer["sla_seconds"], payer["actions"][0]) == ("patient-access", 28_800.0, "supply")
    assert "PayerData" in json.dumps(payer["data"]["supply"])
    assert (await counter.get("/v1/case-kinds", headers={"if-none-match": reply.headers["etag"]})).status == 304


async def test_without_a_queue_nothing_is_promised() -> None:
    api = open_api(scopes=SCOPES.__getitem__)
    assert (await api.get("/v1/cases")).problem == "unavailable"


async def test_each_call_is_on_record(counter: Counter) -> None:
    case = await counter.queue.one()
    await counter.post(f"/v1/cases/{case}/claim", {})
    [entry] = counter.api.audit
    assert (entry.consumer, entry.route, entry.status) == ("portal", "/v1/cases/{id}/claim", 200)


def test_the_document_names_every_action_and_every_state() -> None:
    assert set(get_args(ActionName)) == {action.value for action in Action}
    assert set(get_args(StateName)) == {state.value for state in State}


async def test_a_key_works_the_cases_of_its_roles_and_where_none_were_said_of_all(database: Database) -> None:
    queue = queue_on(database, SystemClock())
    async with database.acquire() as connection:
        await open_lanes(connection, 4)
    robin = replace(PORTAL, roles=frozenset({"integration"}))
    known = {"clm_portal": robin, "clm_desk": DESK}
    counter = Counter(open_api(cases=queue.work, keys=Keys(known), scopes=lambda _: SCOPES[PORTAL]), queue)
    ours, theirs = await queue.one(), await queue.one(owner="billing", system="lab")
    assert (await counter.post(f"/v1/cases/{ours}/claim", {})).json["assignee"] == "portal"
    assert (await counter.post(f"/v1/cases/{theirs}/claim", {})).problem == "case-not-yours"
    assert (await counter.post(f"/v1/cases/{theirs}/claim", {}, key="clm_desk")).json["assignee"] == "front-desk"


@dataclass
class Keys:
    """A ring of these."""

    known: dict[str, Principal]

    def check(self, key: str) -> Principal | None:
        return self.known.get(key)
