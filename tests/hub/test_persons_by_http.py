"""Persons, the questions about them, and codes, asked over the API of a hub."""

from __future__ import annotations

import json
from typing import Any, get_args

import aiohttp
from tests.hub.hospital import Hospital, Running, adt
from tests.hub.test_persons import LAB, SYSTEMS, from_lab, persons

from careloom.console.pages.persons import ASKED
from careloom.gateway.person_shapes import BasisName, EntityName
from careloom.identity.crosswalk.codes import Entity

ROWS = (
    "entity,system,type,value,canonical,from,to,label\npayer,*,payer,60054,acme,,,Acme\npayer,erp,partner,417,acme,,,\n"
)


class Caller:
    """Calls with one key."""

    def __init__(self, hub: Running, http: aiohttp.ClientSession, key: str) -> None:
        self._base = f"http://127.0.0.1:{hub.node.ports['api']}"
        self._http = http
        self._headers = {"authorization": f"Bearer {key}"}

    async def __call__(self, path: str, payload: object = None) -> tuple[int, Any]:
        method = "GET" if payload is None else "POST"
        url = f"{self._base}{path}"
        async with self._http.request(method, url, json=payload, headers=self._headers) as answer:
            body = await answer.read()
            return answer.status, json.loads(body) if body else None


async def key(hospital: Hospital, name: str, *scopes: str, roles: tuple[str, ...] = ()) -> str:
    words = [word for scope in scopes for word in ("--scope", scope)]
    said = await hospital.careloom("key", "create", name, *words, *(word for one in roles for word in ("--role", one)))
    assert said.code == 0, said.errors
    return said.output.strip()


async def test_found_explained_asked_about_and_answered(hospital: Hospital) -> None:
    hospital.configure(SYSTEMS)
    able = await key(
        hospital, "desk", "read:phi", "cases:read", "cases:work", "read:operational", roles=("health-information",)
    )
    less = await key(hospital, "board", "read:operational")
    other = {**LAB, 7: "", 13: ""}
    async with hospital.running() as hub, aiohttp.ClientSession() as http:
        await hub.send(adt("A04", "C1"))
        await hub.settled(1)
        await from_lab(hub, adt("A04", "L1", pid=other))
        await hub.settled(2)
        [(first, _), (second, _)] = await persons(hub)
        desk, board = Caller(hub, http, able), Caller(hub, http, less)
        status, body = await desk("/v1/persons/search", {"family": "weaver", "birth": "1971-04-12"})
        assert status == 200 and [one["id"] for one in body["persons"]] == [str(first)]
        assert body["persons"][0]["patient"]["name"][0]["family"] == "Weaver"
        assert (await desk("/v1/persons/search", {"number": "N-1", "assigner": "SOUTH"}))[1] == {"persons": []}
        for wrong in ({"family": "weaver"}, {"name": "x"}):
            assert (await desk("/v1/persons/search", wrong))[0] == 422
        for path, payload in (("/v1/persons/search", {"number": "N-1"}), (f"/v1/persons/{first}", None),
                              ("/v1/person-questions", None)):  # fmt: skip
            assert (await board(path, payload))[0] == 403, path
        assert (await desk("/v1/persons/0190a6c2-0000-7000-8000-000000000001"))[0] == 404
        _, page = await desk("/v1/person-questions?system=lab&basis=score&limit=1")
        [question] = page["questions"]
        assert page["next"] is None and question["owner"] == "health-information" and question["weight"] > 0
        assert "Weaver" not in json.dumps(page)
        for query in ("system=ehr", "basis=identifier", "weight=900", "assignee=kim"):
            assert (await desk(f"/v1/person-questions?{query}"))[1]["questions"] == [], query
        for query in ("basis=guess", "weight=nan", "after=x", "limit=0", "system=%00"):
            assert (await desk(f"/v1/person-questions?{query}"))[0] == 422, query
        decided = await desk(f"/v1/cases/{question['case']}/actions", {"action": "approve", "reason": "one card"})
        assert decided[0] == 200, decided
        _, person = await desk(f"/v1/persons/{second}")
        assert person["id"] == str(first) and [one["source"] for one in person["records"]] == ["ehr", "lab"]
        assert person["links"][0]["basis"] == "steward" and person["origins"]["address"] == str(first)
        assert (await desk("/v1/person-questions"))[1]["questions"] == []


def test_what_may_be_asked_for_is_what_there_is() -> None:
    assert set(get_args(EntityName)) == set(Entity) and set(get_args(BasisName)) == set(ASKED)


async def test_codes_are_looked_up_and_where_no_persons_are_indexed_it_is_said(hospital: Hospital) -> None:
    hospital.configure('[crosswalk]\napprovers = ""\n')
    less = await key(hospital, "board", "read:operational", "cases:read", "read:phi")
    (hospital.folder / "payers.csv").write_text(ROWS)
    async with hospital.running() as hub, aiohttp.ClientSession() as http:
        board = Caller(hub, http, less)
        preview = await hospital.careloom("crosswalk", "import", str(hospital.folder / "payers.csv"), "--json")
        done = await hospital.careloom(
            "crosswalk", "import", str(hospital.folder / "payers.csv"), "--apply", preview.object["digest"]
        )
        assert done.code == 0, done.errors
        asked = "/v1/codes/payer?system=*&type=payer&value="
        status, known = await board(f"{asked}60054&of=erp&at=2026-03-01")
        assert status == 200 and (known["known"], known["id"], known["version"]) == (True, "acme", 1)
        assert known["codes"] == [{"system": "erp", "type": "partner", "value": "417", "label": ""}]
        _, unknown = await board(f"{asked}60055")
        assert (unknown["known"], unknown["id"]) == (False, None) and unknown["nearest"][0]["value"] == "60054"
        for wrong in ("/v1/codes/ghost?system=*&type=a&value=b", "/v1/codes/payer?system=*&type=a", f"{asked}1&at=x"):
            assert (await board(wrong))[0] == 422, wrong
        for path, payload in (("/v1/persons/search", {"number": "1"}), ("/v1/person-questions", None)):
            status, body = await board(path, payload)
            assert status == 404 and body["type"].endswith("no-person-index"), path
