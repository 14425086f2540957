"""Reads and searches are answered by what the log was told, whatever it was told in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from tests.systems.fhir.test_fhir_endpoint import BASE, issue, request, said

from careloom.core.envelope import Kind, Position, Recorded
from careloom.formats import fhir
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, reader
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of
from careloom.model import encode
from careloom.systems.fhir.endpoint import FhirEndpoint
from careloom.testing.surroundings import World

Connect = Callable[..., Any]
HL7 = Path(__file__).resolve().parents[2] / "samples" / "hl7v2"
X12 = Path(__file__).resolve().parents[2] / "samples" / "x12"
SERVED = ["Patient", "Appointment", "ChargeItem", "Claim", "Coverage", "Encounter"]
MRN, BOOKED = "MRN700123", "MRN700301"


def tell(world: World, body: bytes, format: str = "hl7v2") -> UUID:
    """What the log holds once this message was translated; the message's id."""
    message = uuid5(NAMESPACE_URL, f"message {len(world.history.recorded)}")
    for unit in reader(format).units(body, Settings()):
        assert isinstance(unit, Unit)
        mapping = mapping_for(format, unit.type)
        assert mapping is not None
        for event in mapping.translate(reader(format).parse(unit.body, Settings()), Settings()).events:
            subject, _ = subjects_of(event)
            count = len(world.history.recorded)
            world.history.recorded.append(
                Recorded(
                    id=uuid5(message, str(count)), kind=Kind.EVENT, type=event.type, source="ehr", subject=subject,
                    token=uuid5(NAMESPACE_URL, subject), time=datetime(2026, 3, 1, tzinfo=UTC), data=encode(event),
                    datacontenttype="application/json", correlation=message, causation=message,
                    position=Position(0, count), recorded=datetime(2026, 3, 1, 8, count, tzinfo=UTC),
                )
            )  # fmt: skip
    return message


def sample(name: str) -> bytes:
    return (HL7 / f"{name}.hl7").read_bytes()


@pytest.fixture
def told(connected: Connect) -> FhirEndpoint:
    found: FhirEndpoint = connected({"base": BASE, "serve": SERVED})
    return found


async def search(endpoint: FhirEndpoint, kind: str, query: str) -> list[dict[str, Any]]:
    reply = await endpoint.answer(request(kind, method="GET", query=query))
    assert reply.status == 200, reply.body
    page = said(reply)
    assert fhir.check(page) == []
    return [one["resource"] for one in page.get("entry", ())]


async def test_a_patient_that_hl7_told_of_is_found_by_number_and_read_by_id(told: FhirEndpoint, world: World) -> None:
    tell(world, sample("a04_registration"))
    [found] = await search(told, "Patient", f"identifier={MRN}")
    assert MRN in [one["value"] for one in found["identifier"]]
    reply = await told.answer(request(f"Patient/{found['id']}", method="GET"))
    assert said(reply) == found
    assert reply.headers["etag"] == f'W/"{found["meta"]["versionId"]}"'


async def test_it_is_served_as_it_was_last_told(told: FhirEndpoint, world: World) -> None:
    tell(world, sample("a04_registration"))
    tell(world, sample("a04_registration").replace(b"ADT^A04", b"ADT^A08").replace(b"|F|", b"|M|"))
    [found] = await search(told, "Patient", f"identifier={MRN}")
    assert (found["gender"], found["meta"]["versionId"]) == ("male", "2")


async def test_what_only_names_a_patient_does_not_overwrite_it(told: FhirEndpoint, world: World) -> None:
    before = sample("siu_s12_new").replace(BOOKED.encode(), MRN.encode())
    tell(world, sample("a04_registration"))
    [first] = await search(told, "Patient", f"identifier={MRN}")
    tell(world, before)
    assert await search(told, "Patient", f"identifier={MRN}") == [first]


async def test_appointments_are_found_by_their_patient_and_lead_to_it(told: FhirEndpoint, world: World) -> None:
    tell(world, sample("siu_s12_new"))
    [patient] = await search(told, "Patient", f"identifier={BOOKED}")
    for query in (f"patient={patient['id']}", f"patient=Patient/{patient['id']}", f"patient:identifier={BOOKED}"):
        [found] = await search(told, "Appointment", query)
        actors = [one["actor"].get("reference") for one in found["participant"]]
        assert f"Patient/{patient['id']}" in actors
    assert await search(told, "Appointment", f"patient={patient['id']}&status=cancelled") == []
    tell(world, sample("siu_s15_cancelled"))
    [cancelled] = await search(told, "Appointment", f"patient={patient['id']}&status=cancelled")
    assert cancelled["id"] == found["id"]


async def test_charges_of_one_patient_are_several_and_each_is_read(told: FhirEndpoint, world: World) -> None:
    tell(world, sample("dft_p03_two_charges"))
    [patient] = await search(told, "Patient", f"identifier={BOOKED}")
    charges = await search(told, "ChargeItem", f"subject=Patient/{patient['id']}")
    assert len({one["id"] for one in charges}) == len(charges) == 2
    for one in charges:
        assert said(await told.answer(request(f"ChargeItem/{one['id']}", method="GET"))) == one


async def test_a_claim_is_found_by_its_number_and_names_its_patient_by_number(told: FhirEndpoint, world: World) -> None:
    tell(world, (X12 / "837p_office_visit.edi").read_bytes(), "x12")
    number = world.history.recorded[0].subject.rpartition("/")[2]
    [claim] = await search(told, "Claim", f"identifier={number}")
    assert number in [one["value"] for one in claim["identifier"]]
    assert "reference" not in claim["patient"]
    assert claim["patient"]["type"] == "Patient"


async def test_the_address_of_a_create_is_read(told: FhirEndpoint, world: World) -> None:
    message = tell(world, sample("a04_registration"))
    reply = await told.answer(request(f"Patient/{message}", method="GET"))
    assert reply.status == 200
    assert said(reply)["id"] == str(message)
    assert (await told.answer(request(f"Claim/{message}", method="GET"))).status == 404


@pytest.mark.parametrize("query", ["gender=female", "name=Weaver", "", f"identifier:not={MRN}", "active:missing=true"])
async def test_a_search_that_leads_to_nobody_is_refused_not_answered_with_nothing(
    told: FhirEndpoint, world: World, query: str
) -> None:
    tell(world, sample("a04_registration"))
    reply = await told.answer(request("Patient", method="GET", query=query))
    assert (reply.status, issue(reply)[0]) == (400, "not-supported")


@pytest.mark.parametrize("id", ["1", "0" * 32, f"{'0' * 32}-1", "g" * 32 + "-1", str(UUID(int=7))])
async def test_what_is_not_there_is_not_found(told: FhirEndpoint, world: World, id: str) -> None:
    tell(world, sample("a04_registration"))
    reply = await told.answer(request(f"Patient/{id}", method="GET"))
    assert (reply.status, issue(reply)[0]) == (404, "not-found")


async def test_what_is_not_to_be_served_is_not(connected: Connect, world: World) -> None:
    tell(world, sample("siu_s12_new"))
    endpoint = connected({"base": BASE, "serve": ["Appointment"]})
    [found] = await search(endpoint, "Appointment", f"patient:identifier={BOOKED}")
    assert all("reference" not in one["actor"] or "#" in one["actor"]["reference"] for one in found["participant"])
    assert (await endpoint.answer(request("Patient", method="GET", query=f"identifier={BOOKED}"))).status == 404
    statement = said(await endpoint.answer(request("metadata", method="GET")))
    assert fhir.offers(statement, "Appointment", "search-type")
    assert not fhir.offers(statement, "Patient", "read")
