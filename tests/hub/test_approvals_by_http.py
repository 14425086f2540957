"""An approval from end to end: a hub at work, keys with roles, a run that waits until the right people approved."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from tests.hub.hospital import Hospital, Running

FLOW = """
from dataclasses import dataclass

from careloom.flows import Flow
from careloom.model.amounts import Money
from careloom.workflow.ballots import Approval
from careloom.workflow.run import Run

purchase = Flow(
    "purchase", owner="supply-chain", sla="1h", business_owner="the purchasing desk", bound="1m", recovery_time="1h",
    recovery_point="0s", pattern="transaction", system_of_record="the ERP", runbook="flow-purchase",
)


@dataclass(frozen=True)
class Order:
    what: str
    total: Money
    requester: str
    needed: int = 1


@purchase.workflow()
async def buy(run: Run, order: Order) -> Approval:
    return await run.approval(
        f"order of {order.what}", role="purchasing", amount=order.total, asked_by=order.requester, needed=order.needed
    )
"""
SETTINGS = '[approvals.limits]\npurchasing = "5000"\ncfo = "any"\n[flows.purchase]\n'
SCOPES = ("runs:read", "runs:work", "cases:read", "cases:work", "read:phi")
PEOPLE: dict[str, Sequence[str]] = {
    "mika": ["purchasing"],
    "robin": ["purchasing"],
    "sam": ["purchasing"],
    "kim": ["billing"],
    "ada": ["purchasing", "cfo"],
}
DECIDE = "/v1/cases/{id}/actions"


@dataclass
class Answered:
    """What came back of a call."""

    status: int
    media: str
    body: Any

    def problem(self, status: int, kind: str, instance: str = DECIDE) -> str:
        """The detail of a problem that is wholly as it must be (RFC 9457)."""
        assert (self.status, self.media) == (status, "application/problem+json"), self.body
        title = kind.replace("-", " ").capitalize()
        detail: str = self.body["detail"]
        wanted = {"type": f"urn:careloom:problem:{kind}", "title": title, "status": status, "instance": instance}
        assert self.body == {**wanted, "detail": detail}
        return detail


@dataclass
class Office:
    """A hub at work, and the people who have keys of it."""

    hub: Running
    http: aiohttp.ClientSession
    keys: dict[str, str] = field(default_factory=dict)

    async def call(self, who: str, method: str, path: str, payload: object = None, **headers: str) -> Answered:
        given = {"authorization": f"Bearer {self.keys[who]}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        url = f"http://127.0.0.1:{self.hub.node.ports['api']}{path}"
        async with self.http.request(method, url, json=payload, headers=given) as answer:
            body = await answer.read()
            return Answered(answer.status, answer.content_type, json.loads(body) if body else None)

    async def begun(self, total: str = "900.00", needed: int = 1) -> tuple[str, str]:
        """A run that waits for its approval, and the case of that; mika asked for it."""
        order = {"what": "gauze", "total": {"value": total, "currency": "USD"}, "requester": "Mika", "needed": needed}
        made = await self.call("mika", "POST", "/v1/runs", {"workflow": "purchase.buy", "input": order})
        assert made.status == 201, made.body
        run = str(made.body["id"])
        return run, await self.hub.eventually(lambda: self._case_of(run))

    async def _case_of(self, run: str) -> str | None:
        story = (await self.call("mika", "GET", f"/v1/runs/{run}")).body
        return str(story["cases"][0]["id"]) if story["run"]["state"] == "waiting" else None

    async def vote(self, who: str, case: str, action: str = "approve", **headers: str) -> Answered:
        said = {"action": action, "reason": "in the budget"}
        return await self.call(who, "POST", f"/v1/cases/{case}/actions", said, **headers)

    async def waits(self, run: str) -> bool:
        return bool((await self.call("mika", "GET", f"/v1/runs/{run}")).body["run"]["state"] == "waiting")

    async def result(self, run: str) -> Any:
        """What came of the approval, once the run has ended."""

        async def over() -> bool:
            return bool((await self.call("mika", "GET", f"/v1/runs/{run}")).body["run"]["state"] == "completed")

        await self.hub.eventually(over)
        seen = await self.call("mika", "POST", f"/v1/runs/{run}/looks", {"reason": "what was decided"})
        return seen.body["result"]


@asynccontextmanager
async def office_of(hospital: Hospital) -> AsyncIterator[Office]:
    (hospital.folder / "flows").mkdir()
    (hospital.folder / "flows" / "purchase.py").write_text(FLOW)
    hospital.configure(SETTINGS, hub='flows = ["careloom.flows.registration", "flows.purchase"]')
    keys = {}
    for name, roles in PEOPLE.items():
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        said = await hospital.careloom("key", "create", name, *scopes, *(w for one in roles for w in ("--role", one)))
        assert said.code == 0, said.errors
        keys[name] = said.output.strip()
    async with hospital.running() as hub, aiohttp.ClientSession() as http:
        yield Office(hub, http, keys)


@pytest.fixture
async def office(hospital: Hospital) -> AsyncIterator[Office]:
    async with office_of(hospital) as office:
        yield office


async def test_approved_by_who_may_and_by_nobody_else(office: Office) -> None:
    run, case = await office.begun()
    wrong = (await office.vote("kim", case)).problem(403, "case-not-yours")
    assert wrong == "this is for the role purchasing; have it assigned to your own, or ask somebody of theirs"
    own = (await office.vote("mika", case)).problem(403, "case-not-yours")
    assert own == "whoever asked for it may not decide it; somebody else must"
    assert (await office.vote("mika", case, "reject")).problem(403, "case-not-yours") == own
    assert await office.waits(run)

    given = await office.vote("robin", case)
    assert (given.status, given.body["state"], given.body["resolved_by"]) == (200, "resolved", "robin")
    assert given.body["resolution"] == "approved: in the budget"
    assert await office.result(run) == {"approved": True, "by": ["robin"], "why": "in the budget"}
    late = (await office.vote("sam", case)).problem(409, "case-conflict")
    assert late == "this case is resolved; what happens again opens a new one"


async def test_two_are_needed_and_one_person_is_not_two(office: Office) -> None:
    run, case = await office.begun(needed=2)
    first = await office.vote("robin", case, idempotency_key="v-1")
    assert (first.status, first.body["state"]) == (200, "open")
    again = await office.vote("robin", case, idempotency_key="v-1")
    assert (again.status, again.body["revision"]) == (200, first.body["revision"])
    for action in ("approve", "reject"):
        twice = (await office.vote("robin", case, action)).problem(403, "case-not-yours")
        assert twice == "you voted before; somebody else must be the other"
    assert await office.waits(run)

    assert (await office.vote("sam", case)).body["state"] == "resolved"
    assert (await office.result(run))["by"] == ["robin", "sam"]
    history = (await office.call("kim", "GET", f"/v1/cases/{case}/history")).body["entries"]
    said = [(one["by"], one["why"]) for one in history if one["by"] in PEOPLE]
    assert said == [("robin", "approved, 1 of 2: in the budget"), ("sam", "approved: in the budget")]


async def test_an_amount_over_the_limit_of_a_role_is_for_another(office: Office) -> None:
    run, case = await office.begun("5000.01")
    over = (await office.vote("robin", case)).problem(403, "case-not-yours")
    assert over == "the amount is above your limit; it is for cfo"
    assert await office.waits(run)
    assert (await office.vote("ada", case)).status == 200
    assert (await office.result(run))["by"] == ["ada"]


async def test_one_who_rejects_ends_it(office: Office) -> None:
    run, case = await office.begun(needed=2)
    assert (await office.vote("robin", case)).status == 200
    refused = await office.vote("sam", case, "reject")
    assert (refused.status, refused.body["state"]) == (200, "resolved")
    assert await office.result(run) == {"approved": False, "by": ["sam"], "why": "in the budget"}


async def test_a_role_is_handed_on_and_taken_back(office: Office) -> None:
    run, case = await office.begun(needed=2)
    asked = {"role": "purchasing", "to": "kim", "until": "2099-01-01T00:00:00Z", "reason": "on leave"}
    given = await office.call("robin", "POST", "/v1/delegations", asked)
    assert given.status == 201, given.body
    assert (given.status, given.body["handed_by"], given.body["why"]) == (201, "robin", "on leave")
    listed = (await office.call("mika", "GET", "/v1/delegations?to=Kim")).body["delegations"]
    assert listed == [given.body]
    assert (await office.call("mika", "GET", "/v1/delegations?by=sam")).body == {"delegations": []}

    for wrong, status, kind, place in (
        ({"role": "cfo"}, 403, "case-not-yours", None),
        ({"to": "Robin"}, 422, "case-data-wrong", "to"),
        ({"until": "2001-01-01T00:00:00Z"}, 422, "case-data-wrong", "until"),
        ({"until": "0001-01-01T00:00:00+02:00"}, 422, "invalid-request", "body.until"),
        ({"role": "a\0b"}, 403, "case-not-yours", None),
    ):
        refused = await office.call("robin", "POST", "/v1/delegations", asked | wrong)
        assert (refused.status, refused.body["type"]) == (status, f"urn:careloom:problem:{kind}"), wrong
        assert refused.body.get("location") == place
    further = await office.call("kim", "POST", "/v1/delegations", asked | {"to": "mika"})
    further.problem(403, "case-not-yours", "/v1/delegations")

    assert (await office.vote("kim", case)).status == 200
    beside = (await office.vote("robin", case)).problem(403, "case-not-yours")
    assert beside == "somebody voted in your place before; somebody else must be the other"
    back = f"/v1/delegations/{given.body['id']}/withdraw"
    instance = "/v1/delegations/{id}/withdraw"
    (await office.call("kim", "POST", back, {})).problem(403, "case-not-yours", instance)
    assert (await office.call("robin", "POST", back, {"reason": "back"})).status == 204
    (await office.call("robin", "POST", back, {})).problem(404, "delegation-unknown", instance)
    assert (await office.call("mika", "GET", "/v1/delegations")).body == {"delegations": []}
    _, another = await office.begun()
    (await office.vote("kim", another)).problem(403, "case-not-yours")
    assert await office.waits(run)
