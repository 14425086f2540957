"""Our side: what is taken, what is refused and how it is said, what is answered from a source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from careloom.core.errors import Unavailable
from careloom.formats import fhir
from careloom.formats.fhir import Query, Resource
from careloom.systems.fhir.endpoint import FhirEndpoint
from careloom.systems.fhir.fake import patient
from careloom.systems.seam import Reply, Request
from careloom.systems.trial import SURNAME
from careloom.testing.surroundings import World

Connect = Callable[..., Any]
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"
BASE = "https://hub.example.org/v1/systems/ehr/fhir"


@pytest.fixture
def endpoint(connected: Connect) -> FhirEndpoint:
    found: FhirEndpoint = connected({"base": BASE})
    return found


def request(path: str, body: Resource | bytes = b"", method: str = "POST", query: str = "", **headers: str) -> Request:
    data = body if isinstance(body, bytes) else fhir.encode(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    said = {"content-type": "application/fhir+json", **named}
    return Request(method, path, query, said, data, "192.0.2.7", "ehr", reads_phi=True)


def said(reply: Reply) -> Resource:
    assert reply.media_type.startswith("application/fhir+json")
    return fhir.parse(reply.body)


def issue(reply: Reply) -> tuple[str, list[str]]:
    outcome = said(reply)
    assert outcome["resourceType"] == "OperationOutcome"
    return outcome["issue"][0]["code"], outcome["issue"][0].get("expression", [])


async def test_a_resource_is_taken_and_has_an_address(endpoint: FhirEndpoint, world: World) -> None:
    reply = await endpoint.answer(request("fhir/Patient", patient(1)))
    (message,) = world.intake.messages
    assert reply.status == 201
    assert reply.headers["location"].startswith(f"{BASE}/Patient/")
    assert reply.headers["location"].endswith("/_history/1")
    assert reply.headers["etag"] == 'W/"1"'
    assert reply.body == b""
    assert (message.type, message.subject) == ("fhir:Patient", "Patient/2.999.7.1/MRN00000")


@pytest.mark.parametrize(("path", "status"), [("Patient", 201), ("/fhir/Patient/", 201), ("fhirPatient", 404)])
async def test_the_root_may_stand_before_the_type(endpoint: FhirEndpoint, path: str, status: int) -> None:
    assert (await endpoint.answer(request(path, patient(1)))).status == status


async def test_the_same_again_is_the_same(endpoint: FhirEndpoint, world: World) -> None:
    first = await endpoint.answer(request("Patient", patient(1)))
    again = await endpoint.answer(request("Patient", patient(1)))
    assert (first.status, again.status) == (201, 200)
    assert first.headers["location"] == again.headers["location"]
    assert len(world.intake.messages) == 1


async def test_a_condition_is_the_key(endpoint: FhirEndpoint, world: World) -> None:
    resource = patient(1)
    del resource["id"]
    condition = {"if_none_exist": "identifier=urn:oid:2.999.7.1|MRN00000"}
    assert (await endpoint.answer(request("Patient", resource, **condition))).status == 201
    assert (await endpoint.answer(request("Patient", resource, **condition))).status == 200
    other = await endpoint.answer(request("Patient", {**resource, "gender": "other"}, **condition))
    assert other.status == 409
    assert issue(other)[0] == "conflict"
    assert len(world.intake.messages) == 1


async def test_a_sender_may_have_it_back(endpoint: FhirEndpoint) -> None:
    reply = await endpoint.answer(request("Patient", patient(1), prefer="return=representation"))
    assert said(reply)["name"] == patient(1)["name"]
    reply = await endpoint.answer(request("Patient", patient(2), prefer="return=OperationOutcome"))
    assert said(reply)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "place"),
    [
        ("Patient", b"{", 400, "structure", True),
        ("Patient", b"<Patient/>", 400, "structure", True),
        ("Patient", {"resourceType": "Appointment"}, 400, "invalid", True),
        ("Patient", {"resourceType": "Patient", "gender": "F"}, 422, "code-invalid", True),
        ("Patient", {"resourceType": "Patient", "nme": []}, 422, "structure", True),
        ("Appointment", {"resourceType": "Appointment", "status": "booked"}, 422, "required", True),
        ("Questionnaire", {"resourceType": "Questionnaire", "status": "draft"}, 404, "not-supported", False),
        ("", {"resourceType": "Patient"}, 400, "invalid", True),
    ],
)
async def test_what_is_wrong_is_refused_where_it_stands(
    endpoint: FhirEndpoint, world: World, path: str, body: Any, status: int, code: str, place: bool
) -> None:
    reply = await endpoint.answer(request(path, body))
    assert reply.status == status
    assert issue(reply)[0] == code
    assert bool(issue(reply)[1]) == place
    assert not world.intake.messages
    assert len(world.intake.refusals) == 1


async def test_other_types_of_content_are_not_read(endpoint: FhirEndpoint) -> None:
    reply = await endpoint.answer(request("Patient", patient(1), **{"content-type": "application/fhir+xml"}))
    assert reply.status == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_told_so(endpoint: FhirEndpoint, method: str) -> None:
    reply = await endpoint.answer(request("Patient/1", patient(1), method))
    assert reply.status == 405


async def test_nothing_is_acknowledged_that_is_not_stored(endpoint: FhirEndpoint, world: World) -> None:
    world.intake.fail()
    with pytest.raises(Unavailable):
        await endpoint.answer(request("Patient", patient(1)))


async def test_a_transaction_is_one_message_and_each_entry_is_answered(endpoint: FhirEndpoint, world: World) -> None:
    entries = [fhir.create(patient(1), full_url="urn:uuid:6a1c2b3d-0000-4000-8000-000000000001")]
    entries.append(fhir.update({**patient(4), "id": "p7"}))
    reply = await endpoint.answer(request("fhir", fhir.bundle("transaction", entries)))
    response = said(reply)
    assert (reply.status, response["type"]) == (200, "transaction-response")
    statuses = [one["response"]["status"] for one in response["entry"]]
    assert statuses == ["201 Created", "201 Created"]
    assert response["entry"][1]["response"]["location"] == f"{BASE}/Patient/p7/_history/1"
    assert len({one["response"]["location"] for one in response["entry"]}) == 2
    (message,) = world.intake.messages
    assert message.type == "fhir:Bundle/transaction"
    assert fhir.check(response) == []


async def test_a_transaction_that_deletes_is_refused_at_its_entry(endpoint: FhirEndpoint, world: World) -> None:
    bundle = fhir.bundle("transaction", [fhir.create(patient(1)), fhir.delete("Patient/9")])
    reply = await endpoint.answer(request("", bundle))
    assert (reply.status, issue(reply)) == (422, ("not-supported", ["Bundle.entry[1]"]))
    assert not world.intake.messages


async def test_a_message_is_answered_by_a_message(endpoint: FhirEndpoint, world: World) -> None:
    body = (SAMPLES / "Bundle-message.json").read_bytes()
    answer = said(await endpoint.answer(request("$process-message", body)))
    header = answer["entry"][0]["resource"]
    assert (answer["type"], header["response"]["code"]) == ("message", "ok")
    assert header["response"]["identifier"] == fhir.read_message(fhir.parse(body)).id
    assert fhir.check(answer) == []
    assert world.intake.messages[0].type == "fhir:Bundle/message"


async def test_the_statement_says_what_is_done_and_no_more(endpoint: FhirEndpoint) -> None:
    statement = said(await endpoint.answer(request("metadata", method="GET")))
    assert fhir.check(statement) == []
    assert fhir.offers(statement, "Patient", "create")
    assert fhir.offers(statement, "", "transaction")
    assert not fhir.offers(statement, "Patient", "read")
    assert not fhir.offers(statement, "Questionnaire", "create")


async def test_without_a_source_nothing_is_read(endpoint: FhirEndpoint) -> None:
    for path in ("Patient/1", "Patient"):
        reply = await endpoint.answer(request(path, method="GET"))
        assert (reply.status, issue(reply)[0]) == (404, "not-supported")


class Shelf:
    """A source in memory."""

    types = ("Patient",)

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = {one["id"]: one for one in resources}

    async def read(self, kind: str, id: str) -> Resource | None:
        assert kind == "Patient"
        return self._resources.get(id)

    async def search(self, query: Query) -> Sequence[Resource]:
        return fhir.in_order([one for one in self._resources.values() if fhir.matches(one, query)], query)


@pytest.fixture
def shelved(connected: Connect) -> FhirEndpoint:
    found: FhirEndpoint = connected({"base": BASE}, Shelf([patient(number) for number in (1, 4, 7)]))
    return found


async def test_a_source_is_read(shelved: FhirEndpoint) -> None:
    reply = await shelved.answer(request("Patient/p1", method="GET"))
    assert (reply.status, said(reply)["id"], reply.headers["etag"]) == (200, "p1", 'W/"4"')
    reply = await shelved.answer(request("Patient/p9", method="GET"))
    assert (reply.status, issue(reply)[0]) == (404, "not-found")
    statement = said(await shelved.answer(request("metadata", method="GET")))
    assert fhir.offers(statement, "Patient", "read")
    assert "identifier" in fhir.searchable(statement, "Patient")


async def test_a_source_is_searched_page_by_page(shelved: FhirEndpoint) -> None:
    found, query = [], "gender=unknown&_count=2"
    for _ in range(2):
        page = said(await shelved.answer(request("Patient", method="GET", query=query)))
        assert page["total"] == 3
        assert fhir.check(page) == []
        found += [one["resource"]["id"] for one in page["entry"]]
        query = fhir.link_of(page).partition("?")[2]
    assert found == ["p0", "p1", "p2"]
    assert query == ""
    one = said(await shelved.answer(request("Patient", method="GET", query="identifier=urn:oid:2.999.7.1|MRN00001")))
    assert [each["resource"]["id"] for each in one["entry"]] == ["p1"]


async def test_who_may_not_see_patients_reads_nothing(shelved: FhirEndpoint) -> None:
    for path in ("Patient/p1", "Patient"):
        asked = replace(request(path, method="GET"), reads_phi=False)
        reply = await shelved.answer(asked)
        assert (reply.status, issue(reply)[0]) == (403, "forbidden")


async def test_a_search_that_is_not_offered_is_refused(shelved: FhirEndpoint) -> None:
    reply = await shelved.answer(request("Patient", method="GET", query="organization.name=x"))
    assert reply.status == 400


async def test_no_answer_quotes_a_person(endpoint: FhirEndpoint, world: World) -> None:
    body = fhir.encode({**patient(1), "gender": SURNAME, "birthDate": SURNAME})
    reply = await endpoint.answer(request("Patient", body))
    assert SURNAME.encode() not in reply.body
    assert all(SURNAME not in one.reason + one.location for one in world.intake.refusals)


async def test_many_at_once_are_each_taken(endpoint: FhirEndpoint, world: World) -> None:
    replies = await asyncio.gather(*(endpoint.answer(request("Patient", patient(n))) for n in range(1, 31)))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.headers["location"] for reply in replies}) == len(world.intake.messages) == 30
