"""From bytes to messages: types, keys, subjects, and what goes along with an entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.errors import FormatError
from careloom.formats import fhir
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, Unread, reader
from careloom.mapping.source import Settings
from careloom.mapping.subject import subjects_of

Sample = Callable[[str], dict[str, Any]]
SETTINGS = Settings()


def units(resource: dict[str, Any] | bytes) -> list[Unit]:
    data = resource if isinstance(resource, bytes) else fhir.encode(resource)
    found = list(reader("fhir").units(data, SETTINGS))
    assert all(isinstance(one, Unit) for one in found)
    return [one for one in found if isinstance(one, Unit)]


def test_a_resource_is_known_by_id_and_version(sample: Sample) -> None:
    (one,) = units(sample("Patient"))
    assert (one.type, one.key, one.subject) == ("Patient", "Patient/tamsin-quill/3", "Patient/Northshore/NS55012")
    assert one.media_type == "application/fhir+json"


def test_without_a_version_other_content_is_another_message(sample: Sample) -> None:
    patient = sample("Patient")
    del patient["meta"]
    (one,) = units(patient)
    (other,) = units(patient | {"gender": "male"})
    assert one.key.startswith("Patient/tamsin-quill/")
    assert one.key != other.key
    assert units(patient)[0].key == one.key


def test_without_an_id_the_digest_is_the_key(sample: Sample) -> None:
    patient = sample("Patient")
    del patient["id"]
    (one,) = units(patient)
    assert len(one.key) == 32


def test_a_transaction_is_one_message_about_its_patient(sample: Sample) -> None:
    (one,) = units(sample("Bundle-transaction"))
    assert (one.type, one.subject) == ("Bundle/transaction", "Patient/Northshore/NS55012")


def test_an_entry_takes_along_what_it_refers_to(sample: Sample) -> None:
    appointment, patient, _ = units(sample("Bundle-searchset"))
    assert appointment.type == "Appointment"
    assert appointment.subject == patient.subject == "Patient/Northshore/NS55012"
    body = fhir.parse(appointment.body)
    assert body["type"] == "collection"
    assert [one["resource"]["resourceType"] for one in body["entry"]][:2] == ["Appointment", "Patient"]


def test_a_subject_is_the_reference_where_nothing_comes_along(sample: Sample) -> None:
    (one,) = units(sample("ChargeItem"))
    assert one.subject == "Patient/-/tamsin-quill"


def test_servers_do_not_share_their_ids() -> None:
    urls = ("https://a.example.org/fhir/Patient/7", "https://b.example.org/fhir/Patient/7")
    entries = [{"fullUrl": url, "resource": {"resourceType": "Patient", "id": "7", "active": True}} for url in urls]
    one, other = units(fhir.bundle("collection", entries))
    assert one.subject != other.subject
    for unit in (one, other):
        mapping = mapping_for("fhir", unit.type)
        assert mapping is not None
        (event,) = mapping.translate(reader("fhir").parse(unit.body, SETTINGS), SETTINGS).events
        assert subjects_of(event)[0] == unit.subject


def test_lines_are_one_message_each(sample: Sample) -> None:
    lines = b"\n".join(fhir.encode(sample(name)) for name in ("Patient", "Claim"))
    assert [(one.type, one.place) for one in units(lines)] == [("Patient", "line 1"), ("Claim", "line 2")]


@pytest.mark.parametrize("data", [b"", b"<Patient/>", b"{}", b'{"resourceType": "Pat ient"}'])
def test_what_is_no_resource_is_told_with_its_place(data: bytes) -> None:
    (one,) = reader("fhir").units(data, SETTINGS)
    assert isinstance(one, Unread)
    assert one.error.location


def test_an_element_of_the_wrong_type_is_refused_where_it_stands(sample: Sample) -> None:
    with pytest.raises(FormatError) as caught:
        reader("fhir").parse(fhir.encode(sample("Patient") | {"name": [{"family": 7}]}), SETTINGS)
    assert caught.value.location == "Patient.name[0].family"


def test_references_in_circles_end(sample: Sample) -> None:
    entries = [
        {"fullUrl": f"urn:uuid:0000000{n}-0000-0000-0000-000000000000",
         "resource": {"resourceType": "Organization", "identifier": [{"value": f"N{n}"}],
                      "partOf": {"reference": f"urn:uuid:0000000{1 - n}-0000-0000-0000-000000000000"}}}
        for n in (0, 1)
    ]  # fmt: skip
    assert len(units(fhir.bundle("collection", entries))) == 2
