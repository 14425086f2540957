"""CloudEvents read: both modes, and where one is wrong."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.gateway.cloudevents import BINARY, STRUCTURED, read
from careloom.model import PatientDischarged, encode, examples

TYPE = "patient.discharged.v1"
FACTS = json.loads(encode(examples()[TYPE]))
ENVELOPE = {"specversion": "1.0", "id": "v-1", "source": "/apps/portal", "type": TYPE, "data": FACTS}
HEADERS = {"ce-specversion": "1.0", "ce-id": "v-1", "ce-source": "/apps/portal", "ce-type": TYPE}


def structured(**changed: object) -> bytes:
    made = ENVELOPE | changed
    return json.dumps({name: value for name, value in made.items() if value is not ...}).encode()


def test_structured_mode_keeps_the_bytes() -> None:
    body = structured(time="2026-03-04T05:06:07Z", clinicext="kept")
    found = read(STRUCTURED, {}, body)
    assert (found.id, found.source, found.type) == ("v-1", "/apps/portal", TYPE)
    assert found.time == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert isinstance(found.event, PatientDischarged)
    assert found.document == body


def test_binary_mode_becomes_the_same_document() -> None:
    headers = HEADERS | {"ce-time": "2026-03-04T06:06:07+01:00", "ce-clinic": "Caf%C3%A9"}
    found = read(BINARY, headers, json.dumps(FACTS).encode())
    again = read(STRUCTURED, {}, found.document)
    assert again.event == found.event == examples()[TYPE]
    assert again.time == found.time
    assert json.loads(found.document)["clinic"] == "Café"


def test_base64_data_is_data() -> None:
    body = structured(data=..., data_base64=base64.b64encode(json.dumps(FACTS).encode()).decode())
    assert read(STRUCTURED, {}, body).event == examples()[TYPE]


@pytest.mark.parametrize(
    ("changed", "location"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": ...}, "specversion"),
        ({"id": ...}, "id"),
        ({"id": ""}, "id"),
        ({"id": 5}, "id"),
        ({"source": "x" * 1001}, "source"),
        ({"type": "quillfeather.v1"}, "type"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-03-04T05:06:07"}, "time"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "time"),
        ({"data": ...}, "data"),
        ({"data": ..., "data_base64": "QUILLFEATHER!"}, "data_base64"),
        ({"data": {**FACTS, "patient": {"identifier": []}}}, "data.patient.identifier"),
        ({"data": {**FACTS, "occurred": "QUILLFEATHER"}}, "data.occurred"),
        ({"data": "QUILLFEATHER"}, "data"),
        ({"data": None}, "data"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_never_quoted(changed: dict[str, object], location: str) -> None:
    with pytest.raises(FormatError) as refusal:
        read(STRUCTURED, {}, structured(**changed))
    assert refusal.value.location == location
    assert "QUILLFEATHER" not in str(refusal.value)


@pytest.mark.parametrize("missing", sorted(HEADERS))
def test_binary_mode_names_the_missing_header(missing: str) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != missing}
    with pytest.raises(FormatError) as refusal:
        read(BINARY, headers, json.dumps(FACTS).encode())
    assert refusal.value.location == missing.removeprefix("ce-")


@pytest.mark.parametrize("body", [b"", b"QUILLFEATHER", b'{"a":1}{"b":2}', b'{"a":1},"type":"x"', b"\xff\xfe", b"null"])
@pytest.mark.parametrize("media", [STRUCTURED, BINARY])
def test_what_is_no_json_is_refused(media: str, body: bytes) -> None:
    with pytest.raises(FormatError) as refusal:
        read(media, HEADERS, body)
    assert "QUILLFEATHER" not in str(refusal.value)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("media", [STRUCTURED, BINARY])
def test_depth_is_refused_and_not_followed(media: str, opening: bytes) -> None:
    deep = opening * 200_000
    with pytest.raises(FormatError):
        read(media, HEADERS, deep)
    closing = b"]" if opening == b"[" else b"}"
    nested = opening * 100_000 + b"1" + closing * 100_000
    with pytest.raises(FormatError):
        read(media, HEADERS, structured(data=...)[:-1] + b',"data":' + nested + b"}")


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_change_of_the_bytes_is_read_or_refused(noise: bytes, at: int) -> None:
    body = structured()
    for media, changed in ((STRUCTURED, body[:at] + noise + body[at + len(noise) :]), (BINARY, noise)):
        try:
            read(media, HEADERS, changed)
        except FormatError as error:
            assert error.location
