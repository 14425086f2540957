"""What is asked of a server, and what its answers mean."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.errors import ContractBroken, Unavailable
from careloom.core.outcomes import Done, Park, Skip
from careloom.formats import fhir
from careloom.model import encode, examples
from careloom.systems.fhir.bulk import BulkExport
from careloom.systems.fhir.client import FhirClient
from careloom.systems.fhir.connector import FhirServer, Settings
from careloom.systems.fhir.fake import FakeFhir, octets, patient, refused
from careloom.systems.fhir.refusals import FhirRejected, said_by
from careloom.systems.http.fake import Request
from careloom.systems.trial import SURNAME, event
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Connect = Callable[..., Any]


@pytest.fixture
def client(connected: Connect, server: FakeFhir) -> FhirClient:
    found: FhirClient = connected({"server": {"url": server.url}}).client
    return found


def bare(number: int) -> dict[str, Any]:
    made = patient(number)
    del made["id"], made["meta"]
    return made


async def test_what_is_created_is_read(client: FhirClient) -> None:
    stored = await client.create(bare(1))
    assert (stored.id, stored.version, stored.created) == ("1", "1", True)
    found = await client.read("Patient", stored.id)
    assert found is not None
    assert found["name"] == bare(1)["name"]
    assert await client.read("Patient", "nobody") is None


async def test_a_conditional_create_finds_what_is_there(client: FhirClient, server: FakeFhir) -> None:
    query = "identifier=urn:oid:2.999.7.1|MRN00000"
    first = await client.create(bare(1), if_none_exist=query)
    again = await client.create(bare(1), if_none_exist=query)
    assert (again.id, again.created) == (first.id, False)
    assert len(server.store.written) == 1


async def test_an_update_of_a_version_that_is_gone_is_refused(client: FhirClient) -> None:
    stored = await client.create(bare(1))
    changed = await client.update({**bare(2), "id": stored.id}, if_match=stored.version)
    assert changed.version == "2"
    with pytest.raises(FhirRejected) as caught:
        await client.update({**bare(3), "id": stored.id}, if_match=stored.version)
    assert caught.value.status == 412
    assert caught.value.codes == ("conflict",)


async def test_a_conditional_update_writes_what_it_finds(client: FhirClient, server: FakeFhir) -> None:
    search = "identifier=urn:oid:2.999.7.1|MRN00000"
    first = await client.update(bare(1), search=search)
    second = await client.update(bare(2), search=search)
    assert (first.created, second.created, second.id) == (True, False, first.id)
    assert len(server.store.resources) == 1


async def test_a_search_is_read_page_by_page(client: FhirClient) -> None:
    for number in (1, 4, 7, 10, 13):
        await client.create(bare(number))
    pages = [page async for page in client.search("Patient", [("gender", "unknown")])]
    assert [len(page["entry"]) for page in pages] == [2, 2, 1]


async def test_the_next_page_must_be_at_the_same_server(client: FhirClient, server: FakeFhir) -> None:
    def reply(_: Request) -> bytes:
        return octets(
            200, fhir.searchset([], total=9, link={"next": "https://elsewhere.example.org/r4/Patient?page=2"})
        )

    server.target.reply = reply
    with pytest.raises(ContractBroken, match="another address"):
        [page async for page in client.search("Patient")]
    assert len(server.target.requests) == 1


async def test_pages_that_never_end_are_left(connected: Connect, server: FakeFhir) -> None:
    def reply(request: Request) -> bytes:
        number = len(server.target.requests)
        return octets(200, fhir.searchset([], total=9, link={"next": f"{server.url}/Patient?page={number}"}))

    server.target.reply = reply
    client = connected({"server": {"url": server.url, "pages": 3}}).client
    with pytest.raises(ContractBroken, match="more than 3 pages"):
        [page async for page in client.search("Patient")]


async def test_a_refusal_tells_codes_and_places_and_no_words(client: FhirClient, server: FakeFhir) -> None:
    server.target.reply = lambda _: refused(422, "invariant", "Patient.contact[0]")
    with pytest.raises(FhirRejected) as caught:
        await client.create(bare(1))
    assert "invariant at Patient.contact[0]" in str(caught.value)
    assert SURNAME not in str(caught.value)
    assert caught.value.field == "Patient.contact[0]"


@pytest.mark.parametrize(
    "place", [f"Patient.where(family = '{SURNAME}')", SURNAME.lower(), "Patient. name", "Patient.name[x]" * 90]
)
def test_a_place_that_is_none_is_not_repeated(place: str) -> None:
    body = fhir.encode(fhir.outcome([fhir.issue("error", "value", "x", place)]))
    assert said_by(body) == (("value",), ())


@pytest.mark.parametrize("code", ["transient", "lock-error", "timeout"])
async def test_a_refusal_that_will_pass_is_tried_again(client: FhirClient, server: FakeFhir, code: str) -> None:
    server.target.reply = lambda _: refused(409, code)
    with pytest.raises(Unavailable):
        await client.read("Patient", "1")


async def test_basic_authentication(connected: Connect, server: FakeFhir, world: World) -> None:
    world.learn({"PASSWORD": "s3cret"})
    client = connected({"server": {"url": server.url, "user": "hub", "password": "env:PASSWORD"}}).client
    await client.read("Patient", "1")
    said = server.target.requests[0].headers["authorization"]
    assert base64.b64decode(said.removeprefix("Basic ")) == b"hub:s3cret"


@pytest.mark.parametrize(
    "wrong",
    [
        {"server": {"url": "http://ehr.example.org/r4", "user": "hub", "password": "env:P"}},
        {"server": {"url": "https://ehr.example.org/r4", "user": "hub"}},
        {"server": {"url": "https://ehr.example.org/r4", "token": "env:T", "user": "hub", "password": "env:P"}},
        {"poll": {"types": ["Patient"]}},
        {"server": {"url": "https://ehr.example.org/r4"}, "poll": {"types": ["Questionnaire"]}},
        {"types": ["Nothing"]},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Settings.model_validate(wrong)


async def test_events_become_transactions(connected: Connect, server: FakeFhir) -> None:
    target: FhirServer = connected({"server": {"url": server.url}})
    outcome = await target.post(event(1))
    assert outcome == Done("Patient/1")
    again = await target.post(event(1))
    assert again == Done("Patient/1")
    assert len(server.store.written) == 1
    request = server.target.requests[0]
    assert (request.method, request.path) == ("POST", "/r4")
    assert request.headers["content-type"].startswith("application/fhir+json")


async def test_an_event_without_a_form_is_skipped(connected: Connect, server: FakeFhir) -> None:
    import msgspec

    target: FhirServer = connected({"server": {"url": server.url}})
    name = "statement.received.v1"
    outcome = await target.post(msgspec.structs.replace(event(1), type=name, data=encode(examples()[name])))
    assert outcome == Skip(f"{name} has no form in FHIR")
    assert not server.target.requests


async def test_an_entry_that_was_refused_waits_for_a_person(connected: Connect, server: FakeFhir) -> None:
    entry = fhir.response("422", outcome=fhir.outcome([fhir.issue("error", "business-rule", SURNAME)]))
    server.target.reply = lambda _: octets(200, fhir.answered("transaction", [(entry, None)]))
    outcome = await connected({"server": {"url": server.url}}).post(event(1))
    assert isinstance(outcome, Park)
    assert "business-rule" in outcome.reason
    assert outcome.field == "Bundle.entry[0]"
    assert SURNAME not in outcome.reason


async def test_the_check_reads_what_the_server_says_it_does(connected: Connect, server: FakeFhir) -> None:
    settings = {"server": {"url": server.url}, "poll": {"types": ["Patient", "ServiceRequest"]}}
    found = await connected(settings).check()
    assert [one.problem for one in found] == ["the server does not say that it does search-type with ServiceRequest"]
    server.statement = {**server.statement, "fhirVersion": "5.0.0"}
    found = await connected({"server": {"url": server.url}}).check()
    assert found[0].problem == "the server speaks another version of FHIR"
    assert found[0].advice


async def test_the_check_of_a_server_that_is_down_says_so(connected: Connect, server: FakeFhir) -> None:
    settings = {"server": {"url": server.url}, "poll": {"types": ["Patient"]}}
    connection = connected(settings)
    await server.target.open(False)
    assert len(await connection.check()) == 1


async def driven(clock: VirtualClock, work: Any) -> Any:
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.wait([task], timeout=0.02)
        if not task.done() and clock.sleeping:
            await clock.advance_to_next()
    return task.result()


async def test_an_export_is_waited_for_and_read(client: FhirClient, server: FakeFhir, world: World) -> None:
    waits = ["7", "2"]

    def reply(request: Request) -> bytes:
        if "$export" in request.path:
            assert request.headers["prefer"] == "respond-async"
            return octets(202, content_location=f"{server.url}/jobs/1")
        if request.path == "/r4/jobs/1":
            if waits:
                return octets(202, retry_after=waits.pop(0))
            output: Any = [{"type": "Patient", "url": f"{server.url}/files/1", "count": 2}]
            return octets(200, {"transactionTime": "2026-03-02T08:00:00Z", "output": output})
        lines = b"\n".join([fhir.encode(patient(1)), b"{broken", fhir.encode(patient(4))])
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(lines), lines)

    server.target.reply = reply
    assert isinstance(world.clock, VirtualClock)
    before = world.clock.monotonic()
    export = BulkExport(client, world.clock)
    (file,) = await driven(world.clock, export.files([("_type", "Patient")]))
    assert world.clock.monotonic() - before >= 9
    assert (file.type, file.lines) == ("Patient", 2)
    found = [one async for _, one in export.resources(file)]
    assert [isinstance(one, dict) for one in found] == [True, False, True]


async def test_an_export_that_takes_too_long_is_left(client: FhirClient, server: FakeFhir, world: World) -> None:
    def reply(request: Request) -> bytes:
        location = {"content_location": f"{server.url}/jobs/1"} if "$export" in request.path else {"retry_after": "60"}
        return octets(202, **location)

    server.target.reply = reply
    assert isinstance(world.clock, VirtualClock)
    with pytest.raises(Unavailable, match="took longer"):
        await driven(world.clock, BulkExport(client, world.clock, patience=100).files())


@pytest.mark.parametrize("code", [SURNAME.lower(), "x" * 30, "", None, 7])
def test_a_code_that_is_none_of_fhirs_is_not_repeated(code: Any) -> None:
    body = fhir.encode({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}, None]})
    assert said_by(body) == ((), ())


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"resourceType": "Patient"}', b'{"resourceType": "X", "issue": 7}'])
def test_a_refusal_that_is_no_outcome_says_nothing(body: bytes) -> None:
    assert said_by(body) == ((), ())
