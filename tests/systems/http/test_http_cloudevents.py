"""Events as CloudEvents 1.0, both content modes."""

from __future__ import annotations

import base64
import json
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.systems.http.cloudevents import _header, binary, is_json, structured


def test_binary_mode_has_the_attributes_as_headers_and_the_data_as_body(event) -> None:
    headers, body = binary(event(causation=UUID("01890a5d-ac96-774b-bcce-b302099a8001")))
    assert body == b'{"account":"A-1"}'
    assert headers == {
        "ce-specversion": "1.0",
        "ce-id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "ce-source": "systems/ehr",
        "ce-type": "registration.created.v1",
        "ce-time": "2026-03-04T05:06:07Z",
        "ce-correlation": "01890a5d-ac96-774b-bcce-b302099a8000",
        "ce-causation": "01890a5d-ac96-774b-bcce-b302099a8001",
        "ce-position": "12:4711",
        "ce-subject": "6f1c1f7e-2b63-5e0a-9d5e-111111111111",
        "content-type": "application/json",
    }


@pytest.mark.parametrize(
    ("subject", "sent"),
    [("token", "6f1c1f7e-2b63-5e0a-9d5e-111111111111"), ("natural", "Patient/NORTHSIDE/MRN7001"), ("none", None)],
)
def test_the_subject_is_the_digest_unless_asked_otherwise(event, subject, sent) -> None:
    assert binary(event(), subject)[0].get("ce-subject") == sent
    document = json.loads(structured(event(), subject)[1])
    assert document.get("subject") == sent


def test_structured_mode_is_one_json_document(event) -> None:
    headers, body = structured(event())
    document = json.loads(body)
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert document["data"] == {"account": "A-1"}
    assert document["datacontenttype"] == "application/json"
    assert document["specversion"] == "1.0"


def test_data_that_is_no_json_goes_as_base64(event) -> None:
    document = json.loads(structured(event(data=b"MSH|\xff", datacontenttype="application/hl7-v2"))[1])
    assert base64.b64decode(document["data_base64"]) == b"MSH|\xff"
    assert "data" not in document


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_header_values_are_printable_ascii_and_come_back(text: str) -> None:
    encoded = _header(text)
    assert all(0x21 <= ord(character) <= 0x7E and character != '"' for character in encoded)
    assert unquote(encoded) == text


@pytest.mark.parametrize(
    ("media", "json_"),
    [("application/json", True), ("Application/FHIR+JSON; charset=utf-8", True), ("text/plain", False)],
)
def test_media_types_that_are_json(media: str, json_: bool) -> None:
    assert is_json(media) is json_
