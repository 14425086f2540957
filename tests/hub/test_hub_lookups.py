"""Look-ups of the settings, answered by real connectors and asked over HTTP: an Odoo, a payer, a FHIR server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.gateway.calling import Api, open_api

from careloom.formats import x12
from careloom.hub.lookups import make_lookups
from careloom.hub.sections import ApiSection
from careloom.mapping.source import Settings as Sender
from careloom.systems.fhir import connector as fhir_kind
from careloom.systems.fhir.fake import FakeFhir
from careloom.systems.http.fake import Request, answering
from careloom.systems.payer import connector as payer_kind
from careloom.systems.payer.fake import FakePayer, http
from careloom.testing.surroundings import World

REASON = "somebody stands at the counter and waits for it"
DESK = {"provider": "EXAMPLE GENERAL HOSPITAL", "number": "1999999992", "payers": {"60054": "EXAMPLE HEALTH PLAN"}}
MEMBER = {"payer": "60054", "member": "A9000012345", "birth_date": "1979-12-04", "service_date": "2026-03-10"}
SURNAME = "Quillfeather"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def payer() -> AsyncIterator[FakePayer]:
    async with FakePayer("core-mime") as fake:
        yield fake


@pytest.fixture
async def server() -> AsyncIterator[FakeFhir]:
    async with FakeFhir(size=2) as fake:
        yield fake


Opened = Callable[..., Awaitable[Api]]


@pytest.fixture
async def opened(world: World) -> AsyncIterator[Opened]:
    """The API with one look-up of a shape, answered by a connection."""
    apis: list[Api] = []
    connections: list[Any] = []

    async def run(shape: str, connection: Any, **more: Any) -> Api:
        section = {"shape": shape, "system": "behind", "owner": "front-desk", "reason": REASON, **more}
        api = ApiSection.model_validate({"lookups": {shape: section}})
        clock: Any = world.clock
        apis.append(open_api(clock=clock, lookups=make_lookups(api, {"behind": connection}, clock)))
        connections.append(connection)
        return apis[-1]

    yield run
    for api in apis:
        await api.services.lookups.close()
    for connection in connections:
        await connection.close()


def paying(world: World, payer: FakePayer, **more: Any) -> payer_kind.Payer:
    realtime = {"url": payer.url, "style": payer.style, "answer_timeout": 30.0}
    given = {"sender": "EXAMPLEHOSP", "receiver": "EXAMPLEPAYER", "company": "9EXAMPLEHO", "realtime": realtime}
    settings = payer_kind.Settings.model_validate({**given, "desk": DESK, **more})
    return payer_kind.connect(settings, world.around("behind"))


def serving(world: World, server: FakeFhir, **source: Any) -> Any:
    settings = fhir_kind.Settings.model_validate({"server": {"url": server.url, "answer_timeout": 30.0}})
    return fhir_kind.connect(settings, world.around("behind", **source))


async def asked(api: Api, shape: str, payload: dict[str, Any]) -> Any:
    return await api.post(f"/v1/lookups/{shape}", key="clm_desk", payload=payload)


# the payer


async def test_a_clerk_learns_whether_a_member_is_covered(world: World, payer: FakePayer, opened: Opened) -> None:
    api = await opened("eligibility", paying(world, payer))
    reply = await asked(api, "eligibility", MEMBER)
    assert (reply.status, reply.json) == (200, {"active": True})
    covered = await asked(api, "eligibility", {**MEMBER, "member": "I9000012345"})
    assert (covered.status, covered.json) == (200, {"active": False})
    assert [one.outcome for one in api.audit] == ["found", "found"]


async def test_the_question_is_a_270_by_number_and_birth_date(world: World, payer: FakePayer, opened: Opened) -> None:
    api = await opened("eligibility", paying(world, payer))
    assert (await asked(api, "eligibility", MEMBER)).status == 200
    [question] = payer.asked
    lines = {one.id: one for one in question.segments}
    assert question.set_id == "270"
    assert payer.asked[0].get("BHT03") == lines["TRN"][2]
    assert [one.elements[1:] for one in question.find("NM1") if one[1] == "IL"] == [
        ["1", "", "", "", "", "", "MI", "A9000012345"]
    ]
    assert [one[9] for one in question.find("NM1") if one[1] in ("PR", "1P")] == ["60054", "1999999992"]
    assert lines["DMG"].elements == ["D8", "19791204"]
    assert lines["DTP"].elements == ["291", "D8", "20260310"]


async def test_without_a_day_it_is_today_where_the_hospital_is(world: World, payer: FakePayer, opened: Opened) -> None:
    api = await opened("eligibility", paying(world, payer))
    await asked(api, "eligibility", {"payer": "60054", "member": "A1"})
    [dtp] = payer.asked[0].find("DTP")
    assert dtp[3] == f"{world.clock.now():%Y%m%d}"
    assert not list(payer.asked[0].find("DMG"))


async def test_the_answer_is_in_the_log_and_no_question_waits_for_one(
    world: World, payer: FakePayer, opened: Opened
) -> None:
    api = await opened("eligibility", paying(world, payer))
    await asked(api, "eligibility", MEMBER)
    payer.target.reply = answering(503)
    assert (await asked(api, "eligibility", {**MEMBER, "member": "A2"})).status == 503
    assert [message.type for message in world.intake.messages] == ["x12:271"]
    assert world.expectations.waiting == []


@pytest.mark.parametrize(
    ("changed", "status", "kind"),
    [
        ({"member": "N9000012345"}, 404, "nothing-found"),
        ({"payer": "11111"}, 404, "nothing-found"),
        ({"member": "R9000012345"}, 502, "lookup-failed"),
        ({"member": "S9000012345"}, 502, "lookup-failed"),
    ],
)
async def test_what_a_payer_does_not_say_is_a_problem(
    world: World, payer: FakePayer, opened: Opened, changed: dict[str, str], status: int, kind: str
) -> None:
    api = await opened("eligibility", paying(world, payer))
    reply = await asked(api, "eligibility", {**MEMBER, **changed})
    assert (reply.status, reply.problem) == (status, kind)
    assert b"90000" not in reply.body


async def test_a_member_number_cannot_write_segments_of_its_own(world: World, payer: FakePayer, opened: Opened) -> None:
    api = await opened("eligibility", paying(world, payer))
    await asked(api, "eligibility", {**MEMBER, "member": "A1~EQ*1~NM1*IL"})
    assert all(len(list(one.find("EQ"))) == 1 for one in payer.asked)


def answer_with(payer: FakePayer, *benefits: str) -> None:
    """The payer gives these segments in place of its own benefit; the counts are made right."""

    def reply(request: Any) -> bytes:
        text = payer.take(request).decode()
        own = next(one for one in text.split("~") if one.lstrip().startswith("EB*"))
        lines = text.replace(own, "~".join(benefits))
        trailer = next(x12.parse(text.encode())[0].transactions).trailer
        assert trailer is not None
        lines = lines.replace(f"SE*{trailer[1]}*", f"SE*{int(trailer[1]) + len(benefits) - 1}*")
        return http("application/edi-x12", lines.encode())

    payer.target.reply = reply


@pytest.mark.parametrize(
    ("benefits", "told"),
    [
        (
            ("EB*1**30**GOLD HMO", "EB*B**98***27*25****Y", "EB*B**86***27*150"),
            {"active": True, "plan": "GOLD HMO", "copay": "25", "currency": "USD"},
        ),
        (("EB*1**30", "EB*B**30***27*10.5"), {"active": True, "copay": "10.5", "currency": "USD"}),
        (("EB*1**30", "EB*B**98***27*25", "EB*B**98***27*40"), {"active": True}),
        (("EB*1**30", "EB*B**98***27*60*****N"), {"active": True}),
        (("EB*1**30", "EB*B**86***27*150"), {"active": True}),
    ],
)
async def test_a_copay_is_told_where_the_payer_names_one_for_a_visit(
    world: World, opened: Opened, benefits: tuple[str, ...], told: dict[str, Any]
) -> None:
    async with FakePayer("raw") as payer:
        answer_with(payer, *benefits)
        api = await opened("eligibility", paying(world, payer))
        reply = await asked(api, "eligibility", MEMBER)
    assert (reply.status, reply.json) == (200, told)


@pytest.mark.parametrize(("reason", "status"), [("42", 503), ("43", 502), ("75", 404), ("71", 404)])
async def test_a_reason_not_to_look_is_told_by_what_the_clerk_can_do(
    world: World, opened: Opened, reason: str, status: int
) -> None:
    async with FakePayer("raw") as payer:
        payer.target.reply = lambda request: http(
            "application/edi-x12", payer.take(request).replace(b"AAA*N**75", b"AAA*N**" + reason.encode())
        )
        api = await opened("eligibility", paying(world, payer))
        assert (await asked(api, "eligibility", {**MEMBER, "member": "N1"})).status == status


# the FHIR server


def patient(number: str, *, id: str = "", system: str = "urn:oid:2.999.7.1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id or f"p-{number}",
        "identifier": [{"system": system, "value": number}],
        "name": [{"use": "nickname", "text": "Bel"}, {"family": SURNAME, "given": ["Maribel", "Ada"]}],
        "birthDate": "1984-06-11",
        **more,
    }


def appointment(number: int, start: str, *, of: str = "Patient/p-MRN1", **more: Any) -> dict[str, Any]:
    actors = [{"actor": {"reference": of}}, {"actor": {"reference": "Location/3", "display": "Clinic 3"}}]
    return {
        "resourceType": "Appointment",
        "id": f"a{number}",
        "identifier": [{"system": "urn:oid:2.999.7.2", "value": f"APT-{number}"}],
        "status": "booked",
        "start": start,
        "participant": [{**one, "status": "accepted"} for one in actors],
        **more,
    }


def shelve(server: FakeFhir, *resources: dict[str, Any]) -> None:
    for one in resources:
        server.store.resources[f"{one['resourceType']}/{one['id']}"] = one


async def test_a_desk_learns_who_a_patient_is(world: World, server: FakeFhir, opened: Opened) -> None:
    shelve(server, patient("MRN1"), patient("MRN2", birthDate="1984", active=False))
    api = await opened("patient", serving(world, server))
    reply = await asked(api, "patient", {"identifier": "MRN1"})
    told = {"identifier": "MRN1", "name": f"Maribel Ada {SURNAME}", "birth_date": "1984-06-11", "active": True}
    assert (reply.status, reply.json) == (200, told)
    reply = await asked(api, "patient", {"identifier": "MRN2", "assigner": "2.999.7.1"})
    assert (reply.status, reply.json["active"], "birth_date" in reply.json) == (200, False, False)
    assert (await asked(api, "patient", {"identifier": "MRN3"})).problem == "nothing-found"


async def test_a_record_that_was_merged_away_is_not_active(world: World, server: FakeFhir, opened: Opened) -> None:
    link = [{"type": "replaced-by", "other": {"reference": "Patient/p-MRN1"}}]
    shelve(server, patient("MRN1"), patient("MRN9", link=link))
    reply = await asked(await opened("patient", serving(world, server)), "patient", {"identifier": "MRN9"})
    assert reply.json["active"] is False


@pytest.mark.parametrize(
    ("assigner", "status"),
    [
        (None, 404),  # two hospitals have that number
        ("2.999.7.1", 200),
        ("urn:oid:2.999.7.1", 200),
        ("https://lakeside.example.org/mrn", 200),
        ("LAKESIDE", 404),
    ],
)
async def test_a_number_means_one_patient_or_none(
    world: World, server: FakeFhir, opened: Opened, assigner: str | None, status: int
) -> None:
    shelve(server, patient("MRN1"), patient("MRN1", id="other", system="https://lakeside.example.org/mrn"))
    question = {"identifier": "MRN1", **({"assigner": assigner} if assigner else {})}
    assert (await asked(await opened("patient", serving(world, server)), "patient", question)).status == status


async def test_a_server_that_passes_over_the_number_tells_nothing_of_others(
    world: World, server: FakeFhir, opened: Opened
) -> None:
    shelve(server, *[patient(f"MRN{number}") for number in range(1, 6)])
    server.size = 100
    server.target.reply = lambda request: server.answer(
        Request(request.method, request.path.partition("?")[0], request.headers, request.body)
    )
    api = await opened("patient", serving(world, server))
    assert (await asked(api, "patient", {"identifier": "MRN77"})).status == 404


async def test_the_appointments_of_a_day_are_those_of_the_patient_and_the_day_here(
    world: World, server: FakeFhir, opened: Opened
) -> None:
    shelve(
        server,
        patient("MRN1"),
        patient("MRN2"),
        appointment(1, "2026-03-04T23:30:00-06:00", minutesDuration=20),
        appointment(2, "2026-03-04T09:30:00-06:00", end="2026-03-04T10:15:00-06:00", status="checked-in"),
        appointment(3, "2026-03-05T00:30:00-06:00"),
        appointment(4, "2026-03-04T11:00:00-06:00", of="Patient/p-MRN2"),
        appointment(5, "2026-03-04T12:00:00-06:00", status="entered-in-error"),
    )
    api = await opened("appointment", serving(world, server, source=Sender(zone=ZoneInfo("America/Chicago"))))
    reply = await asked(api, "appointment", {"patient": "MRN1", "day": "2026-03-04"})
    assert reply.status == 200
    assert [(one["identifier"], one["status"], one["minutes"]) for one in reply.json["appointments"]] == [
        ("APT-2", "arrived", 45),
        ("APT-1", "booked", 20),
    ]
    assert reply.json["appointments"][0]["location"] == "Clinic 3"
    every = await asked(api, "appointment", {"patient": "MRN1"})
    assert [one["identifier"] for one in every.json["appointments"]] == ["APT-2", "APT-1", "APT-3"]
    none = await asked(api, "appointment", {"patient": "MRN1", "day": "2026-04-01"})
    assert (none.status, none.json) == (200, {"appointments": []})
    assert (await asked(api, "appointment", {"patient": "MRN8"})).status == 404


async def test_more_than_a_desk_can_be_told_is_a_failure(world: World, server: FakeFhir, opened: Opened) -> None:
    server.size = 500
    shelve(server, patient("MRN1"), *[appointment(n, "2026-03-04T09:30:00Z") for n in range(1001)])
    reply = await asked(await opened("appointment", serving(world, server)), "appointment", {"patient": "MRN1"})
    assert (reply.status, reply.problem) == (502, "lookup-failed")


@pytest.mark.parametrize(("answer", "status"), [(answering(503), 503), (answering(401), 502), (answering(200), 502)])
async def test_a_server_that_does_not_answer_well_is_told_as_that(
    world: World, server: FakeFhir, opened: Opened, answer: Any, status: int
) -> None:
    server.target.reply = answer
    reply = await asked(await opened("patient", serving(world, server)), "patient", {"identifier": "MRN1"})
    assert reply.status == status


async def test_calls_are_held_back_by_the_breaker_of_the_system(world: World, server: FakeFhir, opened: Opened) -> None:
    connection = serving(world, server)
    api = await opened("patient", connection)
    server.target.reply = answering(503)
    while not connection.retry_after:
        assert (await asked(api, "patient", {"identifier": "MRN1"})).status == 503
    before = len(server.target.requests)
    assert (await asked(api, "patient", {"identifier": "MRN1"})).status == 503
    assert len(server.target.requests) == before


async def test_no_log_line_names_anybody(
    world: World, server: FakeFhir, payer: FakePayer, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shelve(server, patient("MRN1"), appointment(1, "2026-03-04T09:30:00Z"))
    for shape, question in (("patient", {"identifier": "MRN1"}), ("appointment", {"patient": "MRN1"})):
        assert (await asked(await opened(shape, serving(world, server)), shape, question)).status == 200
    await asked(await opened("eligibility", paying(world, payer)), "eligibility", MEMBER)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("careloom")]
    assert not [line for line in lines if any(word in line for word in ("MRN1", SURNAME, "A9000012345", "1979"))]
