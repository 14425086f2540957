"""Runs by HTTP: who may read, work and look; pages, repeats, pictures; every refusal a problem."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

import pytest
from tests.gateway.calling import DESK, PIONEER, PORTAL, PROBE, Api, Reply, open_api
from tests.workflow.conftest import House, Outside, house_on
from tests.workflow.processes import SECRET, Wish, reserve, supply, versions

from careloom.gateway.classes import Scope
from careloom.gateway.run_shapes import RunState
from careloom.store.database import Database
from careloom.workflow.run import Run
from careloom.workflow.states import State
from careloom.workflow.work import runwork

SCOPES = {
    PORTAL: frozenset({Scope.RUNS_READ, Scope.RUNS_WORK}),
    DESK: frozenset({Scope.RUNS_READ, Scope.RUNS_WORK, Scope.READ_PHI}),
    PROBE: frozenset({Scope.RUNS_READ}),
    PIONEER: frozenset({Scope.CASES_READ, Scope.CASES_WORK}),
}
NOBODY = UUID(int=5)
INPUT = {"what": "gauze"}


async def other(run: Run, wish: Wish) -> None:
    await run.step(reserve, wish.what, name="another")


@dataclass
class Counter:
    """The API over runs at work."""

    api: Api
    house: House

    async def get(self, target: str, key: str = "clm_portal", **more: Any) -> Reply:
        return await self.api.get(target, key=key, **more)

    async def post(self, target: str, payload: object, key: str = "clm_portal", **more: Any) -> Reply:
        return await self.api.post(target, key=key, payload=payload, **more)

    async def begun(self, **more: Any) -> str:
        reply = await self.post("/v1/runs", {"workflow": "ward.supply", "input": INPUT, "reason": "asked"}, **more)
        assert reply.status == 201, reply.body
        await self.house.settle()
        return str(reply.json["id"])


@pytest.fixture
async def counter(database: Database) -> AsyncIterator[Counter]:
    async with house_on(database, versions(other, supply, supply, other), outside=Outside()) as house:
        object.__setattr__(house.around.registry.workflows[3], "retired", True)
        yield Counter(open_api(runs=runwork(house.around, house.desk), scopes=SCOPES.__getitem__), house)


async def test_a_run_is_begun_once_under_a_key_and_shown(counter: Counter) -> None:
    key = {"idempotency-key": "k-1"}
    run = await counter.begun(headers=key)
    asked = {"workflow": "ward.supply", "input": INPUT}
    again = await counter.post("/v1/runs", asked, headers=key)
    assert (again.status, again.json, again.headers["location"]) == (200, {"id": run}, f"/v1/runs/{run}")
    changed = await counter.post("/v1/runs", {**asked, "input": {"what": "x"}}, headers=key)
    assert (changed.status, changed.problem) == (409, "key-conflict")

    shown = await counter.get(f"/v1/runs/{run}")
    assert (shown.json["run"]["state"], shown.json["run"]["version"]) == ("waiting", 3)
    assert [(one["name"], one["state"]) for one in shown.json["steps"]] == [("reserve", "done")]
    assert [(one["what"], one["by"], one["why"]) for one in shown.json["acts"]] == [("began", "portal", "asked")]
    assert SECRET.encode() not in shown.body
    picture = await counter.get(f"/v1/runs/{run}/diagram")
    assert picture.headers["content-type"].startswith("text/vnd.mermaid")
    assert picture.body.startswith(b"flowchart TD") and b"class n1 done" in picture.body
    same = await counter.get(f"/v1/runs/{run}/diagram", headers={"if-none-match": picture.headers["etag"]})
    assert (same.status, same.body) == (304, b"")


async def test_pages_follow_each_other_by_their_links(counter: Counter) -> None:
    made = [await counter.begun() for _ in range(5)]
    query = "limit=2&state=waiting&unfinished=true&about=&begun_from=2020-01-01T00:00:00%2B02:00"
    target, seen = f"/v1/runs?{query.replace('&about=', '')}", []
    while target:
        reply = await counter.get(target)
        assert reply.status == 200, reply.body
        seen += [one["id"] for one in reply.json["runs"]]
        target = reply.headers.get("link", "").partition(">")[0].lstrip("<")
    assert seen == sorted(made, reverse=True)


async def test_filters_and_their_refusals(counter: Counter) -> None:
    run = await counter.begun()
    for query in ("workflow=ward.supply", "state=waiting", "unfinished=true", "begun_before=2100-01-01T00:00:00Z"):
        assert [one["id"] for one in (await counter.get(f"/v1/runs?{query}")).json["runs"]] == [run], query
    for query in ("workflow=x", "state=failed", "about=order/none", "begun_from=2100-01-01T00:00:00Z"):
        assert (await counter.get(f"/v1/runs?{query}")).json == {"runs": []}, query
    wrong = (
        "state=lost",
        "workflow=%00",
        "limit=0",
        "begun_from=2020-01-01T00:00:00",
        "begun_from=0001-01-01T00:00:00Z",
    )
    for query in wrong:
        assert (await counter.get(f"/v1/runs?{query}")).problem == "invalid-request", query
    for after in ("x", "e30", "W10", "bnVsbA", "%00"):
        assert (await counter.get(f"/v1/runs?after={after}")).problem == "cursor-unknown", after


async def test_held_let_go_moved_and_cancelled(counter: Counter) -> None:
    run = await counter.begun()
    path = f"/v1/runs/{run}"
    held = await counter.post(f"{path}/suspend", {"reason": "audit"})
    assert (held.status, held.json["state"], held.json["held"]) == (200, "suspended", True)
    assert (await counter.post(f"{path}/suspend", {})).problem == "run-conflict"
    refused = await counter.post(f"{path}/move", {"version": 1, "reason": "back"})
    assert refused.problem == "run-conflict"
    assert "at step 1 it recorded step 'reserve', and the code asks for step 'another'" in refused.json["detail"]
    assert (await counter.post(f"{path}/move", {"version": 2})).problem == "run-input-wrong"
    moved = await counter.post(f"{path}/move", {"version": 2, "reason": "back"})
    assert (moved.status, moved.json["version"], moved.json["state"]) == (200, 2, "suspended")
    assert (await counter.post(f"{path}/retry", {})).problem == "run-conflict"
    assert (await counter.post(f"{path}/resume", {})).status == 200
    await counter.house.settle()
    assert (await counter.post(f"{path}/cancel", {})).json["location"] == "reason"
    assert (await counter.post(f"{path}/cancel", {"reason": "no show"})).status == 200
    await counter.house.settle()
    shown = (await counter.get(path)).json
    assert (shown["run"]["state"], shown["run"]["cancelled_why"]) == ("cancelled", "no show")
    assert [one["what"] for one in shown["acts"]] == ["began", "suspended", "moved", "resumed", "cancelled"]
    assert {one["by"] for one in shown["acts"]} == {"portal"}


async def test_what_is_sealed_needs_its_scope_and_a_reason(counter: Counter) -> None:
    asked = {"workflow": "ward.supply", "input": {**INPUT, "whom": SECRET}}
    run = (await counter.post("/v1/runs", asked)).json["id"]
    await counter.house.settle()
    looks = f"/v1/runs/{run}/looks"
    assert (await counter.post(looks, {"reason": "x"})).problem == "scope-missing"
    assert (await counter.post(looks, {}, key="clm_desk")).problem == "run-input-wrong"
    seen = await counter.post(looks, {"reason": "which"}, key="clm_desk")
    assert seen.json["input"] == {"what": "gauze", "whom": SECRET}
    assert seen.json["steps"] == {"1": "reserve gauze"}


async def test_what_cannot_be_begun(counter: Counter) -> None:
    asked = {"workflow": "ward.supply", "input": INPUT}
    for wrong, problem, location in (
        ({"workflow": "ward.none"}, "workflow-unknown", None),
        ({"input": {"what": 7}}, "run-input-wrong", "$.what"),
        ({"input": None}, "run-input-wrong", "$"),
        ({"subject": "MRN7"}, "run-input-wrong", "subject"),
        ({"workflow": "../x"}, "invalid-request", "body.workflow"),
        ({"strange": 1}, "invalid-request", "body.strange"),
    ):
        reply = await counter.post("/v1/runs", {**asked, **wrong})
        assert (reply.problem, reply.json.get("location")) == (problem, location), wrong
    assert (await counter.get("/v1/runs")).json == {"runs": []}


@pytest.mark.parametrize("act", ["cancel", "suspend", "resume", "retry", "move", "looks"])
async def test_a_run_that_is_not_there(counter: Counter, act: str) -> None:
    payload = {"reason": "x", **({"version": 1} if act == "move" else {})}
    reply = await counter.post(f"/v1/runs/{NOBODY}/{act}", payload, key="clm_desk")
    assert (reply.status, reply.problem) == (404, "run-unknown")
    for path in ("", "/diagram"):
        assert (await counter.get(f"/v1/runs/{NOBODY}{path}")).problem == "run-unknown"


async def test_scopes(counter: Counter) -> None:
    run = await counter.begun()
    for key, reads, works in (("clm_probe", True, False), ("clm_pioneer", False, False)):
        for path in ("/v1/runs", f"/v1/runs/{run}", f"/v1/runs/{run}/diagram"):
            assert ((await counter.get(path, key=key)).status == 200) is reads
        reply = await counter.post(f"/v1/runs/{run}/suspend", {}, key=key)
        assert (reply.status == 200) is works and reply.problem == "scope-missing"


async def test_how_many_there_are(counter: Counter) -> None:
    for _ in range(3):
        await counter.begun()
    [one] = (await counter.get("/v1/run-counts")).json["counts"]
    assert {name: one[name] for name in ("workflow", "version", "state", "runs", "late")} == {
        "workflow": "ward.supply", "version": 3, "state": "waiting", "runs": 3, "late": 0,
    }  # fmt: skip
    assert (await counter.get("/v1/run-counts?workflow=ward.none")).json == {"counts": []}
    too_far = await counter.get("/v1/run-counts?since=2001-01-01T00:00:00Z")
    assert (too_far.problem, too_far.json["location"]) == ("run-input-wrong", "since")
    assert (await counter.get("/v1/run-counts?since=0001-01-01T00:00:00Z")).problem == "invalid-request"
    assert (await counter.get("/v1/run-counts", key="clm_pioneer")).problem == "scope-missing"


async def test_without_runs_the_hub_says_so() -> None:
    api = open_api(scopes=SCOPES.__getitem__)
    assert (await api.get("/v1/runs")).problem == "unavailable"


def test_the_states_of_the_api_are_those_of_runs() -> None:
    assert set(get_args(RunState)) == {state.value for state in State}
